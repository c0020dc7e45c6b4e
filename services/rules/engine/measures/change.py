"""`change`: the mean of the newest records against the mean of the subject's own records before them; exact."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from services.rules.engine.measures.base import Accumulator, Measure, before, newest
from services.rules.engine.subject import COLUMNS

if TYPE_CHECKING:
    from services.rules.engine.placed import GaugeLayout
    from services.rules.engine.plan import Plan
    from services.rules.engine.subject import Subject


def _compared(s: Subject, gauge: GaugeLayout, lo: int, end: int) -> list[int]:
    """The records of both means, oldest first."""
    return newest(before(s, gauge, lo, end, gauge.member), gauge.gauge.newest + gauge.gauge.before)


def _comparing(placed: GaugeLayout, plan: Plan) -> Callable[..., float | None]:
    del plan
    gauge, x = placed.gauge, COLUMNS + placed.x
    last, least = gauge.newest, gauge.newest + max(gauge.min_before, 1)

    def compare(s: Subject, lo: int, end: int) -> float | None:
        numbers = [s.rows[k + x] for k in _compared(s, placed, lo, end)]
        if len(numbers) < least:
            return None
        new, old, m = sum(numbers[-last:]), sum(numbers[:-last]), len(numbers) - last
        return float((new * m - old * last) / (last * m * gauge.scale))

    return compare


def _both_means(s: Subject, slots: Accumulator, gauge: GaugeLayout, end: int) -> list[int]:
    return _compared(s, gauge, slots["lo"], end)


def _needs(s: Subject, slots: Accumulator, gauge: GaugeLayout, end: int) -> int:
    if gauge.gauge.window.kind in ("within", "last"):
        return int(slots["lo"])
    return min(_compared(s, gauge, slots["lo"], end), default=end)


CHANGE = Measure(
    name="change",
    slots={"now": None, "moved": 0},
    add="{moved} = 1",
    drop="{moved} = 1",
    ready="""
if {moved}:
    {now} = {help}(s, {lo}, i + {stride})
    {moved} = 0
""",
    value="{now}",
    evidence=_both_means,
    remembers=True,
    needs=_needs,
    helper=_comparing,
)
