"""Silences: who wants to hear nothing of what, until when, and why. A silence is ended, never deleted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import msgspec
from sqlalchemy import Connection, exists, insert, select, update

from services.messages import to_ms
from services.notify.pipeline import Moment, decide, held_until, of_warning
from services.notify.rows import DeliveryRow, WarningRow
from services.notify.store import tables
from services.notify.store.engine import columns_of, rows_of, slices
from services.notify.suppression import SOURCES_AWAITED, Case, Silence

_s, _d, _w, _c = tables.silence.c, tables.delivery.c, tables.warning.c, tables.change.c


def add(connection: Connection, silence: Silence) -> int:
    """Remembers a silence (its number is given by the store); the number."""
    row = {name: value for name, value in silence._asdict().items() if name != "id"}
    return int(connection.execute(insert(tables.silence).values(**row).returning(_s.id)).scalar_one())


def current(connection: Connection, now: int) -> list[Silence]:
    """Those that have not ended."""
    return [Silence(*row) for row in connection.execute(select(tables.silence).where(_s.ends > now).order_by(_s.id))]


def every(connection: Connection) -> list[Silence]:
    """All that there ever were."""
    return [Silence(*row) for row in connection.execute(select(tables.silence).order_by(_s.id))]


def end(connection: Connection, number: int, now: int) -> bool:
    """Ends a silence now; false if it is not in force."""
    return bool(
        connection.execute(update(tables.silence).where(_s.id == number, _s.ends > now).values(ends=now)).rowcount
    )


def cases(connection: Connection, subjects: Iterable[str]) -> list[Case]:
    """Open warnings that sum up others about these subjects, if they were told: what was not holds nothing back."""
    told = exists().where(_c.warning == _w.number, _c.change.in_(("opened", "raised")), _c.not_pushed == "")
    about = {subject[:end] for subject in subjects for end in _ends(subject)}
    found = []
    for part in slices(about):
        mine = select(_w.subject, _w.level, _w.mutes).where(_w.subject.in_(part), _w.mutes.is_not(None))
        rows = connection.execute(mine.where(_w.status == "open", told))
        found += [Case(row.subject, row.level, frozenset(row.mutes.split())) for row in rows]
    return found


def _ends(subject: str) -> list[int]:
    """Where the subject, and each that it is a part of, ends: `s1/algebra` is a part of `s1`."""
    return [*(i for i, letter in enumerate(subject) if letter == "/"), len(subject)]


def hold_anew(connection: Connection, moment: Moment) -> set[str]:
    """What is held waits as long as silences, hours and cases say now that one of them has changed.

    Returns the queues of what waits for another time than before.
    """
    of_warnings = _d.warning.is_not(None)
    held = (of_warnings, _d.status == "pending", _d.attempts == 0, _d.next_try_at > to_ms(moment.now))
    waiting = rows_of(connection, select(tables.delivery).where(*held), DeliveryRow)
    reasons = {row.id: row.why for row in connection.execute(select(_d.id, _REASON).where(*held))}
    warnings: dict[int, WarningRow] = {}
    for part in slices({one.warning for one in waiting if one.warning is not None}):
        found = rows_of(connection, select(tables.warning).where(_w.number.in_(part)), WarningRow)
        warnings |= {row.number: row for row in found}
    moment = replace(moment, cases=cases(connection, {row.subject for row in warnings.values()}))
    queues = set()
    for one in waiting:
        # Of a rule whose messages are never held none is among these.
        assert one.warning is not None
        about = of_warning(warnings[one.warning], None, one.news)
        candidate = msgspec.structs.replace(about, sequence=one.sequence, recipient=one.recipient)
        end, stage, reason = held_until(candidate, moment)
        if reasons.get(one.id) == SOURCES_AWAITED and moment.sources_until >= end:  # its rule is not asked again
            end, stage, reason = moment.sources_until, "sources", SOURCES_AWAITED
        until = max(one.not_before, end)
        if until == one.next_try_at:
            continue
        # Somebody may have cancelled it since it was read.
        moved = connection.execute(update(tables.delivery).where(_d.id == one.id, *held).values(next_try_at=until))
        if reason and reason != reasons.get(one.id) and moved.rowcount == 1:
            why = decide(candidate, one.recipient, stage, reason)
            connection.execute(insert(tables.decision).values(columns_of(why)))
        queues.add(one.channel)
    return queues


_n = tables.decision.c
_REASON = (
    select(_n.reason)
    .where(_n.warning == _d.warning, _n.sequence == _d.sequence, _n.whom == _d.recipient)
    .order_by(_n.id.desc())
    .limit(1)
    .correlate(tables.delivery)
    .scalar_subquery()
    .label("why")
)
"""Why it waits, as was decided last."""
