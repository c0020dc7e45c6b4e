"""One attempt at one delivery, and how patient the outbox is with what went wrong."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from services.errors import DeliveryError
from services.messages import to_ms
from services.notify.answers import UnansweredError
from services.notify.ports import Cards, Clock, Directory, Person
from services.notify.routing import addresses_of, queue_of
from services.notify.store_outbox import Claim
from services.notify.texts import Message, Sent, push

_LOG = logging.getLogger(__name__)
Send = Callable[[str, str, Message], None]
"""(address, recipient, message); raises DeliveryError or UnansweredError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How patient the outbox is."""

    first: timedelta = timedelta(seconds=5)
    """Wait after the first failure; it doubles with each further one."""
    longest: timedelta = timedelta(hours=1)
    attempts: int = 10
    """Then the delivery is dead."""
    lease: timedelta = timedelta(seconds=60)
    """Longer than any send takes; until then nobody else touches what is being sent."""
    hands: int = 4
    """Sends of one queue that may be under way at once, when it has fallen behind."""
    look_again: timedelta = timedelta(seconds=5)
    """How often a queue looks for rows that another process wrote; our own wake it."""
    limits: Mapping[str, int] = field(
        default_factory=lambda: {"dingtalk": 20, "wecombot": 20, "feishu": 100, "lark": 100}
    )
    """Scheme → messages that its provider takes from one bot in `minute`."""
    minute: timedelta = timedelta(minutes=1)
    stalled: timedelta = timedelta(seconds=90)
    """A queue that has not moved for so long stands still."""

    def delay(self, attempt: int) -> timedelta:
        """The wait after the failure of an attempt, counted from 1."""
        return min(self.first * (1 << min(attempt - 1, 30)), self.longest)


@dataclass(slots=True, kw_only=True)
class Courier:
    """Sends one claimed delivery and says what became of it; the result names columns of the delivery."""

    send: Send
    directory: Callable[[], Directory]
    cards: Cards
    clock: Clock
    base_url: str
    pace: Pace
    zone: ZoneInfo
    """The college's: a person is there until the end of their last day in it."""
    mail: str | None = None
    """The college's mail server, for people with nothing but an e-mail address."""

    def deliver(self, claim: Claim) -> dict[str, Any]:
        """One attempt. Never raises: whatever goes wrong is a result.

        `elsewhere` in it is a queue: the message did not arrive, or nobody knows, so it is tried on that one, too.
        """
        person = self.directory().person(claim.recipient)
        if person is None or (person.to_day and person.to_day < self.clock().astimezone(self.zone).date()):
            return _over("cancelled", "person_left")
        addresses = addresses_of(person, self.mail)
        queues = [queue_of(one) for one in addresses]
        # Of an address that the directory does not have any more, the best one that it has.
        place = queues.index(claim.queue) if claim.queue in queues else 0
        result = self._attempt(claim, person, addresses[place])
        if result["status"] in ("unknown", "dead") and place + 1 < len(queues):
            result["elsewhere"] = queues[place + 1]
        return result

    def _attempt(self, claim: Claim, person: Person, address: str) -> dict[str, Any]:
        if claim.attempt > self.pace.attempts:
            return _over("dead", "given_up")
        try:
            self._send(claim, person, address)
        except UnansweredError as error:
            again = _over("unknown", str(error)) if error.timed_out else self._again(claim, str(error))
            return again | {"possibly_duplicate": 1}
        except DeliveryError as error:
            return _over("dead", str(error)) if error.permanent else self._again(claim, str(error))
        except Exception as error:  # noqa: BLE001 - a plugin may raise anything; the queue goes on
            _LOG.exception("a channel failed in a way that nobody foresaw")
            return self._again(claim, f"{type(error).__name__} in the channel") | {"possibly_duplicate": 1}
        return {"status": "sent", "next_try_at": None, "last_error": None, "sent_at": to_ms(self.clock())}

    def _send(self, claim: Claim, person: Person, address: str) -> None:
        key = str(uuid5(UUID(int=0), told_of(claim.sent, claim.recipient)))
        card = self.cards(claim.rule_version, claim.sent.rule)
        message = push(claim.sent, card, self.base_url, key, person.language or "zh")
        self.send(address, claim.recipient, message)

    def _again(self, claim: Claim, error: str) -> dict[str, Any]:
        if claim.attempt >= self.pace.attempts:
            return _over("dead", error)
        due = self.clock() + self.pace.delay(claim.attempt)
        return {"status": "failed", "next_try_at": to_ms(due), "last_error": error}


def told_of(sent: Sent, recipient: str) -> str:
    """What every attempt at one message shares."""
    return f"{sent.warning_id}/{sent.sequence}/{recipient}" + (f"/{sent.news}" if sent.news else "")


def _over(status: str, error: str) -> dict[str, Any]:
    return {"status": status, "next_try_at": None, "last_error": error}
