"""Whose leave somebody has said something of lately: a small value beside the records, written in the same commit.

From it whoever shows leave hears, in whichever process, that there is something new (services/notify/live.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import msgspec

NAME = "leave_news"
"""Of the value."""
_MOST = 50
"""Students that are named; an import brings the leave of thousands."""


class LeaveNews(NamedTuple):
    """What is new since somebody has looked."""

    number: int | None
    """How far it is: whoever looks next says it. None: that could not be read yet."""
    students: frozenset[str] | None
    """Ids; None: of more than are named."""


class _Lately(msgspec.Struct, array_like=True):
    number: int = 0
    """How many students were ever named, each as often as there was something new."""
    students: list[str] = []
    """The last of them, oldest first."""


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(_Lately).decode


def further(value: str, students: Iterable[str]) -> str:
    """The value once something was said of the leave of these, too."""
    lately, new = _read(value), list(dict.fromkeys(students))
    return _encode(_Lately(lately.number + len(new), [*lately.students, *new][-_MOST:])).decode()


def since(value: str, number: int | None) -> LeaveNews:
    """What is new since it was so far; None: nobody has looked yet, so nothing is."""
    lately = _read(value)
    new = lately.number - number if number is not None else 0
    if not new:
        return LeaveNews(lately.number, frozenset())
    is_all_named = 0 < new <= len(lately.students)  # fewer than before: other records have taken their place
    return LeaveNews(lately.number, frozenset(lately.students[-new:]) if is_all_named else None)


def _read(value: str) -> _Lately:
    return _decode(value) if value else _Lately()
