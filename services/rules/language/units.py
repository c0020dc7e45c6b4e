"""In which unit the numbers of a measure and of a standard are, and whether the two can be compared."""

from __future__ import annotations

from services.i18n import say
from services.messages import Message
from services.rules.engine.plan import Gauge
from services.rules.language.reading import Place, Report
from services.rules.language.standards import Standard
from services.rules.language.thresholds import MINUTES

_PERCENT = frozenset({"%", "％", "percent", "百分比"})
_PERCENTS = frozenset({"elapsed", "period_over_period", "rank", "share"})
"""Not ratio: a factor in it makes it any unit."""
_COUNTS = frozenset({"count", "distinct", "nested", "none", "open", "running", "streak"})


def is_percent(gauge: Gauge) -> bool:
    """Whether the measure's value is a percent."""
    parts = gauge.measure == "open" and (gauge.among is not None or gauge.other is not None)
    return parts or gauge.measure in _PERCENTS


def in_unit_of_percent(standard: Standard) -> bool:
    """Whether the standard's unit is percent."""
    return standard.notes.get("unit") in _PERCENT


def plain(gauge: Gauge | None) -> Message | None:
    """What a threshold of this measure is instead of a duration; None: it may be one."""
    if gauge is None or gauge.measure == "missing":
        return None
    if gauge.measure == "elapsed":
        return say("rules.percent_limit")
    return say("rules.percent") if is_percent(gauge) else say("input.number")


def check_unit(place: Place, gauge: Gauge | None, standard: Standard, report: Report) -> None:
    """The unit that a standard names, if it names one, must be the measure's as far as that is known."""
    unit = standard.notes.get("unit")
    if gauge is None or unit is None:
        return
    expected: Message | str
    if gauge.measure == "missing":
        own, fits, expected = say("rules.in_minutes"), unit in MINUTES, "unit: minutes"
    elif is_percent(gauge):
        own, fits, expected = say("rules.percent"), unit in _PERCENT, 'unit: "%"'
    else:
        other = gauge.measure in _COUNTS and unit in MINUTES | _PERCENT
        own, fits, expected = say("rules.count"), not other, say("rules.what_counted_such_as_unit")
    if not fits:
        report.add(place, say("rules.unit", measure=gauge.measure, own=own, id=standard.id, unit=unit), expected)
