"""What a connector gives: a directory, and events in the order of time."""

import re
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from typing import Protocol

from services.i18n import say
from services.messages import CampusEvent, Problem

_LONGEST_ID = 100
"""Leaves room for what is put before and after it: the schemas allow 128 characters."""
_ID = re.compile(rf"[^\x00-\x1f\x7f\ufffd]{{1,{_LONGEST_ID}}}")


class Imported(Protocol):
    """A data set that was found readable. Its events can be read again; each reading starts `problems` anew."""

    name: str
    time_zone: str
    """IANA name; the days of the directory and of the source are days there."""
    rules: str
    """Folder of its rules, below `rules/`."""
    rows: int
    """Rows of the source, for the progress bar."""
    problems: list[Problem]
    """Rows that were skipped by `events`, each with its number and what would be right."""

    def directory(self) -> dict[str, list[dict[str, str]]]:
        """File stem (`people`, `classes` …) → rows, as `services.directory` loads them."""

    def events(self) -> Iterator[CampusEvent]:
        """Give the events in time order, times in UTC; what was wrong is in `problems` afterwards."""


@cache
def instant(moment: datetime) -> str:
    """An instant of UTC, as data have it."""
    return moment.isoformat().replace("+00:00", "Z")


def is_id(text: str) -> bool:
    """Whether the schemas allow it as an id, also with something before and after it."""
    return _ID.fullmatch(text) is not None


def wrong_id(where: str, text: str) -> Problem:
    """Say that it is none."""
    return Problem(
        where=where,
        what=say("input.not_id", text=repr(text[:_LONGEST_ID])),
        expected=say("ingest.1_characters", most=_LONGEST_ID),
    )
