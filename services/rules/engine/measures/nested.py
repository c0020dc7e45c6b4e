"""`nested`: for how many values of a field a measure of their records reaches a bound."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from services.rules.engine.measures.base import MOST_EVIDENCE, Measure, Slots
from services.rules.engine.subject import COLUMNS, FLAGS

if TYPE_CHECKING:
    from services.rules.engine.layout import GaugeLayout
    from services.rules.engine.plan import Gauge, Plan
    from services.rules.engine.subject import Subject

_MILLIONTHS = 1_000_000
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "at_least": operator.ge, "above": operator.gt, "at_most": operator.le, "below": operator.lt,
}  # fmt: skip
Groups = dict[Any, tuple[int, int]]
"""Value of the field → (records, their sum or how many of them satisfy the condition)."""


class _Groups:
    def __init__(self, gauge: Gauge, plan: Plan | None = None) -> None:
        del plan
        inner = gauge.inner
        assert inner is not None
        self.inner, self.compare, self.bound = inner, _COMPARE[gauge.inner_compare], gauge.inner_bound
        self.scale = 1 if inner.whole else _MILLIONTHS

    def reached(self, n: int, a: int) -> bool:
        inner = self.inner
        if n < max(inner.min_records, 1) or (inner.measure == "share" and a < inner.min_matching):
            return False
        if inner.measure == "count":
            return a > 0 and self.compare(a, self.bound)
        if inner.measure == "share":
            return self.compare(100 * a / n, self.bound)
        return self.compare(a / (self.scale * (n if inner.measure == "mean" else 1)), self.bound)

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


def _of_those(s: Subject, slots: Slots, gauge: GaugeLayout, end: int) -> list[int]:
    if not slots["hits"]:
        return []
    test, rows, found = _Groups(gauge.gauge), s.rows, []
    counted = {group for group, (n, a) in slots["groups"].items() if test.reached(n, a)}
    bits = gauge.member | gauge.hit
    for i in range(end - gauge.stride, slots["lo"] - 1, -gauge.stride):
        if rows[i + FLAGS] & bits == bits and rows[i + COLUMNS + gauge.g] in counted:
            found.append(i)
            if len(found) == MOST_EVIDENCE:
                break
    return found[::-1]


def _needs(s: Subject, slots: Slots, gauge: GaugeLayout, end: int) -> int:
    """Which values count may change, so every record may come to be evidence."""
    del s, end
    return int(slots["lo"]) if gauge.gauge.window.kind != "all" else 0


NESTED = Measure(
    name="nested",
    slots={"groups": None, "hits": 0},
    dict_slots=frozenset({"groups"}),
    add="{groups}, {hits} = {help}.moves({groups}, {hits}, {g_i}, {x_i}, 1, hit=f & {hit})",
    drop="{groups}, {hits} = {help}.moves({groups}, {hits}, {g_j}, {x_j}, -1, hit=rows[j + 2] & {hit})",
    value="{hits} or None",
    evidence=_of_those,
    needs=_needs,
    helper=_Groups,
)
