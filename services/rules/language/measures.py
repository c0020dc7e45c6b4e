"""Reads a measure and its window: which fields each has, and the gauge that comes of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from services.rules.engine.plan import Gauge, Window
from services.rules.language.expressions import Expression
from services.rules.language.fields import Field
from services.rules.language.reading import LARGEST_NUMBER, Place, Report, fields, nearest, word
from services.rules.language.standards import duration

_MOST = 1_000_000
"""Records that a rule may ask for."""
_LARGEST_TERM = 10**9
"""Thousands of these can be summed in millionths within 64 bits."""
_PERIODS = ("day", "week", "month", "term", "year")


@dataclass(frozen=True)
class Measured:
    """What a measure is read against: the rule's kind and `where`, and all kinds."""

    kind: str
    where: Place | None
    kinds: dict[str, dict[str, Field]]
    report: Report

    def condition(self, place: Place | None, kind: str | None = None) -> str:
        """Source of a condition; none given means true."""
        kind = kind or self.kind
        return "True" if place is None else Expression(place, self.kinds[kind], kind, self.report).condition()

    def number(self, place: Place, limit: float = LARGEST_NUMBER) -> tuple[str, bool]:
        """Source of a number not beyond the limit, and whether it is always whole."""
        return Expression(place, self.kinds[self.kind], self.kind, self.report).number(limit)


def _both(*conditions: str) -> str:
    needed = [condition for condition in conditions if condition != "True"]
    return " and ".join(needed) or "True"


def _limited(gauge: Gauge, given: dict[str, Place], report: Report) -> Gauge:
    for name in ("min_records", "min_matching"):
        place = given.get(name)
        if place is not None:
            if isinstance(place.value, int) and not isinstance(place.value, bool) and 0 <= place.value <= _MOST:
                gauge = msgspec.structs.replace(gauge, **{name: place.value})
            else:
                report.add(place, f"{name} must be a whole number", "such as 20")
    return gauge


def _value(given: dict[str, Place], m: Measured) -> Gauge:
    source, whole = m.number(given["value"])
    return Gauge(measure="value", kind=m.kind, member=m.condition(m.where), number=source, whole=whole)


def _total(name: str) -> Callable[[dict[str, Place], Measured], Gauge]:
    def read(given: dict[str, Place], m: Measured) -> Gauge:
        source, whole = m.number(given[name], _LARGEST_TERM)
        member = _both(m.condition(m.where), f"({source}) is not None")
        gauge = Gauge(measure=name, kind=m.kind, member=member, number=source, whole=whole)
        return _limited(gauge, given, m.report)

    return read


def _count(given: dict[str, Place], m: Measured) -> Gauge:
    hit = m.condition(given["count"])
    return Gauge(measure="count", kind=m.kind, member=m.condition(m.where), hit=hit)


def _share(given: dict[str, Place], m: Measured) -> Gauge:
    hit = m.condition(given["share"])
    gauge = Gauge(measure="share", kind=m.kind, member=m.condition(m.where), hit=hit)
    return _limited(gauge, given, m.report)


def _streak(given: dict[str, Place], m: Measured) -> Gauge:
    skip = given.get("skip")
    kept = "True" if skip is None else f"not {m.condition(skip)}"
    member = _both(m.condition(m.where), kept)
    return Gauge(measure="streak", kind=m.kind, member=member, hit=m.condition(given["streak"]))


def _missing(given: dict[str, Place], m: Measured) -> Gauge:
    awaited = word(given["missing"], m.report, "event kind", m.kinds)
    after = word(given.get("after"), m.report, "date-time field", _moments(m))
    return Gauge(
        measure="missing", kind=m.kind, member=m.condition(m.where), number=f"instant(f_{after})" if after else "None",
        awaited_kind=awaited or m.kind, awaited=m.condition(given.get("where"), awaited) if awaited else "True",
    )  # fmt: skip


def _moments(m: Measured) -> list[str]:
    return [name for name, field in m.kinds[m.kind].items() if field.type == "date-time"]


_MEASURES: dict[str, tuple[dict[str, bool], Callable[[dict[str, Place], Measured], Gauge]]] = {
    "value": ({}, _value),
    "count": ({}, _count),
    "sum": ({"min_records": False}, _total("sum")),
    "mean": ({"min_records": False}, _total("mean")),
    "share": ({"min_records": False, "min_matching": False}, _share),
    "streak": ({"skip": False}, _streak),
    "missing": ({"where": False, "after": True}, _missing),
}


def read_measure(place: Place, window: Place | None, measured: Measured) -> Gauge | None:
    """The gauge of a measure, or None with the reasons in the report."""
    report = measured.report
    if not isinstance(place.value, dict):
        report.add(place, "a measure must be a mapping", 'such as {count: status == "absent"}')
        return None
    names = [name for name in place.value if name in _MEASURES]
    if len(names) != 1:
        given = next(iter(place.value), "")
        report.add(
            place, f"unknown measure {given}" if not names else "more than one measure", nearest(given, _MEASURES)
        )
        return None
    further, read = _MEASURES[names[0]]
    before = len(report)
    given_fields = fields(place, {names[0]: True, **further}, report, f"measure {names[0]}")
    if "after" in further and "after" not in given_fields:
        return None
    gauge = read(given_fields, measured)
    chosen = _window(window, report)
    if names[0] == "missing" and window is not None:
        report.add(window, "missing has no window", "no window line")
    elif gauge.measure == "count" and chosen.kind != "last":
        # Only what is counted matters then, so the rest need not be kept.
        gauge = msgspec.structs.replace(gauge, member=_both(gauge.member, gauge.hit or "True"))
    return msgspec.structs.replace(gauge, window=chosen) if len(report) == before else None


def _window(place: Place | None, report: Report) -> Window:
    if place is None or place.value == "all":
        return Window()
    example = "all, {last: 10}, {within: 14d} or {calendar: week}"
    given = fields(place, {"last": False, "within": False, "calendar": False}, report, "window")
    if len(given) != 1:
        if isinstance(place.value, dict):
            report.add(place, "a window has one of last, within, calendar", example)
        return Window()
    ((kind, size),) = given.items()
    if kind == "calendar":
        return Window(kind="calendar", period=word(size, report, "period", _PERIODS))
    whole = isinstance(size.value, int) and not isinstance(size.value, bool)
    amount = (size.value if whole else None) if kind == "last" else duration(str(size.value))
    if not amount or amount <= 0 or (kind == "last" and amount > _MOST):
        report.add(size, f"{size.text or 'this'} is not a size for {kind}", example)
        return Window()
    return Window(kind="last" if kind == "last" else "within", size=amount)
