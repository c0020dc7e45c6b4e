"""`elapsed`: stages of a limit, by the clock or in service hours, from a record that starts to one that stops.

Its thresholds are percents of the limit; the value is the threshold that was passed. Clocks of several systems differ,
so a stop also counts for a start at the same instant, or soon behind it, if it has stopped nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING

from services.rules.engine.measures.base import Accumulator, Measure, pointed

if TYPE_CHECKING:
    from services.rules.engine.placed import GaugeLayout
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


def _early(slots: Accumulator) -> bool:
    return bool(slots["stopped"] >= 0 and slots["started"] < 0)


_SKEW = 5 * 60_000
"""Milliseconds by which clocks may differ, as at the way in: so long a stop may lie before a later round's start."""

ELAPSED = Measure(
    name="elapsed",
    slots={"start": -1, "limit": None, "service": False, "started": -1, "stopped": -1},
    index_slots=frozenset({"started", "stopped"}),
    # While no clock runs, `stopped` is the newest record that only stops; no limit: it has stopped nothing yet.
    add="""
if f & {until}:
    if f & {hit}:
        {start} = -1
    else:
        {stopped}, {limit}, {start} = i, 0 if {start} >= 0 else None, -1
if f & {hit} and ({start} < 0 or {gauge.restart}):
    early = t - rows[{stopped}] if {stopped} >= 0 else -1
    if early == 0 or early > 0 and {limit} is None and (early <= SKEW or {started} < 0):
        {start}, {limit} = -1, 0
    else:
        {start}, {stopped} = t, -1
        {limit}, {service} = {limit_i}
    {started} = i
""".replace("SKEW", str(_SKEW)),
    waiting="{start} >= 0 and {limit} is not None",
    deadline="{help}({start}, {limit}, {service}, {threshold})",
    evidence=pointed("started", "stopped"),
    busy=_runs,
    early=_early,
    helper=_deadlines,
)
