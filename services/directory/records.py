"""The rows of the directory. Plain data; every day is a day in the college's time zone, and both ends belong to it."""

from __future__ import annotations

from datetime import date
from typing import Literal

import msgspec

Language = Literal["zh", "en"]


class Person(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Somebody who can be told something: staff, or a student when a rule tells students themselves."""

    id: str
    name: str
    email: str | None = None
    channel: str | None = None
    """An Apprise URL. It holds secrets: never show it."""
    language: Language | None = None
    from_day: date | None = msgspec.field(default=None, name="from")
    to_day: date | None = msgspec.field(default=None, name="to")
    """The last day on which the person is there."""


class Department(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """系(部) or an office of the college."""

    id: str
    name_zh: str | None = None
    name_en: str | None = None
    parent: str | None = None


class TeachingOffice(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """教研室."""

    id: str
    name_zh: str | None = None
    name_en: str | None = None
    department: str


class Major(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """专业."""

    id: str
    name_zh: str | None = None
    name_en: str | None = None
    department: str


class SchoolClass(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """班级. Its department is its major's; only a class without a major names one."""

    id: str
    name: str | None = None
    major: str | None = None
    cohort: str | None = None
    department: str | None = None
    from_day: date | None = msgspec.field(default=None, name="from")
    to_day: date | None = msgspec.field(default=None, name="to")


class Course(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One row of a course: of all its classes, or with `class_id` of one of them."""

    id: str
    name_zh: str | None = None
    name_en: str | None = None
    teaching_office: str | None = None
    planned_hours: int | float | None = None
    class_id: str | None = msgspec.field(default=None, name="class")
    teacher: str | None = None


class Role(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One person holds one role for one scope during some days."""

    role: str
    person: str
    scope_kind: str | None = None
    """None is the college."""
    scope: str | None = None
    class_id: str | None = msgspec.field(default=None, name="class")
    """Second scope: course_teacher of course `scope` in this class."""
    from_day: date | None = msgspec.field(default=None, name="from")
    to_day: date | None = msgspec.field(default=None, name="to")


class Leave(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One person is away during some days, and somebody stands in."""

    person: str
    substitute: str | None = None
    """None: the others who hold a role answer for it; where there are none, the person is told nevertheless."""
    from_day: date | None = msgspec.field(default=None, name="from")
    to_day: date | None = msgspec.field(default=None, name="to")


class Enrolment(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One student in one class during some days; a student who changed class has several rows."""

    id: str
    name: str | None = None
    class_id: str = msgspec.field(name="class")
    email: str | None = None
    channel: str | None = None
    from_day: date | None = msgspec.field(default=None, name="from")
    to_day: date | None = msgspec.field(default=None, name="to")


class Source(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A source of events."""

    id: str
    owner: str | None = None
    expected_interval: int | None = None
    """Seconds within which something should come in teaching hours."""


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
    sources: tuple[Source, ...] = ()
