"""A college with the default rules and the sample directory, its events taken in on one day of November 2026."""

import json
import shutil
from datetime import UTC, datetime

import pytest
from typer.testing import CliRunner

from services.app.embedded import Embedded
from services.cli import app
from services.ingest.files import ingest_files
from services.ingest.table import TableOptions
from services.settings import Settings
from tests.faults.running import ROOT
from tests.rule_files import rule

NOW = datetime(2026, 11, 23, 4, tzinfo=UTC)
TEST = {"course": "algebra", "max_score": 100, "pass_score": 60, "status": "graded"}
OWN = (
    rule("quotient", measure="{value: 100 / minutes_late}", levels="{at_least: {yellow: 50}}")
    + rule("on-trial", measure='{count: status == "absent"}', mode="shadow", levels="{at_least: {yellow: 2}}")
    + rule("told-to-nobody", levels="{at_least: {yellow: 2}}", notify="{to: source_owner}")
)
FUTURE = """
  - id: student.of_tomorrow
    title: {zh: 明年, en: Next year}
    compare: at_least
    values:
      - {from: 2027-09-01, warning: {yellow: 1}}
  - id: student.with_scopes
    title: {zh: 范围, en: Scopes}
    compare: at_least
    unit: lessons
    set_by: 学生工作处
    values:
      - {from: 2025-09-01, warning: {yellow: 5}}
      - {from: 2026-09-01, warning: {yellow: 4}}
      - {from: 2026-09-01, scope: {major: mechatronics}, warning: {yellow: 3}, clear: {yellow: 2}}
      - {from: 2026-09-01, scope: {major: nursing}, warning: {yellow: 1}}
      - {from: 2027-09-01, scope: {student: s1}, warning: {yellow: 1}}
      - {from: 2026-09-01, scope: {teacher_stage: new}, warning: {yellow: 2}}
"""


def event(kind, id_, at, revision=0, retracted=False, **data):
    found = {"specversion": "1.0", "source": "phone", "id": id_, "type": kind, "time": f"{at}:00+08:00", "data": data}
    return found | ({"revision": revision} if revision else {}) | ({"retracted": True} if retracted else {})


def absent(student, id_, at, status="absent", **more):
    revised = {name: more.pop(name) for name in ("revision", "retracted") if name in more}
    data = {"lesson": f"l-{id_}", "course": "algebra", "student": student, "status": status, "hours": 1} | more
    return event("attendance", id_, at, **revised, **data)


def events():
    lesson = {"course": "algebra", "class": "k1", "teacher": "dai", "status": "planned"}
    rollcall = {"course": "algebra", "class": "k1"}
    return [
        *(absent("s1", f"a{day}", f"2026-11-{day}T08:00") for day in (17, 18, 19)),
        *(absent("s2", f"b{day}", f"2026-11-{day}T08:00") for day in (16, 17, 18)),
        absent("s2", "b19", "2026-11-19T08:00", "present"),
        absent("s3", "c1", "2026-11-18T08:00", "present", minutes_late=0),
        *(absent("s4", f"d{day}", f"2026-11-{day}T08:00") for day in (16, 17)),
        absent("s5", "e1", "2026-11-18T08:00"),
        absent("s6", "f1", "2026-08-20T08:00"),
        event("lesson", "g1", "2026-11-01T08:00", lesson="L1", starts_at="2026-11-20T08:00:00+08:00",
              ends_at="2026-11-20T09:40:00+08:00", hours=2, **lesson),
        event("rollcall", "g2", "2026-11-20T08:10", lesson="L1", expected=30, present=30, **rollcall),
        event("test", "i1", "2026-11-18T08:00", student="s7", test="t1", score=90, **TEST),
        event("lesson", "h1", "2026-11-01T08:00", lesson="L2", starts_at="2026-11-30T08:00:00+08:00",
              ends_at="2026-11-30T09:40:00+08:00", hours=2, **lesson),
    ]  # fmt: skip


def later():
    """What comes in afterwards: retractions, a record that is too late, and two that are refused."""
    return [
        *(absent("s4", f"d{day}", f"2026-11-{day}T08:00", revision=1, retracted=True) for day in (16, 17)),
        event("test", "e2", "2026-07-10T08:00", student="s5", test="t1", score=10, **TEST),
        absent("s9", "z1", "2026-11-18T08:00", "gone"),
        absent("s99", "z2", "2026-11-18T08:00"),
    ]


def make(home):
    """The folder, before anything came in."""
    shutil.copytree(ROOT / "rules", home / "rules", ignore=shutil.ignore_patterns("examples"))
    shutil.copytree(ROOT / "rules" / "tests" / "directory", home / "directory")
    students = "".join(f"s{n},学生{n},k1\n" for n in range(2, 10))
    with (home / "directory" / "students.csv").open("a", encoding="utf-8") as file:
        file.write(students)
    standards = home / "rules" / "standards" / "student.yaml"
    standards.write_text(standards.read_text("utf-8") + FUTURE, "utf-8")
    tomorrow = rule("tomorrow", levels="{standard: student.of_tomorrow}")
    scopes = rule("scopes", levels="{standard: student.with_scopes}")
    (home / "rules" / "own.yaml").write_text("rules:\n" + OWN + tomorrow + scopes, "utf-8")
    return home


def take_in(home, found):
    path = home.parent / "events.ndjson"
    path.write_text("".join(json.dumps(one) + "\n" for one in found), "utf-8")
    with Embedded(Settings(home=home, max_age=0), clock=lambda: NOW) as embedded:
        embedded.try_evaluating()
        summary = ingest_files([path], embedded.intake, lambda _: None, TableOptions(kind=None, source=None))
        embedded.catch_up()
    return summary


@pytest.fixture(scope="session")
def college(tmp_path_factory):
    home = make(tmp_path_factory.mktemp("explaining") / "college")
    summary = take_in(home, events())
    assert summary.rejected == 0, summary.rejections
    assert take_in(home, later()).rejected == 2
    return home


@pytest.fixture
def ask(college):
    """Runs a command on the college and gives what it prints, as data if it is JSON."""

    def asked(*arguments):
        result = CliRunner().invoke(app, ["--home", str(college), *arguments])
        if result.exception is not None:
            raise result.exception
        return json.loads(result.stdout) if "--json" in arguments else result.stdout

    return asked
