"""What the store of warnings says on a student's page: the state at its top, and the lines of the time line. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from services.messages import ENDS, LEVELS, from_ms
from services.notify.ports import Cards
from services.notify.rows import ActRow, ChangeRow, WarningRow, decode_context
from services.notify.store.of_students import Told
from services.notify.wording import without_asks
from services.web import view_models
from services.web.reader import Level, Reader
from services.web.student.items import Item, Line

_MEASURES = ("acknowledged", "measure", "measure_done", "closed")
_SHOWN = ("opened", "raised", "lowered", "resolved", "withdrawn")
_LEVELS = ("opened", "raised", "lowered")
"""Of these the figures are told."""


class Viewed(NamedTuple):
    """How somebody sees the warnings of a student."""

    cards: Cards
    openable: Collection[int]
    """Numbers of those that they may open."""
    is_own: bool = False
    """It is the student: what staff noted for themselves, or are asked to do, is left out."""


def open_levels(rows: Iterable[WarningRow], cards: Cards) -> Counter[str]:
    """Level → how many are open; of one row of the catalogue about one subject the gravest stands for all.

    Summaries of results ask for nothing and are left out.
    """
    gravest: dict[tuple[str, str], int] = {}
    for one in rows:
        card = cards(one.rule_version, one.rule)
        if one.status == "open" and (card is None or card.summary is None):
            matter = one.row or one.rule, one.subject
            gravest[matter] = max(gravest.get(matter, 0), LEVELS.index(one.level))
    return Counter(LEVELS[rank] for rank in gravest.values())


def chips(levels: Mapping[str, int], reader: Reader) -> list[tuple[Level, int]]:
    """The gravest first; praise is none of them."""
    return [(reader.level(one), levels[one]) for one in reversed(LEVELS) if one != "praise" and levels.get(one)]


def state(levels: Mapping[str, int], reader: Reader) -> str:
    """What the plan calls 学业状态 (六(一)), in one sentence."""
    found = chips(levels, reader)
    comma = ", " if reader.language == "en" else "、"
    if found:
        listed = comma.join(reader.word("student_state_of", n=n, level=level.word.lower()) for level, n in found)
        total = sum(n for _, n in found)
        said = reader.word("student_state_one" if total == 1 else "student_state", n=total, levels=listed)
    else:
        said = reader.word("student_state_none")
    praise = levels.get("praise", 0)
    return f"{said}{reader.word('student_state_praise', n=praise)}" if praise else said


def warning_lines(rows: Sequence[WarningRow], told: Told, viewed: Viewed, reader: Reader) -> list[Line]:
    """A line for each change, and for each measure.

    The sentence stands at the newest of a warning, while it says the figure of then; the others have their figures.
    """
    known = {one.number: one for one in rows}
    changes = [one for one in told.changes if one.change in _SHOWN]
    newest = {one.warning: one.sequence for one in changes}
    found = []
    for change in changes:
        row = known[change.warning]
        is_newest = newest[row.number] == change.sequence
        say = partial(_change, change, row, viewed, reader, is_newest=is_newest)
        found.append(Line(from_ms(change.at), _course(row), say))
    for act in told.acts:
        if act.action in _MEASURES:
            row = known[act.warning]
            found.append(Line(from_ms(act.at), _course(row), partial(_measure, act, row, viewed, reader)))
    return found


def _change(change: ChangeRow, row: WarningRow, viewed: Viewed, reader: Reader, *, is_newest: bool) -> Item:
    card = viewed.cards(row.rule_version, row.rule)
    is_said = is_newest and row.blanked_at is None and (row.status in ENDS or row.value == change.value)
    text = view_models.sentence(row, card, reader) if is_said else ""
    figures = "" if is_said or change.change not in _LEVELS else view_models.changed(change, card, reader)
    return Item(
        kind="warning",
        when=reader.time(change.at),
        head=f"{reader.term('change', change.change)} · {view_models.title(row, card, reader)}",
        mark=change.level,
        level=reader.level(change.level, card),
        text=without_asks(text) if viewed.is_own else text,
        more=" · ".join(filter(None, [figures, reader.reason(change.change, change.reason)])),
        link=row.id if row.number in viewed.openable else "",
    )


def _measure(act: ActRow, row: WarningRow, viewed: Viewed, reader: Reader) -> Item:
    card = viewed.cards(row.rule_version, row.rule)
    closing = reader.term("closing", act.detail) if act.action == "closed" and act.detail else ""
    return Item(
        kind="measure",
        when=reader.time(act.at),
        head=" · ".join(filter(None, [reader.person(act.person), reader.term("action", act.action), closing])),
        text=view_models.title(row, card, reader),
        quote="" if viewed.is_own else act.text,
        link=row.id if row.number in viewed.openable else "",
    )


def _course(row: WarningRow) -> str:
    """What it is about, if it is about one: not that of its newest record."""
    course = decode_context(row.context).get("course", "")
    return course if course and course in row.subject.split("/") else ""
