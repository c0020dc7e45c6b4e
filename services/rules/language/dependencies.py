"""Rules on warnings: which rules each of them looks at, and that none of them looks at itself in a cycle.

Three-valued: of a warning's event the rule, its row and its level are known, everything else is not. A rule is looked
at unless the conditions are false for every level that it has, whatever else the event says.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from services.i18n import say
from services.messages import Json
from services.rules.engine.arithmetic import FUNCTIONS
from services.rules.engine.plan import Gauge, Rule
from services.rules.language.reading import Place, Report
from services.rules.language.rules import Placed

_WARNING = "warning"
_KNOWN = frozenset({"f_rule", "f_row", "f_level"})
_Judge = Callable[[Mapping[str, Any]], bool | None]
"""(what is known of an event) → satisfied, not satisfied, or unknown."""
Edges = Mapping[str, tuple[str, ...]]
"""Rule on warnings → the rules whose warnings it looks at."""


def dependencies(rules: Sequence[Rule]) -> Edges:
    """What the rules on warnings look at; those of mode shadow never come back."""
    seen = [(rule.id, _events(rule)) for rule in rules if rule.card.mode != "shadow"]
    found = {}
    for rule in rules:
        if conditions := [_judge(ast.parse(source, mode="eval").body) for source in _conditions(rule)]:
            found[rule.id] = tuple(
                name
                for name, events in seen
                if any(judge(event) is not False for judge in conditions for event in events)
            )
    return found


def by_absence(rules: Sequence[Rule], edges: Edges) -> frozenset[str]:
    """The rules about what did not come, and those on the warnings of such rules alone."""
    found = {rule.id for rule in rules if any(gauge.measure in ("missing", "none") for gauge in rule.gauges)}
    while more := {name for name, looks_at in edges.items() if looks_at and found.issuperset(looks_at)} - found:
        found |= more
    return frozenset(found)


def refuse_cycles(placed: Sequence[Placed], edges: Edges, report: Report) -> None:
    """Reports each rule that looks at itself, and each cycle of rules."""
    told: set[str] = set()
    for item in placed:
        name = item.rule.id
        if name in edges.get(name, ()):
            report.add(
                _speaks(item), say("rules.looks_at_itself", name=name), say("rules.where_rule_or_rule_in", name=name)
            )
        cycle = _cycle(name, edges)
        if cycle and not told & {*cycle}:
            told |= {*cycle}
            shown = " → ".join([*cycle, name])
            report.add(_speaks(item), say("rules.circle_rules", shown=shown), say("rules.where_rule_in_without_one"))


def _conditions(rule: Rule) -> list[str]:
    """Conditions, one of which is satisfied by every warning's event that matters to the rule."""
    found = [_matters(gauge) for gauge in rule.gauges if gauge.kind == _WARNING]
    found += [gauge.awaited or "True" for gauge in rule.gauges if gauge.awaited_kind == _WARNING]
    if rule.scope_fields and rule.gauges[0].kind == _WARNING:
        found.append(rule.record)
    return found


def _speaks(item: Placed) -> Place:
    """Where the rule says what it looks at."""
    given: dict[str, Place] = item.place.value
    return given.get("where", given["on"]) if item.rule.gauges[0].kind == _WARNING else given["measure"]


def _matters(gauge: Gauge) -> str:
    narrower = {
        "elapsed": f"({gauge.hit}) or ({gauge.until})",
        "running": f"({gauge.hit}) or ({gauge.until})",
        "open": gauge.among or gauge.hit,
        "composite": gauge.hit,
    }.get(gauge.measure)
    if narrower is None or gauge.window.kind == "last":  # there, a record matters by pushing another out
        return gauge.member
    return f"({gauge.member}) and ({narrower})"


def _events(rule: Rule) -> list[Json]:
    """What is known of the rule's events, one per level that it has."""
    levels = dict.fromkeys(rung.level for rung in rule.rungs)
    return [{"f_rule": rule.id, "f_row": rule.card.row, "f_level": level} for level in levels]


def _judge(node: ast.expr) -> _Judge:
    if isinstance(node, ast.BoolOp):
        parts, decisive = [_judge(part) for part in node.values], isinstance(node.op, ast.Or)
        return lambda event: _joined((part(event) for part in parts), decisive)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        inner = _judge(node.operand)
        return lambda event: None if (value := inner(event)) is None else not value
    names = {one.id for one in ast.walk(node) if isinstance(one, ast.Name) and one.id.startswith("f_")}
    if names - _KNOWN:
        return lambda event: None  # noqa: ARG005 - a judge takes an event
    code = compile(ast.Expression(node), "<condition>", "eval")
    return lambda event: bool(eval(code, {"__builtins__": {}, **FUNCTIONS}, event))  # noqa: S307 - a checked expression


def _joined(values: Iterable[bool | None], decisive: bool) -> bool | None:
    found = set(values)
    return decisive if decisive in found else None if None in found else not decisive


def _cycle(start: str, edges: Edges) -> list[str]:
    """The shortest way of two or more rules from a rule back to itself; empty if there is none."""
    ways, reached = [[start]], {start}
    for way in ways:  # grows while it is read
        following = edges.get(way[-1], ())
        if len(way) > 1 and start in following:
            return way
        fresh = [name for name in following if name not in reached]
        reached |= {*fresh}
        ways += [[*way, name] for name in fresh]
    return []
