"""Measures that sum over the records of the window: sum, mean, share, ratio, difference, trend."""

from __future__ import annotations

from collections.abc import Callable

from services.i18n import say
from services.rules.engine.plan import Gauge
from services.rules.language.measures.base import (
    MIN_RECORDS,
    Count,
    Form,
    Measured,
    both,
    of_condition,
    of_number,
    present,
)
from services.rules.language.reading import Place, fields, number
from services.rules.language.thresholds import duration

_LEAST_OF_A_LINE = 2


def _compared(name: str) -> Callable[[dict[str, Place], Measured], Gauge]:
    def read(given: dict[str, Place], m: Measured) -> Gauge:
        first, first_whole, first_figure = _side(given[name], m)
        second, second_whole, second_figure = _side(given["to"], m)
        least = number(given["min_to"], m.report, "min_to") if "min_to" in given else None
        return Gauge(
            measure=name,
            kind=m.kind,
            member=both(m.record, f"({present(first)} or {present(second)})"),
            number=first,
            whole=first_whole,
            other=second,
            other_whole=second_whole,
            figures=(first_figure, second_figure),
            min_sum=least,
        )

    return read


def _side(place: Place, m: Measured) -> tuple[str, bool, bool]:
    """(source, whole, whether it is a figure)."""
    if not isinstance(place.value, dict):
        return *m.number(place), False
    given = fields(place, {"figure": True}, m.report, say("rules.side"))
    return *(m.number(given["figure"]) if given else ("None", True)), True


def _trend(given: dict[str, Place], m: Measured) -> Gauge:
    per = duration(given["per"].text)
    gauge = of_number("trend", per=per or 0, min_records=3)(given, m)
    if not per:
        m.report.add(
            given["per"],
            say("rules.not_time_tell_slope_for", text=given["per"].text or "this"),
            say("rules.such_as_7d"),
        )
    return gauge


MEASURES = {
    "sum": Form(of_number("sum"), counts=MIN_RECORDS, guarded=True),
    "mean": Form(of_number("mean"), counts=MIN_RECORDS, guarded=True),
    "share": Form(of_condition("share"), counts={**MIN_RECORDS, "min_matching": Count("min_matching")}, guarded=True),
    "ratio": Form(_compared("ratio"), {"to": True, "min_to": False}, MIN_RECORDS, guarded=True),
    "difference": Form(_compared("difference"), {"to": True}, MIN_RECORDS, guarded=True),
    "trend": Form(_trend, {"per": True}, {"min_records": Count("min_records", _LEAST_OF_A_LINE)}),
}
