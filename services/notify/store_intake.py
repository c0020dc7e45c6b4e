"""Reading what is known about a chunk's warnings, and writing its plan: a few statements for thousands of changes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from services.messages import WarningChange, WarningReading, to_ms
from services.notify import store, store_life, store_silences
from services.notify.intake import ENDS, Known, Plan, Row
from services.notify.store_engine import Store

_SLICE = 4000
"""Ids in one statement: below what the databases take."""

Items = Sequence[WarningChange | WarningReading]


def known_of(connection: Connection, items: Items, consumer: str, now: int, *, push: bool) -> Known:
    """What the store knows of the warnings in `items`.

    Messages about a warning that is now taken back are cancelled on the way if nobody can have got them: only so is it
    certain who was told.
    """
    connection.execute(_ONE_AT_A_TIME)
    at = positions(connection)  # a statement of its own: it sees what the one before has waited for
    known = Known(offset=at.get(consumer, 0), number=at["numbers"], silences=store_silences.current(connection, now))
    ids = {item.warning_id if isinstance(item, WarningChange) else item.facts.warning_id for item in items}
    for part in _slices(ids):
        for row in connection.execute(_STATE.where(store.warning.c.id.in_(part))):
            known.warnings[row[1]] = dict(zip(_STATE_COLUMNS, row, strict=True))
    old, again, ended = _interest(items, known.warnings)
    history, seen = store.change.c, store.recipient.c
    for part in _slices(old):
        found = select(history.warning, history.sequence).where(history.warning.in_(part))
        known.sequences.update((row[0], row[1]) for row in connection.execute(found))
    for part in _slices(again | ended.keys() if push else again):
        for number, person in connection.execute(select(seen.warning, seen.person).where(seen.warning.in_(part))):
            known.people[number].add(person)
    if push:
        known.ended.update(_ended_before(connection, items, known.warnings))
        _overtake(connection, again | ended.keys(), now)
    if push and ended:
        known.told.update(_told(connection, ended))
    return known


def _interest(items: Items, warnings: dict[str, Row]) -> tuple[set[int], set[int], dict[int, str]]:
    """Numbers of known warnings: with changes that may be known, that (re-)open or rise, and that end (with how)."""
    old, again = set(), set()
    newest: dict[int, WarningChange] = {}
    for item in items:
        if not isinstance(item, WarningChange) or (state := warnings.get(item.warning_id)) is None:
            continue
        number = state["number"]
        if item.change in ("opened", "raised"):
            again.add(number)
        if item.sequence <= state["sequence"]:
            old.add(number)
        elif number not in newest or item.sequence > newest[number].sequence:
            newest[number] = item
    return old, again, {number: item.change for number, item in newest.items() if item.change in ENDS}


def _ended_before(
    connection: Connection, items: Items, warnings: dict[str, Row]
) -> Iterator[tuple[tuple[str, str], str]]:
    opened = {item.subject for item in items if isinstance(item, WarningChange) and item.warning_id not in warnings}
    w = store.warning.c
    for part in _slices(opened):
        found = select(w.rule, w.subject, w.id).where(w.subject.in_(part), w.status.in_(("resolved", "closed")))
        yield from (((row[0], row[1]), row[2]) for row in connection.execute(found.order_by(w.number)))


def _overtake(connection: Connection, numbers: set[int], now: int) -> None:
    """A message that is still held (holding.py) when its warning changes has been overtaken: nobody can have got it."""
    sent = store.delivery.c
    for part in _slices(numbers):
        connection.execute(_OVERTAKEN.where(sent.warning.in_(part), sent.next_try_at > now))


def _told(connection: Connection, ended: dict[int, str]) -> Iterator[tuple[int, str]]:
    sent = store.delivery.c
    for part in _slices(number for number, change in ended.items() if change == "withdrawn"):
        connection.execute(_CANCEL.where(sent.warning.in_(part)))
    for part in _slices(ended):
        found = select(sent.warning, sent.recipient).where(sent.warning.in_(part))
        rows = connection.execute(found.where(sent.status.not_in(("cancelled", "dead"))))
        yield from ((row[0], row[1]) for row in rows)


def write(database: Store, connection: Connection, plan: Plan, at: datetime) -> None:
    """Writes the rows of a plan."""
    updates = defaultdict(list)
    for row in plan.updated:
        updates[frozenset(row)].append(row)
    numbers = [row["of_warning"] for row in plan.updated]
    for part in _slices(plan.stopped.intersection(numbers)):
        store_life.stop(connection, part, "overtaken", to_ms(at))
    for statement, rows in (
        (_NEW_WARNING, plan.opened),
        *((_WARNING, rows) for rows in updates.values()),
        (_CHANGE, plan.changes),
        (_STANDING, plan.standing),
        (_RECIPIENT, plan.recipients),
        (_DELIVERY, plan.deliveries),
        (_DECISION, plan.decisions),
        (_ESCALATION, plan.escalations),
    ):
        database.bulk(connection, statement, rows)
    for part in _slices(row["warning"] for row in plan.changes):
        store_life.changed(connection, part, at)
    if plan.opened:
        advance(connection, "numbers", plan.opened[-1]["number"])


def positions(connection: Connection) -> dict[str, int]:
    """How far each consumer has come."""
    return {row[0]: row[1] for row in connection.execute(_POSITIONS)}


def advance(connection: Connection, consumer: str, reached: int) -> None:
    """Moves a position forward, never back."""
    moved = connection.execute(_ADVANCE, {"who": consumer, "reached": reached})
    if moved.rowcount == 0 and consumer not in positions(connection):
        connection.execute(insert(store.position).values(consumer=consumer, position=reached))


def _slices(ids: Iterable[Any]) -> Iterator[list[Any]]:
    left = iter(ids)
    while part := list(islice(left, _SLICE)):
        yield part


_STATE_COLUMNS = ("number", "id", "sequence", "status", "level", "opened_at", "evidence")
_STATE = select(*(store.warning.c[name] for name in _STATE_COLUMNS)).with_for_update()
"""Held too: what a person does with a warning meanwhile comes before the chunk or behind it."""
_NEW_WARNING = insert(store.warning)
_CHANGE = insert(store.change)
_RECIPIENT = insert(store.recipient)
_DELIVERY = insert(store.delivery)
_DECISION = insert(store.decision)
_ESCALATION = insert(store.escalation)
_WARNING = update(store.warning).where(store.warning.c.number == bindparam("of_warning"))
_POSITIONS = select(store.position.c.consumer, store.position.c.position)
_ONE_AT_A_TIME = select(store.position.c.position).where(store.position.c.consumer == "numbers").with_for_update()
"""Held until the chunk is written: numbers are given in order, and of two with one chunk the second finds it known."""
_ADVANCE = (
    update(store.position)
    .where(store.position.c.consumer == bindparam("who"), store.position.c.position < bindparam("reached"))
    .values(position=bindparam("reached"))
)
_STANDING = update(store.recipient).where(store.recipient.c.warning == bindparam("of_warning"))
_OVERTAKEN = (
    update(store.delivery)
    .where(store.delivery.c.status == "pending", store.delivery.c.attempts == 0)
    .values(status="cancelled", next_try_at=None, last_error="overtaken_while_held")
)
_CANCEL = (
    update(store.delivery)
    .where(store.delivery.c.status.in_(("pending", "failed")), store.delivery.c.possibly_duplicate == 0)
    .values(status="cancelled", next_try_at=None, last_error="withdrawn_before_sent")
)
