"""`forecast`: what a sum will be at the end of the calendar period, at the pace of the teaching days so far."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.messages import FOREVER
from services.rules.engine.measures.base import Accumulator, Measure, before, newest
from services.rules.engine.subject import COLUMNS

if TYPE_CHECKING:
    from services.rules.engine.placed import GaugeLayout
    from services.rules.engine.plan import Plan
    from services.rules.engine.subject import Subject


class _Pace:
    def __init__(self, placed: GaugeLayout, plan: Plan) -> None:
        self.gauge, self.times = placed.gauge, plan.times

    def day_end(self, t: int) -> int:
        return self.times.day_end(t)

    def so_far(self, total: int) -> float:
        return total / self.gauge.scale

    def value(self, t: int, n: int, total: int, days: int) -> tuple[float | None, int, int]:
        """(value, when it may fall, when it may rise) by time alone."""
        bounds = self.times.bounds(self.gauge.window.period, t) if n else None
        if bounds is None:
            return None, FOREVER, FOREVER
        begin, end = bounds
        tomorrow = self.times.day_end(t)
        after = tomorrow if tomorrow < end else FOREVER
        start = self.times.teaching_week(begin, self.gauge.from_week) if self.gauge.from_week else begin
        if t < start:
            return None, FOREVER, start if start < end else FOREVER
        so_far = self.times.teaching_days(begin, tomorrow)
        too_little = self.gauge.min_sum is not None and total < self.gauge.min_sum * self.gauge.scale
        if too_little or days < self.gauge.min_days:
            return None, FOREVER, FOREVER
        if not so_far:
            return None, FOREVER, after
        value = total * self.times.teaching_days(begin, end) / (so_far * self.gauge.scale)
        return value, after, after if total < 0 else FOREVER


def _not_zero(s: Subject, slots: Accumulator, gauge: GaugeLayout, end: int) -> list[int]:
    x = COLUMNS + gauge.x
    return newest(i for i in before(s, gauge, slots["lo"], end, gauge.member) if s.rows[i + x])


FORECAST = Measure(
    name="forecast",
    slots={"n": 0, "total": 0, "days": 0, "day": -1, "now": None, "next": FOREVER, "awake": FOREVER},
    add="""
{n} += 1
{total} += {x_i}
if {x_i} and t >= {day}:
    {days} += 1
    {day} = {help}.day_end(t)
""",
    ready="{now}, {next}, {awake} = {help}.value(t, {n}, {total}, {days})",
    value="{now}",
    already="{help}.so_far({total})",
    evidence=_not_zero,
    may_rise=False,
    helper=_Pace,
)
