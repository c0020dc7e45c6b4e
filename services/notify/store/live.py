"""What has happened since, and whom it concerns: short walks along indexes, however large the store is."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from sqlalchemy import Connection, exists, func, select, text

from services.notify.appeals import AppealRow
from services.notify.rows import ReferralRow, WarningRow
from services.notify.store import tables
from services.notify.store.engine import rows_of, slices
from services.notify.store.intake import CHUNKS, positions
from services.notify.store.undo import UNDONE

_w, _r, _a, _f = tables.warning.c, tables.recipient.c, tables.act.c, tables.referral.c
_p, _s = tables.appeal.c, tables.slip.c
_OPEN = text("state = 'open'")
"""Written out: SQLite goes along the index of what is open only where it knows that it may."""
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
    appeals: Mapping[int, tuple[int, bool]] = field(default_factory=dict)
    """Open appeal → how far it has gone, and whether it has a picture."""

    def further(self, chunk: int, acts: set[int], appeals: Mapping[int, tuple[int, bool]], at: float) -> Seen:
        """All of it was looked at."""
        found = Seen(chunk, self.act, self.acts | acts, list(self.highest), appeals)
        if acts:
            found.highest.append((at, max(found.acts)))
        while found.highest and found.highest[0][0] < at - _COMMITS_WITHIN:
            found.act = found.highest.pop(0)[1]
            found.acts = {one for one in found.acts if one > found.act}
        return found


class News(NamedTuple):
    """What a look has found."""

    people: set[str]
    """Who was told of a warning that has changed, or had it."""
    warnings: Mapping[int, str]
    """Number of such a warning → what it is about (`student/s1`)."""
    referred: list[tuple[ReferralRow, WarningRow]]
    """All referrals of such warnings."""
    appeals: list[AppealRow]
    """Those that are new, have come to somebody else, have a picture now, or were decided."""
    seen: Seen
    """How far that is. Who looks next begins there, once all of it was told."""


def present(connection: Connection) -> Seen:
    """As of now, nothing is new."""
    last = connection.execute(select(func.coalesce(func.max(_a.id), 0))).scalar_one()
    return Seen(positions(connection).get(CHUNKS, 0), int(last), appeals=_open_appeals(connection))


def news(connection: Connection, seen: Seen, at: float) -> News:
    """What is new. `at`: seconds of a clock that never goes back."""
    chunk = positions(connection).get(CHUNKS, 0)
    is_new = chunk != seen.chunk
    people = _of_changes(connection, seen.chunk) if is_new else set()
    changed = _changed(connection, seen.chunk) if is_new else {}
    lines = connection.execute(select(_a.id, _a.warning, _a.action, _a.detail).where(_a.id > seen.act)).all()
    new = [line for line in lines if line.id not in seen.acts]
    acted_on = {line.warning for line in new}
    people |= _who_may_see(connection, acted_on)
    back = {line.warning for line in new if (line.action, line.detail) == (UNDONE, "handed_over")}
    people |= _former(connection, back)
    changed |= _about(connection, acted_on)
    appeals = _open_appeals(connection)
    others = {number for number, _ in appeals.items() ^ seen.appeals.items()}
    further = seen.further(chunk, {line.id for line in new}, appeals, at)
    return News(people, changed, _referred(connection, changed), _appeals(connection, others), further)


def _of_changes(connection: Connection, since: int) -> set[str]:
    mine = select(_r.person).join(tables.warning, _w.number == _r.warning).where(_w.taken_in > since)
    return {row[0] for row in connection.execute(mine.distinct())}


def _changed(connection: Connection, since: int) -> dict[int, str]:
    found = connection.execute(select(_w.number, _w.about).where(_w.taken_in > since))
    return {row.number: row.about for row in found}


def _about(connection: Connection, numbers: Collection[int]) -> dict[int, str]:
    found: dict[int, str] = {}
    for part in slices(numbers):
        mine = connection.execute(select(_w.number, _w.about).where(_w.number.in_(part)))
        found |= {row.number: row.about for row in mine}
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


def _referred(connection: Connection, numbers: Collection[int]) -> list[tuple[ReferralRow, WarningRow]]:
    found: list[tuple[ReferralRow, WarningRow]] = []
    for part in slices(numbers):
        asked = rows_of(connection, select(tables.referral).where(_f.warning.in_(part)), ReferralRow)
        mine = select(tables.warning).where(_w.number.in_({one.warning for one in asked}))
        rows = {row.number: row for row in rows_of(connection, mine, WarningRow)} if asked else {}
        found += [(one, rows[one.warning]) for one in asked]
    return found


def _open_appeals(connection: Connection) -> dict[int, tuple[int, bool]]:
    pictured = exists().where(_s.appeal == _p.id)
    found = connection.execute(select(_p.id, _p.step, pictured).where(_OPEN))
    return {row[0]: (row[1], bool(row[2])) for row in found}


def _appeals(connection: Connection, numbers: Collection[int]) -> list[AppealRow]:
    found: list[AppealRow] = []
    for part in slices(numbers):
        found += rows_of(connection, select(tables.appeal).where(_p.id.in_(part)), AppealRow)
    return found
