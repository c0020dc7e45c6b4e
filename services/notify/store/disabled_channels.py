"""The channels that have been stopped, in the store."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from services.notify.disabled_channels import Stop
from services.notify.store import tables

_s = tables.stopped.c


def add(connection: Connection, stop: Stop) -> None:
    """Stops a channel, or notes one more person who is not told for it; who is known already stays as they are."""
    make = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    connection.execute(make(tables.stopped).values(**stop._asdict()).on_conflict_do_nothing())


def every(connection: Connection) -> list[Stop]:
    """All of them, the longest first; one for each person concerned."""
    found = connection.execute(select(tables.stopped).order_by(_s.since, _s.key, _s.person))
    return [Stop(row.key, row.queue, row.person, row.since, row.reason) for row in found]


def first_of(connection: Connection, keys: Iterable[str]) -> tuple[str, str] | None:
    """One of these keys that is stopped, and why."""
    found = connection.execute(select(_s.key, _s.reason).where(_s.key.in_(list(keys))).limit(1)).first()
    return None if found is None else (found.key, found.reason)


def resume(connection: Connection, keys: Iterable[str]) -> int:
    """What is known by these keys is sent to again; how many channels these were."""
    gone = connection.execute(select(_s.key).where(_s.key.in_(list(keys))).distinct()).fetchall()
    connection.execute(delete(tables.stopped).where(_s.key.in_([row.key for row in gone])))
    return len(gone)
