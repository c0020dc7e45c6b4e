"""How many rejects of a source are kept of a day: a source that sends nothing else must not fill the disk.

Beyond that they are counted, in one more reject, without bytes, which says how many there were.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import groupby

from services.i18n import say
from services.messages import Problem, Rejection

ORIGIN = "quota"
MOST, BYTES = 10_000, 64 << 20
"""Rejects of one source, or where none is named of one origin, in a day (UTC), and bytes of them."""
_ALL = 10
"""Times as many of all together: who is refused may call their source what they like."""


Kept = dict[str, list[int]]
"""Source → rejects and bytes of a day; "": of all."""
More = dict[str, list[Rejection]]
"""Source → those that are not kept; "": that no more are kept of all together."""


def day_of(one: Rejection) -> str:
    """The day whose quota it counts against."""
    return one.received_at.astimezone(UTC).date().isoformat()


def name_of(one: Rejection) -> str:
    """The name of the quota that a reject counts against."""
    return one.source or one.origin


def divided(kept: Kept, rejections: Sequence[Rejection]) -> tuple[list[Rejection], More]:
    """Those of a day that are kept, which `kept` counts from then on, and those that are not."""
    admitted: list[Rejection] = []
    more: More = {}
    for one in rejections:
        name = name_of(one)
        every, own = kept.setdefault("", [0, 0]), kept.get(name, [0, 0])
        if _full(every, _ALL):
            more.setdefault("", []).append(one)
        elif _full(own, 1):
            more.setdefault(name, []).append(one)
        else:
            admitted.append(one)
            for count in (every, kept.setdefault(name, own)):
                count[0] += 1
                count[1] += len(one.raw)
    return admitted, more


def counted(day: str, name: str, count: int, at: datetime) -> Rejection:
    """The reject that says how many of a source were not kept."""
    what, right = say("log.not_kept", count=count, day=day), say("log.kept_of_a_day", most=MOST, megabytes=BYTES >> 20)
    problem = Problem(where="rejected", what=what, expected=right)
    position = f"{count} more"
    return Rejection(received_at=at, origin=ORIGIN, position=position, reasons=[problem], raw=b"", source=name or None)


class Quota:
    """What was kept today; of several processes on one file each counts what the others had kept when it began."""

    def __init__(self) -> None:
        self._day = ""
        self._kept: Kept = {}

    def admit(self, db: sqlite3.Connection, rejections: Sequence[Rejection]) -> list[Rejection]:
        """Those that are kept; the others are counted in the same transaction."""
        kept: list[Rejection] = []
        for day, found in groupby(rejections, day_of):
            self._begin(db, day)
            admitted, more = divided(self._kept, list(found))
            kept += admitted + [_counted(db, day, name, left) for name, left in more.items()]
        return kept

    def _begin(self, db: sqlite3.Connection, day: str) -> None:
        if day == self._day:
            return
        self._day = day
        query = (
            "select coalesce(source, origin), count(*), sum(length(raw)) from rejected "
            "where received_at >= ? and origin <> ? group by 1"
        )
        self._kept = {name: [count, size] for name, count, size in db.execute(query, (day, ORIGIN))}
        self._kept[""] = [sum(both) for both in zip(*self._kept.values(), strict=True)] or [0, 0]


def _full(kept: list[int], times: int) -> bool:
    return kept[0] >= MOST * times or kept[1] >= BYTES * times


def _counted(db: sqlite3.Connection, day: str, name: str, found: list[Rejection]) -> Rejection:
    """The reject that says how many were not kept, in the place of the one that said so before."""
    count, source = len(found), name or None
    query = "from rejected where origin = 'quota' and source is ? and received_at >= ?"  # with an index of its own
    for (position,) in db.execute(f"select position {query}", (source, day)):
        count += int(position.partition(" ")[0])
    db.execute(f"delete {query}", (source, day))
    return counted(day, name, count, found[-1].received_at)
