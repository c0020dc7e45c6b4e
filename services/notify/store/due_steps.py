"""What time does to a warning: escalation steps, reminders and deadlines that come due, and what they change."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, Update, case, exists, func, insert, select, update

from services.messages import to_ms
from services.notify.feedback import of_act, of_state
from services.notify.store import feedback, tables

_AT_ONCE = 200
_PATIENCE = 6
_a, _c = tables.act.c, tables.change.c
_w, _e, _r, _d = tables.warning.c, tables.escalation.c, tables.recipient.c, tables.delivery.c
_NOT_OUT = (_d.status.in_(("pending", "failed")), _d.possibly_duplicate == 0)
"""Nobody can have got it."""
Row = dict[str, Any]


def stop(connection: Connection, numbers: Collection[int], why: str, now: int) -> None:
    """No waiting step of these warnings is taken any more."""
    waiting = update(tables.escalation).where(_e.warning.in_(list(numbers)), _e.status == "waiting")
    connection.execute(waiting.values(status="stopped", reason=why, decided_at=now))


def overtake(connection: Connection, numbers: Collection[int], now: int) -> None:
    """What is still held (holding.py) when its warning rises or ends has been overtaken: nobody can have got it."""
    held = (_d.warning.in_(list(numbers)), _d.status == "pending", _d.attempts == 0, _d.next_try_at > now)
    connection.execute(_cancel("overtaken_while_held").where(*held))


def settle_anew(connection: Connection, number: int, now: int, wait: int) -> None:
    """The message of a summary that waits until nothing more comes waits on, six times as long altogether."""
    settling = (_d.warning == number, _d.status == "pending", _d.attempts == 0, _d.next_try_at > now)
    later = now + wait
    connection.execute(
        update(tables.delivery)
        .where(*settling, _d.created_at > now - _PATIENCE * wait)
        .values(not_before=later, next_try_at=case((_d.next_try_at < later, later), else_=_d.next_try_at))
    )


def take_back(connection: Connection, numbers: Collection[int]) -> None:
    """No message about a warning that never was goes out, unless somebody may have got it already."""
    connection.execute(_cancel("withdrawn_before_sent").where(_d.warning.in_(list(numbers)), *_NOT_OUT))


def relieve(connection: Connection, number: int, *, closed: bool = False) -> None:
    """Somebody has acted: nobody is pressed any more, and of a warning that was `closed` nobody needs to hear."""
    pressing = () if closed else (_d.news != "",)
    connection.execute(_cancel("acted_on_before_sent").where(_d.warning == number, *_NOT_OUT, *pressing))


def _cancel(why: str) -> Update:
    return update(tables.delivery).values(status="cancelled", next_try_at=None, last_error=why)


def steps_due(connection: Connection, now: int) -> list[tuple[Row, Row]]:
    """(step, warning) of what is due, the longest-waiting first; both are held until the transaction ends.

    The warning first, as everybody does who changes one: in another order two could wait for each other for ever. One
    that somebody is acting on has its turn later.
    """
    due = (_e.status == "waiting", _e.due_at <= now)
    concerned = select(_e.warning).where(*due).order_by(_e.due_at, _e.id).limit(_AT_ONCE)
    mine = select(tables.warning).where(_w.number.in_([row[0] for row in connection.execute(concerned)]))
    warnings = {row["number"]: row for row in _rows(connection, mine.with_for_update(skip_locked=True))}
    steps = select(tables.escalation).where(*due, _e.warning.in_(list(warnings))).order_by(_e.due_at, _e.id)
    return [(step, warnings[step["warning"]]) for step in _rows(connection, steps.with_for_update())]


def overdue(connection: Connection, now: int) -> list[Row]:
    """Open warnings whose deadline has passed and that are not marked yet; held until the transaction ends."""
    late = select(tables.warning).where(_w.deadline <= now, _w.overdue_at.is_(None), _w.status == "open")
    return _rows(connection, late.order_by(_w.deadline).limit(_AT_ONCE).with_for_update(skip_locked=True))


def mark_overdue(connection: Connection, row: Row, at: datetime) -> None:
    """Marks it, writes it into the audit trail, and tells the rules."""
    row["overdue_at"] = to_ms(at)
    connection.execute(update(tables.warning).where(_w.number == row["number"]).values(overdue_at=row["overdue_at"]))
    note(connection, row, "overdue", "", at)
    feedback.add(connection, [of_act(row, "overdue", at, deadline=row["deadline"])])
    tell_state(connection, row, at)


def note(connection: Connection, row: Row, action: str, text: str, at: datetime) -> None:
    """A line of the audit trail that time wrote, nobody."""
    act = {"warning": row["number"], "at": to_ms(at), "person": "", "action": action, "text": text, "detail": ""}
    connection.execute(insert(tables.act).values(**act))


def decide(connection: Connection, step: Row, status: str, reason: str, now: int) -> None:
    """What became of a step."""
    mine = update(tables.escalation).where(_e.id == step["id"])
    connection.execute(mine.values(status=status, reason=reason, decided_at=now))


def repeat(connection: Connection, step: Row, due_at: int) -> None:
    """The same step comes again."""
    again = {name: step[name] for name in ("warning", "sequence", "cause", "role")}
    row = again | {"step": step["step"] + 1, "due_at": due_at, "status": "waiting", "reason": ""}
    connection.execute(insert(tables.escalation).values(**row))


def was_sent(connection: Connection, number: int, cause: str) -> bool:
    """Whether a step of this cause has been taken already."""
    mine = select(_e.id).where(_e.warning == number, _e.cause == cause, _e.status == "sent")
    return connection.execute(mine.limit(1)).first() is not None


def recipients(connection: Connection, number: int) -> set[str]:
    """Who may see a warning."""
    return {*roles(connection, number)}


def roles(connection: Connection, number: int) -> dict[str, str]:
    """Who may see a warning, and as what."""
    return {row[0]: row[1] for row in connection.execute(select(_r.person, _r.role).where(_r.warning == number))}


def add_recipient(connection: Connection, row: Row, rank: int, person: str, role: str) -> None:
    """From now on the person may see it."""
    one = {
        "warning": row["number"], "person": person, "role": role, "is_open": int(row["status"] == "open"), "rank": rank,
        "opened_at": row["opened_at"],
    }  # fmt: skip
    connection.execute(insert(tables.recipient).values(**one))


def send(connection: Connection, deliveries: Sequence[Row], decisions: Sequence[Row]) -> None:
    """Into the outbox, where each has its place once, and why somebody waits or is not told."""
    for one in deliveries:
        same = [_d[name] == one[name] for name in ("warning", "sequence", "recipient", "channel", "news")]
        if connection.execute(select(_d.id).where(*same)).first() is None:
            connection.execute(insert(tables.delivery).values(**one))
    if decisions:
        connection.execute(insert(tables.decision), list(decisions))


def changed(connection: Connection, numbers: Collection[int], anew: Collection[int], at: datetime) -> None:
    """Warnings that the rules have changed; those in `anew` have a new deadline or none, so that they are not overdue.

    The rules hear again of whatever they ever heard was overdue: what notify told carries its own clock's time and
    would otherwise stand over the change, which carries the events'.
    """
    was_late = exists().where(_a.warning == _w.number, _a.action == "overdue")
    for row in _rows(connection, select(tables.warning).where(_w.number.in_(list(numbers)), was_late)):
        if row["number"] in anew and row["overdue_at"] is not None:
            row["overdue_at"] = None
            connection.execute(update(tables.warning).where(_w.number == row["number"]).values(overdue_at=None))
        tell_state(connection, row, at)


def tell_state(connection: Connection, row: Row, at: datetime) -> None:
    """Tells the rules whether the warning is overdue. Each time its trail or its sequence has grown by then."""
    number = row["number"]
    newest = select(_c.change).where(_c.warning == number).order_by(_c.sequence.desc()).limit(1)
    acts = select(func.count()).where(_a.warning == number)
    place = f"{row['sequence']:06d}-{connection.execute(acts).scalar_one():06d}"
    feedback.add(connection, [of_state(row, connection.execute(newest).scalar_one(), place, at)])


def _rows(connection: Connection, query: Select[Any]) -> list[Row]:
    return [dict(row) for row in connection.execute(query).mappings()]
