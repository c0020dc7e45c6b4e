"""Measures of single records: a number of one of them, how many there are, how long they go on."""

from __future__ import annotations

from collections.abc import Callable

from services.i18n import say
from services.rules.engine.plan import Gauge
from services.rules.language.measures.base import Count, Form, Measured, both, present
from services.rules.language.reading import Place

_PEERS = 10
_FEW = 1000
"""Records whose means `change` compares."""


def _value(given: dict[str, Place], m: Measured) -> Gauge:
    source, whole = m.raw(given["value"])
    return Gauge(measure="value", kind=m.kind, member=m.record, number=source, whole=whole)


def _extreme(name: str) -> Callable[[dict[str, Place], Measured], Gauge]:
    def read(given: dict[str, Place], m: Measured) -> Gauge:
        source, whole = m.raw(given[name])
        return Gauge(measure=name, kind=m.kind, member=both(m.record, present(source)), number=source, whole=whole)

    return read


def _rank(given: dict[str, Place], m: Measured) -> Gauge:
    source, whole = m.raw(given["rank"])
    if len(m.by) < 2:  # noqa: PLR2004
        m.report.add(given["rank"], say("rules.rank_needs_two_names_in"), say("rules.by_course_student_ranks_students"))
    return Gauge(
        measure="rank",
        kind=m.kind,
        member=both(m.record, present(source)),
        number=source,
        whole=whole,
        min_records=_PEERS,
    )


def _count(given: dict[str, Place], m: Measured) -> Gauge:
    return Gauge(measure="count", kind=m.kind, member=m.record, hit=m.condition(given["count"]))


def _streak(given: dict[str, Place], m: Measured) -> Gauge:
    skip = given.get("skip")
    kept = "True" if skip is None else f"not {m.condition(skip)}"
    return Gauge(measure="streak", kind=m.kind, member=both(m.record, kept), hit=m.condition(given["streak"]))


def _distinct(given: dict[str, Place], m: Measured) -> Gauge:
    source = m.field(given["distinct"])
    return Gauge(measure="distinct", kind=m.kind, member=both(m.record, present(source)), group=source)


def _change(given: dict[str, Place], m: Measured) -> Gauge:
    source, whole = m.number(given["change"])
    before, least = given["before"].value, given.get("min_before", given["before"])
    if type(before) is int and type(least.value) is int and before < least.value:
        m.report.add(
            least,
            say("rules.min_before_more_than_before", least=least.value, before=before),
            say("rules.at_most", most=before),
        )
    return Gauge(
        measure="change",
        kind=m.kind,
        member=both(m.record, present(source)),
        number=source,
        whole=whole,
        min_before=before if type(before) is int else 1,
    )


MEASURES = {
    "value": Form(_value),
    "min": Form(_extreme("min")),
    "max": Form(_extreme("max")),
    "rank": Form(_rank, counts={"min_peers": Count("min_records", 1)}, window="not last"),
    "count": Form(_count),
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
