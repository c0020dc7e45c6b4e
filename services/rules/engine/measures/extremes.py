"""`min` and `max`: the least and the greatest number of the window, as they are."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from services.rules.engine.measures.base import Measure, before, pointed
from services.rules.engine.subject import COLUMNS, Subject

if TYPE_CHECKING:
    from services.rules.engine.placed import GaugeLayout
    from services.rules.engine.plan import Plan

_UNKNOWN = -2
"""The deciding record has left the window."""


def _searching(best: Callable[..., int]) -> Callable[[GaugeLayout, Plan], Callable[..., int]]:
    """What finds the best record of the window, of equal ones the newest."""

    def helper(gauge: GaugeLayout, plan: Plan) -> Callable[..., int]:
        del plan
        x = COLUMNS + gauge.x

        def search(s: Subject, lo: int, end: int) -> int:
            return best(before(s, gauge, lo, end, gauge.member), key=lambda k: s.rows[k + x], default=-1)

        return search

    return helper


def _extreme(name: str, compare: str, best: Callable[..., int], *, may_rise: bool) -> Measure:
    return Measure(
        name=name,
        slots={"best": -1},
        index_slots=frozenset({"best"}),
        add=f"if {{best}} == -1 or ({{best}} >= 0 and {{x_i}} {compare} rows[{{best}} + {{x}}]): {{best}} = i",
        drop=f"if {{best}} == j: {{best}} = {_UNKNOWN}",
        ready=f"if {{best}} == {_UNKNOWN}: {{best}} = {{help}}(s, {{lo}}, i + {{stride}})",
        value="None if {best} < 0 else rows[{best} + {x}]",
        evidence=pointed("best"),
        may_rise=may_rise,
        helper=_searching(best),
    )


MIN = _extreme("min", "<=", min, may_rise=True)
MAX = _extreme("max", ">=", max, may_rise=False)
