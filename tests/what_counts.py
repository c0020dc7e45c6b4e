"""A week in which records of several sources, a cancelled lesson, a leave and a changed past decide what counts.

It is played in one process and on a cluster, which must end alike.
"""

import json
from datetime import UTC, datetime, timedelta

import msgspec

from services import directory as directories
from services.app.embedded import Embedded
from services.cli.ingest import Given, take
from services.ingest.records.runs import RunLog, run_of
from services.ingest.table import TableOptions
from services.messages import ENDS, CampusEvent
from services.settings import Settings
from tests.faults.running import write_table
from tests.rule_files import folder, rule

ABSENT = rule("absent", by="[student]", levels="{at_least: {yellow: 1, red: 3}}", notify="{to: class_tutor}")
PRESENT = rule(
    "presence", by="[student]", measure='{count: status == "present"}', levels="{at_least: {yellow: 1}}",
    notify="{to: class_tutor}",
)  # fmt: skip
MONDAY = datetime(2026, 9, 7, 0, 0, tzinfo=UTC)
"""08:00 in Shanghai."""
COVERED = "attendance of its lessons"
_decode = msgspec.json.Decoder(list[CampusEvent]).decode


def rules(place):
    """Who was absent is warned of, and so that derived records are seen, who was present."""
    return folder(place, ABSENT, PRESENT)


def people(place, *, left=""):
    """Four students of a class, of whom `left` had left before the week; the phone speaks before the office."""
    write_table(place, "people.csv", "id,name,channel", [("anna", "Anna", "json://127.0.0.1:9/hook")])
    write_table(place, "classes.csv", "id,name", [("m1", "M1")])
    students = [(f"s{n}", f"S{n}", "m1", "2026-08-31", "2026-09-06" if f"s{n}" == left else "") for n in range(1, 5)]
    write_table(place, "students.csv", "id,name,class,from,to", students)
    write_table(place, "roles.csv", "role,person,scope_kind,scope", [("class_tutor", "anna", "class", "m1")])
    write_table(place, "sources.csv", "id,rank,lists", [("phone", 1, "exceptions_only"), ("sis", 2, "")])
    return place


def _said(kind, source, ident, at, revision=0, **data):
    return {
        "specversion": "1.0", "source": source, "id": ident, "type": kind, "time": at.isoformat(),
        "revision": revision, "data": data,
    }  # fmt: skip


def _lesson(n, revision=0, status="planned"):
    begin = MONDAY + timedelta(days=n)
    moments = {"starts_at": begin.isoformat(), "ends_at": (begin + timedelta(minutes=100)).isoformat()}
    fields = {"lesson": f"l{n}", "class": "m1", "course": "c1", "status": status, "hours": 2, **moments}
    return _said("lesson", "sis", f"lesson/l{n}", MONDAY - timedelta(days=3), revision, **fields)


def absence(student, n, source="sis", status="absent", revision=0):
    """Of lesson `n`, which is on the n-th day."""
    fields = {"lesson": f"l{n}", "student": student, "status": status, "class": "m1", "course": "c1"}
    return _said("attendance", source, f"{student}/l{n}", MONDAY + timedelta(days=n), revision, **fields)


def _leave(student, n, revision=0, status="granted"):
    moments = [(MONDAY + timedelta(days=n, hours=hours)).isoformat() for hours in (0, 4)]
    fields = {"leave": "v1", "student": student, "from": moments[0], "to": moments[1], "status": status}
    return _said("leave", "sis", "v1", MONDAY, revision, **fields)


ROLL = {"lesson": "l2", "class": "m1", "expected": 4, "present": 3}
STEPS = [
    [_lesson(n) for n in range(4)],
    [absence(f"s{student}", n) for n in range(2) for student in range(1, 5)],
    [absence("s1", 0, "phone", "present")],
    [absence("s1", 0, revision=1, status="late")],  # the phone still speaks
    [_lesson(1, revision=1, status="cancelled")],
    [absence("s2", 0, status="late", revision=1)],
    [_leave("s3", 0)],
    [_said("rollcall", "phone", "rolled", MONDAY + timedelta(days=2), **ROLL)],
    [absence("s2", 2, "phone")],
    [absence("s1", 3), absence("s2", 3)],
]  # fmt: skip
"""What is posted, one call after another."""
LEFT = "s4"
"""Who turns out to have left before the week, when all of it has come."""
STATUSES = {
    ("s1", "l0"): "present", ("s2", "l0"): "late", ("s3", "l0"): "leave",
    ("s1", "l2"): "present", ("s2", "l2"): "absent", ("s3", "l2"): "present",
    ("s1", "l3"): "absent",
}  # fmt: skip
"""What counts at the end."""
WARNED = {("absent", "s1"), ("absent", "s2"), ("presence", "s1"), ("presence", "s3")}


def covering(path):
    """A file that says all of lesson 3, without s2."""
    path.write_text(json.dumps(absence("s1", 3)) + "\n", "utf-8")
    return path


def counts(messages):
    """(source, id) → what counts of it, as somebody knows who only hears the log."""
    newest = {}
    for event in (event for message in messages for event in _decode(message)):
        ident = event.source, event.id
        if event.kind != "warning" and (ident not in newest or event.revision > newest[ident].revision):
            newest[ident] = event
    return {ident: (one.kind, one.time, one.data) for ident, one in newest.items() if not one.retracted}


def statuses(found):
    """(student, lesson) → status, of what counts."""
    return {
        (data["student"], data["lesson"]): data["status"] for kind, _, data in found.values() if kind == "attendance"
    }


def present(changes):
    """(rule, subject, level) of what is open."""
    newest = {}
    for one in changes:
        if one.warning_id not in newest or one.sequence > newest[one.warning_id].sequence:
            newest[one.warning_id] = one
    return {(c.rule, c.subject, c.facts.level) for c in newest.values() if c.change not in ENDS}


def in_one_process(place):
    """(what counts, what is open) where the embedded mode plays it."""
    settings = Settings(home=place / "home", rules=rules(place / "rules"))
    directories.install(people(place / "people"), settings.directory_folder)
    with Embedded(settings, past=True) as college:
        for step in STEPS:
            assert (refused := college.intake.take(json.dumps(step).encode(), "test").rejections) == [], refused
        directories.install(people(place / "later", left=LEFT), settings.directory_folder)
        college.files.look()
        assert college.try_evaluating()
        given = Given([covering(place / "all.ndjson")], TableOptions(), COVERED, datetime.now(UTC))
        take(college, RunLog(college.records, run_of(given.files, [], "", datetime.now(UTC))), given, "")
        college.catch_up()
        rows = [packed for _, _, _, packed in college.journal.read(0, 10_000)]
        changes = [change for _, step in college.journal.published(0, 10_000) for change in step.changes]
    return counts(rows), present(changes)
