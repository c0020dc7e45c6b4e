"""The cards of an inbox in front of a person: names, sentences, who is at it, and what their boxes say. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import timedelta
from typing import NamedTuple

from services.messages import LEVELS
from services.notify.rows import WarningRow
from services.notify.store.views import Entry
from services.web import view_models
from services.web.inbox_view import Card, Wanted, Words
from services.web.reader import Level, Reader

_LINES, _READ = 3, 9
"""Lines of a card, and warnings that are read for them: of one matter the gravest line stands for all."""
_ALL_OF_ONE = 200
"""Lines where one card is asked for."""
_DAYS = re.compile(r"within (\d+)d")


class Shown(NamedTuple):
    """A warning on a card."""

    id: str
    level: Level
    title: str
    message: str
    age: str
    status: str
    fold: str
    """What results and praise are folded by: their course, else their kind."""
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
    """The cards of an inbox under one head."""

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
    """Who looks."""
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
    class_ = card.entries[0].class_id
    if kinds == "student":
        name = words.name("student", key)
        further = " · ".join([*([key] if key != name else []), *([words.name("class", class_)] if class_ else [])])
    else:
        name, further = _whom(read[0][1], words) if read else key, ""
    untaken = [
        f"{row.id}:{row.sequence}"
        for entry, row in read
        if row.status == "open" and entry.rank and not entry.taken and entry.needs
    ]
    hidden = len(card.entries) - len(read) + max(0, len(firsts) - most)
    is_ticked = not page.ticked.isdisjoint(untaken)
    level = LEVELS[card.rank]
    return CardShown(card.about, level, name, further, lines, hidden, place, " ".join(untaken), is_ticked)


def _line(entry: Entry, row: WarningRow, words: Words, person: str) -> Shown:
    reader, card = words.reader, words.cards(row.rule_version, row.rule)
    is_open, holder, title = row.status == "open", "", view_models.title(row, card, reader)
    if entry.holder and is_open:
        said = "inbox_taken" if entry.taken else "inbox_handed"
        holder = reader.word(f"{said}_me" if entry.holder == person else said, name=reader.person(entry.holder))
    summed_up = card is not None and card.summary is not None
    return Shown(
        id=row.id,
        level=reader.level(row.level, card),
        title=title,
        message=view_models.sentence(row, card, reader),
        age=reader.age(row.opened_at),
        status=reader.term("status", row.status),
        fold=(view_models.name_of(row, card, reader, "course") if summed_up and card else "") or title,
        holder=holder,
        overdue=bool(entry.overdue) and is_open,
        ends=_ends(row, reader),
    )


def _whom(row: WarningRow, words: Words) -> str:
    card = words.cards(row.rule_version, row.rule)
    return view_models.whom(row, card, words.reader) if card is not None else row.subject


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
