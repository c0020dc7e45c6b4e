"""One attempt at one delivery: where it goes, what it says, and what became of it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple
from urllib.parse import quote
from uuid import UUID, uuid5

from msgspec.structs import replace

from services.directory import Person
from services.errors import AddressError, DeliveryError
from services.messages import LEVELS, RuleCard, to_ms
from services.notify.channels.addresses import BAD_EMAIL, is_mail_address
from services.notify.channels.responses import UnansweredError
from services.notify.claims import Claim, Result
from services.notify.config import NotifyConfig
from services.notify.digests import digest
from services.notify.disabled_channels import DisabledChannel, keys_of
from services.notify.own import NOTHING, Own
from services.notify.ports import Ports
from services.notify.privacy import with_names
from services.notify.recipients import addresses_of, queue_of
from services.notify.texts import NOT_THEIRS, Language, Message, Sent, push, said_of
from services.notify.wording import Listener

_Told = tuple[Sent, RuleCard | None]
_NAMED = 10
"""Sentences in one digest."""
_LOG = logging.getLogger(__name__)
Send = Callable[[str, str, Message], None]
"""(address, recipient, message); raises DeliveryError or UnansweredError."""


class Destination(NamedTuple):
    """Whom a message goes to, and over which address of theirs."""

    person: Person
    address: str
    further: list[str]
    """Queues on which it is tried when this address does not take it."""
    language: Language
    is_own: bool = False
    """They have typed it themselves."""
    more_here: bool = False
    """The next attempt goes to another address of theirs by the same queue."""


Nowhere = Literal["person_left", "no_channel"]
"""Why a message has nowhere to go any more."""


@dataclass(frozen=True, slots=True)
class Sender:
    """Sends one claimed delivery and says what became of it."""

    config: NotifyConfig
    ports: Ports
    send: Send

    def destination(self, claim: Claim, own: Own = NOTHING) -> Destination | Nowhere:
        """Where the claim goes, by the directory and what the person has set; else why it goes nowhere."""
        person = self.ports.directory().person(claim.recipient)
        # A person is there until the end of their last day in the college's zone.
        if person is None or (person.to_day and person.to_day < self.ports.clock().astimezone(self.config.zone).date()):
            return "person_left"
        addresses = addresses_of(person, self.config.mail, own.address)
        if not addresses:
            return "no_channel"
        queues = [queue_of(one) for one in addresses]
        # Of an address that the directory does not have any more, the best one that it has. Their own mailbox and the
        # directory's are two of one queue: an attempt goes to the first, the next one to the other.
        places = [place for place, queue in enumerate(queues) if queue == claim.queue] or [0]
        place = places[min(claim.attempt, len(places)) - 1]
        further = [queue for queue in queues[place + 1 :] if queue != claim.queue]
        address, more_here = addresses[place], claim.attempt < len(places)
        language = own.language or person.language or "zh"
        return Destination(person, address, further, language, address == own.address, more_here)

    def deliver(self, claim: Claim, to: Destination | Nowhere, disabled: tuple[str, str] | None) -> Result:
        """One attempt. Never raises: whatever goes wrong is a result. `disabled`: key of the channel, and why."""
        if isinstance(to, str):
            return Result(status="cancelled", last_error=to, asked=False)
        if disabled is None:
            result = self._attempt(claim, to)
        else:
            refused = self._refused(*disabled, to)
            result = Result(status="dead", last_error="channel_stopped", asked=False, disable=refused)
        if result.status in ("unknown", "dead") and to.more_here:
            return replace(result, status="failed", next_try_at=to_ms(self.ports.clock()))
        if result.status in ("unknown", "dead") and to.further:
            return replace(result, elsewhere=to.further[0])
        return replace(result, not_told="channel_stopped") if result.disable else result

    def _attempt(self, claim: Claim, to: Destination) -> Result:
        if claim.attempt > self.config.retry.attempts:
            return Result(status="dead", last_error="given_up")
        try:
            self._send(claim, to)
        except UnansweredError as error:
            said = str(error)
            again = Result(status="unknown", last_error=said) if error.timed_out else self._again(claim, said)
            return replace(again, may_have_arrived=True)
        except DeliveryError as error:
            if not error.permanent:
                return self._again(claim, str(error))
            refused = None
            if error.refused != "message":
                refused = self._refused(keys_of(to.address)[error.refused], str(error), to)
            return Result(status="dead", last_error=str(error), disable=refused)
        except Exception as error:  # noqa: BLE001 - a plugin may raise anything; the queue goes on
            _LOG.exception("a channel failed in a way that nobody foresaw")
            return replace(self._again(claim, f"{type(error).__name__} in the channel"), may_have_arrived=True)
        return Result(status="sent", sent_at=to_ms(self.ports.clock()))

    def _send(self, claim: Claim, to: Destination) -> None:
        # Of an address that is none, a mail plugin sends to a part, or to nobody without a word.
        mail, base_url = self.config.mail, self.config.base_url
        is_mail = mail and to.address.startswith(mail) and not to.is_own  # their own was looked at when it was typed
        if is_mail and not is_mail_address(to.person.email or ""):
            raise AddressError(BAD_EMAIL.en)
        language = to.language
        told = [(one, self.ports.cards(one.rule_version, one.rule) if one.rule else None) for one in claim.told]
        name = told_of(claim.told[0], claim.recipient) if claim.batch is None else f"{base_url}/{claim.batch}"
        key = str(uuid5(UUID(int=0), name))
        if claim.batch is None:
            message = push(*told[0], base_url, key, language)
        else:
            message = digest(told, f"{base_url}/inbox/{quote(claim.recipient)}", base_url, key, language)
        # What somebody has typed may be read by others, and is not what the college has named.
        if self.config.allowed.at(to.address) and not to.is_own:
            message = self._with_names(message, told, language)
        self.send(to.address, claim.recipient, message)

    def _with_names(self, message: Message, told: Sequence[_Told], language: Language) -> Message:
        """The gravest first, as many as one can read."""
        known = [(sent, card) for sent, card in told if card is not None and said_of(sent) not in NOT_THEIRS]
        to = Listener(language, self.config.zone, self.ports.clock(), self.ports)
        for sent, card in sorted(known, key=lambda one: LEVELS.index(one[0].level))[-_NAMED:]:
            message = with_names(message, card, sent, to)
        return message

    def _refused(self, key: str, reason: str, to: Destination) -> DisabledChannel:
        return DisabledChannel(key, queue_of(to.address), to.person.id, to_ms(self.ports.clock()), reason)

    def _again(self, claim: Claim, error: str) -> Result:
        policy = self.config.retry
        if claim.attempt >= policy.attempts:
            return Result(status="dead", last_error=error)
        due = self.ports.clock() + policy.delay(claim.attempt)
        return Result(status="failed", next_try_at=to_ms(due), last_error=error)


def told_of(sent: Sent, recipient: str) -> str:
    """What every attempt at one message shares."""
    return f"{sent.warning_id}/{sent.sequence}/{recipient}" + (f"/{sent.news}" if sent.news else "")
