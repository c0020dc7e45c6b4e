"""The rows of a snapshot, compiled once into dictionaries, so that no question has to search.

Days become instants here: a span runs from 00:00 of its first day to 00:00 after its last, in the college's time zone,
as seconds since 1970-01-01T00:00Z.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from math import inf
from typing import Protocol, TypeVar
from zoneinfo import ZoneInfo

from services.directory.nearest import Nearest
from services.directory.records import (
    Course,
    Department,
    Enrolment,
    Lists,
    Major,
    Person,
    SchoolClass,
    Source,
    Tables,
    TeachingOffice,
)
from services.messages import Json

T = TypeVar("T")
Span = tuple[float, float]
Dated = tuple[float, float, T]
"""Something that holds from an instant to before another."""


class _Days(Protocol):
    @property
    def from_day(self) -> date | None: ...
    @property
    def to_day(self) -> date | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """Everything that a question looks up. A class of "" stands for all classes of a course."""

    people: dict[str, Dated[Person]]
    students: dict[str, Dated[Person]]
    """Each student as somebody who can be told something, from the first enrolment to the end of the last."""
    enrolments: dict[str, tuple[Dated[Enrolment], ...]]
    """What counts for a student, span after span: where rows overlap, the one that began last."""
    members: dict[str, tuple[Dated[str], ...]]
    """Students of a class by id, without the spans in which they are suspended."""
    exemptions: dict[tuple[str, str], tuple[Dated[str], ...]]
    """Why a student is exempt from (student, kind or rule); what began last comes first."""
    ranks: dict[str, int]
    """Rank of a source that has one."""
    lists: dict[str, Lists]
    classes: dict[str, SchoolClass]
    class_fields: dict[str, dict[str, str]]
    """What follows from a class: major, cohort, department."""
    majors: dict[str, Major]
    major_spans: dict[str, tuple[tuple[float, ...], tuple[float, ...]]]
    """Begins and ends of the spans in which students are members of a major's classes, each sorted."""
    sources: dict[str, Source]
    intervals: dict[str, float]
    """Expected interval of a source, in minutes."""
    courses: dict[str, Course]
    """One row a course, put together from all its rows; hours and teacher are in the tables beside it."""
    course_fields: dict[str, dict[str, str]]
    """What follows from a course: teaching_office."""
    planned_hours: dict[tuple[str, str], int | float]
    departments: dict[str, Department]
    offices: dict[str, TeachingOffice]
    holders: dict[tuple[str, str, str], tuple[Dated[Person], ...]]
    """Who holds (role, scope kind, scope)."""
    leave: dict[str, tuple[Dated[Person | None], ...]]
    """Who is away when, and who stands in."""
    teachers: dict[tuple[str, str], tuple[Dated[Person], ...]]
    """Who teaches (course, class) by a row of roles."""
    standing_teachers: dict[tuple[str, str], Dated[Person]]
    """Who teaches (course, class) by the column of courses: counts while no row of roles says otherwise."""
    taught: dict[str, tuple[Dated[str], ...]]
    """Courses of a teacher."""
    in_class: dict[str, frozenset[str]]
    """Courses that are taught by name in a class, whenever."""
    checked: tuple[tuple[str, str, Container[str]], ...]
    """(field of an event, text that names what it holds, known ids) of the tables that the college keeps."""
    nearest: dict[str, Nearest]
    """The nearest known id, by the field of an event."""


def present(rows: Iterable[Dated[T]], second: float) -> list[T]:
    """What holds at an instant."""
    return [held for start, end, held in rows if start <= second < end]


def build_index(tables: Tables, zone: ZoneInfo) -> Index:
    """Compile checked tables; references that lead nowhere are left out."""
    people = {person.id: (*_span(person, zone), person) for person in tables.people}
    courses = _merged_courses(tables.courses)
    classes = {row.id: row for row in tables.classes}
    enrolments = _enrolments(tables.students, zone)
    members = _members(enrolments)
    offices = {office.id: office for office in tables.teaching_offices}
    majors = {major.id: major for major in tables.majors}
    holders, teachers, standing, taught = _assignments(tables, people, zone)
    known: tuple[tuple[str, str, Json], ...] = (
        ("student", "directory.noun_student", enrolments),
        ("class", "directory.noun_class", classes),
        ("course", "directory.noun_course", courses),
        ("teacher", "directory.noun_person", people),
    )
    return Index(
        people=people,
        students=_students(tables.students, zone),
        enrolments=enrolments,
        members=members,
        exemptions=_exemptions(tables, zone),
        ranks={one.id: one.rank for one in tables.sources if one.rank is not None},
        lists={one.id: one.lists for one in tables.sources if one.lists is not None},
        classes=classes,
        class_fields={row.id: _class_fields(row, majors) for row in tables.classes},
        majors=majors,
        major_spans=_major_spans(members, classes),
        sources={one.id: one for one in tables.sources},
        intervals={one.id: one.expected_interval / 60 for one in tables.sources if one.expected_interval is not None},
        courses=courses,
        course_fields={
            id_: {"teaching_office": row.teaching_office} if row.teaching_office else {} for id_, row in courses.items()
        },
        planned_hours={
            (row.id, row.class_id or ""): row.planned_hours for row in tables.courses if row.planned_hours is not None
        },
        departments={row.id: row for row in tables.departments},
        offices=offices,
        holders=holders,
        leave=_leave(tables, people, zone),
        teachers=teachers,
        standing_teachers=standing,
        taught=taught,
        in_class=_in_classes((*teachers, *standing)),
        checked=tuple(row for row in known if row[2]),
        nearest={field: Nearest(ids) for field, _, ids in known},
    )


def _in_classes(pairs: Iterable[tuple[str, str]]) -> dict[str, frozenset[str]]:
    found: defaultdict[str, set[str]] = defaultdict(set)
    for course, class_ in pairs:
        if class_:
            found[class_].add(course)
    return {class_: frozenset(courses) for class_, courses in found.items()}


def _leave(
    tables: Tables, people: dict[str, Dated[Person]], zone: ZoneInfo
) -> dict[str, tuple[Dated[Person | None], ...]]:
    found: defaultdict[str, list[Dated[Person | None]]] = defaultdict(list)
    for row in tables.leave:
        if row.substitute is None or row.substitute in people:
            instead = people[row.substitute][2] if row.substitute else None
            found[row.person].append((*_span(row, zone), instead))
    return {person: tuple(rows) for person, rows in found.items()}


def _span(row: _Days, zone: ZoneInfo) -> Span:
    start = -inf if row.from_day is None else _midnight(row.from_day, zone)
    # 9999-12-31 is how many systems write "for ever"; there is no day after it.
    end = inf if row.to_day is None or row.to_day == date.max else _midnight(row.to_day + timedelta(days=1), zone)
    return start, end


def _midnight(day: date, zone: ZoneInfo) -> float:
    return datetime.combine(day, time(), zone).timestamp()


def _class_fields(row: SchoolClass, majors: dict[str, Major]) -> dict[str, str]:
    major = majors.get(row.major or "")
    fields = {
        "major": row.major,
        "cohort": row.cohort,
        "department": major.department if major else row.department,
    }
    return {name: value for name, value in fields.items() if value}


def _merged_courses(rows: Iterable[Course]) -> dict[str, Course]:
    merged: dict[str, Course] = {}
    for row in rows:
        known = merged.get(row.id, row)
        merged[row.id] = Course(
            id=row.id,
            name_zh=known.name_zh or row.name_zh,
            name_en=known.name_en or row.name_en,
            teaching_office=known.teaching_office or row.teaching_office,
        )
    return merged


def _enrolments(rows: Iterable[Enrolment], zone: ZoneInfo) -> dict[str, tuple[Dated[Enrolment], ...]]:
    found: defaultdict[str, list[Dated[Enrolment]]] = defaultdict(list)
    for row in rows:
        found[row.id].append((*_span(row, zone), row))
    return {id_: tuple(_one_by_one(spans)) for id_, spans in found.items()}


def _one_by_one(rows: list[Dated[Enrolment]]) -> Iterator[Dated[Enrolment]]:
    """Spans that do not overlap: at each instant the row that began last."""
    newest = sorted(rows, key=lambda row: (row[0], row[1], row[2].class_id), reverse=True)
    for start, end in pairwise(sorted({edge for row in rows for edge in row[:2]})):
        if counting := present(newest, start):
            yield start, end, counting[0]


def _members(enrolments: dict[str, tuple[Dated[Enrolment], ...]]) -> dict[str, tuple[Dated[str], ...]]:
    found: defaultdict[str, list[Dated[str]]] = defaultdict(list)
    for id_, spans in sorted(enrolments.items()):
        for start, end, row in spans:
            if row.status != "suspended":
                found[row.class_id].append((start, end, id_))
    return _tuples(found)


def _exemptions(tables: Tables, zone: ZoneInfo) -> dict[tuple[str, str], tuple[Dated[str], ...]]:
    found: defaultdict[tuple[str, str], list[Dated[str]]] = defaultdict(list)
    for row in tables.exemptions:
        found[row.student, row.of].append((*_span(row, zone), row.why))
    return {key: tuple(sorted(spans, reverse=True)) for key, spans in found.items()}


def _major_spans(
    members: dict[str, tuple[Dated[str], ...]], classes: dict[str, SchoolClass]
) -> dict[str, tuple[tuple[float, ...], tuple[float, ...]]]:
    found: defaultdict[str, list[Span]] = defaultdict(list)
    for class_, spans in members.items():
        if class_ in classes and (major := classes[class_].major):
            found[major] += ((start, end) for start, end, _ in spans)
    return {
        major: (tuple(sorted(start for start, _ in spans)), tuple(sorted(end for _, end in spans)))
        for major, spans in found.items()
    }


def _students(rows: Iterable[Enrolment], zone: ZoneInfo) -> dict[str, Dated[Person]]:
    found: dict[str, Dated[Person]] = {}
    for row in rows:
        start, end = _span(row, zone)
        if row.id in found:
            other_start, other_end, other = found[row.id]
            start, end = min(start, other_start), max(end, other_end)
        else:
            other = Person(id=row.id, name="")
        person = Person(
            id=row.id,
            name=other.name or row.name or "",
            email=other.email or row.email,
            channel=other.channel or row.channel,
        )
        found[row.id] = (start, end, person)
    return {
        id_: (
            start,
            end,
            person if person.name else Person(id=id_, name=id_, email=person.email, channel=person.channel),
        )
        for id_, (start, end, person) in found.items()
    }


_Holders = dict[tuple[str, str, str], tuple[Dated[Person], ...]]
_Teachers = dict[tuple[str, str], tuple[Dated[Person], ...]]
_Standing = dict[tuple[str, str], Dated[Person]]
_Taught = dict[str, tuple[Dated[str], ...]]


def _assignments(
    tables: Tables, people: dict[str, Dated[Person]], zone: ZoneInfo
) -> tuple[_Holders, _Teachers, _Standing, _Taught]:
    holders: defaultdict[tuple[str, str, str], list[Dated[Person]]] = defaultdict(list)
    teachers: defaultdict[tuple[str, str], list[Dated[Person]]] = defaultdict(list)
    standing: _Standing = {}
    taught: defaultdict[str, list[Dated[str]]] = defaultdict(list)
    for role in tables.roles:
        if role.person not in people:
            continue
        person_start, person_end, person = people[role.person]
        start, end = _span(role, zone)
        held = (max(start, person_start), min(end, person_end), person)
        if role.role == "course_teacher":
            course = role.scope or ""
            teachers[course, role.class_id or ""].append(held)
            taught[person.id].append((held[0], held[1], course))
        else:
            holders[role.role, role.scope_kind or "college", role.scope or ""].append(held)
    for row in tables.courses:
        if row.teacher in people:
            held = people[row.teacher]
            standing[row.id, row.class_id or ""] = held
            taught[row.teacher].append((held[0], held[1], row.id))
    for source in tables.sources:
        if source.owner in people:
            holders["source_owner", "source", source.id].append(people[source.owner])
    return _tuples(holders), _tuples(teachers), standing, _tuples(taught)


K = TypeVar("K")


def _tuples(lists: dict[K, list[Dated[T]]]) -> dict[K, tuple[Dated[T], ...]]:
    return {key: tuple(values) for key, values in lists.items()}
