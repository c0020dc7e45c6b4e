"""Whom something concerns that has happened since: two short walks along indexes, however large the store is."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from sqlalchemy import Connection, func, select

from services.notify.store import tables
from services.notify.store.engine import slices
from services.notify.store.intake import CHUNKS, positions
from services.notify.store.undo import UNDONE

_w, _r, _a = tables.warning.c, tables.recipient.c, tables.act.c
_COMMITS_WITHIN = 90.0
"""Seconds: on PostgreSQL a line of the audit trail may be committed behind one with a higher number, so much later at
most (engine.py bounds statements and waiting for locks)."""


@dataclass(slots=True)
class Seen:
    """How far somebody has looked."""

    chunk: int = 0
    """The last take-in."""
    act: int = 0
    """Lines of the audit trail up to this one are not looked at any more."""
    acts: set[int] = field(default_factory=set)
    """Those behind it that were seen."""
    highest: list[tuple[float, int]] = field(default_factory=list)
    """(when, the highest line that had been seen by then), oldest first."""

    def move_on(self, chunk: int, acts: set[int], at: float) -> None:
        """All of it was looked at."""
        self.chunk = chunk
        self.acts |= acts
        if acts:
            self.highest.append((at, max(self.acts)))
        while self.highest and self.highest[0][0] < at - _COMMITS_WITHIN:
            self.act = self.highest.pop(0)[1]
            self.acts = {one for one in self.acts if one > self.act}


def present(connection: Connection) -> Seen:
    """As of now, nothing is new."""
    last = connection.execute(select(func.coalesce(func.max(_a.id), 0))).scalar_one()
    return Seen(chunk=positions(connection).get(CHUNKS, 0), act=int(last))


def concerned(
    connection: Connection, seen: Seen, at: float, watched: Collection[int] = ()
) -> tuple[set[str], set[int]]:
    """Whom something concerns that is new, and of which of the warnings that are `watched` there is something new.

    `seen` moves on. `at`: seconds of a clock that never goes back.
    """
    chunk = positions(connection).get(CHUNKS, 0)
    is_new = chunk != seen.chunk
    people = _of_changes(connection, seen.chunk) if is_new else set()
    changed = _changed(connection, seen.chunk, watched) if is_new else set()
    lines = connection.execute(select(_a.id, _a.warning, _a.action, _a.detail).where(_a.id > seen.act)).all()
    new = [line for line in lines if line.id not in seen.acts]
    people |= _who_may_see(connection, {line.warning for line in new})
    back = {line.warning for line in new if (line.action, line.detail) == (UNDONE, "handed_over")}
    people |= _former(connection, back)
    changed |= {line.warning for line in new} & {*watched}
    seen.move_on(chunk, {line.id for line in new}, at)  # last: a look that fails is repeated
    return people, changed


def _of_changes(connection: Connection, since: int) -> set[str]:
    mine = select(_r.person).join(tables.warning, _w.number == _r.warning).where(_w.taken_in > since)
    return {row[0] for row in connection.execute(mine.distinct())}


def _changed(connection: Connection, since: int, watched: Collection[int]) -> set[int]:
    found: set[int] = set()
    for part in slices(watched):
        mine = select(_w.number).where(_w.number.in_(part), _w.taken_in > since)
        found |= {row[0] for row in connection.execute(mine)}
    return found


def _who_may_see(connection: Connection, numbers: Collection[int]) -> set[str]:
    found: set[str] = set()
    for part in slices(numbers):
        found |= {row[0] for row in connection.execute(select(_r.person).where(_r.warning.in_(part)).distinct())}
    return found


def _former(connection: Connection, numbers: Collection[int]) -> set[str]:
    """To whom these were handed, of which some may see them no more."""
    if not numbers:
        return set()
    handed = select(_a.detail).where(_a.warning.in_(list(numbers)), _a.action == "handed_over")
    return {row[0] for row in connection.execute(handed)}
