"""Reading what is known about a chunk's warnings, and writing its plan: a few statements for thousands of changes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import Connection, and_, bindparam, insert, or_, select, update

from services.messages import WarningChange, WarningReading, to_ms
from services.notify.intake import ENDS, Known, Plan, Row
from services.notify.store import due_steps, silences, tables
from services.notify.store.engine import Store

_SLICE = 4000
"""Ids in one statement: below what the databases take."""

Items = Sequence[WarningChange | WarningReading]


def known_of(connection: Connection, items: Items, consumer: str, now: int, *, push: bool) -> Known:
    """What the store knows of the warnings in `items`."""
    connection.execute(_ONE_AT_A_TIME)
    at = positions(connection)  # a statement of its own: it sees what the one before has waited for
    known = Known(offset=at.get(consumer, 0), number=at["numbers"], silences=silences.current(connection, now))
    ids = {item.warning_id if isinstance(item, WarningChange) else item.facts.warning_id for item in items}
    for part in _slices(ids):
        for row in connection.execute(_STATE.where(tables.warning.c.id.in_(part))):
            known.warnings[row[1]] = dict(zip(_STATE_COLUMNS, row, strict=True))
    old, again, ended = _interest(items, known.warnings)
    history, seen = tables.change.c, tables.recipient.c
    for part in _slices(old):
        found = select(history.warning, history.sequence).where(history.warning.in_(part))
        known.sequences.update((row[0], row[1]) for row in connection.execute(found))
    for part in _slices(again | ended if push else again):
        for number, person in connection.execute(select(seen.warning, seen.person).where(seen.warning.in_(part))):
            known.people[number].add(person)
    if push:
        known.cases = silences.cases(connection, {item.subject for item in items})
        known.ended.update(_ended_before(connection, items, known.warnings))
        for part in _slices(ended):
            for number, person, sure in connection.execute(_TOLD.where(_d.warning.in_(part)), {"now": now}):
                (known.told if sure else known.coming)[number].add(person)
    return known


def _interest(items: Items, warnings: dict[str, Row]) -> tuple[set[int], set[int], set[int]]:
    """Numbers of known warnings: with changes that may be known, that (re-)open or rise, and that end."""
    old, again, ended = set(), set(), set()
    for item in items:
        if not isinstance(item, WarningChange) or (state := warnings.get(item.warning_id)) is None:
            continue
        number = state["number"]
        if item.change in ("opened", "raised"):
            again.add(number)
        if item.sequence <= state["sequence"]:
            old.add(number)
        elif item.change in ENDS:
            ended.add(number)
    return old, again, ended


def _ended_before(
    connection: Connection, items: Items, warnings: dict[str, Row]
) -> Iterator[tuple[tuple[str, str], str]]:
    opened = {item.subject for item in items if isinstance(item, WarningChange) and item.warning_id not in warnings}
    w = tables.warning.c
    for part in _slices(opened):
        found = select(w.rule, w.subject, w.id).where(w.subject.in_(part), w.status.in_(("resolved", "closed")))
        yield from (((row[0], row[1]), row[2]) for row in connection.execute(found.order_by(w.number)))


def write(database: Store, connection: Connection, plan: Plan, at: datetime) -> None:
    """Writes the rows of a plan."""
    updates = defaultdict(list)
    for row in plan.updated:
        updates[frozenset(row)].append(row)
    numbers = [row["of_warning"] for row in plan.updated]
    for part in _slices(plan.stopped.intersection(numbers)):
        due_steps.stop(connection, part, "overtaken", to_ms(at))
    for part in _slices(plan.overtaken):
        due_steps.overtake(connection, part, to_ms(at))
    for number, wait in plan.settling.items():
        due_steps.settle_anew(connection, number, to_ms(at), wait)
    for part in _slices(plan.taken_back):
        due_steps.take_back(connection, part)
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
    for part in _slices(plan.moved):
        due_steps.changed(connection, part, plan.stopped, at)
    if plan.opened:
        advance(connection, "numbers", plan.opened[-1]["number"])


def positions(connection: Connection) -> dict[str, int]:
    """How far each consumer has come."""
    return {row[0]: row[1] for row in connection.execute(_POSITIONS)}


def advance(connection: Connection, consumer: str, reached: int) -> None:
    """Moves a position forward, never back."""
    moved = connection.execute(_ADVANCE, {"who": consumer, "reached": reached})
    if moved.rowcount == 0 and consumer not in positions(connection):
        connection.execute(insert(tables.position).values(consumer=consumer, position=reached))


def _slices(ids: Iterable[Any]) -> Iterator[list[Any]]:
    left = iter(ids)
    while part := list(islice(left, _SLICE)):
        yield part


_STATE_COLUMNS = ("number", "id", "sequence", "status", "level", "opened_at", "evidence", "rule_version")
_STATE = select(*(tables.warning.c[name] for name in _STATE_COLUMNS)).with_for_update()
"""Held too: what a person does with a warning meanwhile comes before the chunk or behind it."""
_NEW_WARNING = insert(tables.warning)
_CHANGE = insert(tables.change)
_RECIPIENT = insert(tables.recipient)
_DELIVERY = insert(tables.delivery)
_DECISION = insert(tables.decision)
_ESCALATION = insert(tables.escalation)
_WARNING = update(tables.warning).where(tables.warning.c.number == bindparam("of_warning"))
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
_STANDING = update(tables.recipient).where(tables.recipient.c.warning == bindparam("of_warning"))
