"""What is open at this moment, by rule, department or class; praise and results apart. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

OpenBy = Literal["rule", "department", "class"]
OPEN_BYS: tuple[OpenBy, ...] = ("rule", "department", "class")


class CountedOpen(NamedTuple):
    """What is counted of a warning that is open."""

    name: str
    """Of its group: a rule, a department, a class; empty: none."""
    level: str
    opened_at: int
    acknowledged: bool
    overdue: bool
    past: bool
    """It opened of records that were handed in as history."""


class OpenLine(NamedTuple):
    """What is open of one group."""

    name: str
    red: int
    orange: int
    yellow: int
    past: int
    unacknowledged: int
    overdue: int
    oldest: int | None
    """When the oldest opened; None of nothing."""


class OpenNow(NamedTuple):
    """What is open at this moment, praise and results apart."""

    by: OpenBy
    lines: list[OpenLine]
    """The most first."""
    total: OpenLine
    versions: dict[str, str]
    """Rule → the newest rule set that an open warning of it was decided by."""


def open_now(cases: Iterable[CountedOpen], by: OpenBy, versions: dict[str, str]) -> OpenNow:
    """The figures of what is open, by group."""
    found: defaultdict[str, list[CountedOpen]] = defaultdict(list)
    for one in cases:
        found[one.name or "—"].append(one)
    lines = sorted((open_line(name, mine) for name, mine in found.items()), key=lambda one: (-sum(one[1:4]), one.name))
    return OpenNow(by, lines, open_line("total", [one for mine in found.values() for one in mine]), versions)


def open_line(name: str, cases: Sequence[CountedOpen]) -> OpenLine:
    """The figures of some open warnings."""
    levels = Counter(one.level for one in cases)
    return OpenLine(
        name=name,
        red=levels["red"],
        orange=levels["orange"],
        yellow=levels["yellow"],
        past=sum(one.past for one in cases),
        unacknowledged=sum(not one.acknowledged for one in cases),
        overdue=sum(one.overdue for one in cases),
        oldest=min((one.opened_at for one in cases), default=None),
    )
