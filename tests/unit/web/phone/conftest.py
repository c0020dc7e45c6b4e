"""A small college in one process, under a clock that is set, whose teachers are at their phones."""

import re
import shutil
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from starlette.applications import Starlette

from services.app.embedded import Embedded
from services.app.embedded_routes import embedded_routes
from services.messages import CampusEvent, to_ms
from services.notify.testing import ManualClock
from services.settings import Settings, resource
from services.web.failures import HANDLERS
from services.web.visitor import SESSION
from tests.asking import ask
from tests.faults.running import write_table
from tests.signing_in import begin_session
from tests.stores import empty_store

EIGHT = datetime(2026, 11, 23, 0, 0, tzinfo=UTC)
"""A Monday, 08:00 in Shanghai."""
STUDENTS = [f"s{n:02}" for n in range(1, 13)]


def directory(place):
    """A class of twelve and one of three, taught together in `lecture`; `ill` is away, and `stand_in` stands in."""
    people = ["teacher", "other", "tutor", "ill", "stand_in"]
    write_table(place, "people.csv", "id,name,channel", [(one, one.title(), "json://127.0.0.1:9/x") for one in people])
    write_table(place, "classes.csv", "id,name", [("c1", "Class 1"), ("c2", "Class 2")])
    write_table(place, "courses.csv", "id,name_zh,name_en", [("math", "数学", "Maths"), ("art", "美术", "Art")])
    rows = [(one, f"Student {one[1:]}", "c1") for one in STUDENTS] + [
        (f"t{n}", f"Student T{n}", "c2") for n in range(3)
    ]
    write_table(place, "students.csv", "id,name,class", rows)
    roles = [
        ("class_tutor", "tutor", "class", "c1", ""), ("course_teacher", "teacher", "course", "math", "c1"),
        ("course_teacher", "ill", "course", "art", "c1"),
    ]  # fmt: skip
    write_table(place, "roles.csv", "role,person,scope_kind,scope,class", roles)
    write_table(place, "leave.csv", "person,substitute,from", [("ill", "stand_in", "2026-11-01")])
    exempt = [("s12", "attendance", "2026-09-01", "免修")]
    write_table(place, "exemptions.csv", "student,of,from,why", exempt)


def rules(place):
    """Those of the pack that speak of lessons, tests and assessments; the rest costs seconds."""
    pack = resource("rules")
    shutil.copytree(pack / "standards", place / "standards")
    for name in ("attendance", "teaching", "tests", "results", "assessment", "calendar"):
        shutil.copy(pack / f"{name}.yaml", place)


class School:
    """One process; what is written in `events` of other sources is handed in as they would."""

    def __init__(self, home, **settings):
        if not (home / "directory").exists():
            directory(home / "directory")
        if not (home / "rules").exists():
            rules(home / "rules")
        if not (home / "notify.db").exists():
            (home / "notify.db").write_bytes(empty_store())
        self.clock = ManualClock(EIGHT)
        self.settings = Settings(home=home, **settings)
        self.embedded = Embedded(self.settings, clock=self.clock)
        assert self.embedded.try_evaluating()
        self.app = Starlette(routes=embedded_routes(self.embedded), exception_handlers=HANDLERS)

    @classmethod
    def over(cls, home, students):
        """One whose directory is there, with these students: id, name, class, from, to."""
        write_table(home / "directory", "students.csv", "id,name,class,from,to", students)
        (home / "directory" / "exemptions.csv").unlink()
        return cls(home)

    def say(self, kind, at=None, source="sis", **data):
        """An event of another source."""
        at = at or self.clock()
        key = "/".join(str(data[name]) for name in ("lesson", "student", "leave", "test", "period") if name in data)
        event = CampusEvent(source=source, id=f"{kind}/{key}", kind=kind, time=at, recordedat=self.clock(), data=data)
        outcome = self.embedded.intake.take_events([event])
        assert not outcome.rejections, outcome.rejections

    def lesson(self, id_="l1", begins=EIGHT, course="math", teacher="teacher", **more):
        """Published in the morning."""
        ends = begins + timedelta(minutes=100)
        fields = {
            "course": course,
            "class": "c1",
            "teacher": teacher,
            "hours": 2,
            "status": "planned",
            "sections": "1-2",
        }
        moments = {"starts_at": begins.isoformat(), "ends_at": ends.isoformat()}
        self.say("lesson", EIGHT - timedelta(hours=2), lesson=id_, **(fields | moments | more))
        return id_

    def later(self, **by):
        """The clock goes on."""
        self.clock.now += timedelta(**by)

    def at(self, person):
        """Their browser."""
        return Browser(self, person)

    def settle(self):
        """All is evaluated, and taken in."""
        self.embedded.catch_up()
        self.embedded.worker.tick(to_ms(self.clock()))
        self.embedded.catch_up()

    def warnings(self, *rules):
        """(rule, subject, level, status), of these rules."""
        self.settle()
        with self.embedded.notify.database.reading() as connection:
            rows = connection.exec_driver_sql(
                "SELECT rule, subject, level, status FROM warning ORDER BY number"
            ).fetchall()
        return sorted(tuple(row) for row in rows if not rules or row[0] in rules)

    def told(self, kind):
        """Key → the event of a kind that counts."""
        with self.embedded.phone.reading() as records:
            found = records.behind(("", ""), 10_000)
        return {one.key: one.told.event for one in found if one.kind == kind and one.told and one.told.counts}


class Browser:
    """Of somebody who is signed in; of nobody if that is None."""

    def __init__(self, school, person):
        self._app, database = school.app, school.embedded.notify.database
        self.cookies = httpx.Cookies()
        if person is not None:
            self.cookies.set(SESSION, begin_session(database, person, school.clock()))

    def over(self, school):
        """The same browser, after a restart of the service."""
        self._app = school.app

    def ask(self, method, path, **options):
        return ask(self._app, method, f"http://localhost{path}", httpx.Cookies(self.cookies), **options)

    def get(self, path, **options):
        return self.ask("GET", path, headers={"accept": "text/html"}, **options)

    def form(self, path):
        """What the form of a page says before anything is typed: hidden fields, and what is chosen and filled in."""
        return self.fields(self.get(path).text)

    @staticmethod
    def fields(page):
        """The same of a page that is there already."""
        page = page[page.index("<main") :]
        fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page))
        for name, choices in re.findall(r'<select[^>]* name="([^"]+)"[^>]*>(.*?)</select>', page, re.DOTALL):
            fields[name] = re.search(r'value="([^"]*)" selected', choices)[1]
        return fields | dict(re.findall(r'<input name="([^"]+)"[^>]* value="([^"]*)"', page))

    def send(self, path, form, *, asks="application/json"):
        return self.ask("POST", path, data=form, headers={"accept": asks})


@pytest.fixture
def school(tmp_path):
    found = School(tmp_path / "home")
    yield found
    found.embedded.stop()
