"""The kinds of columns in the directory's files: how a cell is read, and what is said of one that is wrong."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Any

import msgspec

_DAY = re.compile(r"(\d{4})([-/])(\d{1,2})\2(\d{1,2})")
_NUMBER = re.compile(r"\d+(\.\d+)?")
_RANK = re.compile(r"[1-9]\d{0,5}")
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


def _rank(cell: str) -> int | None:
    return int(cell) if _RANK.fullmatch(cell) else None


def _one_of(*words: str) -> Callable[[str], str | None]:
    return lambda cell: cell if cell in words else None


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
    names: bool = False
    """It holds an id."""
    secret: bool = False
    """Its content is never repeated in a message."""


TEXT = Column()
DAY = Column(day, "directory.day", "2026-09-01")
FIRST_DAY = Column(day, "directory.day", "2026-09-01", required=True)
NUMBER = Column(_number, "directory.number_hours", "64")
DURATION = Column(_duration, "directory.duration", forms="directory.30m_1h_or_1d")
RANK = Column(_rank, "directory.rank", "1")
LANGUAGE = Column(_one_of("zh", "en"), "directory.language", forms="directory.zh_or_en")
LISTS = Column(_one_of("all", "exceptions_only"), "directory.lists", forms="directory.all_or_exceptions_only")
STATUS = Column(_one_of("enrolled", "suspended"), "directory.status", forms="directory.enrolled_or_suspended")
EMAIL = Column(email, "directory.e_mail_address", "name@domain")
CHANNEL = Column(_like(_CHANNEL), "directory.apprise_url", "service://…", secret=True)


def columns_of(record: type[msgspec.Struct]) -> dict[str, Column]:
    """The columns of a record by their names in the files, as its fields are annotated; others are texts."""
    return {one.encode_name: _column(one) for one in msgspec.structs.fields(record)}


def _column(field: msgspec.structs.FieldInfo) -> Column:
    found = next((one for one in getattr(field.type, "__metadata__", ()) if isinstance(one, Column)), TEXT)
    names = field.encode_name == "id" or bool(found.refers)
    return msgspec.structs.replace(found, required=found.required or field.required, names=names)
