"""`elapsed`: stages of a limit, by the clock or in service hours, from a record that starts to one that stops.

Its thresholds are percents of the limit; the value is the threshold that was passed.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING

from services.rules.engine.measures.base import Accumulator, Measure, pointed

if TYPE_CHECKING:
    from services.rules.engine.layout import GaugeLayout
    from services.rules.engine.plan import Plan

_KNOWN = 4096
"""Deadlines that are remembered: service hours are dear, and a ticket asks for the same ones at each of its steps."""


def _deadlines(gauge: GaugeLayout, plan: Plan) -> Callable[[int, int, bool, float], int]:
    """(start, limit in millionths of a minute, in service hours, percent) → the deadline, to the millisecond below."""
    del gauge
    after = plan.times.after

    @lru_cache(_KNOWN)
    def deadline(start: int, limit: int, service: bool, percent: float) -> int:
        passed = max(int(Fraction(percent) * limit * 6 / 10_000), 0)
        return after(start, passed) if service else start + passed

    return deadline


def _runs(slots: Accumulator) -> bool:
    return bool(slots["start"] >= 0)


ELAPSED = Measure(
    name="elapsed",
    slots={"start": -1, "limit": None, "service": False, "started": -1, "stopped": -1},
    index_slots=frozenset({"started", "stopped"}),
    add="""
if f & {until} and {start} >= 0:
    {start} = -1
    {stopped} = i
if f & {hit} and ({start} < 0 or {gauge.restart}):
    {start}, {started}, {stopped} = t, i, -1
    {limit}, {service} = {limit_i}
""",
    waiting="{start} >= 0 and {limit} is not None",
    deadline="{help}({start}, {limit}, {service}, {threshold})",
    evidence=pointed("started", "stopped"),
    busy=_runs,
    helper=_deadlines,
)
