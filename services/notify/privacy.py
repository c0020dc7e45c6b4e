"""What may be said where: outside channels get neither names nor figures unless the college allows it. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from services.errors import ConfigurationError
from services.i18n import say
from services.messages import ENDS, RuleCard
from services.notify import texts
from services.notify.recipients import queue_of
from services.notify.texts import Language, Message, Sent

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


def with_names(message: Message, card: RuleCard, sent: Sent, names: Mapping[str, str], language: Language) -> Message:
    """The message with the rule's sentence, which names whom it is about and says the figure; never a comment.

    Of an end it says only whom it is about: the sentence asks to act, and its figure is not true any more.
    """
    if sent.change in ENDS and not sent.news:
        sentence = texts.whom(card.message, names, language) or sent.subject
    else:
        facts = {"subject": sent.subject, "level": sent.level, "value": sent.value, "threshold": sent.threshold}
        sentence = texts.message(card.message, facts, names, language)
    return message._replace(body=f"{sentence}\n{message.body}")
