"""`ratio` and `difference`: of two sums, or of a sum and a figure of the newest record that has one; exact."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from services.rules.engine.measures.base import Measure, members
from services.rules.engine.subject import COLUMNS

if TYPE_CHECKING:
    from services.rules.engine.placed import GaugeLayout
    from services.rules.engine.plan import Gauge, Plan

_SLOTS = {"n": 0, "a": 0, "b": 0, "p": -1, "q": -1}
"""Records, the two sums, and the newest records with a figure."""
_ADD = """
{n} += 1
if {x_i} is not None:
    if {x_figure}:
        {p} = i
    else:
        {a} += {x_i}
if {y_i} is not None:
    if {y_figure}:
        {q} = i
    else:
        {b} += {y_i}
"""
_DROP = """
{n} -= 1
if {x_j} is not None:
    if {x_figure}:
        if {p} == j: {p} = -1
    else:
        {a} -= {x_j}
if {y_j} is not None:
    if {y_figure}:
        if {q} == j: {q} = -1
    else:
        {b} -= {y_j}
"""
Value = Callable[[int, int | None, int | None], float | None]
"""(records, first number, second number), both in their scales."""


def _ratio(gauge: Gauge) -> Value:
    least = None if gauge.min_sum is None else Fraction(gauge.min_sum) * gauge.other_scale

    def value(n: int, a: int | None, b: int | None) -> float | None:
        if n < max(gauge.min_records, 1) or a is None or not b or (least is not None and b < least):
            return None
        return 100 * a * gauge.other_scale / (b * gauge.scale)

    return value


def _difference(gauge: Gauge) -> Value:
    def value(n: int, a: int | None, b: int | None) -> float | None:
        if n < max(gauge.min_records, 1) or a is None or b is None:
            return None
        return (a * gauge.other_scale - b * gauge.scale) / (gauge.scale * gauge.other_scale)

    return value


def _versus(name: str, comparing: Callable[[Gauge], Value]) -> Measure:
    def helper(placed: GaugeLayout, plan: Plan) -> Callable[..., float | None]:
        del plan
        value, (x_figure, y_figure) = comparing(placed.gauge), placed.gauge.figures
        x, y = COLUMNS + placed.x, COLUMNS + placed.y

        def compare(rows: list[Any], n: int, a: int, b: int, p: int, q: int) -> float | None:
            first = a if not x_figure else rows[p + x] if p >= 0 else None
            second = b if not y_figure else rows[q + y] if q >= 0 else None
            return value(n, first, second)

        return compare

    return Measure(
        name=name,
        slots=_SLOTS,
        index_slots=frozenset({"p", "q"}),
        add=_ADD,
        drop=_DROP,
        value="{help}(rows, {n}, {a}, {b}, {p}, {q})",
        evidence=members,
        remembers=True,
        helper=helper,
    )


RATIO = _versus("ratio", _ratio)
DIFFERENCE = _versus("difference", _difference)
