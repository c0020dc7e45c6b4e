"""What people do with a warning: the act and its effect in one transaction; and handing acts on, none left out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, insert, select, update

from services.messages import from_ms, to_ms
from services.notify import store
from services.notify.ports import Act, Action, OnAct
from services.notify.store_engine import Store
from services.notify.store_intake import advance, positions

Refusal = Literal["not_found", "not_open", "needs_measure"]
_HANDED_ON = "acts"


def acknowledge(database: Store, person: str, warning_id: str, at: datetime) -> Refusal | None:
    """The person has taken the warning up. Again changes nothing. Returns why it was refused, if it was."""
    effect = {"acknowledged_at": to_ms(at), "acknowledged_by": person}
    with database.writing() as connection:
        row = _mine(connection, person, warning_id)
        if row is None:
            return "not_found"
        if row.status != "open":
            return "not_open"
        if row.acknowledged_at is None:
            _record(connection, row.number, person, "acknowledged", "", at, effect)
    return None


def close(database: Store, person: str, warning_id: str, measure: str, at: datetime) -> Refusal | None:
    """The person closes the warning with the measure that was taken. Returns why it was refused, if it was."""
    measure = measure.replace("\0", "").strip()  # PostgreSQL has no text with that
    effect = {"status": "closed", "closed_at": to_ms(at), "closed_by": person, "measure": measure}
    with database.writing() as connection:
        row = _mine(connection, person, warning_id)
        if row is None:
            return "not_found"
        if row.status != "open":
            return "not_open"
        if not measure:
            return "needs_measure"
        _record(connection, row.number, person, "closed", measure, at, effect)
        mine = update(store.recipient).where(store.recipient.c.warning == row.number)
        connection.execute(mine.values(is_open=0))
    return None


def hand_on(database: Store, on_act: OnAct) -> None:
    """Calls `on_act` with every act that it has not taken yet, oldest first; where it raises, that act stays next."""
    while True:
        with database.reading() as connection:
            act = _next_act(connection)
        if act is None:
            return
        on_act(act)
        with database.writing() as connection:
            advance(connection, _HANDED_ON, act.id)


def _mine(connection: Connection, person: str, warning_id: str) -> Any:
    """The warning's state, if the person may see it; its row is held until the transaction ends."""
    return connection.execute(
        select(store.warning.c.number, store.warning.c.status, store.warning.c.acknowledged_at)
        .join(store.recipient, store.recipient.c.warning == store.warning.c.number)
        .where(store.warning.c.id == warning_id, store.recipient.c.person == person)
        .with_for_update(of=store.warning)
    ).first()


def _record(
    connection: Connection, number: int, person: str, action: Action, text: str, at: datetime, effect: Mapping[str, Any]
) -> None:
    connection.execute(update(store.warning).where(store.warning.c.number == number).values(**effect))
    act = {"warning": number, "at": to_ms(at), "person": person, "action": action, "text": text}
    connection.execute(insert(store.act).values(**act))


def _next_act(connection: Connection) -> Act | None:
    row = connection.execute(
        select(store.act, store.warning.c.id.label("warning_id"), store.warning.c.rule)
        .join(store.warning, store.warning.c.number == store.act.c.warning)
        .where(store.act.c.id > positions(connection)[_HANDED_ON])
        .order_by(store.act.c.id)
        .limit(1)
    ).first()
    if row is None:
        return None
    return Act(
        id=row.id, warning_id=row.warning_id, rule=row.rule, at=from_ms(row.at),
        person=row.person, action=row.action, text=row.text,
    )  # fmt: skip
