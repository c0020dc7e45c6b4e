"""Somebody who has left is handed out what is held of them, and erased: nowhere named, and nothing else is changed."""

import json
import re
import zipfile
from contextlib import closing
from datetime import timedelta

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from services.accounts.rows import AccessRow, AccountRow, AttemptRow, CheckInWindowRow, SessionRow
from services.app.embedded import Embedded
from services.cli import app
from services.clock import wall_clock
from services.log.journal import Journal
from services.messages import Problem, Rejection, to_ms
from services.notify.report import Period
from services.notify.store import accounts, check_ins, feedback, tables
from services.notify.store.engine import Store, columns_of
from services.settings import Settings
from tests.faults.running import write_table
from tests.rule_files import folder, rule

pytestmark = pytest.mark.commands

DAY = timedelta(days=1)
SUE, NAME, MAIL = "20260117", "苏晓梅", "su.xiaomei@college.example"
SPELLED = [
    *(one.encode(encoding) for one in (SUE, NAME, MAIL) for encoding in ("utf-8", "gb18030", "utf-16-le")),
    json.dumps(NAME)[1:-1].encode(),
]
RULES = (
    rule("streak", measure='{streak: status == "absent"}', levels="{at_least: {yellow: 2, red: 5}}"),
    rule("per-class", by="[class]", levels="{at_least: {yellow: 4, red: 7}}"),
    rule("absent-students", by="[class]", measure="{distinct: student}", where='status == "absent"',
         levels="{at_least: {yellow: 2}}"),
)  # fmt: skip


def absence(student, n, at, status="absent", **more):
    data = {"lesson": f"l{n}", "course": "algebra", "student": student, "class": "m1", "status": status, "hours": 1}
    return {
        "specversion": "1.0", "source": "rollcall", "id": f"l{n}/{student}", "type": "attendance",
        "time": at.isoformat(), "data": data, **more,
    }  # fmt: skip


class College:
    """A home that one student is about to leave."""

    def __init__(self, home, database_url=None):
        self.home, self.now = home, wall_clock().replace(microsecond=0)
        self.settings = Settings(home=home, database_url=database_url)
        folder(home / "rules", *RULES)
        self.directory = home.parent / "directory"
        self.enrol()
        self.run("directory", "import", self.directory)

    def enrol(self, *leavers, again=True):
        """The directory's files, with today's leavers gone since yesterday."""
        last = (self.now - DAY).date().isoformat()
        write_table(self.directory, "people.csv", "id,name", [("anna", "Anna")])
        write_table(self.directory, "classes.csv", "id,name", [("m1", "M1")])
        roles = [("class_tutor", "anna", "class", "m1")]
        write_table(self.directory, "roles.csv", "role,person,scope_kind,scope", roles)
        names = {SUE: (NAME, MAIL), "tom": ("Tom", ""), "uma": ("Uma", "")}
        rows = [
            (id_, *named, "m1", last if id_ in leavers else "")
            for id_, named in names.items()
            if again or id_ not in leavers
        ]
        write_table(self.directory, "students.csv", "id,name,email,class,to", rows)

    def run(self, *arguments, code=0):
        environment = {} if self.settings.database_url is None else {"PREWARN_DATABASE_URL": self.settings.database_url}
        found = CliRunner().invoke(app, ["--home", str(self.home), *map(str, arguments)], env=environment)
        said = found.output if found.exception is None else f"{found.output}{found.exception}"
        assert found.exit_code == code, said
        return said

    def ingest(self, *events):
        file = self.home.parent / "events.ndjson"
        file.write_text("\n".join(map(json.dumps, events)), "utf-8")
        self.run("ingest", file)
        self.live()

    def live(self, act=lambda _embedded: None):
        """What has come is evaluated and told; the warnings."""
        with Embedded(self.settings, push=False) as embedded:
            assert embedded.try_evaluating()
            embedded.catch_up()
            act(embedded)
            feedback.hand_on(embedded.notify.database, embedded.notify.ports.publish)
            embedded.catch_up()
            return list(embedded.notify.warnings())

    def report(self):
        period = Period((self.now - 60 * DAY).date(), self.now.date())
        with Embedded(self.settings, push=False) as embedded:
            return embedded.notify.effectiveness(period, "rule")

    def rows(self, query):
        with closing(Store(self.settings.store_url)) as store, store.reading() as connection:
            return [tuple(row) for row in connection.execute(text(query))]

    def traces(self):
        """Where somebody who is looked for is found: files, by the spelling; of a server its rows."""
        found = {
            (path.relative_to(self.home).as_posix(), word)
            for path in self.home.rglob("*")
            if path.is_file()
            for word in SPELLED
            if word in path.read_bytes()
        }
        if self.settings.database_url is not None:
            with closing(Store(self.settings.store_url)) as store, store.reading() as connection:
                for table in tables.metadata.sorted_tables:
                    shown = repr(connection.execute(table.select()).all())
                    found |= {(table.name, word) for word in (SUE, NAME, MAIL) if word in shown}
        return found


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def college(request, tmp_path):
    url = request.getfixturevalue("postgres").store() if request.param == "postgres" else None
    found = College(tmp_path / "home", url)
    events = [absence(who, n, found.now - (40 - n) * DAY) for who in (SUE, "tom") for n in (1, 2, 3)]
    found.ingest(*events)

    def act(embedded):
        by_subject = {(one["rule"], one["subject"]): one["id"] for one in embedded.notify.warnings()}
        acts = embedded.notify.acts
        assert acts.close("anna", by_subject["streak", SUE], f"与{NAME}谈过话", "explained") is None
        assert acts.acknowledge("anna", by_subject["streak", "tom"]) is None
        assert acts.close("anna", by_subject["per-class", "m1"], f"tom sat beside {NAME} ({SUE})", "explained") is None

    found.live(act)
    reasons = [Problem(where="student", what="unknown", expected="one of the directory")]
    with closing(Journal(found.home / "prewarn.db", wall_clock)) as journal:
        journal.reject(
            Rejection(received_at=found.now, origin=f"{NAME}.csv", position="1", reasons=reasons, raw=raw)
            for raw in (f"{SUE},{NAME},旷课".encode("gb18030"), json.dumps([absence(SUE, 9, found.now), NAME]).encode())
        )
    with closing(Store(found.settings.store_url)) as store, store.writing() as connection:
        at = to_ms(found.now)
        accounts.add_account(connection, AccountRow(person=SUE, password="hash of sue", made=at))
        accounts.sign_in(connection, SessionRow(digest="digest of sue", person=SUE, provider="local", made=at, seen=at))
        accounts.refused(connection, AccessRow(at=at, person=SUE, what="inbox anna", why="not_yours"))
        for kind in ("account", "check_in"):
            attempt = AttemptRow(key=f"{kind}:{SUE}", failures=1, at=at)
            connection.execute(tables.attempt.insert().values(columns_of(attempt)))
        window = CheckInWindowRow(window_id="w", lesson="l1", secret="x", opened=at, ends=at + 1, person="anna")
        check_ins.open_window(connection, window)
        assert check_ins.check_in(connection, "w", SUE, "phone of sue", at) == ""
        assert check_ins.check_in(connection, "w", "tom", "phone of sue", at) == SUE
    silence = ("--rule", "streak", "--until", (found.now + DAY).date(), "--author", "anna")
    found.run("silences", "add", *silence, "--comment", f"asked by {MAIL}")
    (found.home / "outbox.log").write_text(f"to anna: {NAME} was absent\n", "utf-8")
    found.enrol(SUE)
    found.run("directory", "import", found.directory)
    found.live()
    return found


def erase(college, *more, code=0):
    return college.run(
        "person", "erase", SUE, "--reason", "asked for it", "--author", "data office", "--yes", *more, code=code
    )


def pseudonym_of(said):
    return re.search(r"gone-\w+", said)[0]


def without_ids(warnings, pseudonym):
    """Warnings without what an erasure changes: ids, people's words, and the order of records of one instant."""
    back = json.dumps(warnings, ensure_ascii=False, default=str).replace(pseudonym, SUE)
    found = [
        {**one, "id": "", "measure": "", "evidence": sorted(one["evidence"], key=lambda item: (item["at"], item["id"]))}
        for one in json.loads(back)
    ]
    return sorted(found, key=lambda one: (one["rule"], one["subject"]))


def test_nobody_is_named_anywhere_and_nothing_else_has_changed(college):
    before, report = college.live(), college.report()
    assert {name for name, _ in college.traces()} >= {"prewarn.db", "outbox.log", "directory/students.csv"}
    pseudonym = pseudonym_of(erase(college))
    assert college.traces() == set()
    after = college.live()  # whose states are built anew from the log
    assert without_ids(after, pseudonym) == without_ids(before, SUE)
    assert college.report() == report
    assert college.traces() == set()
    mine = {one["id"] for one in before if SUE in one["subject"]}
    assert mine
    assert mine.isdisjoint(one["id"] for one in after)
    assert {one["id"] for one in after if pseudonym not in one["subject"]} == {one["id"] for one in before} - mine


def test_the_rules_go_on_with_what_was_there(college):
    erase(college)
    corrected = absence("tom", 1, college.now - 39 * DAY, "present", revision=1)
    college.ingest(absence("tom", 4, college.now - 30 * DAY), corrected)
    now = {(one["rule"], one["subject"]): (one["status"], one["value"]) for one in college.live()}
    assert now["streak", "tom"] == ("open", 3)
    assert now["per-class", "m1"][1] == 6  # three of somebody without a name among them
    assert now["absent-students", "m1"][1] == 2


def test_what_people_wrote_about_them_is_gone_and_what_they_wrote_elsewhere_names_nobody(college):
    pseudonym = pseudonym_of(erase(college))
    said = dict(college.rows("select warning.rule, act.text from act join warning on warning.number = act.warning "
                             "where act.action = 'closed'"))  # fmt: skip
    assert said == {"streak": "", "per-class": f"tom sat beside {pseudonym} ({pseudonym})"}


def test_their_account_goes_and_the_audit_says_what_was_done_and_not_to_whom(college):
    pseudonym = pseudonym_of(erase(college))
    for table in ("account", "session", "attempt"):
        assert college.rows(f"select count(*) from {table}") == [(0,)]
    assert college.rows("select person, other from check_in") == [("tom", pseudonym)]
    assert college.rows("select person, what from access") == [(pseudonym, "inbox anna")]
    assert f"{pseudonym}  data office: asked for it" in college.run("person", "erased")


def test_a_dry_run_counts_and_changes_nothing(college):
    before = college.traces()
    said = college.run("person", "erase", SUE, "--dry-run")
    assert "record " in said
    assert "directory/students" in said
    assert "nothing was erased" in said
    assert college.traces() == before


def test_whoever_is_asked_can_say_no(college):
    before = college.traces()
    college.run("person", "erase", SUE, "--reason", "r", "--author", "a", code=1)  # nobody answers
    assert college.traces() == before


def test_the_same_again_finds_nobody_and_a_new_directory_that_names_them_is_refused(college):
    pseudonym = pseudonym_of(erase(college))
    assert "nothing is held" in erase(college, code=1)
    said = college.run("directory", "import", college.directory, code=1)
    assert "students.csv" in said or "students" in said
    assert f"{SUE} was erased ({pseudonym})" in said
    college.enrol(SUE, again=False)
    college.run("directory", "import", college.directory, "--yes-remove")
    assert college.traces() == set()
    before = college.report()
    college.live()
    assert college.report() == before
    college.enrol()
    college.run("directory", "import", college.directory, "--yes-erased")


def test_a_source_that_still_names_them_is_refused_and_leaves_no_trace_until_they_are_back(college):
    erase(college)
    file = college.home.parent / "events.ndjson"
    at = college.now - DAY
    comment = {"period": "2026-10", "course": "algebra", "teacher": "anna", "student": "tom", "overall": "good"}
    said = absence("tom", 6, at) | {"type": "assessment", "data": comment | {"comment": f"和{SUE}一起旷课。"}}
    late = [absence(SUE, 5, at), said, absence("tom", 7, at, id=f"l7/{SUE}"), absence("tom", 5, at)]
    file.write_text("\n".join(map(json.dumps, late)), "utf-8")
    college.run("ingest", file, code=1)
    assert college.run("rejected", "list").count("names somebody who was erased") == 3
    college.live()
    assert college.traces() == set()
    college.enrol()
    college.run("directory", "import", college.directory, "--yes-erased", "--yes-remove")
    college.run("ingest", file)


def test_what_is_held_is_handed_out_without_secrets(college, tmp_path):
    college.run("person", "export", SUE, "--to", tmp_path / "sue.zip")
    with zipfile.ZipFile(tmp_path / "sue.zip") as archive:
        parts = {name: archive.read(name).decode() for name in archive.namelist()}
    assert parts.keys() >= {
        "directory.json", "records.json", "events.json", "rejected.json", "warnings.json", "changes.json",
        "acts.json", "account.json", "sessions.json", "audit.json", "index.zh.html", "index.en.html",
    }  # fmt: skip
    whole = "".join(parts.values())
    assert "hash of sue" not in whole
    assert "digest of sue" not in whole
    assert "tom" not in parts["records.json"] + parts["events.json"] + parts["warnings.json"]
    assert len(json.loads(parts["records.json"])) == 3
    assert NAME in parts["index.zh.html"]
    assert "你" not in parts["index.en.html"]
    assert "already" in college.run("person", "export", SUE, "--to", tmp_path / "sue.zip", code=1)
    assert "nothing is held" in college.run("person", "export", "nobody", "--to", tmp_path / "x", code=1)


@pytest.mark.parametrize(
    ("prepare", "more", "said"),
    [
        pytest.param(
            lambda c: c.enrol() or c.run("directory", "import", c.directory), (), "the directory has", id="still there"
        ),
        pytest.param(lambda _: None, ("--reason", f"{NAME} asked"), "names the person", id="the reason names them"),
        pytest.param(lambda _: None, ("--reason", ""), "no reason", id="no reason"),
        pytest.param(
            lambda c: (c.home / "rules" / "calendar.yaml").write_text(f"time_zone: Asia/Shanghai  # {SUE}\n", "utf-8"),
            (), "calendar.yaml names", id="the rules name them",
        ),
    ],
)  # fmt: skip
def test_what_would_leave_something_behind_is_refused(college, prepare, more, said):
    prepare(college)
    before = college.traces()
    assert said in erase(college, *more, code=1)
    assert college.traces() == before


def test_beside_a_process_that_works_in_the_home_it_is_refused(college):
    with Embedded(college.settings, push=False) as embedded:
        assert embedded.try_evaluating()
        assert "stop prewarn run first" in erase(college, code=1)
    erase(college)


def test_cut_short_it_is_finished_under_the_same_pseudonym(college):
    (college.home / "outbox.log.new").mkdir()
    erase(college, code=1)
    (college.home / "outbox.log.new").rmdir()
    begun = {one["subject"] for one in college.live()} - {SUE, "tom", "m1"}
    assert pseudonym_of(erase(college)) == next(iter(begun))
    assert college.traces() == set()
