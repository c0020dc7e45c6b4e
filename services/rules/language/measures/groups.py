"""Measures over groups of records: a measure per value of a field, and the present states of warnings."""

from __future__ import annotations

from dataclasses import replace

import msgspec

from services.i18n import say
from services.rules.engine.plan import OPERATORS, Gauge
from services.rules.language.measures import single, totals
from services.rules.language.measures.base import Count, Form, Measured, both, present, read_form
from services.rules.language.reading import Place, number
from services.rules.language.thresholds import comparison

_INNER = {
    name: replace(form, guarded=False)
    for name, form in {**single.MEASURES, **totals.MEASURES}.items()
    if name in ("count", "sum", "mean", "share")
}


def _nested(given: dict[str, Place], m: Measured) -> Gauge:
    group = m.field(given["per"])
    compare = comparison(given, given["nested"], "nested", m.report)
    bound = None if compare is None else number(given[compare], m.report, compare)
    read = read_form(given["nested"], _INNER, m)
    inner = msgspec.structs.replace(read[0], member="True") if read else None
    numbered = present(inner.number) if inner and inner.number else "True"
    return Gauge(
        measure="nested",
        kind=m.kind,
        member=both(m.record, present(group), numbered),
        group=group,
        inner=inner,
        inner_compare=compare or "at_least",
        inner_bound=bound or 0,
    )


def _open(given: dict[str, Place], m: Measured) -> Gauge:
    if "warning" not in m.kinds[m.kind]:
        having = [kind for kind, known in m.kinds.items() if "warning" in known]
        m.report.add(given["open"], say("rules.no_field_warning", kind=m.kind), "on: " + " or ".join(having))
    if "among" in given and "of" in given:
        m.report.add(given["of"], say("rules.among_two_different_wholes"), say("rules.one_them"))
    other, whole = m.number(given["of"]) if "of" in given else (None, True)
    return Gauge(
        measure="open",
        kind=m.kind,
        member=both(m.record, present("f_warning")),
        hit=m.condition(given["open"]),
        group=m.field(given["distinct"]) if "distinct" in given else None,
        among=m.condition(given["among"]) if "among" in given else None,
        other=other,
        other_whole=whole,
    )


MEASURES = {
    "nested": Form(_nested, {"per": True, **dict.fromkeys(OPERATORS, False)}),
    "open": Form(_open, {"distinct": False, "among": False, "of": False}, {"min_among": Count("min_records")}),
}
