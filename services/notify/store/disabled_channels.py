"""The channels that have been disabled, in the store."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, delete, select

from services.notify.disabled_channels import DisabledChannel
from services.notify.store import tables
from services.notify.store.engine import insert_or

_c = tables.disabled_channel.c


def add(connection: Connection, channel: DisabledChannel) -> None:
    """Disables a channel, or notes one more person who is not told for it; who is known already stays as they are."""
    connection.execute(
        insert_or(connection, tables.disabled_channel).values(**channel._asdict()).on_conflict_do_nothing()
    )


def every(connection: Connection) -> list[DisabledChannel]:
    """All of them, the longest first; one for each person concerned."""
    found = connection.execute(select(tables.disabled_channel).order_by(_c.since, _c.key, _c.person))
    return [DisabledChannel(*row) for row in found]


def first_of(connection: Connection, keys: Iterable[str]) -> tuple[str, str] | None:
    """One of these keys that is disabled, and why."""
    found = connection.execute(select(_c.key, _c.reason).where(_c.key.in_(list(keys))).limit(1)).first()
    return None if found is None else (found.key, found.reason)


def resume(connection: Connection, keys: Iterable[str]) -> int:
    """What is known by these keys is sent to again; how many channels these were."""
    gone = connection.execute(select(_c.key).where(_c.key.in_(list(keys))).distinct()).fetchall()
    connection.execute(delete(tables.disabled_channel).where(_c.key.in_([row.key for row in gone])))
    return len(gone)
