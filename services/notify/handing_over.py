"""A warning goes from one person to another: who may take it, and what begins anew with them. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from services.accounts import permissions
from services.accounts.asked import Matter
from services.messages import RuleCard, to_ms
from services.notify.deadlines import WorkingTime, step_due, to_acknowledge
from services.notify.ports import Directory
from services.notify.recipients import addresses_of, queue_of
from services.notify.rows import EscalationRow, WarningRow

WhyNot = Literal["not_handed", "taker_unknown", "taker_gone", "taker_away", "taker_not_allowed", "taker_unreachable"]


def why_not(giver: str, to: str, matter: Matter, directory: Directory, at: datetime, mail: str | None) -> WhyNot | None:
    """Why the warning cannot be handed over to somebody, if it cannot."""
    if not to or to == giver:
        return "not_handed"
    if directory.person(to) is None:
        return "taker_unknown"
    if not directory.is_there(to, at):
        return "taker_gone"
    if not permissions.may_take(to, giver, matter, directory, at):
        return "taker_not_allowed"
    return _cannot_be_told(to, directory, at, mail)


def _cannot_be_told(to: str, directory: Directory, at: datetime, mail: str | None) -> WhyNot | None:
    person = directory.person(to)
    if person is None:
        return "taker_unknown"
    if all(one.id != to for one in directory.instead(to, at)):
        return "taker_away"
    return None if any(map(queue_of, addresses_of(person, mail))) else "taker_unreachable"


def takers(giver: str, matter: Matter, directory: Directory, at: datetime, mail: str | None) -> list[str]:
    """Everybody to whom the warning can be handed over, in the order of their ids."""
    found = permissions.takers(giver, matter, directory, at)
    return sorted(to for to in found if _cannot_be_told(to, directory, at, mail) is None)


def deadline(row: WarningRow, card: RuleCard | None, now: int, working: WorkingTime) -> int | None:
    """When (ms) it becomes overdue unless the new person acts; what nobody has taken up keeps the time that it had."""
    if row.deadline is None or card is None:
        return row.deadline
    keeps = row.acknowledged_at is None and row.deadline > now
    return row.deadline if keeps else to_acknowledge(card, row.level, now, working)


def chain(row: WarningRow, card: RuleCard | None, at: datetime, working: WorkingTime) -> list[EscalationRow]:
    """The steps that begin anew, where somebody's taking it up had ended them. Else those that wait go on waiting."""
    if row.acknowledged_at is None or row.deadline is None or card is None:
        return []
    return [
        EscalationRow(
            warning=row.number,
            sequence=row.sequence,
            cause="unacknowledged",
            step=number,
            role=one.to,
            due_at=step_due(one, to_ms(at), working),
        )
        for number, one in enumerate(card.escalate, start=1)
    ]
