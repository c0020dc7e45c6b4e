"""From the roles that a rule names to the people who are told. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import NamedTuple
from urllib.parse import quote

from services.directory import Person
from services.messages import RuleCard
from services.notify.channels.secrets import HOST_IS_NO_SECRET
from services.notify.ports import Directory


class Routed(NamedTuple):
    """Who is told, each once, with the first of the roles that they hold; and the roles that nobody holds."""

    people: list[tuple[Person, str]]
    vacant: list[str]
    off: list[str]
    """Roles that are told of nothing unless the college switches them on."""


STUDENT = "student"


def route(
    card: RuleCard, context: Mapping[str, str], directory: Directory, at: datetime, *, students: bool = True
) -> Routed:
    """The holders of the card's roles for what the warning is about, on the day of `at` (event time).

    `students`: whether they are told, too, where the rule names them. There is no role for parents.
    """
    people: dict[str, tuple[Person, str]] = {}
    vacant, off = [], []
    for role in card.to:
        if role == STUDENT and not students:
            off.append(role)
            continue
        holders = directory.holders(role, context, at)
        if not holders:
            vacant.append(role)
        for person in holders:
            people.setdefault(person.id, (person, role))
    return Routed(list(people.values()), vacant, off)


SINK = "sink://"
"""Where messages go for people without a channel: a file in home, which the college sees on its pages anyway."""

BOTS = frozenset({"dingtalk", "wecombot", "feishu", "lark", "schan"})
"""Schemes in which a token stands where a host would."""
_HOST_MATTERS = HOST_IS_NO_SECRET - {"gotifys", "http", "https"}


def addresses_of(person: Person, mail: str | None, own: str = "") -> list[str]:
    """Where a person can be told, the best first: their `own` address, the channel, the e-mail address.

    Mail goes by the college's server. Who has none of them has none; while the college has named no mail server, the
    sink. A channel that is no address is left out where there is mail instead.
    """
    directory = _of_directory(person, mail)
    return [own, *(one for one in directory if one != own)] if own else directory


def _of_directory(person: Person, mail: str | None) -> list[str]:
    found = [person.channel] if person.channel else []
    if not mail:
        return found or [SINK]
    if not person.email:
        return found
    return [*(one for one in found if queue_of(one)), by_mail(person.email, mail)]


def by_mail(email: str, mail: str) -> str:
    """The address of a mailbox by way of the college's server."""
    return f"{mail}{'&' if '?' in mail else '?'}to={quote(email, safe='')}"


def queue_of(address: str | None) -> str:
    """The queue of an address, without its secrets: scheme and, where the address names one, the host that answers.

    Empty if it is no address. In `dingtalk://token/` the token stands where a host would; a provider counts per token,
    so each has a queue of its own, named by some digits of a hash.
    """
    scheme, colon, rest = (address or SINK).partition("://")
    if not (colon and scheme):
        return ""
    first = rest.split("?")[0].split("/")[0].rpartition("@")[2]
    if scheme.lower() in BOTS:
        return f"{scheme.lower()}://{sha256(first.encode()).hexdigest()[:8]}" if first else ""
    if scheme.lower() not in _HOST_MATTERS:
        return f"{scheme.lower()}://"
    return f"{scheme.lower()}://{first}" if first else ""
