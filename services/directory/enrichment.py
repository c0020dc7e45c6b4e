"""An event's data, completed with what follows from it: called for each event, so everything here is a look-up.

What the event says itself is never overwritten, even where the directory knows better: a correction must come from the
source.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from datetime import datetime

from services.directory.index import Index, present
from services.directory.records import Enrolment, Person
from services.i18n import say
from services.messages import Json, Problem

_INDICATOR_LEVELS = frozenset({"department", "major", "class", "course", "teacher", "student"})


def enrich(index: Index, kind: str, data: Json, at: datetime) -> tuple[Json, list[Problem]]:
    """See `Directory.enrich`."""
    full = data.copy()
    if kind == "indicator":
        _name_the_subject(full)
    _follow_student_and_class(index, full, at)
    _follow_course(index, full, at)
    _follow_major_and_office(index, full)
    if kind in _FIGURES:
        _FIGURES[kind](index, full, at)
    problems = [
        _problem(index, data, field, noun)
        for field, noun, known in index.checked
        if (value := full.get(field)) is not None and isinstance(value, str) and value not in known
    ]
    return (data if full == data else full), problems


def class_of(index: Index, student: str, second: float) -> str | None:
    """The class that a student is of at an instant, suspended or not."""
    row = enrolment_of(index, student, second)
    return row.class_id if row else None


def enrolment_of(index: Index, student: str, second: float) -> Enrolment | None:
    """The row of `students` that counts at an instant, be it a suspended one."""
    for start, end, row in index.enrolments.get(student, ()):
        if start <= second < end:
            return row
    return None


def teachers_of(index: Index, course: str, class_: str | None, second: float) -> list[Person]:
    """Who teaches a course in a class at an instant: of the pair, else of the course; roles before the column."""
    for key in ((course, class_), (course, "")) if class_ else ((course, ""),):
        dated = present(index.teachers.get(key, ()), second)
        if dated:
            return dated
        standing = index.standing_teachers.get(key)
        if standing is not None and standing[0] <= second < standing[1]:
            return [standing[2]]
    return []


def _id(full: Json, field: str) -> str | None:
    # Anything but a string is the schema's business.
    value = full.get(field)
    return value if isinstance(value, str) else None


def _complete(full: Json, follows: dict[str, str]) -> None:
    for field, value in follows.items():
        if full.get(field) is None:
            full[field] = value


def _name_the_subject(full: Json) -> None:
    # An indicator says whom it is about as (level, subject); whoever is accountable is found by the name of the level.
    level, subject = _id(full, "level"), _id(full, "subject")
    if level in _INDICATOR_LEVELS and level is not None and subject is not None:
        _complete(full, {level: subject})


def _follow_student_and_class(index: Index, full: Json, at: datetime) -> None:
    if full.get("class") is None and (student := _id(full, "student")) is not None:
        enrolled = class_of(index, student, at.timestamp())
        if enrolled is not None:
            full["class"] = enrolled
    class_ = _id(full, "class")
    if class_ is not None and (follows := index.class_fields.get(class_)):
        _complete(full, follows)


def _follow_course(index: Index, full: Json, at: datetime) -> None:
    course, class_ = _id(full, "course"), _id(full, "class")
    if course is None:
        return
    if follows := index.course_fields.get(course):
        _complete(full, follows)
    if full.get("planned_hours") is None:
        hours = index.planned_hours.get((course, class_ or ""))
        hours = index.planned_hours.get((course, "")) if hours is None else hours
        if hours is not None:
            full["planned_hours"] = hours
    if full.get("teacher") is None:
        taught_by = teachers_of(index, course, class_, at.timestamp())
        if len(taught_by) == 1:  # of two the event must say which
            full["teacher"] = taught_by[0].id


def _follow_major_and_office(index: Index, full: Json) -> None:
    if full.get("department") is None:
        unit = index.majors.get(_id(full, "major") or "") or index.offices.get(_id(full, "teaching_office") or "")
        if unit is not None:
            full["department"] = unit.department


def _count_students(index: Index, full: Json, at: datetime) -> None:
    starts, ends = index.major_spans.get(_id(full, "major") or "", ((), ()))
    if starts and full.get("major_students") is None:
        second = at.timestamp()
        full["major_students"] = bisect_right(starts, second) - bisect_right(ends, second)


def _expect_source(index: Index, full: Json, _at: datetime) -> None:
    minutes = index.intervals.get(_id(full, "source_name") or "")
    if minutes is not None and full.get("interval_minutes") is None:
        full["interval_minutes"] = minutes


_FIGURES: dict[str, Callable[[Index, Json, datetime], None]] = {
    "warning": _count_students,
    "source_report": _expect_source,
}
"""Kind → what it alone gets."""


def _problem(index: Index, data: Json, field: str, noun: str) -> Problem:
    said = data.get(field)
    where, value = (f"data.{field}", said) if said is not None else ("data.subject", data["subject"])
    return Problem(
        where=where,
        what=say("directory.not_known", value=repr(value), noun=say(noun)),
        expected=index.nearest[field](value),
    )
