"""Silences: who wants to hear nothing of what, until when, and why. A silence is ended, never deleted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import islice

import msgspec
from sqlalchemy import Connection, insert, select, update

from services.messages import to_ms
from services.notify.intake import decision
from services.notify.store import tables
from services.notify.suppression import Case, Holding, Matter, Silence

_s, _d, _w = tables.silence.c, tables.delivery.c, tables.warning.c
_SLICE = 4000
"""Subjects in one statement: below what the databases take."""
_CONTEXT = msgspec.json.Decoder(dict[str, str])
_COLUMNS = (_s.id, _s.rule, _s.subject, _s.department, _s.begins, _s.ends, _s.author, _s.comment)


def add(connection: Connection, silence: Silence) -> int:
    """Remembers a silence (its number is given by the store); the number."""
    row = {name: value for name, value in silence._asdict().items() if name != "number"}
    return int(connection.execute(insert(tables.silence).values(**row).returning(_s.id)).scalar_one())


def current(connection: Connection, now: int) -> list[Silence]:
    """Those that have not ended."""
    return [Silence(*row) for row in connection.execute(select(*_COLUMNS).where(_s.ends > now).order_by(_s.id))]


def every(connection: Connection) -> list[Silence]:
    """All that there ever were."""
    return [Silence(*row) for row in connection.execute(select(*_COLUMNS).order_by(_s.id))]


def end(connection: Connection, number: int, now: int) -> bool:
    """Ends a silence now; false if it is not in force."""
    return bool(
        connection.execute(update(tables.silence).where(_s.id == number, _s.ends > now).values(ends=now)).rowcount
    )


def cases(connection: Connection, subjects: Iterable[str]) -> list[Case]:
    """Open warnings that sum up others about these subjects."""
    about = {subject[:end] for subject in subjects for end in _ends(subject)}
    found = []
    left = iter(about)
    while part := list(islice(left, _SLICE)):
        mine = select(_w.subject, _w.level, _w.mutes).where(_w.subject.in_(part), _w.mutes.is_not(None))
        rows = connection.execute(mine.where(_w.status == "open"))
        found += [Case(row.subject, row.level, frozenset(row.mutes.split())) for row in rows]
    return found


def _ends(subject: str) -> list[int]:
    """Where the subject, and each that it is a part of, ends: `s1/algebra` is a part of `s1`."""
    return [*(i for i, letter in enumerate(subject) if letter == "/"), len(subject)]


def hold_anew(connection: Connection, holding: Holding) -> set[str]:
    """What is held waits as long as silences, hours and cases say now that one of them has changed.

    Returns the queues of what is held no more.
    """
    held = (_d.status == "pending", _d.attempts == 0, _d.next_try_at > to_ms(holding.now))
    columns = (_d.id, _d.warning, _d.sequence, _d.recipient, _d.channel, _d.next_try_at, _d.not_before, _REASON)
    about = (_w.rule, _w.row, _w.subject, _w.level, _w.context)
    waiting = select(*columns, *about).join(tables.warning, _w.number == _d.warning).where(*held)
    rows = connection.execute(waiting).all()
    holding = replace(holding, cases=cases(connection, {row.subject for row in rows}))
    moved_to = set()
    for row in rows:
        # Of a rule whose messages are never held none is among these.
        matter = Matter(row.rule, row.row, row.subject, row.level, _CONTEXT.decode(row.context), always=False)
        hold = holding.hold(matter)
        until = max(row.not_before, hold.until if hold else 0)
        if until == row.next_try_at:
            continue
        # Somebody may have cancelled it since it was read.
        moved = connection.execute(update(tables.delivery).where(_d.id == row.id, *held).values(next_try_at=until))
        if hold is not None and hold.reason != row.why and moved.rowcount == 1:
            why = decision(row.warning, row.sequence, row.recipient, hold)
            connection.execute(insert(tables.decision).values(**why))
        moved_to.add(row.channel)
    return moved_to


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
