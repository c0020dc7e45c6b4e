"""What time does to a warning: escalation steps, reminders and deadlines that come due, and what they change."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, exists, func, insert, select, update

from services.messages import to_ms
from services.notify.chunk import standing
from services.notify.feedback import of_act, of_state
from services.notify.rows import ActRow, EscalationRow, RecipientRow, WarningRow
from services.notify.store import feedback, tables
from services.notify.store.engine import columns_of, rows_of

_AT_ONCE = 200
_OF_THEIR_OWN = ("referral", "next_talk", "look_back")
"""Causes of steps that a change of the warning, or an act of somebody, leaves as they are."""
_a = tables.act.c
_w, _e, _r = tables.warning.c, tables.escalation.c, tables.recipient.c


def stop(connection: Connection, numbers: Collection[int], why: str, now: int) -> None:
    """No waiting step of these warnings is taken any more, but for what has a day of its own."""
    mine = (_e.warning.in_(list(numbers)), _e.status == "waiting", _e.cause.not_in(_OF_THEIR_OWN))
    waiting = update(tables.escalation).where(*mine)
    connection.execute(waiting.values(status="stopped", reason=why, decided_at=now))


def stop_looking_back(connection: Connection, number: int, why: str, now: int) -> None:
    """Nobody is asked any more whether the measure helped: it has been said, or there is another measure."""
    waiting = (_e.warning == number, _e.status == "waiting", _e.cause == "look_back")
    stopped = {"status": "stopped", "reason": why, "decided_at": now}
    connection.execute(update(tables.escalation).where(*waiting).values(stopped))


def add(connection: Connection, step: EscalationRow) -> None:
    """One more step that waits."""
    connection.execute(insert(tables.escalation).values(columns_of(step)))


def steps_due(connection: Connection, now: int) -> list[tuple[EscalationRow, WarningRow]]:
    """(step, warning) of what is due, the longest-waiting first; both are held until the transaction ends.

    The warning first, as everybody does who changes one: in another order two could wait for each other for ever. One
    that somebody is acting on has its turn later.
    """
    due = (_e.status == "waiting", _e.due_at <= now)
    concerned = select(_e.warning).where(*due).order_by(_e.due_at, _e.id).limit(_AT_ONCE)
    mine = select(tables.warning).where(_w.number.in_([row[0] for row in connection.execute(concerned)]))
    found = rows_of(connection, mine.with_for_update(skip_locked=True), WarningRow)
    warnings = {row.number: row for row in found}
    steps = select(tables.escalation).where(*due, _e.warning.in_(list(warnings))).order_by(_e.due_at, _e.id)
    return [(step, warnings[step.warning]) for step in rows_of(connection, steps.with_for_update(), EscalationRow)]


def hasten(connection: Connection, number: int, now: int) -> None:
    """The next step of a warning's chain is due now: this one has reached nobody."""
    waiting = (_e.warning == number, _e.cause == "unacknowledged", _e.status == "waiting")
    first = select(func.min(_e.step)).where(*waiting).scalar_subquery()
    connection.execute(update(tables.escalation).where(*waiting, _e.step == first).values(due_at=now))


def overdue(connection: Connection, now: int) -> list[WarningRow]:
    """Open warnings whose deadline has passed and that are not marked yet; held until the transaction ends."""
    late = select(tables.warning).where(_w.deadline <= now, _w.overdue_at.is_(None), _w.status == "open")
    late = late.order_by(_w.deadline).limit(_AT_ONCE)
    return rows_of(connection, late.with_for_update(skip_locked=True), WarningRow)


def mark_overdue(connection: Connection, row: WarningRow, at: datetime) -> None:
    """Marks it, writes it into the audit trail, and tells the rules."""
    row.overdue_at = to_ms(at)
    connection.execute(update(tables.warning).where(_w.number == row.number).values(overdue_at=row.overdue_at))
    restand(connection, row)
    note(connection, row, "overdue", "", at)
    feedback.add(connection, [of_act(row, "overdue", at, deadline=row.deadline)])
    tell_state(connection, row, at)


def note(connection: Connection, row: WarningRow, action: str, text: str, at: datetime) -> None:
    """A line of the audit trail that time wrote, nobody."""
    act = ActRow(warning=row.number, at=to_ms(at), action=action, text=text)
    connection.execute(insert(tables.act).values(columns_of(act)))


def decide(connection: Connection, step: EscalationRow, status: str, reason: str, now: int) -> None:
    """What became of a step."""
    mine = update(tables.escalation).where(_e.id == step.id)
    connection.execute(mine.values(status=status, reason=reason, decided_at=now))


def was_sent(connection: Connection, number: int, cause: str) -> bool:
    """Whether a step of this cause has been taken already."""
    mine = select(_e.id).where(_e.warning == number, _e.cause == cause, _e.status == "sent")
    return connection.execute(mine.limit(1)).first() is not None


def roles(connection: Connection, number: int) -> dict[str, str]:
    """Who may see a warning, and as what."""
    return {row[0]: row[1] for row in connection.execute(select(_r.person, _r.role).where(_r.warning == number))}


def add_recipient(connection: Connection, row: WarningRow, person: str, role: str) -> None:
    """From now on the person may see it."""
    one = RecipientRow(person=person, role=role, **standing(row)._asdict())
    connection.execute(insert(tables.recipient).values(columns_of(one)))


def restand(connection: Connection, row: WarningRow) -> None:
    """How the warning stands in the inboxes of its recipients, after it was changed."""
    mine = update(tables.recipient).where(_r.warning == row.number)
    connection.execute(mine.values(standing(row)._asdict()))


def changed(connection: Connection, numbers: Collection[int], anew: Collection[int], at: datetime) -> None:
    """Warnings that the rules have changed; those in `anew` have a new deadline or none, so that they are not overdue.

    The rules hear again of whatever they ever heard was overdue: what notify told carries its own clock's time and
    would otherwise stand over the change, which carries the events'.
    """
    was_late = exists().where(_a.warning == _w.number, _a.action == "overdue")
    late = select(tables.warning).where(_w.number.in_(list(numbers)), was_late)
    for row in rows_of(connection, late, WarningRow):
        if row.number in anew and row.overdue_at is not None:
            row.overdue_at = None
            connection.execute(update(tables.warning).where(_w.number == row.number).values(overdue_at=None))
            restand(connection, row)
        tell_state(connection, row, at)


def tell_state(connection: Connection, row: WarningRow, at: datetime) -> None:
    """Tells the rules whether the warning is overdue. Each time its trail or its sequence has grown by then."""
    acts = select(func.count()).where(_a.warning == row.number)
    order = f"{row.sequence:06d}-{connection.execute(acts).scalar_one():06d}"
    feedback.add(connection, [of_state(row, order, at)])
