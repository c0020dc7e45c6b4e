"""What is allowed and probably not meant: levels that no value can reach, or that every value reaches. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from services.messages import Problem
from services.rules.engine.plan import Compare, Gauge, Rule, Rung
from services.rules.language.fields import Field
from services.rules.language.load import RuleSet
from services.rules.language.reading import Place, Report, items, known_words
from services.rules.language.standards import Standard
from services.rules.language.thresholds import WARNING

_Kinds = Mapping[str, Mapping[str, Field]]
_PERCENT = frozenset({"share", "rank"})
_OF_NUMBERS = frozenset({"forecast", "max", "mean", "min", "ratio", "sum", "value"})
"""Measures that are not negative if the numbers of the records are not."""
_FIELD = re.compile(r"\bf_(\w+)")
_WHOLE = frozenset({"count", "distinct", "nested", "none", "open", "streak"})
_ENDLESS = float("inf")


def lint(rules: RuleSet, kinds: _Kinds) -> list[Problem]:
    """One problem for each level of a rule, value of its standard, and row that it mutes, that cannot be meant."""
    found = []
    rows = {placed.rule.card.row for placed in rules.placed if placed.rule.card.row}
    for placed in rules.placed:
        found += [
            Problem(
                where=_shown(placed.place),
                what=f"{placed.rule.id} mutes {row}, of which there is no rule",
                expected=known_words(row, rows),
            )
            for row in placed.rule.card.mutes
            if row not in rows
        ]
        standard = rules.standards.get(placed.rule.standard or "")
        found += list(_of_rule(placed.rule, placed.place, standard, kinds))
    for standard in rules.standards.values():
        found += list(_dropped(standard))
    return found


def possible(gauge: Gauge, kinds: _Kinds) -> tuple[float, float]:
    """The least and the greatest value that a measure can have."""
    if gauge.measure in _PERCENT or (gauge.measure == "open" and gauge.among is not None):
        return 0, 100
    if gauge.measure == "composite":
        return 0, max((level for _, level in gauge.table), default=0)
    if gauge.measure == "open" and gauge.other is not None:
        return 0, _ENDLESS
    if gauge.measure in _WHOLE:
        return 0, gauge.window.size if gauge.window.kind == "last" else _ENDLESS
    if gauge.measure == "elapsed" or (gauge.measure in _OF_NUMBERS and _never_negative(gauge, kinds)):
        return 0, _ENDLESS
    return -_ENDLESS, _ENDLESS


def _never_negative(gauge: Gauge, kinds: _Kinds) -> bool:
    """Whether it is plain: its numbers are made without a minus of fields that are never negative."""
    source = f"{gauge.number} {gauge.other or ''}"
    return (
        "-" not in source
        and "subtracted" not in source
        and all(
            field.type not in ("integer", "number") or field.least >= 0
            for field in (kinds[gauge.kind][name] for name in _FIELD.findall(source) if name in kinds[gauge.kind])
        )
    )


def _dropped(standard: Standard) -> Iterator[Problem]:
    """Levels that a narrower or newer value leaves out: it stands for itself, and nothing is taken from the others."""
    listed = items(standard.place.value["values"], Report(), "values")
    for value, place in zip(standard.values, listed, strict=True):
        given = place.value["warning"].value if "warning" in place.value else {}
        behind = [
            one.thresholds.reached.given()
            for one in standard.values
            if one is not value and one.begins <= value.begins and {*one.scope} <= {*value.scope}
        ]
        lost = [name for name in WARNING if given and name not in given and any(name in one for one in behind)]
        if lost:
            yield Problem(
                where=_shown(place),
                what=f"{standard.id} has no {' and no '.join(lost)} here, unlike the value behind it",
                expected=f"{lost[0]}: and a number, or {lost[0]}: none",
            )


def _of_rule(rule: Rule, place: Place, standard: Standard | None, kinds: _Kinds) -> Iterator[Problem]:
    dead = 0
    for rung in rule.rungs:
        gauge = rule.gauges[rung.gauge]
        least, greatest = possible(gauge, kinds)
        what = f"{rung.level} of {rule.id}"
        numbers = list(_thresholds(rung, standard, place))
        verdicts = [_verdict(rung.compare, number, least, greatest) for _, number in numbers]
        dead += bool(verdicts) and all(one == "never" for one in verdicts)
        for (where, number), verdict in zip(numbers, verdicts, strict=True):
            if verdict and rule.card.summary is None:  # a summary is made whatever the figures
                ways = {
                    "never": f"{what} can never be reached: {gauge.measure} is {rung.compare} {number:g} at no time",
                    "always": f"{what} is reached by every value: {gauge.measure} is always {rung.compare} {number:g}",
                }
                shown = "" if greatest == _ENDLESS else f"a number from {least:g} to {greatest:g}"
                yield Problem(where=where, what=ways[verdict], expected=shown or f"a number from {least:g} on")
    if rule.rungs and dead == len(rule.rungs):
        yield Problem(where=_shown(place), what=f"{rule.id} can never warn", expected="a level that can be reached")


def _thresholds(rung: Rung, standard: Standard | None, place: Place) -> Iterator[tuple[str, float]]:
    if rung.threshold is not None:
        yield _shown(place), rung.threshold
    elif standard is not None and not rung.step:
        for number in dict.fromkeys(value.thresholds.of(rung.level) for value in standard.values):
            if number is not None:
                yield _shown(standard.place), number


def _verdict(compare: Compare, number: float, least: float, greatest: float) -> str:
    tests: Mapping[Compare, tuple[bool, bool]] = {
        "at_least": (number > greatest, number <= least),
        "above": (number >= greatest, number < least),
        "at_most": (number < least, number >= greatest),
        "below": (number <= least, number > greatest),
    }
    never, always = tests[compare]
    return "never" if never else "always" if always else ""


def _shown(place: Place) -> str:
    return f"{place.file}:{place.line}:{place.column}"
