"""What is known about a chunk's warnings, and what a chunk leaves: few statements for thousands of changes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import Connection, and_, bindparam, insert, or_, select, update

from services import bounds
from services.messages import WarningChange, WarningReading, to_ms
from services.notify.chunk import Known, Standing, Writes
from services.notify.pipeline import ENDS
from services.notify.rows import DeliveryRow, WarningRow
from services.notify.store import deliveries, silences, steps, tables
from services.notify.store.engine import Store, rows_of, slices

Items = Sequence[WarningChange | WarningReading]
CHUNKS = "chunks"
"""As which `position` keeps the number of the last take-in that wrote warnings."""


def known_of(connection: Connection, items: Items, consumer: str, now: int, *, push: bool) -> Known:
    """What the store knows of the warnings in `items`."""
    connection.execute(_ONE_AT_A_TIME)
    at = positions(connection)  # a statement of its own: it sees what the one before has waited for
    known = Known(offset=at.get(consumer, 0), number=at["numbers"], silences=silences.current(connection, now))
    ids = {item.warning_id if isinstance(item, WarningChange) else item.facts.warning_id for item in items}
    for part in slices(ids):
        for row in rows_of(connection, _HELD.where(tables.warning.c.id.in_(part)), WarningRow):
            known.warnings[row.id] = row
    old, again, ended = _interest(items, known.warnings)
    history, seen = tables.change.c, tables.recipient.c
    for numbers in slices(old):
        found = select(history.warning, history.sequence).where(history.warning.in_(numbers))
        known.sequences.update((row[0], row[1]) for row in connection.execute(found))
    for numbers in slices(again | ended if push else again):
        for number, person in connection.execute(select(seen.warning, seen.person).where(seen.warning.in_(numbers))):
            known.people[number].add(person)
    if push:
        known.cases = silences.cases(connection, {item.subject for item in items})
        known.ended.update(_ended_before(connection, items, known.warnings))
        for numbers in slices(ended):
            for number, person, sure in connection.execute(_TOLD.where(_d.warning.in_(numbers)), {"now": now}):
                (known.told if sure else known.to_be_told)[number].add(person)
    return known


def knows(connection: Connection, warning: str, sequence: int) -> bool:
    """Whether a change of a warning (its id) was taken in; one that the store cannot even be asked for was not."""
    if bounds.of_id(warning) is not None:
        return False
    w, history = tables.warning.c, tables.change.c
    found = select(history.sequence).join(tables.warning, w.number == history.warning).where(w.id == warning)
    return sequence in connection.execute(found).scalars().all()


def _interest(items: Items, warnings: dict[str, WarningRow]) -> tuple[set[int], set[int], set[int]]:
    """Numbers of known warnings: with changes that may be known, that (re-)open or rise, and that end."""
    old, again, ended = set(), set(), set()
    for item in items:
        if not isinstance(item, WarningChange) or (row := warnings.get(item.warning_id)) is None:
            continue
        if item.change in ("opened", "raised"):
            again.add(row.number)
        if item.sequence <= row.sequence:
            old.add(row.number)
        elif item.change in ENDS:
            ended.add(row.number)
    return old, again, ended


def _ended_before(
    connection: Connection, items: Items, warnings: dict[str, WarningRow]
) -> Iterator[tuple[tuple[str, str], str]]:
    opened = {item.subject for item in items if isinstance(item, WarningChange) and item.warning_id not in warnings}
    w = tables.warning.c
    for part in slices(opened):
        found = select(w.rule, w.subject, w.id).where(w.subject.in_(part), w.status.in_(("resolved", "closed")))
        yield from (((row[0], row[1]), row[2]) for row in connection.execute(found.order_by(w.number)))


def write(database: Store, connection: Connection, writes: Writes, at: datetime) -> None:
    """Writes what a chunk leaves."""
    now = to_ms(at)
    for part in slices(writes.chains_over.intersection(writes.updated)):
        steps.stop(connection, part, "overtaken", now)
    for part in slices(writes.overtaken):
        deliveries.overtake(connection, part, now)
    for number, wait in writes.settling.items():
        deliveries.settle_anew(connection, number, now, wait)
    for part in slices(writes.taken_back):
        deliveries.take_back(connection, part)
    if writes.opened or writes.updated:
        chunk = positions(connection).get(CHUNKS, 0) + 1  # one at a time (`known_of`): numbered as they are committed
        for row in (*writes.opened, *writes.updated.values()):
            row.taken_in = chunk
        advance(connection, CHUNKS, chunk)
    database.bulk(connection, _NEW_WARNING, writes.opened)
    database.bulk(connection, _WARNING, [*writes.updated.values()], _OF_RULES)
    database.bulk(connection, _CHANGE, writes.changes)
    database.bulk(connection, _STANDING, writes.standings, _STANDS)
    database.bulk(connection, _RECIPIENT, writes.recipients)
    database.bulk(connection, _DELIVERY, writes.deliveries)
    database.bulk(connection, _DECISION, writes.decisions)
    database.bulk(connection, _ESCALATION, writes.escalations)
    for part in slices(writes.changed):
        steps.changed(connection, part, writes.chains_over, at)
    if writes.opened:
        advance(connection, "numbers", writes.opened[-1].number)


def deliver(database: Store, connection: Connection, found: Sequence[DeliveryRow]) -> None:
    """Puts messages into the outbox."""
    database.bulk(connection, _DELIVERY, found)


def positions(connection: Connection) -> dict[str, int]:
    """How far each consumer has come."""
    return {row[0]: row[1] for row in connection.execute(_POSITIONS)}


def advance(connection: Connection, consumer: str, reached: int) -> None:
    """Moves a position forward, never back."""
    moved = connection.execute(_ADVANCE, {"who": consumer, "reached": reached})
    if moved.rowcount == 0 and consumer not in positions(connection):
        connection.execute(insert(tables.position).values(consumer=consumer, position=reached))


def set_position(connection: Connection, consumer: str, position: int) -> None:
    """Sets a position, whatever it was."""
    at = tables.position.c
    moved = connection.execute(update(tables.position).where(at.consumer == consumer).values(position=position))
    if moved.rowcount == 0:
        connection.execute(insert(tables.position).values(consumer=consumer, position=position))


_HELD = select(tables.warning).with_for_update()
"""Held until the chunk is written: what a person does with a warning meanwhile comes before the chunk or behind it."""
_NEW_WARNING = insert(tables.warning)
_CHANGE = insert(tables.change)
_RECIPIENT = insert(tables.recipient)
_DELIVERY = insert(tables.delivery)
_DECISION = insert(tables.decision)
_ESCALATION = insert(tables.escalation)
_WARNING = update(tables.warning).where(tables.warning.c.number == bindparam("of_number"))
_STANDING = update(tables.recipient).where(tables.recipient.c.warning == bindparam("of_warning"))
_OF_RULES = (
    "rule_version",
    "level",
    "highest_level",
    "status",
    "value",
    "threshold",
    "window",
    "opened_at",
    "closed_at",
    "first_event",
    "evidence",
    "context",
    "mode",
    "reason",
    "sequence",
    "acknowledged_at",
    "acknowledged_by",
    "closed_by",
    "closed_reason",
    "measure",
    "due_at",
    "deadline",
    "done_at",
    "about",
    "class_id",
    "department",
    "taken_in",
)
"""What a change of a warning may change."""
_STANDS = tuple(name for name in Standing._fields if name != "warning")
_POSITIONS = select(tables.position.c.consumer, tables.position.c.position)
_ONE_AT_A_TIME = select(tables.position.c.position).where(tables.position.c.consumer == "numbers").with_for_update()
"""Held until the chunk is written: numbers are given in order, and of two with one chunk the second finds it known."""
_ADVANCE = (
    update(tables.position)
    .where(tables.position.c.consumer == bindparam("who"), tables.position.c.position < bindparam("reached"))
    .values(position=bindparam("reached"))
)
_d = tables.delivery.c
_TOLD = select(
    _d.warning,
    _d.recipient,
    or_(_d.status.not_in(("pending", "failed")), _d.possibly_duplicate == 1).label("sure"),
).where(
    _d.status.not_in(("cancelled", "dead")),
    ~and_(_d.status == "pending", _d.attempts == 0, _d.next_try_at > bindparam("now")),
)
"""Whom a message has reached, or may have (`sure`), or still will; one that is held is overtaken by the end."""
