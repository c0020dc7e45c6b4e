"""In which unit the numbers of a measure and of a standard are, and whether the two can be compared."""

from __future__ import annotations

from services.rules.engine.plan import Gauge
from services.rules.language.reading import Place, Report
from services.rules.language.standards import Standard
from services.rules.language.thresholds import MINUTES

_PERCENT = frozenset({"%", "％", "percent", "百分比"})
_PERCENTS = frozenset({"elapsed", "period_over_period", "rank", "share"})
"""Not ratio: a factor in it makes it any unit."""
_COUNTS = frozenset({"count", "distinct", "nested", "none", "open", "streak"})


def is_percent(gauge: Gauge) -> bool:
    """Whether the measure's value is a percent."""
    parts = gauge.measure == "open" and (gauge.among is not None or gauge.other is not None)
    return parts or gauge.measure in _PERCENTS


def plain(gauge: Gauge | None) -> str | None:
    """What a threshold of this measure is instead of a duration; None: it may be one."""
    if gauge is None or gauge.measure == "missing":
        return None
    if gauge.measure == "elapsed":
        return "a percent of the limit"
    return "a percent" if is_percent(gauge) else "a number"


def check_unit(place: Place, gauge: Gauge | None, standard: Standard, report: Report) -> None:
    """The unit that a standard names, if it names one, must be the measure's as far as that is known."""
    unit = standard.notes.get("unit")
    if gauge is None or unit is None:
        return
    if gauge.measure == "missing":
        own, fits, expected = "in minutes", unit in MINUTES, "unit: minutes"
    elif is_percent(gauge):
        own, fits, expected = "a percent", unit in _PERCENT, 'unit: "%"'
    else:
        other = gauge.measure in _COUNTS and unit in MINUTES | _PERCENT
        own, fits, expected = "a count", not other, "what is counted, such as unit: lessons"
    if not fits:
        report.add(place, f"{gauge.measure} is {own}, and the unit of {standard.id} is {unit}", expected)
