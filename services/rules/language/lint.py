"""What is allowed and probably not meant: levels that no value can reach, or that every value reaches. Pure."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping

from services.i18n import say
from services.messages import Problem
from services.rules.engine.plan import TEACHING_DAY, Compare, Gauge, Rule, Rung
from services.rules.language.fields import Field
from services.rules.language.load import RuleSet
from services.rules.language.reading import Place, Report, items, known_words
from services.rules.language.standards import Standard
from services.rules.language.thresholds import WARNING
from services.rules.language.units import in_unit_of_percent, is_percent

_Kinds = Mapping[str, Mapping[str, Field]]
_PERCENT = frozenset({"share", "rank"})
_OF_NUMBERS = frozenset({"forecast", "max", "mean", "min", "ratio", "sum", "value"})
"""Measures that are not negative if the numbers of the records are not."""
_FIELD = re.compile(r"\bf_(\w+)")
_WHOLE = frozenset({"count", "distinct", "nested", "none", "open", "streak"})
_ENDLESS = float("inf")
_A_DAY = 24 * 3600
"""Seconds."""
_WORKED = 8
"""Hours that most colleges' working days have."""


def lint(rules: RuleSet, kinds: _Kinds) -> list[Problem]:
    """One problem for each level of a rule, value of its standard, and row that it mutes, that cannot be meant."""
    found = []
    rows = {placed.rule.card.row for placed in rules.placed if placed.rule.card.row}
    for placed in rules.placed:
        found += [
            Problem(
                where=_shown(placed.place),
                what=say("rules.mutes_which_there_no_rule", rule=placed.rule.id, row=row),
                expected=known_words(row, rows),
            )
            for row in placed.rule.card.mutes
            if row not in rows
        ]
        found += list(_long_hours(placed.rule, placed.place))
        standard = rules.standards.get(placed.rule.standard or "")
        found += list(_of_rule(placed.rule, placed.place, standard, kinds))
        found += list(_hiding(placed.rule, placed.place, kinds))
        found += list(_deadlines(placed.rule, placed.place))
        if not rules.plan.times.terms:
            found += list(_without_terms(placed.rule, placed.place))
    for standard in rules.standards.values():
        found += list(_dropped(standard))
    return found


def _without_terms(rule: Rule, place: Place) -> Iterator[Problem]:
    """Teaching days and weeks are those of terms: without one there are none."""
    if TEACHING_DAY in f"{rule.gauges} {rule.record}" or any(gauge.window.in_weeks for gauge in rule.gauges):
        what = say("rules.no_teaching_without_terms", rule=rule.id)
        yield Problem(where=_shown(place), what=what, expected="calendar.yaml: terms: [{id: …, from: …, to: …}]")


def _long_hours(rule: Rule, place: Place) -> Iterator[Problem]:
    """A day's hours in a chain: `24h` are three working days."""
    for step in rule.card.escalate:
        if step.service >= _A_DAY:
            hours = int(step.service // 3600)
            yield Problem(
                where=_shown(place),
                what=say("rules.hours_are_service_hours", rule=rule.id, wait=f"{hours}h", days=hours // _WORKED),
                expected=say("rules.one_d_or_clock", right=f"{max(1, hours // 24)}d"),
            )


def possible(gauge: Gauge, kinds: _Kinds) -> tuple[float, float]:
    """The least and the greatest value that a measure can have."""
    if gauge.measure in _PERCENT or (gauge.measure == "open" and gauge.among is not None):
        return 0, 100
    if gauge.measure in ("composite", "running"):
        return 0, max((level for _, level in gauge.table), default=int(gauge.measure == "running"))
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
                what=say("rules.has_no_here_unlike_value", standard=standard.id, levels=" and no ".join(lost)),
                expected=say("rules.number_or_none", level=lost[0]),
            )


_ORDERED = frozenset({"ge", "gt", "le", "lt"})
"""What the null-safe form of a comparison by size is called in a condition's source."""


def _hiding(rule: Rule, place: Place, kinds: _Kinds) -> Iterator[Problem]:
    """A `where` that leaves out records by a figure: a newer one that it leaves out ends no warning."""
    if "where" not in place.value or "event" in rule.by:
        return
    where, gauge = place.value["where"], rule.gauges[0]
    sized = {name for name in _sized(gauge.member) if _is_number(kinds, gauge.kind, name)}
    if gauge.measure == "ratio":  # its guard is on the sum; another figure may choose among the records
        sized &= {*_FIELD.findall(gauge.other or "")}
    if not sized or gauge.measure not in ("value", "ratio"):
        return
    name, right = min(sized), "rules.such_as_given" if gauge.measure == "value" else "rules.such_as_min_to"
    yield Problem(where=_shown(where), what=say("rules.where_hides_end", rule=rule.id, name=name), expected=say(right))


def _deadlines(rule: Rule, place: Place) -> Iterator[Problem]:
    """What notify tells of a deadline, as one more record of the warning: it may be told as the warning ends."""
    gauge = rule.gauges[0]
    sources = f"{gauge.member} {gauge.hit} {gauge.among} {gauge.until}"
    if gauge.kind == "warning" and not {"change", "overdue"} & {*_FIELD.findall(sources)}:
        where = place.value.get("where", place)
        what = say("rules.deadlines_are_records", rule=rule.id)
        yield Problem(where=_shown(where), what=what, expected='where: … and change != "deadline"')


def _is_number(kinds: _Kinds, kind: str, name: str) -> bool:
    return name in kinds[kind] and kinds[kind][name].type in ("integer", "number")


def _sized(source: str) -> Iterator[str]:
    """The fields that a condition's source compares by size."""
    for node in ast.walk(ast.parse(source, mode="eval")):
        by_size = isinstance(node, ast.Compare) and any(
            isinstance(one, (ast.Lt, ast.LtE, ast.Gt, ast.GtE)) for one in node.ops
        )
        called = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _ORDERED
        if by_size or called:
            yield from _FIELD.findall(ast.unparse(node))


def _of_rule(rule: Rule, place: Place, standard: Standard | None, kinds: _Kinds) -> Iterator[Problem]:
    yield from _fractions(rule, standard, place)
    dead = 0
    for rung in rule.rungs:
        gauge = rule.gauges[rung.gauge]
        least, greatest = possible(gauge, kinds)
        what = say("rules.of", level=rung.level, rule=rule.id)
        numbers = list(_thresholds(rung, standard, place))
        verdicts = [_verdict(rung.compare, number, least, greatest) for _, number in numbers]
        dead += bool(verdicts) and all(one == "never" for one in verdicts)
        for (where, number), verdict in zip(numbers, verdicts, strict=True):
            if verdict and rule.card.summary is None:  # a summary is made whatever the figures
                ways = {
                    "never": say(
                        "rules.can_never_be_reached_at",
                        level=what,
                        measure=gauge.measure,
                        compare=rung.compare,
                        number=f"{number:g}",
                    ),
                    "always": say(
                        "rules.reached_by_every_value_always",
                        level=what,
                        measure=gauge.measure,
                        compare=rung.compare,
                        number=f"{number:g}",
                    ),
                }
                shown = (
                    ""
                    if greatest == _ENDLESS
                    else say("rules.number_from", least=f"{least:g}", greatest=f"{greatest:g}")
                )
                yield Problem(
                    where=where, what=ways[verdict], expected=shown or say("rules.number_from_on", least=f"{least:g}")
                )
    if rule.rungs and dead == len(rule.rungs):
        yield Problem(
            where=_shown(place),
            what=say("rules.can_never_warn", rule=rule.id),
            expected=say("rules.level_that_can_be_reached"),
        )


def _fractions(rule: Rule, standard: Standard | None, place: Place) -> Iterator[Problem]:
    """Thresholds of a percent that are parts of one: 0.05 is a twentieth of a percent, not five."""
    for gauge_number, gauge in enumerate(rule.gauges):
        in_percent = is_percent(gauge) or (standard is not None and in_unit_of_percent(standard))
        placed = [
            one for rung in rule.rungs if rung.gauge == gauge_number for one in _thresholds(rung, standard, place)
        ]
        if gauge.inner is not None and gauge.inner.measure == "share":
            in_percent, placed = True, [(_shown(place), gauge.inner_bound)]
        numbers = [number for _, number in placed]
        if in_percent and placed and 0 < min(numbers) < 1 and max(numbers) <= 1:
            least, greatest = min(numbers), max(numbers)
            yield Problem(
                where=placed[0][0],
                what=say(
                    "rules.thresholds_are_fractions",
                    rule=rule.id,
                    least=f"{least:g}",
                    greatest=f"{greatest:g}",
                    measure=gauge.measure,
                ),
                expected=say("rules.percent_such_as", percent=f"{100 * least:g}", fraction=f"{least:g}"),
            )


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
