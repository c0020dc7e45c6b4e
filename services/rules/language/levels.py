"""Reads the levels of a rule, given in one of three ways, as rungs from the highest down."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from services.i18n import say
from services.messages import Level, Message
from services.rules.engine.plan import OPERATORS, Compare, Gauge, Rung, Thresholds
from services.rules.language import slips
from services.rules.language.measures import DEADLINES, read_measure
from services.rules.language.measures.base import Measured
from services.rules.language.reading import Place, Report, fields, word
from services.rules.language.standards import Standard
from services.rules.language.thresholds import (
    LEVELS,
    Found,
    check_clear,
    comparison,
    read_again,
    read_thresholds,
    threshold,
)
from services.rules.language.units import check_unit, plain

_Given = Mapping[str, Place]


def read_levels(
    rule: _Given, own: Gauge | None, m: Measured, standards: Mapping[str, Standard], named: Iterable[str] | None
) -> tuple[list[Gauge], list[Rung], Standard | None]:
    """(further gauges, rungs from the highest down, standard or None)."""
    place = rule["levels"]
    if not isinstance(place.value, dict) or not place.value:
        m.report.add(place, say("rules.levels_must_be_mapping"), say("rules.standard_name_or_at_least"))
        return [], [], None
    if "standard" in place.value:
        return [], *_by_standard(place, own, standards, named, m.report)
    comparisons = [name for name in OPERATORS if name in place.value]
    if comparisons:
        return [], _by_comparison(place, comparisons[0], own, m.report), None
    return *_level_by_level(rule, own, m), None


def _by_standard(
    place: Place, own: Gauge | None, standards: Mapping[str, Standard], named: Iterable[str] | None, report: Report
) -> tuple[list[Rung], Standard | None]:
    given = fields(place, {"standard": True}, report, say("rules.levels"))
    standard = standards.get(word(given.get("standard"), report, say("rules.noun_standard"), named))
    if standard is None:
        return [], None
    check_unit(given["standard"], own, standard, report)
    used = standard.used
    kept = {"clear": any(used.clear.given()), "again": bool(used.again)}
    there = [standard.compare, *(name for name, given in kept.items() if given)]
    _fits_deadlines(dict.fromkeys(there, given["standard"]), own, report)
    return _rungs(used, standard.compare, standard.praise, fixed=False), standard


def _by_comparison(place: Place, compare: Compare, own: Gauge | None, report: Report) -> list[Rung]:
    given = fields(place, {compare: True, "clear": False, "again": False}, report, say("rules.levels"))
    _fits_deadlines(given, own, report)
    thresholds, praise = read_thresholds(given, compare, compare, plain(own), report)
    return _rungs(thresholds, compare, praise, fixed=True)


def _rungs(thresholds: Thresholds, compare: Compare, praise: bool, *, fixed: bool) -> list[Rung]:
    """A rung for every number. A standard's thresholds are not fixed: 0 then marks that a level has some `clear`."""
    steps = [
        Rung(level="red", gauge=0, compare=compare, threshold=number if fixed else None, step=k)
        for k, number in enumerate(thresholds.again, 1)
    ]
    clear = thresholds.clear.given() if fixed else dict.fromkeys(thresholds.clear.given(), 0.0)
    levels = [
        Rung(level=level, gauge=0, compare=compare, threshold=number if fixed else None, clear=clear.get(level))
        for level, number in thresholds.reached.given().items()
        if (level == "praise") == praise
    ]
    return [*steps[::-1], *levels[::-1]]


def _level_by_level(rule: _Given, own: Gauge | None, m: Measured) -> tuple[list[Gauge], list[Rung]]:
    place = rule["levels"]
    if all(isinstance(one.value, (int, float)) for one in place.value.values()) and {*place.value} <= {*LEVELS}:
        levels = "{" + ", ".join(f"{name}: {one.text}" for name, one in place.value.items()) + "}"
        m.report.add(place, say("rules.levels_without_comparison"), say("rules.such_as_level_at_least", levels=levels))
        return [], []
    given = fields(place, dict.fromkeys(LEVELS, False), m.report, say("rules.levels"))
    if "praise" in given and len(given) > 1:
        m.report.add(given["praise"], say("rules.praise_cannot_stand_beside_warning"), say("rules.rule_its_own"))
    gauges: list[Gauge] = []
    rungs: list[Rung] = []
    for level in [level for level in reversed(LEVELS) if level in given]:
        if not isinstance(given[level].value, dict) and (meant := slips.of_level(given[level].text)):
            m.report.add(given[level], say("rules.must_be_mapping", what=level), meant)
            continue
        known: dict[str, bool] = dict.fromkeys((*OPERATORS, "clear", "measure", "window"), False)
        parts = fields(given[level], {**known, **({"again": False} if level == "red" else {})}, m.report, level)
        compare = comparison(parts, given[level], level, m.report)
        if compare is None:
            continue
        gauge = _own_gauge(rule, given[level], parts, own, m)
        if gauge is not None and gauge != own and gauge not in gauges:
            gauges.append(gauge)
        _fits_deadlines(parts, gauge, m.report)
        index = gauges.index(gauge) + 1 if gauge in gauges else 0
        rungs += _level(level, compare, parts, index, plain(gauge), m.report)
    return gauges, rungs


def _own_gauge(rule: _Given, place: Place, parts: _Given, own: Gauge | None, m: Measured) -> Gauge | None:
    """The gauge of one level: its own, or the rule's; None if it has a problem."""
    if "measure" not in parts and "window" not in parts:
        return own
    gauge = read_measure(parts.get("measure", rule["measure"]), parts.get("window", rule.get("window")), m)
    if gauge and own and gauge.measure != own.measure and {gauge.measure, own.measure} & DEADLINES:
        deadline = gauge.measure if gauge.measure in DEADLINES else own.measure
        m.report.add(
            place, say("rules.cannot_stand_beside_another_measure", deadline=deadline), say("rules.rule_its_own")
        )
        return None
    return gauge


def _level(
    level: Level, compare: Compare, parts: _Given, gauge: int, plain: Message | None, report: Report
) -> list[Rung]:
    """The rungs of one level, highest first."""
    levels: Found = {level: threshold(parts[compare], report, level, plain)}
    clear = threshold(parts["clear"], report, "clear", plain) if "clear" in parts else None
    if clear is not None:
        check_clear(parts["clear"], level, levels, clear, compare, report)
    steps = read_again(parts["again"], levels, compare, plain, report) if "again" in parts else ()
    again = [Rung(level=level, gauge=gauge, compare=compare, threshold=x, step=k) for k, x in enumerate(steps, 1)]
    own = Rung(level=level, gauge=gauge, compare=compare, threshold=levels[level], clear=clear)
    return [*again[::-1], own]


def _fits_deadlines(given: _Given, gauge: Gauge | None, report: Report) -> None:
    """A deadline passes or does not: nothing but `at_least` goes with it."""
    if gauge is None or gauge.measure not in DEADLINES:
        return
    for name in given:
        if name in (*OPERATORS, "clear", "again") and name != "at_least":
            report.add(
                given[name], say("rules.levels_have_no", measure=gauge.measure, name=name), say("rules.at_least_alone")
            )
