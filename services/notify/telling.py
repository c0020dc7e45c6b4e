"""Tells people something of a warning by the pipeline, in the transaction of what it is about."""

from __future__ import annotations

from collections.abc import Sequence

from services.directory import Person
from services.messages import RuleCard
from services.notify.pipeline import Moment, of_warning, tell
from services.notify.rows import WarningRow
from services.notify.store import deliveries
from services.notify.store.engine import Connection


def tell_people(
    connection: Connection,
    row: WarningRow,
    card: RuleCard | None,
    news: str,
    people: Sequence[Person],
    moment: Moment,
    mail: str | None,
) -> tuple[set[str], set[str]]:
    """The queues that have something to send now, and why others are told nothing or not yet."""
    candidate = of_warning(row, card, news)
    told = [tell(candidate, person, moment, mail) for person in people]
    messages = [delivery for delivery, _ in told if delivery is not None]
    decisions = [decision for _, decision in told if decision is not None]
    deliveries.add(connection, messages, decisions)
    return {one.channel for one in messages}, {one.reason for one in decisions}
