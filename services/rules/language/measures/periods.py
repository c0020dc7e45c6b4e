"""Measures of calendar periods: forecast to the end, compared with an earlier one, whole ones without something."""

from __future__ import annotations

import msgspec

from services.i18n import say
from services.rules.engine.plan import Gauge
from services.rules.language.measures.base import Count, Form, Measured, of_condition, of_number
from services.rules.language.reading import Place, number, word


def _forecast(given: dict[str, Place], m: Measured) -> Gauge:
    gauge = of_number("forecast")(given, m)
    least = number(given["min_sum"], m.report, "min_sum") if "min_sum" in given else None
    return msgspec.structs.replace(gauge, min_sum=least)


def _period_over_period(given: dict[str, Place], m: Measured) -> Gauge:
    gauge = of_condition("period_over_period")(given, m)
    against = word(given["against"], m.report, say("rules.period_compare_with"), ("previous", "last_year"))
    return msgspec.structs.replace(gauge, against="last_year") if against == "last_year" else gauge


def _none(given: dict[str, Place], m: Measured) -> Gauge:
    awaited = word(given["none"], m.report, say("rules.event_kind"), m.kinds)
    return Gauge(
        measure="none",
        kind=m.kind,
        member=m.record,
        awaited_kind=awaited or m.kind,
        awaited=m.condition(given.get("where"), awaited) if awaited else "True",
    )


MEASURES = {
    "forecast": Form(
        _forecast,
        {"min_sum": False},
        {"from_week": Count("from_week", 1, 60), "min_days": Count("min_days", 1, 400)},
        window="calendar",
    ),
    "period_over_period": Form(
        _period_over_period, {"against": True}, {"min_before": Count("min_records", 1)}, window="calendar"
    ),
    "none": Form(_none, {"where": False}, window="calendar"),
}
