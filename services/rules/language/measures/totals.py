"""Measures that sum over the records of the window: sum, mean, share, ratio, difference, trend."""

from __future__ import annotations

from collections.abc import Callable

from services.i18n import say
from services.rules.engine.plan import Gauge
from services.rules.language.measures.base import MIN_RECORDS, Count, Form, Measured, both, present
from services.rules.language.reading import Place, fields
from services.rules.language.thresholds import duration

_LEAST_OF_A_LINE = 2


def _total(name: str) -> Callable[[dict[str, Place], Measured], Gauge]:
    def read(given: dict[str, Place], m: Measured) -> Gauge:
        source, whole = m.number(given[name])
        return Gauge(measure=name, kind=m.kind, member=both(m.record, present(source)), number=source, whole=whole)

    return read


def _share(given: dict[str, Place], m: Measured) -> Gauge:
    return Gauge(measure="share", kind=m.kind, member=m.record, hit=m.condition(given["share"]))


def _compared(name: str) -> Callable[[dict[str, Place], Measured], Gauge]:
    def read(given: dict[str, Place], m: Measured) -> Gauge:
        first, first_whole, first_figure = _side(given[name], m)
        second, second_whole, second_figure = _side(given["to"], m)
        return Gauge(
            measure=name,
            kind=m.kind,
            member=both(m.record, f"({present(first)} or {present(second)})"),
            number=first,
            whole=first_whole,
            other=second,
            other_whole=second_whole,
            figures=(first_figure, second_figure),
        )

    return read


def _side(place: Place, m: Measured) -> tuple[str, bool, bool]:
    """(source, whole, whether it is a figure)."""
    if not isinstance(place.value, dict):
        return *m.number(place), False
    given = fields(place, {"figure": True}, m.report, say("rules.side"))
    return *(m.number(given["figure"]) if given else ("None", True)), True


def _trend(given: dict[str, Place], m: Measured) -> Gauge:
    source, whole = m.number(given["trend"])
    per = duration(given["per"].text)
    if not per:
        m.report.add(
            given["per"],
            say("rules.not_time_tell_slope_for", text=given["per"].text or "this"),
            say("rules.such_as_7d"),
        )
    return Gauge(
        measure="trend",
        kind=m.kind,
        member=both(m.record, present(source)),
        number=source,
        whole=whole,
        per=per or 0,
        min_records=3,
    )


MEASURES = {
    "sum": Form(_total("sum"), counts=MIN_RECORDS, guarded=True),
    "mean": Form(_total("mean"), counts=MIN_RECORDS, guarded=True),
    "share": Form(_share, counts={**MIN_RECORDS, "min_matching": Count("min_matching")}, guarded=True),
    "ratio": Form(_compared("ratio"), {"to": True}, MIN_RECORDS, guarded=True),
    "difference": Form(_compared("difference"), {"to": True}, MIN_RECORDS, guarded=True),
    "trend": Form(_trend, {"per": True}, {"min_records": Count("min_records", _LEAST_OF_A_LINE)}),
}
