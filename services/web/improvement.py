"""Looking back at a measure: the same figure before and after, whether it helped, as the page of a warning shows it."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from services.messages import RuleCard, from_ms, to_ms
from services.notify import deadlines, wording
from services.notify.deadlines import WorkingTime
from services.notify.rows import WarningRow
from services.notify.store import improvement
from services.notify.store.improvement import Measure
from services.notify.store.views import Dossier
from services.web import view_models
from services.web.reader import Reader


class LookingBack(NamedTuple):
    """What a warning's page shows of its measure."""

    figures: list[tuple[str, str, str]]
    """(when in words, when, the figure): when it opened, when the measure was named, now."""
    is_clock: bool
    """The figures are time that passes: they grow whatever is done, so a page says what they do not tell."""
    day: str
    """On which it is asked whether the measure helped."""
    is_asked: bool
    """That day has come, or the warning is over."""
    helped: str
    """yes, partly, no; empty: nobody has said."""
    said: str
    """Who has said so, and when."""
    note: str


def looking_back(found: Dossier, card: RuleCard | None, reader: Reader, working: WorkingTime) -> LookingBack | None:
    """None where no measure stands, and of what was taken back: the figure was wrong."""
    row, measure = found.warning, improvement.of_acts(found.acts)
    if measure is None or row.measure is None or row.status == "withdrawn":
        return None
    until = _until(row, measure, working)
    answer = ""
    if measure.helped and measure.answered_at is not None:
        who, helped = reader.person(measure.by), reader.term("helped", measure.helped)
        answer = reader.word("look_back_said", name=who, at=reader.time(measure.answered_at), helped=helped)
    return LookingBack(
        figures=_figures(found, measure, card, reader),
        is_clock=card is not None and card.since is not None,
        day=reader.day(until),
        is_asked=row.status != "open" or until < to_ms(reader.now),
        helped=measure.helped or "",
        said=answer,
        note=measure.note,
    )


def _until(row: WarningRow, measure: Measure, working: WorkingTime) -> int:
    """The last day of the measure; one that was taken already has as long to show as there is to name one."""
    if row.due_at is not None:
        return row.due_at
    return deadlines.to_name_a_measure(row.level, measure.at, working) or measure.at


def _figures(found: Dossier, measure: Measure, card: RuleCard | None, reader: Reader) -> list[tuple[str, str, str]]:
    row = found.warning
    is_over = row.status not in ("open", "closed") and row.closed_at is not None
    last = "look_back_end" if is_over else "look_back_now"
    until = row.closed_at if is_over and row.closed_at is not None else to_ms(reader.now)
    if card is not None and card.since is not None:
        times = (("look_back_opened", row.opened_at), ("look_back_measure", measure.at), (last, until))
        passed = [(reader.word(word), reader.time(at), _passed(row, card, at, reader)) for word, at in times]
        return [(word, at, figure) for word, at, figure in passed if figure is not None]
    first = found.changes[0].value if found.changes else None
    values = (("look_back_opened", row.opened_at, first), ("look_back_measure", measure.at, measure.value))
    lines = (*values, (last, until, row.value))

    def figure(value: float) -> str:
        return view_models.figures(msgspec.structs.replace(row, value=value), card, reader)[0]

    return [(reader.word(word), reader.time(at), figure(value)) for word, at, value in lines if value is not None]


def _passed(row: WarningRow, card: RuleCard, at: int, reader: Reader) -> str | None:
    """What the clock of a rule said at an instant (ms); None where its beginning is not known, or was later."""
    facts, moment = view_models.facts_of(row), from_ms(at)
    began = wording.clock_began(card, facts)
    if began is None or facts.value is None or (began > moment and not wording.is_due(card)):
        return None
    return wording.figures_with_unit(card, facts, reader.listener._replace(now=moment))[0]
