"""What may be said where: outside channels get neither names nor figures unless the college allows it. Pure."""

from __future__ import annotations

import re
from typing import NamedTuple

import msgspec

from services.errors import ConfigurationError
from services.i18n import say
from services.messages import ENDS, Evidence, RuleCard, from_ms
from services.notify import wording
from services.notify.recipients import queue_of
from services.notify.rows import decode_context
from services.notify.texts import Message, Sent
from services.notify.wording import Facts, Listener

_decode_evidence = msgspec.json.Decoder(list[Evidence]).decode
_PLACE = re.compile(r"[a-z0-9]{1,32}(://[^\s/?@]+)?")


class Allowed(NamedTuple):
    """The channels whose messages may say whom and how much: kinds (`wecombot`), or one host or bot of a kind."""

    places: frozenset[str] = frozenset()

    def at(self, address: str) -> bool:
        """Whether a message to this address may."""
        queue = queue_of(address)
        return bool(queue) and not self.places.isdisjoint({queue.lower(), queue.partition("://")[0].lower()})


def read_allowed(text: str) -> Allowed:
    """`json://hooks.college.example,wecombot` as PREWARN_NAMES has it. Raises ConfigurationError with what is wrong."""
    places = [one.strip().lower() for one in text.split(",") if one.strip()]
    for number, one in enumerate(places, start=1):
        if not _PLACE.fullmatch(one):  # it may hold a secret, so it is not repeated
            expected = "kinds of channels, or one as prewarn channels list shows it: mailtos://smtp.college.example:465"
            raise ConfigurationError(say("notify.prewarn_names_entry_no_channel", number=number, expected=expected))
    return Allowed(frozenset(places))


def with_names(message: Message, card: RuleCard, sent: Sent, to: Listener) -> Message:
    """The message with the rule's sentence, which names whom it is about and says the figure; never a comment.

    Of an end it says only whom it is about: the sentence asks to act, and its figure is not true any more.
    """
    facts = Facts(
        sent.subject,
        sent.level,  # type: ignore[arg-type]  # as the store has it
        sent.value,
        sent.threshold,
        decode_context(sent.context),
        _decode_evidence(sent.evidence),
        from_ms(sent.opened_at),
        sent.rule_version,
    )
    is_over = sent.change in ENDS and not sent.news
    said = wording.whom(card, facts, to) if is_over else wording.sentence(card, facts, to)
    return message._replace(body=f"{said}\n{message.body}")
