"""`term:` of a rule: whether what it counts belongs to the term, and ends with it (docs/rules.md, The term)."""

from __future__ import annotations

from collections.abc import Sequence

from services.i18n import say
from services.rules.engine.plan import Gauge
from services.rules.language.reading import Place, Report, word

TERM = ("ends", "continues")
_ENDLESS = frozenset({"missing", "elapsed", "running", "none", "period_over_period"})
"""Measures of what is not there, or of whole periods, one after the other: no term ends that."""


def read_term(place: Place | None, gauges: Sequence[Gauge], report: Report) -> bool:
    """Whether the end of a term begins the rule anew; windows of a term do so by themselves."""
    endless = [gauge.measure for gauge in gauges if gauge.measure in _ENDLESS]
    windows = [gauge.window for gauge in gauges if gauge.measure not in _ENDLESS]
    longer = any(window.period != "term" for window in windows)
    if place is None:
        return False
    said = word(place, report, say("rules.noun_term"), TERM)
    if said == "ends" and endless:
        report.add(place, say("rules.goes_on_over_term", measure=endless[0]), say("rules.no_term_line"))
    elif said == "continues" and any(window.period == "term" for window in windows):
        report.add(place, say("rules.window_ends_with_term"), say("rules.term_ends_or_another_window"))
    return said == "ends" and longer
