"""What a measure is read with: the rule's fields and conditions, and the form that every measure's mapping has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import msgspec

from services.i18n import say
from services.rules.engine.plan import Gauge
from services.rules.language import slips
from services.rules.language.expressions import Expression
from services.rules.language.fields import Field
from services.rules.language.reading import LARGEST_NUMBER, Place, Report, fields, known_words, word

MOST = 1_000_000
"""Records that a rule may ask for."""
LARGEST_TERM = 10**9
"""Thousands of these can be summed in millionths within 64 bits."""


@dataclass(frozen=True)
class Measured:
    """What a measure is read against: the rule's kind, `by` and `where`, and all kinds."""

    kind: str
    by: tuple[str, ...]
    where: Place | None
    kinds: dict[str, dict[str, Field]]
    report: Report

    @cached_property
    def record(self) -> str:
        """Source of the rule's `where`."""
        return self.condition(self.where)

    def condition(self, place: Place | None, kind: str | None = None) -> str:
        """Source of a condition; none given means true."""
        kind = kind or self.kind
        return "True" if place is None else Expression(place, self.kinds[kind], kind, self.report).condition()

    def number(self, place: Place, limit: float = LARGEST_TERM) -> tuple[str, bool]:
        """Source of a number not beyond the limit, and whether it is always whole."""
        return Expression(place, self.kinds[self.kind], self.kind, self.report).number(limit)

    def raw(self, place: Place) -> tuple[str, bool]:
        """Likewise, of a number that is compared as it is and never summed."""
        return self.number(place, LARGEST_NUMBER)

    def field(self, place: Place) -> str:
        """Source of a field of the kind that holds one value."""
        return self.named(word(place, self.report, "field"), place)

    def named(self, name: str, place: Place) -> str:
        """Likewise, of a field that a key names."""
        known = {one for one, field in self.kinds[self.kind].items() if field.type != "any"}
        if name in known:
            return f"f_{name}"
        if name in self.kinds[self.kind]:
            self.report.add(place, say("rules.list", name=name), known_words(name, known))
        elif name:
            right = slips.of_field(name, known) or known_words(name, known)
            self.report.add(place, say("rules.has_no_field", kind=self.kind, name=name), right)
        return "None"


@dataclass(frozen=True)
class Count:
    """A whole number beside a measure: which of the gauge's fields it is, and its bounds."""

    attribute: str
    least: int = 0
    most: int = MOST
    required: bool = False


@dataclass(frozen=True)
class Form:
    """The mapping of one measure: who reads it, and what may stand in it beside the measure's own name."""

    read: Callable[[dict[str, Place], Measured], Gauge]
    """The given fields and what they are read against → the gauge, its window and counts apart."""
    fields: Mapping[str, bool] = field(default_factory=dict)
    """Name → whether it is required."""
    counts: Mapping[str, Count] = field(default_factory=dict)
    window: Literal["any", "calendar", "not last", "none"] = "any"
    guarded: bool = False
    """Whether `min_distinct` may keep it from having a value."""

    @property
    def known(self) -> dict[str, bool]:
        """All names beside the measure's own → whether they are required."""
        counts = {name: count.required for name, count in self.counts.items()}
        return {**self.fields, **counts, **({"min_distinct": False} if self.guarded else {})}


MIN_RECORDS = {"min_records": Count("min_records")}


def both(*conditions: str) -> str:
    """Source of the conjunction of conditions."""
    needed = [condition for condition in conditions if condition != "True"]
    return " and ".join(needed) or "True"


def present(source: str) -> str:
    """Condition: it has a result."""
    return f"({source}) is not None"


def of_number(name: str, *, raw: bool = False, **more: Any) -> Callable[[dict[str, Place], Measured], Gauge]:
    """Reads a measure of the records that have its number. `raw`: one that is compared as it is and never summed."""

    def read(given: dict[str, Place], m: Measured) -> Gauge:
        source, whole = (m.raw if raw else m.number)(given[name])
        member = both(m.record, present(source))
        return Gauge(measure=name, kind=m.kind, member=member, number=source, whole=whole, **more)

    return read


def of_condition(name: str) -> Callable[[dict[str, Place], Measured], Gauge]:
    """Reads a measure of the records that satisfy the condition under the measure's name."""

    def read(given: dict[str, Place], m: Measured) -> Gauge:
        return Gauge(measure=name, kind=m.kind, member=m.record, hit=m.condition(given[name]))

    return read


def read_form(place: Place, forms: Mapping[str, Form], m: Measured) -> tuple[Gauge, Form] | None:
    """The gauge that one of the forms makes of a mapping, and that form; None with the reasons in the report."""
    if not isinstance(place.value, dict):
        m.report.add(place, say("rules.measure_must_be_mapping"), say("rules.such_as_count_status_absent"))
        return None
    there = [name for name in place.value if name in forms]
    names = [name for name in there if not any(name in forms[other].known for other in there)]
    if len(names) != 1:
        given = next(iter(place.value), "")
        m.report.add(
            place,
            say("rules.more_than_one_measure") if names else say("rules.unknown_measure", name=given),
            slips.of_measure(given) or known_words(given, forms),
        )
        return None
    form = forms[names[0]]
    given_fields = fields(place, {names[0]: True, **form.known}, m.report, say("rules.noun_measure", name=names[0]))
    if any(required and name not in given_fields for name, required in form.known.items()):
        return None
    gauge = _guarded(form.read(given_fields, m), given_fields.get("min_distinct") if form.guarded else None, m)
    return _counted(gauge, given_fields, form.counts, m.report), form


def _counted(gauge: Gauge, given: dict[str, Place], counts: Mapping[str, Count], report: Report) -> Gauge:
    for name, count in counts.items():
        place = given.get(name)
        amount = None if place is None else whole(place, name, report, count.least, count.most)
        if amount is not None:
            gauge = msgspec.structs.replace(gauge, **{count.attribute: amount})
    return gauge


def _guarded(gauge: Gauge, place: Place | None, m: Measured) -> Gauge:
    if place is None:
        return gauge
    if not isinstance(place.value, dict) or len(place.value) != 1:
        m.report.add(place, say("rules.min_distinct_needs_one_field"), say("rules.such_as_class_2"))
        return gauge
    ((name, least),) = place.value.items()
    guard = m.named(name, least)
    amount = whole(least, "min_distinct", m.report, 1, MOST)
    return msgspec.structs.replace(gauge, guard=guard, guard_least=amount or 0)


def whole(place: Place, what: str, report: Report, least: int, most: int) -> int | None:
    """A whole number within bounds."""
    value = place.value
    if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most:
        return value
    report.add(place, say("rules.must_be_whole_number", what=what), say("rules.from", least=least, most=most))
    return None
