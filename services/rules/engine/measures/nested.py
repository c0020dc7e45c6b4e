"""`nested`: for how many values of a field a measure of their records reaches a bound."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from services.rules.engine.measures.base import Accumulator, Measure, before, needs_all, newest
from services.rules.engine.subject import COLUMNS

if TYPE_CHECKING:
    from services.rules.engine.placed import GaugeLayout
    from services.rules.engine.plan import Plan
    from services.rules.engine.subject import Subject

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "at_least": operator.ge,
    "above": operator.gt,
    "at_most": operator.le,
    "below": operator.lt,
}
Groups = dict[Any, tuple[int, int]]
"""Value of the field → (records, their sum or how many of them satisfy the condition)."""


class _Groups:
    def __init__(self, placed: GaugeLayout, plan: Plan | None = None) -> None:
        del plan
        gauge = placed.gauge
        assert gauge.inner is not None
        self.inner, self.compare, self.bound = gauge.inner, _COMPARE[gauge.inner_compare], gauge.inner_bound

    def reached(self, n: int, a: int) -> bool:
        inner = self.inner
        if n < max(inner.min_records, 1) or (inner.measure == "share" and a < inner.min_matching):
            return False
        if inner.measure == "count":
            return a > 0 and self.compare(a, self.bound)
        if inner.measure == "share":
            return self.compare(100 * a / n, self.bound)
        return self.compare(a / (inner.scale * (n if inner.measure == "mean" else 1)), self.bound)

    def moves(self, groups: Groups | None, hits: int, group: Any, x: Any, sign: int, *, hit: int) -> tuple[Groups, int]:
        """A record of the group joins (sign 1) or leaves (−1)."""
        groups = {} if groups is None else groups
        n, a = groups.get(group, (0, 0))
        part = x if self.inner.number is not None else bool(hit)
        now = (n + sign, a + sign * part)
        if now[0]:
            groups[group] = now
        else:
            del groups[group]
        return groups, hits - self.reached(n, a) + self.reached(*now)


def _of_those(s: Subject, slots: Accumulator, gauge: GaugeLayout, end: int) -> list[int]:
    if not slots["hits"]:
        return []
    test, g = _Groups(gauge), COLUMNS + gauge.g
    counted = {group for group, (n, a) in slots["groups"].items() if test.reached(n, a)}
    matching = before(s, gauge, slots["lo"], end, gauge.member | gauge.hit)
    return newest(i for i in matching if s.rows[i + g] in counted)


NESTED = Measure(
    name="nested",
    slots={"groups": None, "hits": 0},
    dict_slots=frozenset({"groups"}),
    add="{groups}, {hits} = {help}.moves({groups}, {hits}, {g_i}, {x_i}, 1, hit=f & {hit})",
    drop="{groups}, {hits} = {help}.moves({groups}, {hits}, {g_j}, {x_j}, -1, hit=rows[j + 2] & {hit})",
    value="{hits} or None",
    evidence=_of_those,
    needs=needs_all,  # which values count may change
    helper=_Groups,
)
