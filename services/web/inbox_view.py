"""What an inbox shows of a person's warnings: found, filtered, one card for each student, in order. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple
from urllib.parse import urlencode

from services.messages import LEVELS, key_values
from services.notify.ports import Cards
from services.notify.store.views import Entry
from services.web.reader import Reader

SHOWS = ("open", "results", "closed")
STATES = ("untaken", "mine", "others", "overdue")
ASKED_LEVELS = ("red", "orange", "yellow")
PER_PAGE = {"open": 30, "results": 100, "closed": 30}
"""Cards."""
_LONGEST_SEARCH = 100


class Wanted(NamedTuple):
    """What is asked for; every part of it stands in the page's address."""

    show: str = "open"
    q: str = ""
    class_: str = ""
    rule: str = ""
    level: str = ""
    state: str = ""
    about: str = ""
    page: int = 0

    @classmethod
    def of(cls, query: Mapping[str, str], page: int) -> Wanted:
        """Of an address; a word that there is not counts for nothing, as if it had not been said."""
        text = "".join(one for one in query.get("q", "") if unicodedata.category(one) not in ("Cc", "Cs"))

        def among(name: str, known: Sequence[str]) -> str:
            said = query.get(name, "")
            return said if said in known else ""

        return cls(
            show=among("show", SHOWS) or "open",
            q=text.strip()[:_LONGEST_SEARCH],
            class_=query.get("class", ""),
            rule=query.get("rule", ""),
            level=among("level", ASKED_LEVELS),
            state=among("state", STATES) if query.get("show", "open") == "open" else "",
            about=query.get("about", ""),
            page=page,
        )

    @property
    def is_filtered(self) -> bool:
        """Whether something is left out."""
        return any((self.q, self.class_, self.rule, self.level, self.state, self.about))

    def address(self, **changes: object) -> str:
        """The query of another such page, from its first part unless `page` says another."""
        asked = (self._asdict() | {"page": 0} | changes).items()
        said = {name.rstrip("_"): value for name, value in asked if value and (name, value) != ("show", "open")}
        if "page" in said:
            said["page"] = int(str(said["page"])) + 1
        return urlencode(said)


class Card(NamedTuple):
    """All of a person's warnings about one student, or about one subject that is no student."""

    about: str
    entries: list[Entry]
    """What needs the person before what does not, then the gravest and the newest first."""
    needs: bool
    """Somebody has to take it up, or the person has and goes on with it."""

    @property
    def rank(self) -> int:
        """Of the gravest that needs the person, or of the gravest of all."""
        return self.entries[0].rank


@dataclass(frozen=True)
class Words:
    """What things are called, for search and choice; of each thing asked once."""

    reader: Reader
    cards: Cards
    versions: Mapping[str, str]
    """Rule → a rule set that has it."""

    @cached_property
    def _plain(self) -> dict[str, str]:
        return {}

    @cached_property
    def _known(self) -> dict[tuple[str, str], str]:
        return {}

    def name(self, field: str, value: str) -> str:
        """What people call a value."""
        key = field, value
        if key not in self._known:
            called = self.reader.directory.names({field: value})
            self._known[key] = called.get(f"{field}_{self.reader.language}") or called.get(field) or value
        return self._known[key]

    def rule(self, rule: str) -> str:
        """The title of a rule in the reader's language."""
        card = self.cards(self.versions.get(rule, ""), rule)
        return self.reader.of(card.title) if card else rule

    def is_found(self, entry: Entry, words: Sequence[str]) -> bool:
        """Whether each word is of a name or number of whom and what it is about, or of its class or rule."""
        texts = self._about(entry.about), self._class(entry.class_id), self._rule(entry.rule)
        return all(any(word in text for text in texts) for word in words)

    def _about(self, about: str) -> str:
        if about not in self._plain:
            kinds, _, key = about.partition("/")
            values = [key] if "+" not in kinds else key_values(key)
            named = [f"{self.name(kind, value)} {value}" for kind, value in zip(kinds.split("+"), values, strict=False)]
            self._plain[about] = plain(" ".join(named))
        return self._plain[about]

    def _class(self, class_: str) -> str:
        key = f"class {class_}"
        if key not in self._plain:
            self._plain[key] = plain(f"{self.name('class', class_)} {class_}") if class_ else ""
        return self._plain[key]

    def _rule(self, rule: str) -> str:
        key = f"rule {rule}"
        if key not in self._plain:
            card = self.cards(self.versions.get(rule, ""), rule)
            named = [card.title.zh, card.title.en, card.row or ""] if card else []
            self._plain[key] = plain(" ".join([rule, *named]))
        return self._plain[key]


def plain(text: str) -> str:
    """As it is compared: without case, and in one spelling of what looks the same."""
    return unicodedata.normalize("NFKC", text).casefold()


def keep(entries: Iterable[Entry], wanted: Wanted, person: str, words: Words) -> list[Entry]:
    """The entries that the filters of the inbox leave."""
    searched = plain(wanted.q).split()
    state: Callable[[Entry], bool] = {
        "": lambda _: True,
        "untaken": lambda one: bool(one.needs) and not one.taken,
        "mine": lambda one: one.holder == person,
        "others": lambda one: not one.needs,
        "overdue": lambda one: bool(one.overdue),
    }[wanted.state]
    rank = LEVELS.index(wanted.level) if wanted.level else None

    of_show = (
        entries if wanted.show == "closed" else [one for one in entries if bool(one.rank) == (wanted.show == "open")]
    )
    if not wanted.is_filtered:
        return list(of_show)
    return [
        one
        for one in of_show
        if (not wanted.class_ or one.class_id == wanted.class_)
        and (not wanted.rule or one.rule == wanted.rule)
        and (not wanted.about or one.about == wanted.about)
        and (rank is None or one.rank == rank)
        and state(one)
        and (not searched or words.is_found(one, searched))
    ]


def cards(entries: Iterable[Entry], show: str) -> list[Card]:
    """One card for each student, in the order of the entries: the first of each says where it stands.

    Results and praise each have their own: they are folded by what they are.
    """
    found: dict[str, list[Entry]] = {}
    for one in entries:
        about = one.about if one.about and show != "results" else f"warning/{one.warning}"
        found.setdefault(about, []).append(one)
    return [Card(about, mine, bool(mine[0].needs) and show == "open") for about, mine in found.items()]
