"""The facts of truth.json: of each, what Prewarn says about the same, field by field."""

import re
from dataclasses import dataclass
from datetime import datetime

from tests.acceptance.exports_a import product
from tests.acceptance.exports_a.cells import TERM_BEGINS, ZONE
from tests.acceptance.exports_a.exports import Exports
from tests.acceptance.exports_a.product import State
from tests.acceptance.exports_a.term import week

_DAY = re.compile(r"\d{4}-\d\d-\d\d")


@dataclass(frozen=True, repr=False)
class Known:
    """The exports, and the home before and after the correction."""

    exports: Exports
    before: State
    after: State


def said(fact, known):
    """What Prewarn says of a fact: its own fields, all but the number and the words."""
    found = {}
    for name in fact.keys() - {"n", "about", "text"}:
        found[name] = (_OF.get((fact["about"], name)) or _OF_ANY[name])(fact, known)
    return found


def asked(fact):
    """The fields of a fact that `said` answers."""
    return {name: value for name, value in fact.items() if name not in {"n", "about", "text"}}


def _given(name):
    """A field by which the fact finds what the other fields are about."""
    return lambda fact, known: fact[name]


def _lesson(fact, known):
    """Whether the lesson takes place, or says that it is cancelled."""
    every = {one["lesson"] for one in known.after.data("lesson")}
    return fact["lesson"] if fact["lesson"] in every else None


def _absent(name):
    """Lessons that do not take place."""

    def absent(fact, known):
        wanted = fact[name]
        if isinstance(wanted, str):
            return None if wanted in known.after.lessons() else wanted
        return [one for one in wanted if one not in known.after.lessons()]

    return absent


def _lessons(fact, known):
    return [one for one in fact["lessons"] if one in known.after.lessons()]


def _of_lesson(name):
    """A field of the lesson, instants as truth.json writes them."""

    def field(fact, known):
        given = {one["lesson"]: one for one in known.after.data("lesson")}
        return _local(given[fact["lesson"]][name])

    return field


def _of_lessons(name):
    return lambda fact, known: [_local(known.after.lessons()[one][name]) for one in fact["lessons"]]


def _local(value):
    found = re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)", value) if isinstance(value, str) else None
    return datetime.fromisoformat(value).astimezone(ZONE).isoformat() if found else value


def _instead_of(fact, known):
    day = known.after.lessons()[fact["lesson"]]["starts_at"]
    on = datetime.fromisoformat(day).astimezone(ZONE).date()
    return known.exports.term.follows[on].isoformat()


def _all_teachers(fact, known):
    return list(known.exports.timetable.standing[fact["lesson"]].teachers)


def _tutors(fact, known):
    roles = known.after.directory.tables.roles
    return [
        one.person for class_ in fact["classes"] for one in roles if (one.role, one.scope) == ("class_tutor", class_)
    ]


def _weeks(fact, known):
    class_, course, *_ = fact["absent_lesson"].split("|")
    given = known.after.lessons().values()
    days = [
        datetime.fromisoformat(one["starts_at"]).astimezone(ZONE).date()
        for one in given
        if (one["class"], one["course"]) == (class_, course)
    ]
    return sorted({week(known.exports.term.follows.get(day, day)) for day in days})


def _spans(student, known):
    tables = known.after.directory.tables
    return [
        [one.class_id, max(one.from_day, TERM_BEGINS).isoformat(), one.to_day and one.to_day.isoformat()]
        for one in tables.students
        if one.id == student and one.status != "suspended"
    ]


def _attended(name):
    return lambda fact, known: known.after.attended()[fact["lesson"], fact["student"]][name]


def _figures(state):
    def figures(fact, known):
        found = getattr(known, state).rollcalls()[fact["lesson"]]
        return {name: found[name] for name in ("absent", "leave")}

    return figures


def _on_leave(fact, known):
    """Of the days that the fact names, who is on leave then."""
    found = []
    for student, day in zip(fact["students"], _DAY.findall(fact["text"]), strict=True):
        given = [one for one in known.after.data("leave") if one["student"] == student]
        found += [student] * any(_local(one["from"]).startswith(day) for one in given)
    return found


def _run(fact, known):
    """Of a run of one nothing is told."""
    subject = f"{fact['student']}/{fact['course']}"
    told = [one["value"] for one in known.after.warnings["absence-streak"] if one["subject"] == subject]
    return told[0] if told else 1


def _hours(name):
    def hours(fact, known):
        told = product.open_warnings(known.after)["S1"]
        return next(one[name] for one in told if one["student"] == fact["student"])

    return hours


def _test(name):
    def field(fact, known):
        given = known.after.data("test")
        (one,) = [one for one in given if (one["test"], one["student"]) == (fact["test"], fact["student"])]
        return one["score"] < one["pass_score"] if name == "failed" else one.get(name)

    return field


def _assessed(name):
    def field(fact, known):
        about = ("student", "course", "period")
        given = known.after.data("assessment")
        (one,) = [one for one in given if all(one[field] == fact[field] for field in about)]
        return one[name]

    return field


def _steps(fact, known):
    rows = [(data, at) for data, at in known.after.records["ticket"].values() if data["ticket"] == fact["ticket"]]
    return {
        data["action"]: data["rating"] if data["action"] == "rated" else at.astimezone(ZONE).isoformat()
        for data, at in rows
    }


def _often(fact, known):
    told = {one["subject"]: one["value"] for one in known.after.warnings["rollcall-missing-often"]}
    return {teacher: told.get(teacher, 0) for teacher in fact["teachers"]}


def _planned(fact, known):
    tables = known.after.directory.tables
    hours = {one.id: one.planned_hours for one in tables.courses}
    return {course: hours[course] for course in fact["courses"]}


_OF_ANY = {
    "lesson": _lesson,
    "lessons": _lessons,
    "absent_lesson": _absent("absent_lesson"),
    "absent_lessons": _absent("absent_lessons"),
    "student": _given("student"),
    "test": _given("test"),
    "course": _given("course"),
    "teacher": _of_lesson("teacher"),
}
_OF = {
    ("attendance", "status"): _attended("status"),
    ("attendance", "hours"): _attended("hours"),
    ("correction", "status"): _attended("status"),
    ("leave", "status"): _attended("status"),
    ("correction", "before"): _figures("before"),
    ("correction", "after"): _figures("after"),
    ("leave", "students"): _on_leave,
    ("lesson", "instead_of"): _instead_of,
    ("lesson", "starts_at"): _of_lesson("starts_at"),
    ("lesson", "weeks"): _weeks,
    ("teacher", "all_teachers"): _all_teachers,
    ("teacher", "teachers"): _of_lessons("teacher"),
    ("role", "classes"): _given("classes"),
    ("role", "persons"): _tutors,
    ("moved lesson", "room"): lambda fact, known: known.after.lessons()[fact["lessons"][0]]["room"],
    ("cancelled lesson", "status"): _of_lesson("status"),
    ("times", "starts_at"): _of_lessons("starts_at"),
    ("times", "ends_at"): _of_lessons("ends_at"),
    ("student", "spans"): lambda fact, known: _spans(fact["student"], known),
    ("student", "students"): _given("students"),
    ("student", "enrolled"): lambda fact, known: [
        span[1:] for student in fact["students"] for span in _spans(student, known)
    ],
    ("roll-call", "expected"): lambda fact, known: known.after.rollcalls()[fact["lesson"]]["expected"],
    ("S2", "value"): _run,
    ("S1", "hours"): _hours("hours"),
    ("S1", "level"): _hours("level"),
    **{("test", name): _test(name) for name in ("score", "max_score", "pass_score", "failed", "status")},
    ("assessment", "period"): _given("period"),
    ("assessment", "overall"): _assessed("overall"),
    ("assessment", "comment"): _assessed("comment"),
    ("ticket", "ticket"): _given("ticket"),
    ("ticket", "steps"): _steps,
    ("T1", "teachers"): _often,
    ("course", "courses"): _planned,
}
