"""Measures of single records: a number of one of them, how many there are, how long they go on."""

from __future__ import annotations

from services.i18n import say
from services.rules.engine.plan import Gauge
from services.rules.language.measures.base import Count, Form, Measured, both, of_condition, of_number, present
from services.rules.language.reading import Place

_PEERS = 10
_FEW = 1000
"""Records whose means `change` compares."""


def _value(given: dict[str, Place], m: Measured) -> Gauge:
    source, whole = m.raw(given["value"])
    if "given" not in given:
        return Gauge(measure="value", kind=m.kind, member=m.record, number=source, whole=whole)
    asked = m.condition(given["given"])
    number = f"({source} if {asked} else None)"
    return Gauge(measure="value", kind=m.kind, member=m.record, asked=asked, number=number, whole=whole)


def _running(given: dict[str, Place], m: Measured) -> Gauge:
    starts, stops = m.condition(given["running"]), m.condition(given["until"])
    return Gauge(measure="running", kind=m.kind, member=m.record, hit=starts, until=stops)


def _rank(given: dict[str, Place], m: Measured) -> Gauge:
    gauge = of_number("rank", raw=True, min_records=_PEERS)(given, m)
    if len(m.by) < 2:  # noqa: PLR2004
        m.report.add(given["rank"], say("rules.rank_needs_two_names_in"), say("rules.by_course_student_ranks_students"))
    return gauge


def _streak(given: dict[str, Place], m: Measured) -> Gauge:
    skip = given.get("skip")
    kept = "True" if skip is None else f"not {m.condition(skip)}"
    return Gauge(measure="streak", kind=m.kind, member=both(m.record, kept), hit=m.condition(given["streak"]))


def _distinct(given: dict[str, Place], m: Measured) -> Gauge:
    source = m.field(given["distinct"])
    return Gauge(measure="distinct", kind=m.kind, member=both(m.record, present(source)), group=source)


def _change(given: dict[str, Place], m: Measured) -> Gauge:
    before, least = given["before"].value, given.get("min_before", given["before"])
    gauge = of_number("change", min_before=before if type(before) is int else 1)(given, m)
    if type(before) is int and type(least.value) is int and before < least.value:
        m.report.add(
            least,
            say("rules.min_before_more_than_before", least=least.value, before=before),
            say("rules.at_most", most=before),
        )
    return gauge


MEASURES = {
    "value": Form(_value, {"given": False}),
    "running": Form(_running, {"until": True}, window="none"),
    "min": Form(of_number("min", raw=True)),
    "max": Form(of_number("max", raw=True)),
    "rank": Form(_rank, counts={"min_peers": Count("min_records", 1)}, window="not last"),
    "count": Form(of_condition("count")),
    "streak": Form(_streak, {"skip": False}),
    "distinct": Form(_distinct),
    "change": Form(
        _change,
        counts={
            "last": Count("newest", 1, _FEW),
            "before": Count("before", 1, _FEW, required=True),
            "min_before": Count("min_before", 1, _FEW),
        },
    ),
}
