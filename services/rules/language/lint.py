"""What is allowed and probably not meant: levels that no value can reach, or that every value reaches. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from services.messages import Problem
from services.rules.engine.plan import Compare, Gauge, Rule, Rung
from services.rules.language.load import RuleSet
from services.rules.language.reading import Place
from services.rules.language.standards import Standard
from services.rules.language.thresholds import WARNING

_PERCENT = frozenset({"share", "rank"})
_WHOLE = frozenset({"count", "distinct", "nested", "none", "open", "streak"})
_ENDLESS = float("inf")


def lint(rules: RuleSet) -> list[Problem]:
    """One problem for each level of a rule, and for each value of its standard, that cannot mean what it says."""
    found = []
    for placed in rules.placed:
        standard = rules.standards.get(placed.rule.standard or "")
        found += list(_of_rule(placed.rule, placed.place, standard))
    return found


def possible(gauge: Gauge) -> tuple[float, float]:
    """The least and the greatest value that a measure can have."""
    if gauge.measure in _PERCENT or (gauge.measure == "open" and gauge.among is not None):
        return 0, 100
    if gauge.measure == "composite":
        return 0, max((level for _, level in gauge.table), default=0)
    if gauge.measure == "open" and gauge.other is not None:
        return 0, _ENDLESS
    if gauge.measure in _WHOLE:
        return 0, gauge.window.size if gauge.window.kind == "last" else _ENDLESS
    return -_ENDLESS, _ENDLESS


def _of_rule(rule: Rule, place: Place, standard: Standard | None) -> Iterator[Problem]:
    dead = 0
    for rung in rule.rungs:
        gauge = rule.gauges[rung.gauge]
        least, greatest = possible(gauge)
        what = f"{rung.level} of {rule.id}"
        numbers = list(_thresholds(rung, standard, place))
        verdicts = [_verdict(rung.compare, number, least, greatest) for _, number in numbers]
        dead += bool(verdicts) and all(one == "never" for one in verdicts)
        for (where, number), verdict in zip(numbers, verdicts, strict=True):
            if verdict:
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
        at = WARNING.index(rung.level) if rung.level in WARNING else 0
        for number in dict.fromkeys(value.thresholds[at] for value in standard.values):
            if number is not None:
                yield _shown(standard.place), number


def _verdict(compare: Compare, number: float, least: float, greatest: float) -> str:
    tests: Mapping[Compare, tuple[bool, bool]] = {
        "at_least": (number > greatest, number <= least), "above": (number >= greatest, number < least),
        "at_most": (number < least, number >= greatest), "below": (number <= least, number > greatest),
    }  # fmt: skip
    never, always = tests[compare]
    return "never" if never else "always" if always else ""


def _shown(place: Place) -> str:
    return f"{place.file}:{place.line}:{place.column}"
