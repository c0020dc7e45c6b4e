"""The rows of the directory, and with their fields the columns of its files.

Plain data; every day is a day in the college's time zone, and both ends belong to it.
"""

from datetime import date
from typing import Annotated, Literal, get_args

import msgspec

from services.directory.columns import (
    CHANNEL,
    DAY,
    DURATION,
    EMAIL,
    FIRST_DAY,
    LANGUAGE,
    LISTS,
    NUMBER,
    RANK,
    STATUS,
    Column,
    columns_of,
)

Language = Literal["zh", "en"]
Status = Literal["enrolled", "suspended"]
Lists = Literal["all", "exceptions_only"]
Day = Annotated[date | None, DAY]


class Person(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Somebody who can be told something: staff, or a student when a rule tells students themselves."""

    id: str
    name: str
    email: Annotated[str | None, EMAIL] = None
    channel: Annotated[str | None, CHANNEL] = None
    """An Apprise URL. It holds secrets: never show it."""
    language: Annotated[Language | None, LANGUAGE] = None
    from_day: Day = msgspec.field(default=None, name="from")
    to_day: Day = msgspec.field(default=None, name="to")
    """The last day on which the person is there."""


class Department(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """系(部) or an office of the college."""

    id: str
    name_zh: str | None = None
    name_en: str | None = None
    parent: Annotated[str | None, Column(refers="departments")] = None


class TeachingOffice(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """教研室: teachers of related courses, below a department."""

    id: str
    name_zh: str | None = None
    name_en: str | None = None
    department: Annotated[str, Column(refers="departments")]


class Major(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """专业: what a class studies."""

    id: str
    name_zh: str | None = None
    name_en: str | None = None
    department: Annotated[str, Column(refers="departments")]


class SchoolClass(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """班级. Its department is its major's; only a class without a major names one."""

    id: str
    name: str | None = None
    aliases: str | None = None
    """What other systems call it (班级简称), separated by semicolons: files are read by it."""
    major: Annotated[str | None, Column(refers="majors")] = None
    cohort: str | None = None
    department: Annotated[str | None, Column(refers="departments")] = None
    from_day: Day = msgspec.field(default=None, name="from")
    to_day: Day = msgspec.field(default=None, name="to")


class Course(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One row of a course: of all its classes, or with `class_id` of one of them."""

    id: str
    name_zh: str | None = None
    name_en: str | None = None
    aliases: str | None = None
    """What other systems call it, separated by semicolons."""
    teaching_office: Annotated[str | None, Column(refers="teaching_offices")] = None
    planned_hours: Annotated[int | float | None, NUMBER] = None
    class_id: Annotated[str | None, Column(refers="classes")] = msgspec.field(default=None, name="class")
    teacher: Annotated[str | None, Column(refers="people")] = None


class Role(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One person holds one role for one scope during some days."""

    role: str
    person: Annotated[str, Column(refers="people")]
    scope_kind: str | None = None
    """None is the college."""
    scope: str | None = None
    class_id: Annotated[str | None, Column(refers="classes")] = msgspec.field(default=None, name="class")
    """Second scope: course_teacher of course `scope` in this class."""
    from_day: Day = msgspec.field(default=None, name="from")
    to_day: Day = msgspec.field(default=None, name="to")


class Leave(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One person is away during some days, and somebody stands in."""

    person: Annotated[str, Column(refers="people")]
    substitute: Annotated[str | None, Column(refers="people")] = None
    """None: the others who hold a role answer for it; where there are none, the person is told nevertheless."""
    from_day: Annotated[date | None, FIRST_DAY] = msgspec.field(default=None, name="from")
    to_day: Day = msgspec.field(default=None, name="to")


class Enrolment(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One student in one class during some days; a student who changed class or was suspended has several rows."""

    id: str
    name: str | None = None
    class_id: Annotated[str, Column(refers="classes")] = msgspec.field(name="class")
    email: Annotated[str | None, EMAIL] = None
    channel: Annotated[str | None, CHANNEL] = None
    from_day: Day = msgspec.field(default=None, name="from")
    to_day: Day = msgspec.field(default=None, name="to")
    status: Annotated[Status | None, STATUS] = None
    """None is enrolled. While suspended (休学) the student is of the class, and nothing is expected of them."""


class Exemption(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one student need not do during some days, and why (免修, 免考勤 …)."""

    student: Annotated[str, Column(refers="students")]
    of: str
    """An event kind, whose records about the student then do not count, or the id of a rule, which then is silent."""
    from_day: Annotated[date | None, FIRST_DAY] = msgspec.field(default=None, name="from")
    to_day: Day = msgspec.field(default=None, name="to")
    why: str


class Source(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A source of events, with its owner, rank and interval."""

    id: str
    name_zh: str | None = None
    name_en: str | None = None
    owner: Annotated[str | None, Column(refers="people")] = None
    expected_interval: Annotated[int | None, DURATION] = None
    """Seconds within which something should come in teaching hours."""
    rank: Annotated[int | None, RANK] = None
    """Of several sources that speak about the same record, 1 goes before 2; None is after all that have one."""
    lists: Annotated[Lists | None, LISTS] = None
    """Whether its attendance names every student of a lesson, or only those who were not there; None: unknown."""


class Tables(msgspec.Struct, frozen=True, kw_only=True):
    """All rows of one snapshot: what a directory is made from, and what travels when it has to."""

    people: tuple[Person, ...] = ()
    departments: tuple[Department, ...] = ()
    teaching_offices: tuple[TeachingOffice, ...] = ()
    majors: tuple[Major, ...] = ()
    classes: tuple[SchoolClass, ...] = ()
    courses: tuple[Course, ...] = ()
    roles: tuple[Role, ...] = ()
    leave: tuple[Leave, ...] = ()
    students: tuple[Enrolment, ...] = ()
    exemptions: tuple[Exemption, ...] = ()
    sources: tuple[Source, ...] = ()


class Table(msgspec.Struct, frozen=True):
    """One table: its columns by name, what makes a row unique, and what all rows of one id must agree on."""

    columns: dict[str, Column]
    key: tuple[str, ...] = ("id",)
    shared: tuple[str, ...] = ()


_KEYS = {
    "courses": ("id", "class"),
    "roles": ("role", "person", "scope_kind", "scope", "class", "from"),
    "leave": ("person", "from", "substitute"),
    "students": ("id", "from"),
    "exemptions": ("student", "of", "from"),
}
_SHARED = {"courses": ("name_zh", "name_en", "aliases", "teaching_office"), "students": ("name", "email", "channel")}

TABLES = {
    one.name: Table(columns_of(get_args(one.type)[0]), _KEYS.get(one.name, ("id",)), _SHARED.get(one.name, ()))
    for one in msgspec.structs.fields(Tables)
}
