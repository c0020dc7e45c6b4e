"""Tells people something of a warning by the pipeline, in the transaction of what it is about."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from services.directory import Person
from services.messages import RuleCard
from services.notify.pipeline import EVERYBODY, Candidate, Drop, Moment, decide, of_warning, tell
from services.notify.rows import WarningRow
from services.notify.store import deliveries
from services.notify.store.engine import Connection

_OF_APPEALS = ("setting",)
"""Of what is asked of everybody, what bears on appeals: pushing may be off."""
_KEPT_BACK = ("mode", "setting")
"""Stages that a handing over is asked, too: on trial, and while pushing is off, nobody is sent anything."""


def tell_taker(
    connection: Connection,
    row: WarningRow,
    card: RuleCard | None,
    news: str,
    taker: Person,
    moment: Moment,
    mail: str | None,
) -> set[str]:
    """Tells whom a warning was handed over to, whatever its age, or that this was undone.

    The queues that have something to send.
    """
    mode = row.mode if row.mode in ("shadow", "replay") else "live"
    candidate = msgspec.structs.replace(of_warning(row, card, news), mode=mode)
    for stage, ask in EVERYBODY:
        if stage in _KEPT_BACK and isinstance(verdict := ask(candidate, moment), Drop):
            deliveries.add(connection, [], [decide(candidate, taker.id, stage, verdict.reason)])
            return set()
    return tell_people(connection, row, card, news, [taker], moment, mail)[0]


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


def tell_of_appeal(
    connection: Connection, news: str, people: Sequence[Person], moment: Moment, mail: str | None
) -> set[str]:
    """Tells of an appeal, which is no warning, by the same stages; `news`: DeliveryRow.news, once to each.

    The queues that have something to send.
    """
    candidate = Candidate(
        number=0, sequence=0, rule="appeal", row=None, subject=news, level="yellow", context={}, card=None, news=news
    )
    for stage, ask in EVERYBODY:
        if stage in _OF_APPEALS and isinstance(ask(candidate, moment), Drop):
            return set()
    told = [tell(candidate, person, moment, mail)[0] for person in people]
    messages = [msgspec.structs.replace(one, warning=None) for one in told if one is not None]
    deliveries.add(connection, messages, [])
    return {one.channel for one in messages}
