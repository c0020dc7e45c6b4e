"""The small outbox of events for the log: written with what they tell of, handed on at least once, none left out."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection, delete, insert, select

from services.messages import CampusEvent
from services.notify.ports import Publish
from services.notify.store import tables
from services.notify.store.engine import Store

_AT_ONCE = 100
_decode = msgspec.json.Decoder(CampusEvent).decode
_encode = msgspec.json.Encoder().encode


def add(connection: Connection, events: Sequence[CampusEvent]) -> None:
    """Remembers events until they are handed on."""
    if events:
        connection.execute(insert(tables.feedback), [{"event": _encode(event).decode()} for event in events])


def hand_on(database: Store, publish: Publish) -> int:
    """Gives `publish` all that waits, oldest first, and forgets it; where it raises, that part stays next.

    Of two processes both may give the same event: its identity is the same.
    """
    given = 0
    while True:
        with database.reading() as connection:
            rows = connection.execute(select(tables.feedback).order_by(tables.feedback.c.id).limit(_AT_ONCE)).all()
        if not rows:
            return given
        publish([_decode(row.event) for row in rows])
        with database.writing() as connection:
            connection.execute(delete(tables.feedback).where(tables.feedback.c.id.in_([row.id for row in rows])))
        given += len(rows)
