"""`min` and `max`: the least and the greatest number of the window, as they are."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from services.rules.engine.measures.base import Measure, pointed
from services.rules.engine.subject import FLAGS

if TYPE_CHECKING:
    from services.rules.engine.plan import Gauge, Plan

_UNKNOWN = -2
"""The deciding record has left the window."""


def _searching(wins: Callable[[Any, Any], bool]) -> Callable[[Gauge, Plan], Callable[..., int]]:
    def search(rows: list[Any], lo: int, i: int, member: int, x: int, stride: int) -> int:
        best = -1
        for k in range(lo, i + 1, stride):
            if rows[k + FLAGS] & member and (best < 0 or wins(rows[k + x], rows[best + x])):
                best = k
        return best

    return lambda *_: search


def _extreme(name: str, compare: str, wins: Callable[[Any, Any], bool], *, may_rise: bool) -> Measure:
    return Measure(
        name=name,
        slots={"best": -1},
        index_slots=frozenset({"best"}),
        add=f"if {{best}} == -1 or ({{best}} >= 0 and {{x_i}} {compare} rows[{{best}} + {{x}}]): {{best}} = i",
        drop=f"if {{best}} == j: {{best}} = {_UNKNOWN}",
        ready=f"if {{best}} == {_UNKNOWN}: {{best}} = {{help}}(rows, {{lo}}, i, {{member}}, {{x}}, {{stride}})",
        value="None if {best} < 0 else rows[{best} + {x}]",
        evidence=pointed("best"),
        may_rise=may_rise,
        helper=_searching(wins),
    )


MIN = _extreme("min", "<=", lambda a, b: a <= b, may_rise=True)
MAX = _extreme("max", ">=", lambda a, b: a >= b, may_rise=False)
