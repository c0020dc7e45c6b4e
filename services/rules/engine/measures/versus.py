"""`ratio` and `difference`: of two sums, or of a sum and a figure of the newest record that has one; exact."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from services.rules.engine.measures.base import Measure, members

if TYPE_CHECKING:
    from services.rules.engine.plan import Gauge, Plan

_MILLIONTHS = 1_000_000
_SLOTS = {"n": 0, "a": 0, "b": 0, "p": -1, "q": -1}
"""Records, the two sums, and the newest records with a figure."""
_ADD = """
{n} += 1
if {x_i} is not None:
    if {x_figure}: {p} = i
    else: {a} += {x_i}
if {y_i} is not None:
    if {y_figure}: {q} = i
    else: {b} += {y_i}
"""
_DROP = """
{n} -= 1
if {x_j} is not None:
    if {x_figure}: {p} = {p} if {p} != j else -1
    else: {a} -= {x_j}
if {y_j} is not None:
    if {y_figure}: {q} = {q} if {q} != j else -1
    else: {b} -= {y_j}
"""
_A = "{a} if not {x_figure} else rows[{p} + {x}] if {p} >= 0 else None"
_B = "{b} if not {y_figure} else rows[{q} + {y}] if {q} >= 0 else None"

Value = Callable[[int, int | None, int | None], float | None]


def _scales(gauge: Gauge) -> tuple[int, int]:
    return 1 if gauge.whole else _MILLIONTHS, 1 if gauge.other_whole else _MILLIONTHS


def _ratio(gauge: Gauge, plan: Plan) -> Value:
    del plan
    (p, q), least = _scales(gauge), gauge.min_records

    def value(n: int, a: int | None, b: int | None) -> float | None:
        return None if n < max(least, 1) or a is None or not b else 100 * a * q / (b * p)

    return value


def _difference(gauge: Gauge, plan: Plan) -> Value:
    del plan
    (p, q), least = _scales(gauge), gauge.min_records

    def value(n: int, a: int | None, b: int | None) -> float | None:
        return None if n < max(least, 1) or a is None or b is None else (a * q - b * p) / (p * q)

    return value


def _versus(name: str, helper: Callable[[Gauge, Plan], Value]) -> Measure:
    return Measure(
        name=name, slots=_SLOTS, index_slots=frozenset({"p", "q"}), add=_ADD, drop=_DROP,
        value=f"{{help}}({{n}}, {_A}, {_B})", evidence=members, remembers=True, helper=helper,
    )  # fmt: skip


RATIO = _versus("ratio", _ratio)
DIFFERENCE = _versus("difference", _difference)
