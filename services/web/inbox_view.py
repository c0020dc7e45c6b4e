"""What an inbox shows of a person's warnings: found, filtered, one card for each student, in order. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import NamedTuple
from urllib.parse import urlencode

from services.messages import LEVELS, key_values
from services.notify.ports import Cards
from services.notify.rows import WarningRow
from services.notify.store.views import Entry
from services.web import view_models
from services.web.view_models import Line, Reader

SHOWS = ("open", "results", "closed")
STATES = ("untaken", "mine", "others", "overdue")
ASKED_LEVELS = ("red", "orange", "yellow")
PER_PAGE = {"open": 40, "results": 120, "closed": 40}
"""Cards."""
_LINES, _READ = 4, 12
"""Lines of a card, and warnings that are read for them: of one matter the gravest line stands for all."""
_ALL_OF_ONE = 200
"""Lines where one card is asked for."""
_LONGEST_SEARCH = 100
_DAYS = re.compile(r"within (\d+)d")


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
        """A rule's title."""
        card = self.cards(self.versions.get(rule, ""), rule)
        return self.reader.of(card.title) if card else rule

    def found_by(self, entry: Entry) -> str:
        """All that a search finds an entry by: names and numbers of whom and what it is about, class and rule."""
        kinds, _, key = entry.about.partition("/")
        values = [key] if "+" not in kinds else key_values(key)
        about = [f"{self.name(kind, value)} {value}" for kind, value in zip(kinds.split("+"), values, strict=False)]
        class_ = [self.name("class", entry.class_id), entry.class_id] if entry.class_id else []
        card = self.cards(self.versions.get(entry.rule, ""), entry.rule)
        rule = [entry.rule, *([card.title.zh, card.title.en, card.row or ""] if card else [])]
        return plain(" ".join([*about, *class_, *rule]))


def plain(text: str) -> str:
    """As it is compared: without case, and in one spelling of what looks the same."""
    return unicodedata.normalize("NFKC", text).casefold()


def needs(entry: Entry, person: str) -> bool:
    """Whether nobody else is at it."""
    return entry.holder in ("", person)


def keep(entries: Iterable[Entry], wanted: Wanted, person: str, words: Words) -> list[Entry]:
    """What is asked for."""
    searched = plain(wanted.q).split()
    said: dict[tuple[str, str, str], bool] = {}
    state: Callable[[Entry], bool] = {
        "": lambda _: True,
        "untaken": lambda one: not one.taken and needs(one, person),
        "mine": lambda one: one.holder == person,
        "others": lambda one: not needs(one, person),
        "overdue": lambda one: bool(one.overdue),
    }[wanted.state]
    rank = LEVELS.index(wanted.level) if wanted.level else None

    def is_found(entry: Entry) -> bool:
        key = entry.about, entry.class_id, entry.rule
        if key not in said:
            text = words.found_by(entry)
            said[key] = all(one in text for one in searched)
        return said[key]

    return [
        one
        for one in entries
        if (wanted.show == "closed" or bool(one.rank) == (wanted.show == "open"))
        and (not wanted.class_ or one.class_id == wanted.class_)
        and (not wanted.rule or one.rule == wanted.rule)
        and (not wanted.about or one.about == wanted.about)
        and (rank is None or one.rank == rank)
        and state(one)
        and (not searched or is_found(one))
    ]


def cards(entries: Iterable[Entry], person: str, show: str) -> list[Card]:
    """One card for each student; of what is open what needs the person first, then the gravest and the newest.

    Results and praise each have their own: they are folded by what they are.
    """
    found: dict[str, list[Entry]] = {}
    for one in entries:  # the newest first
        about = one.about if one.about and show != "results" else f"warning/{one.warning}"
        found.setdefault(about, []).append(one)
    if show != "open":
        return [Card(about, mine, needs=False) for about, mine in found.items()]
    made = []
    for about, mine in found.items():
        mine.sort(key=lambda one: (needs(one, person), one.rank), reverse=True)
        made.append(Card(about, mine, needs(mine[0], person)))
    return sorted(made, key=lambda card: (card.needs, card.rank), reverse=True)


class Shown(NamedTuple):
    """A warning on a card."""

    line: Line
    holder: str
    """Who is at it, in words; empty: nobody."""
    overdue: bool
    ends: str
    """Of results and praise: when they end by themselves; empty where it is not known."""


class CardShown(NamedTuple):
    """A card in front of a person."""

    about: str
    level: str
    name: str
    """Whom or what it is about."""
    further: str
    """Number and class of a student."""
    lines: list[Shown]
    more: int
    place: int
    """On the page, from 0."""
    ticked: str
    """What its box says: id and sequence of each warning that nobody has taken up; empty: there is nothing to tick."""
    is_ticked: bool


class Section(NamedTuple):
    """Cards under one head."""

    key: str
    mark: str
    word: str
    total: int
    """On all pages."""
    cards: list[CardShown]


def numbers(found: Sequence[Card], wanted: Wanted) -> list[int]:
    """The warnings that these cards are shown from."""
    most = _ALL_OF_ONE if wanted.about else _READ
    return [one.warning for card in found for one in card.entries[:most]]


class Page(NamedTuple):
    """What all cards of a page are shown by."""

    person: str
    wanted: Wanted
    words: Words
    rows: Mapping[int, WarningRow]
    ticked: AbstractSet[str] = frozenset()
    """What a form said that was refused: the same boxes are ticked again."""


def show(place: int, card: Card, page: Page) -> CardShown:
    """A card with its lines."""
    person, wanted, words, rows, _ = page
    read = [(one, rows[one.warning]) for one in card.entries if one.warning in rows]
    firsts: dict[tuple[str, str], tuple[Entry, WarningRow]] = {}
    for entry, row in read:  # of what is open in one row of the catalogue about one subject the gravest stands for all
        matter = (row.row, row.subject) if row.row and row.status == "open" else (row.id, "")
        firsts.setdefault(matter, (entry, row))
    most = _ALL_OF_ONE if wanted.about else _LINES
    lines = [_line(entry, row, words, person) for entry, row in [*firsts.values()][:most]]
    kinds, _, key = card.about.partition("/")
    name, further = (lines[0].line.about if lines else key), ""
    if kinds == "student":
        class_ = card.entries[0].class_id
        name = words.name("student", key)
        further = " · ".join([*([key] if key != name else []), *([words.name("class", class_)] if class_ else [])])
    untaken = [
        f"{row.id}:{row.sequence}"
        for entry, row in read
        if row.status == "open" and entry.rank and not entry.taken and needs(entry, person)
    ]
    hidden = len(card.entries) - len(read) + max(0, len(firsts) - most)
    is_ticked = not page.ticked.isdisjoint(untaken)
    level = LEVELS[card.rank]
    return CardShown(card.about, level, name, further, lines, hidden, place, " ".join(untaken), is_ticked)


def _line(entry: Entry, row: WarningRow, words: Words, person: str) -> Shown:
    reader = words.reader
    line = view_models.line(row, words.cards(row.rule_version, row.rule), reader)
    holder = ""
    if entry.holder and row.status == "open":
        said = "inbox_taken" if entry.taken else "inbox_handed"
        holder = reader.word(f"{said}_me" if entry.holder == person else said, name=reader.person(entry.holder))
    return Shown(line, holder, bool(entry.overdue) and row.status == "open", _ends(row, reader))


def _ends(row: WarningRow, reader: Reader) -> str:
    """When good news or results end by themselves, where their window says it: so long after the newest record."""
    window = _DAYS.fullmatch(row.window)
    evidence = view_models.facts_of(row).evidence if window and row.level == "praise" and row.status == "open" else ()
    if not window or not evidence:
        return ""
    return reader.word("inbox_ends", at=reader.instant(evidence[-1].at + timedelta(days=int(window[1]))))


def sections(every: Sequence[Card], page: Sequence[CardShown], here: Sequence[Card], reader: Reader) -> list[Section]:
    """What is open under its heads: what needs the person by level, then what others are at."""
    counts = Counter((card.needs, card.rank) for card in every)
    shown = list(zip(here, page, strict=True))
    found = []
    for rank in sorted({rank for needed, rank in counts if needed}, reverse=True):
        level = reader.level(LEVELS[rank])
        mine = [one for card, one in shown if card.needs and card.rank == rank]
        found.append(Section(level.key, level.mark, level.word, counts[True, rank], mine))
    if others := sum(count for (needed, _), count in counts.items() if not needed):
        mine = [one for card, one in shown if not card.needs]
        found.append(Section("others", "✓", reader.word("inbox_others"), others, mine))
    return found
