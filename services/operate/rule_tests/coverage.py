"""What the tests of a rule set have shown: of its rules, of their levels, of a withdrawal and of silence."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from services.operate.rule_tests.running import RuleTestResult
from services.rules.engine.plan import Plan


@dataclass(frozen=True)
class Coverage:
    """Counts, and what is not covered."""

    rules: int
    tested: int
    levels: int
    reached: int
    withdrawn: int
    """Rules of which a warning was withdrawn."""
    silences: dict[str, int]
    """Reason of silence → rules that some test expects it of."""
    untested: tuple[str, ...]
    unreached: tuple[str, ...]
    """`rule level`."""
    never_withdrawn: tuple[str, ...]


def coverage(plan: Plan, results: Iterable[RuleTestResult]) -> Coverage:
    """Of the cases that were run; what failed covers nothing."""
    shown: dict[str, set[str]] = {}
    for result in results:
        if not result.failed:
            shown.setdefault(result.case.rule, set()).update(result.levels | result.silences)
    ids = [rule.id for rule in plan.rules]
    levels = [(rule.id, rung.level) for rule in plan.rules for rung in reversed(rule.rungs) if not rung.step]
    unreached = tuple(f"{rule} {level}" for rule, level in levels if level not in shown.get(rule, ()))
    untested = tuple(rule for rule in ids if rule not in shown)
    kept = tuple(rule for rule in ids if "withdrawn" not in shown.get(rule, ()))
    names = {rung.level for rule in plan.rules for rung in rule.rungs}
    reasons = sorted({name for found in shown.values() for name in found} - names)
    return Coverage(
        rules=len(ids),
        tested=len(ids) - len(untested),
        levels=len(levels),
        reached=len(levels) - len(unreached),
        withdrawn=len(ids) - len(kept),
        silences={name: sum(name in one for one in shown.values()) for name in reasons},
        untested=untested,
        unreached=unreached,
        never_withdrawn=kept,
    )
