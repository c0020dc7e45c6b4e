"""The files of an export and those of their columns that the directory can use; all others are not even kept."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import msgspec

from services.directory.columns import day, email


class Field(msgspec.Struct, frozen=True):
    """One column. A cell may be blank unless it is required."""

    required: bool = False
    words: tuple[str, ...] = ()
    """The words that it may hold, in any case."""
    refers: str = ""
    """The file whose sourcedIds it holds, separated by commas."""
    reads: Callable[[str], object] | None = None
    """Gives None for a cell that is wrong."""
    example: str = ""


_ANY = Field()
_NEEDED = Field(required=True)
_DAY = Field(reads=day, example="2026-09-01")
_YES_OR_NO = Field(words=("true", "false"))

STATUSES = ("active", "inactive", "tobedeleted")
STAFF = ("teacher", "administrator", "aide", "proctor")
FAMILY = ("guardian", "parent", "relative")

FILES: dict[str, dict[str, Field]] = {
    "orgs": {
        "sourcedId": _NEEDED,
        "name": _NEEDED,
        "type": Field(required=True, words=("department", "school", "district", "local", "state", "national")),
        "parentSourcedId": Field(refers="orgs"),
    },
    "academicSessions": {
        "sourcedId": _NEEDED,
        "startDate": Field(required=True, reads=day, example="2026-09-01"),
        "endDate": Field(required=True, reads=day, example="2027-01-17"),
    },
    "courses": {"sourcedId": _NEEDED, "title": _NEEDED, "orgSourcedId": Field(refers="orgs")},
    "users": {
        "sourcedId": _NEEDED,
        "enabledUser": _YES_OR_NO,
        "role": Field(required=True, words=(*STAFF, "student", *FAMILY)),
        "givenName": _ANY,
        "familyName": _ANY,
        "middleName": _ANY,
        "email": Field(reads=email, example="name@domain"),
    },
    "classes": {
        "sourcedId": _NEEDED,
        "title": _NEEDED,
        "courseSourcedId": Field(required=True, refers="courses"),
        "classType": Field(required=True, words=("homeroom", "scheduled")),
        "schoolSourcedId": Field(required=True, refers="orgs"),
        "termSourcedIds": Field(refers="academicSessions"),
    },
    "enrollments": {
        "sourcedId": _NEEDED,
        "classSourcedId": Field(required=True, refers="classes"),
        "userSourcedId": Field(required=True, refers="users"),
        "role": Field(required=True, words=("teacher", "student", "administrator", "proctor")),
        "primary": _YES_OR_NO,
        "beginDate": _DAY,
        "endDate": _DAY,
    },
}
"""File → column; a file comes after those that it refers to."""

SPANS = {"academicSessions": ("startDate", "endDate"), "enrollments": ("beginDate", "endDate")}
"""Columns of the first day and of the day after the last: OneRoster's endDate is exclusive."""


def last_day(end: str) -> date | None:
    """The last day of a span whose endDate is this cell: the day before it. None if it is blank, and so has no end."""
    found = day(end)
    # 9999-12-31 is how many systems write "for ever".
    return found if found is None or found == date.max else found - timedelta(days=1)


def iso(found: date | None) -> str:
    """A day as a cell of the directory; blank if it is none."""
    return found.isoformat() if found else ""
