"""The columns of the directory's files: how a cell is read, whether it must be there, and what it refers to."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Any

import msgspec

from services.directory import records

_DAY = re.compile(r"(\d{4})([-/])(\d{1,2})\2(\d{1,2})")
_NUMBER = re.compile(r"\d+(\.\d+)?")
_DURATION = re.compile(r"([1-9]\d*)([smhd])")
_EMAIL = re.compile(r"[^@\s,;<>]+@[^@\s.,;<>]+(\.[^@\s.,;<>]+)*")
_CHANNEL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://\S+")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def day(cell: str) -> date | None:
    """A day, as ISO 8601 or as spreadsheets write it back (2026/9/1); years before 1900 are slips."""
    match = _DAY.fullmatch(cell)
    if match is None or int(match[1]) < 1900:  # noqa: PLR2004
        return None
    try:
        return date(int(match[1]), int(match[3]), int(match[4]))
    except ValueError:
        return None


def _number(cell: str) -> float | None:
    if _NUMBER.fullmatch(cell) is None:
        return None
    number = float(cell)
    return int(number) if number.is_integer() else number


def _duration(cell: str) -> int | None:
    match = _DURATION.fullmatch(cell)
    return int(match[1]) * _SECONDS[match[2]] if match else None


def _language(cell: str) -> str | None:
    return cell if cell in {"zh", "en"} else None


def _like(pattern: re.Pattern[str]) -> Callable[[str], str | None]:
    return lambda cell: cell if pattern.fullmatch(cell) else None


email = _like(_EMAIL)
"""An address that may be one; whether somebody reads it, only a mail can tell."""


class Column(msgspec.Struct, frozen=True):
    """One column: how to read a cell (None: it is wrong), and what to say when it is wrong."""

    read: Callable[[str], Any] = str
    noun: str = "input.text"
    """Text that says what should be there."""
    example: str = ""
    forms: str = ""
    """Text that says it instead of an example."""
    required: bool = False
    refers: str = ""
    """The table whose ids are allowed here."""
    secret: bool = False
    """Its content is never repeated in a message."""


class Table(msgspec.Struct, frozen=True):
    """One table: its columns by name, what makes a row unique, and what all rows of one id must agree on."""

    record: type[msgspec.Struct]
    columns: dict[str, Column]
    key: tuple[str, ...] = ("id",)
    shared: tuple[str, ...] = ()


_TEXT = Column()
_ID = Column(required=True)
_FROM_TO = {
    "from": Column(day, "directory.day", "2026-09-01"),
    "to": Column(day, "directory.day", "2026-09-01"),
}
_NAMES = {"name_zh": _TEXT, "name_en": _TEXT}
_REACH = {
    "email": Column(email, "directory.e_mail_address", "name@domain"),
    "channel": Column(_like(_CHANNEL), "directory.apprise_url", "service://…", secret=True),
}


def _to(table: str, *, required: bool = False) -> Column:
    return Column(refers=table, required=required)


TABLES: dict[str, Table] = {
    "people": Table(
        records.Person,
        {
            "id": _ID,
            "name": Column(required=True),
            **_REACH,
            "language": Column(_language, "directory.language", forms="directory.zh_or_en"),
            **_FROM_TO,
        },
    ),
    "departments": Table(records.Department, {"id": _ID, **_NAMES, "parent": _to("departments")}),
    "teaching_offices": Table(
        records.TeachingOffice, {"id": _ID, **_NAMES, "department": _to("departments", required=True)}
    ),
    "majors": Table(records.Major, {"id": _ID, **_NAMES, "department": _to("departments", required=True)}),
    "classes": Table(
        records.SchoolClass,
        {
            "id": _ID,
            "name": _TEXT,
            "major": _to("majors"),
            "cohort": _TEXT,
            "department": _to("departments"),
            **_FROM_TO,
        },
    ),
    "courses": Table(
        records.Course,
        {
            "id": _ID,
            **_NAMES,
            "teaching_office": _to("teaching_offices"),
            "planned_hours": Column(_number, "directory.number_hours", "64"),
            "class": _to("classes"),
            "teacher": _to("people"),
        },
        key=("id", "class"),
        shared=("name_zh", "name_en", "teaching_office"),
    ),
    "roles": Table(
        records.Role,
        {
            "role": Column(required=True),
            "person": _to("people", required=True),
            "scope_kind": _TEXT,
            "scope": _TEXT,
            "class": _to("classes"),
            **_FROM_TO,
        },
        key=("role", "person", "scope_kind", "scope", "class", "from"),
    ),
    "leave": Table(
        records.Leave,
        {
            "person": _to("people", required=True),
            "substitute": _to("people"),
            "from": Column(day, "directory.day", "2026-09-01", required=True),
            "to": _FROM_TO["to"],
        },
        key=("person", "from", "substitute"),
    ),
    "students": Table(
        records.Enrolment,
        {"id": _ID, "name": _TEXT, "class": _to("classes", required=True), **_REACH, **_FROM_TO},
        key=("id", "from"),
        shared=("name", "email", "channel"),
    ),
    "sources": Table(
        records.Source,
        {
            "id": _ID,
            "owner": _to("people"),
            "expected_interval": Column(_duration, "directory.duration", forms="directory.30m_1h_or_1d"),
        },
    ),
}
