"""One attempt at one delivery, and how patient the outbox is with what went wrong."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, NamedTuple
from urllib.parse import quote
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

import msgspec

from services.errors import AddressError, DeliveryError
from services.messages import LEVELS, RuleCard, to_ms
from services.notify.channels.addresses import BAD_EMAIL, is_mail_address
from services.notify.channels.responses import UnansweredError
from services.notify.digests import digest
from services.notify.disabled_channels import Stop, keys_of
from services.notify.ports import Cards, Clock, Directory, Person
from services.notify.privacy import Allowed, with_names
from services.notify.recipients import addresses_of, queue_of
from services.notify.store.outbox import Claim
from services.notify.texts import Language, Message, Sent, push

_Told = tuple[Sent, RuleCard | None]
_NAMED = 10
"""Sentences in one digest."""
_LOG = logging.getLogger(__name__)
_CONTEXT = msgspec.json.Decoder(dict[str, str])
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


class Way(NamedTuple):
    """Where a message goes."""

    person: Person
    address: str
    further: list[str]
    """Queues on which it is tried when this address does not take it."""


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
    allowed: Allowed = field(default_factory=Allowed)
    """Where messages may name people and figures."""

    def way(self, claim: Claim) -> Way | None:
        """Where the claim goes, by the directory of now; none if the person is not there any more."""
        person = self.directory().person(claim.recipient)
        if person is None or (person.to_day and person.to_day < self.clock().astimezone(self.zone).date()):
            return None
        addresses = addresses_of(person, self.mail)
        queues = [queue_of(one) for one in addresses]
        # Of an address that the directory does not have any more, the best one that it has.
        place = queues.index(claim.queue) if claim.queue in queues else 0
        return Way(person, addresses[place], queues[place + 1 :])

    def deliver(self, claim: Claim, way: Way | None, stopped: tuple[str, str] | None) -> dict[str, Any]:
        """One attempt. Never raises: whatever goes wrong is a result. `stopped`: key of the channel, and why.

        Beside columns there may be: `elsewhere`, a queue: the message did not arrive, or nobody knows, so it is tried
        on that one, too; `stop`: nothing goes to this channel from now on; `not_told`: why the person is told by no
        channel; `unsent`: the provider was not asked.
        """
        if way is None:
            return _over("cancelled", "person_left") | {"unsent": True}
        if stopped is None:
            result = self._attempt(claim, way)
        else:
            result = _over("dead", "channel_stopped") | {"unsent": True, "stop": self._stop(*stopped, way)}
        if result["status"] in ("unknown", "dead") and way.further:
            result["elsewhere"] = way.further[0]
        elif "stop" in result:
            result["not_told"] = "channel_stopped"
        return result

    def _attempt(self, claim: Claim, way: Way) -> dict[str, Any]:
        if claim.attempt > self.pace.attempts:
            return _over("dead", "given_up")
        try:
            self._send(claim, way)
        except UnansweredError as error:
            again = _over("unknown", str(error)) if error.timed_out else self._again(claim, str(error))
            return again | {"possibly_duplicate": 1}
        except DeliveryError as error:
            return self._refused(way, error) if error.permanent else self._again(claim, str(error))
        except Exception as error:  # noqa: BLE001 - a plugin may raise anything; the queue goes on
            _LOG.exception("a channel failed in a way that nobody foresaw")
            return self._again(claim, f"{type(error).__name__} in the channel") | {"possibly_duplicate": 1}
        return {"status": "sent", "next_try_at": None, "last_error": None, "sent_at": to_ms(self.clock())}

    def _send(self, claim: Claim, way: Way) -> None:
        # Of an address that is none, a mail plugin sends to a part, or to nobody without a word.
        if self.mail and way.address.startswith(self.mail) and not is_mail_address(way.person.email or ""):
            raise AddressError(BAD_EMAIL.en)
        language = way.person.language or "zh"
        told = [(one, self.cards(one.rule_version, one.rule)) for one in claim.told]
        name = told_of(claim.told[0], claim.recipient) if claim.batch is None else f"{self.base_url}/{claim.batch}"
        key = str(uuid5(UUID(int=0), name))
        if claim.batch is None:
            message = push(*told[0], self.base_url, key, language)
        else:
            message = digest(told, f"{self.base_url}/inbox/{quote(claim.recipient)}", self.base_url, key, language)
        if self.allowed.at(way.address):
            message = self._with_names(message, told, language)
        self.send(way.address, claim.recipient, message)

    def _with_names(self, message: Message, told: Sequence[_Told], language: Language) -> Message:
        """The gravest first, as many as one can read."""
        known = [(sent, card) for sent, card in told if card is not None and sent.news != "outcome"]
        for sent, card in sorted(known, key=lambda one: LEVELS.index(one[0].level))[-_NAMED:]:
            names = self.directory().names(_CONTEXT.decode(sent.context))
            facts = {"subject": sent.subject, "level": sent.level, "value": sent.value, "threshold": sent.threshold}
            message = with_names(message, card, facts, names, language)
        return message

    def _refused(self, way: Way, error: DeliveryError) -> dict[str, Any]:
        result = _over("dead", str(error))
        if error.refused != "message":
            result["stop"] = self._stop(keys_of(way.address)[error.refused], str(error), way)
        return result

    def _stop(self, key: str, reason: str, way: Way) -> Stop:
        return Stop(key, queue_of(way.address), way.person.id, to_ms(self.clock()), reason)

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
