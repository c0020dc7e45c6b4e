"""Silences: who wants to hear nothing of what, until when, and why. A silence is ended, never deleted."""

from __future__ import annotations

from sqlalchemy import Connection, insert, select, update

from services.notify import store
from services.notify.holding import Silence

_s = store.silence.c
_COLUMNS = (_s.id, _s.rule, _s.subject, _s.department, _s.begins, _s.ends, _s.author, _s.comment)


def add(connection: Connection, silence: Silence) -> int:
    """Remembers a silence (its number is given by the store); the number."""
    row = {name: value for name, value in silence._asdict().items() if name != "number"}
    return int(connection.execute(insert(store.silence).values(**row).returning(_s.id)).scalar_one())


def current(connection: Connection, now: int) -> list[Silence]:
    """Those that have not ended."""
    return [Silence(*row) for row in connection.execute(select(*_COLUMNS).where(_s.ends > now).order_by(_s.id))]


def every(connection: Connection) -> list[Silence]:
    """All that there ever were."""
    return [Silence(*row) for row in connection.execute(select(*_COLUMNS).order_by(_s.id))]


def end(connection: Connection, number: int, now: int) -> bool:
    """Ends a silence now, and lets go what it has held; false if it is not in force."""
    ended = connection.execute(update(store.silence).where(_s.id == number, _s.ends > now).values(ends=now))
    if ended.rowcount:
        held, d = select(store.decision.c.warning).where(store.decision.c.reason == "silenced"), store.delivery.c
        waiting = (d.status == "pending", d.attempts == 0, d.next_try_at > now, d.warning.in_(held))
        connection.execute(update(store.delivery).where(*waiting).values(next_try_at=d.created_at))
    return bool(ended.rowcount)
