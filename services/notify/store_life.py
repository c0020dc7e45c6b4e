"""What time does to a warning: escalation steps, reminders and deadlines that come due, and what they change."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from services.messages import to_ms
from services.notify import feedback, store, store_feedback

_AT_ONCE = 200
_w, _e, _r = store.warning.c, store.escalation.c, store.recipient.c
Row = dict[str, Any]


def stop(connection: Connection, numbers: Collection[int], why: str, now: int) -> None:
    """No waiting step of these warnings is taken any more."""
    waiting = update(store.escalation).where(_e.warning.in_(list(numbers)), _e.status == "waiting")
    connection.execute(waiting.values(status="stopped", reason=why, decided_at=now))


def steps_due(connection: Connection, now: int) -> list[tuple[Row, Row]]:
    """(step, warning) of what is due, the longest-waiting first; both are held until the transaction ends."""
    found = connection.execute(
        select(store.escalation).where(_e.status == "waiting", _e.due_at <= now).order_by(_e.due_at, _e.id)
        .limit(_AT_ONCE).with_for_update(skip_locked=True)
    ).mappings()  # fmt: skip
    steps = [dict(row) for row in found]
    warnings = _warnings(connection, [step["warning"] for step in steps])
    return [(step, warnings[step["warning"]]) for step in steps]


def overdue(connection: Connection, now: int) -> list[Row]:
    """Open warnings whose deadline has passed and that are not marked yet; held until the transaction ends."""
    found = connection.execute(
        select(_w.number).where(_w.deadline <= now, _w.overdue_at.is_(None), _w.status == "open")
        .order_by(_w.deadline).limit(_AT_ONCE).with_for_update(skip_locked=True)
    )  # fmt: skip
    return list(_warnings(connection, [row[0] for row in found]).values())


def mark_overdue(connection: Connection, row: Row, at: datetime) -> None:
    """Marks it, writes it into the audit trail, and tells the rules."""
    row["overdue_at"] = to_ms(at)
    connection.execute(update(store.warning).where(_w.number == row["number"]).values(overdue_at=row["overdue_at"]))
    note(connection, row, "overdue", "", at)
    store_feedback.add(connection, [feedback.of_act(row, "overdue", at, deadline=row["deadline"])])
    tell_state(connection, row, at)


def note(connection: Connection, row: Row, action: str, text: str, at: datetime) -> None:
    """A line of the audit trail that time wrote, nobody."""
    act = {"warning": row["number"], "at": to_ms(at), "person": "", "action": action, "text": text, "detail": ""}
    connection.execute(insert(store.act).values(**act))


def decide(connection: Connection, step: Row, status: str, reason: str, now: int) -> None:
    """What became of a step."""
    mine = update(store.escalation).where(_e.id == step["id"])
    connection.execute(mine.values(status=status, reason=reason, decided_at=now))


def recipients(connection: Connection, number: int) -> set[str]:
    """Who may see a warning."""
    return {row[0] for row in connection.execute(select(_r.person).where(_r.warning == number))}


def add_recipient(connection: Connection, row: Row, rank: int, person: str, role: str) -> None:
    """From now on the person may see it."""
    one = {
        "warning": row["number"], "person": person, "role": role, "is_open": int(row["status"] == "open"), "rank": rank,
        "opened_at": row["opened_at"],
    }  # fmt: skip
    connection.execute(insert(store.recipient).values(**one))


def send(connection: Connection, deliveries: Sequence[Mapping[str, Any]]) -> None:
    """Into the outbox; what stands there already is not told twice."""
    d = store.delivery.c
    for one in deliveries:
        same = [d[name] == one[name] for name in ("warning", "sequence", "recipient", "channel", "news")]
        if connection.execute(select(d.id).where(*same)).first() is None:
            connection.execute(insert(store.delivery).values(**one))


def changed(connection: Connection, numbers: Collection[int], at: datetime) -> None:
    """Warnings that the rules have changed while they were overdue are so no more; the rules are told."""
    if not numbers:
        return
    late = select(_w.number).where(_w.number.in_(list(numbers)), _w.overdue_at.is_not(None))
    for row in _warnings(connection, [one[0] for one in connection.execute(late)]).values():
        row["overdue_at"] = None
        connection.execute(update(store.warning).where(_w.number == row["number"]).values(overdue_at=None))
        tell_state(connection, row, at)


def tell_state(connection: Connection, row: Row, at: datetime) -> None:
    """Tells the rules whether the warning is overdue."""
    newest = select(store.change.c.change).where(store.change.c.warning == row["number"])
    last = connection.execute(newest.order_by(store.change.c.sequence.desc()).limit(1)).scalar_one()
    store_feedback.add(connection, [feedback.of_state(row, last, at)])


def _warnings(connection: Connection, numbers: Sequence[int]) -> dict[int, Row]:
    found = connection.execute(select(store.warning).where(_w.number.in_(numbers)).with_for_update()).mappings()
    rows = {row["number"]: dict(row) for row in found}
    return {number: rows[number] for number in dict.fromkeys(numbers)}
