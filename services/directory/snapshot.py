"""The directory as everybody gets it: one immutable, versioned snapshot and the questions that it answers."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from math import inf
from zoneinfo import ZoneInfo

import msgspec

from services.directory import accountable, classes, colleagues, enrichment
from services.directory.index import Index, build_index, present
from services.directory.names import names
from services.directory.records import Exemption, Lists, Person, Tables
from services.messages import Json, Problem

TIME_ZONE = "Asia/Shanghai"
UNRANKED = 1_000_000
"""Behind every rank that the column can hold."""
_OWN_RANKS = {"phone": 0, "check-in": UNRANKED + 1}
"""What teachers say on our own pages goes before every other source, and a code that a student has typed counts only
where nobody else says anything; unless the table ranks them otherwise."""


@dataclass(frozen=True, slots=True, eq=False)
class Directory:
    """People, roles, classes, courses … of a college on any day.

    Days in the tables are days in `time_zone`; instants in the questions are aware datetimes. `version` is a hash of
    the content (tables and zone): the same rows in another order are the same version. The tables are taken as checked
    (`load` does that); a reference that leads nowhere is answered as if it were absent.
    """

    tables: Tables = Tables()  # noqa: RUF009 - a frozen struct of empty tuples
    time_zone: str = TIME_ZONE
    version: str = field(init=False)
    _index: Index = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "version", _version(self.tables, self.time_zone))
        object.__setattr__(self, "_index", build_index(self.tables, ZoneInfo(self.time_zone)))

    @classmethod
    def empty(cls) -> Directory:
        """The directory of a college that keeps none: it completes nothing and doubts nothing."""
        return cls()

    def enrich(self, kind: str, data: Json, at: datetime) -> tuple[Json, list[Problem]]:
        """An event's data, completed with what follows from it as of `at`, and the ids in it that nobody knows.

        Completed where absent or null: class (the student's enrolment), major, cohort and department (of the class;
        else department of the major or teaching office), teaching_office and planned_hours (of the course, hours of
        the class where they differ), teacher (course_teacher of course and class, if there is exactly one); for an
        `indicator`, also the field that its level names (`level: major, subject: nursing` → `major: nursing`); for a
        `warning`, major_students; for a `source_report`, interval_minutes (of its source_name). What the event says
        is never overwritten. Returns the same dict when there is nothing to add.

        Unknown student, class, course or teacher: a problem each, unless the directory has no such rows at all.
        """
        return enrichment.enrich(self._index, kind, data, at)

    def enrolled(self, student: str, at: datetime) -> bool:
        """Whether something may be expected of a student at `at`: not before `from`, after `to` or while suspended.

        True of a student whom the directory does not know: without rows it bounds nothing.
        """
        if student not in self._index.enrolments:
            return True
        row = enrichment.enrolment_of(self._index, student, at.timestamp())
        return row is not None and row.status != "suspended"

    def left_class(self, student: str, class_: str, at: datetime) -> bool:
        """Whether the student belongs to the class on other days than that of `at`: they joined later or moved on."""
        second = at.timestamp()
        mine = [
            start <= second < end
            for start, end, row in self._index.enrolments.get(student, ())
            if row.class_id == class_
        ]
        return bool(mine) and not any(mine)

    def enrolled_until(self) -> dict[str, datetime | None]:
        """Student → the instant at which the last of their enrolments ends, suspended or not; None: it does not."""
        zone = ZoneInfo(self.time_zone)
        ends = {student: end for student, (_, end, _) in self._index.students.items()}
        return {student: None if end == inf else datetime.fromtimestamp(end, zone) for student, end in ends.items()}

    def class_members(self, class_: str, at: datetime) -> list[str]:
        """Ids of the students who are enrolled in a class at `at`, sorted; nobody who is suspended."""
        return present(self._index.members.get(class_, ()), at.timestamp())

    def exempt(self, student: str, of: str, at: datetime) -> str | None:
        """Why a student is exempt from an event kind or a rule at `at`; None if not. Of several, what began last."""
        return next(iter(present(self._index.exemptions.get((student, of), ()), at.timestamp())), None)

    def exemptions_of(self, student: str) -> list[Exemption]:
        """All exemptions of a student, whenever they hold."""
        return [one for one in self.tables.exemptions if one.student == student]

    def source_rank(self, source: str) -> int:
        """Of several sources about the same record, the lowest rank speaks; one without a rank comes last."""
        return self._index.ranks.get(source, _OWN_RANKS.get(source, UNRANKED))

    def source_lists(self, source: str) -> Lists | None:
        """Whether the attendance of a source names `all` students of a lesson or `exceptions_only`; None: unknown."""
        return self._index.lists.get(source)

    def lists_anything(self) -> bool:
        """Whether the attendance of any source names all students or exceptions only."""
        return any(self._index.lists.values())

    def holders(self, role: str, context: Mapping[str, str], at: datetime) -> list[Person]:
        """The people who hold `role` (a role word or alias) for what `context` names, on the day of `at`.

        Keys of the context: student, class, course, teacher, department, teaching_office, major, source. The nearest
        scope with a holder decides: a class tutor of the class goes before one of the major. course_teacher is the
        teacher whom the context names, else who teaches the course in the class, else the course; a department without
        a head is answered for by the one above it; a college role ignores the context. Nobody before their `from` day
        or after their `to` day; each person once, sorted by id; an unknown role has no holders.
        """
        return accountable.holders(self._index, role, context, at.timestamp())

    def posts(self, role: str, context: Mapping[str, str], at: datetime) -> list[str]:
        """What `role` would have to be held for so that its holder is the nearest; empty where nothing is known."""
        return accountable.posts(self._index, role, context, at.timestamp())

    def person(self, id: str) -> Person | None:  # noqa: A002 - the column's name
        """The person, or the student as a person, whether or not they are still there."""
        found = self._index.people.get(id) or self._index.students.get(id)
        return found[2] if found else None

    def is_there(self, id: str, at: datetime) -> bool:  # noqa: A002 - the column's name
        """Whether a person of the college, or a student, is there on the day of `at`; nobody whom it does not know."""
        found = self._index.people.get(id) or self._index.students.get(id)
        return found is not None and bool(present([found], at.timestamp()))

    def class_of(self, student: str, at: datetime) -> str | None:
        """The class that a student is of on the day of `at`, suspended or not; None if they are of none."""
        return enrichment.class_of(self._index, student, at.timestamp())

    def courses_taught(self, id: str, class_: str, at: datetime) -> set[str]:  # noqa: A002 - the column's name
        """The courses that a person teaches in a class on the day of `at`, or stands in for who teaches them.

        Those that are taught by name in this class: of who teaches a course of all classes, nobody says in which.
        """
        return classes.courses_taught(self._index, id, class_, at.timestamp())

    def classes_of(self, id: str, roles: Collection[str], at: datetime) -> list[str]:  # noqa: A002 - the column's name
        """The classes that a person holds one of these roles for on the day of `at`, or teaches a course in, sorted."""
        return classes.classes_of(self._index, id, roles, at.timestamp())

    def instead(self, id: str, at: datetime) -> list[Person]:  # noqa: A002 - the column's name
        """The person, or whoever stands in for them on the day of `at`; nobody if the id is unknown."""
        person = self.person(id)
        return [] if person is None else accountable.instead(self._index, [person], at.timestamp())

    def is_away(self, id: str, at: datetime) -> bool:  # noqa: A002 - the column's name
        """Whether a person is on leave by the directory on the day of `at`, whoever stands in."""
        return bool(present(self._index.leave.get(id, ()), at.timestamp()))

    def colleagues(self, id: str, at: datetime) -> set[str]:  # noqa: A002 - the column's name
        """Ids of those who hold, on the day of `at`, one of the person's roles in the same department."""
        return colleagues.colleagues(self._index, id, at.timestamp())

    def headed_by(self, id: str, at: datetime) -> set[str]:  # noqa: A002 - the column's name
        """The departments that a person is the head of on the day of `at`, or stands in for the head of."""
        return colleagues.headed_by(self._index, id, at.timestamp())

    def people(self) -> Iterable[Person]:
        """All rows of `people`, sorted by id; students are not among them."""
        return sorted(self.tables.people, key=lambda person: person.id)

    def names(self, context: Mapping[str, str]) -> dict[str, str]:
        """What people call the ids in a context; an unknown id stays as it is.

        What has a Chinese and an English name (course, department, teaching_office, major) comes three times:
        `course` (Chinese first), `course_zh`, `course_en`.
        """
        return names(self._index, context)


def _version(tables: Tables, time_zone: str) -> str:
    rows = {name: sorted(map(msgspec.json.encode, getattr(tables, name))) for name in Tables.__struct_fields__}
    digest = hashlib.sha256(time_zone.encode())
    for name, encoded in rows.items():
        digest.update(b"\0" + name.encode())
        for row in encoded:
            digest.update(b"\n" + row)
    return digest.hexdigest()[:16]
