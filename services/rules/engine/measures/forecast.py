"""`forecast`: what a sum will be at the end of the calendar period, at the pace of the teaching days so far."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.messages import FOREVER
from services.rules.engine.measures.base import MOST_EVIDENCE, Measure, Slots
from services.rules.engine.subject import COLUMNS, FLAGS

if TYPE_CHECKING:
    from services.rules.engine.layout import GaugeLayout
    from services.rules.engine.plan import Gauge, Plan
    from services.rules.engine.subject import Subject

_MILLIONTHS = 1_000_000


class _Pace:
    def __init__(self, gauge: Gauge, plan: Plan) -> None:
        self.gauge, self.times = gauge, plan.times
        self.scale = 1 if gauge.whole else _MILLIONTHS

    def day_end(self, t: int) -> int:
        return self.times.day_end(t)

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
        too_little = self.gauge.min_sum is not None and total < self.gauge.min_sum * self.scale
        if too_little or days < self.gauge.min_days:
            return None, FOREVER, FOREVER
        if not so_far:
            return None, FOREVER, after
        value = total * self.times.teaching_days(begin, end) / (so_far * self.scale)
        return value, after, after if total < 0 else FOREVER


def _not_zero(s: Subject, slots: Slots, gauge: GaugeLayout, end: int) -> list[int]:
    rows, found = s.rows, []
    for i in range(end - gauge.stride, slots["lo"] - 1, -gauge.stride):
        if rows[i + FLAGS] & gauge.member and rows[i + COLUMNS + gauge.x]:
            found.append(i)
            if len(found) == MOST_EVIDENCE:
                break
    return found[::-1]


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
    evidence=_not_zero,
    may_rise=False,
    helper=_Pace,
)
