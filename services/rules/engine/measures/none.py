"""`none`: whole calendar periods, one after the other, that had a record but nothing of what must not be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.messages import FOREVER
from services.rules.engine.measures.base import Accumulator, Measure, pointed

if TYPE_CHECKING:
    from services.rules.engine.placed import GaugeLayout
    from services.rules.engine.plan import Period, Plan
    from services.rules.engine.subject import Subject


def _period(placed: GaugeLayout, plan: Plan) -> Period:
    return plan.periods[placed.gauge.window.period]


def _needs(s: Subject, slots: Accumulator, gauge: GaugeLayout, end: int) -> int:
    """Nothing but what the slots point to."""
    del s, slots, gauge
    return end


NONE = Measure(
    name="none",
    slots={"run": 0, "seen": 0, "bad": 0, "inside": 0, "end": -1, "newest": -1, "shown": -1, "next": FOREVER},
    index_slots=frozenset({"newest", "shown"}),
    before="""
if t >= {end}:
    if {seen}: {run} = 0 if {bad} else {run} + 1
    if {inside}: {shown} = {newest}
    {seen} = {bad} = 0
    {inside}, {end} = {help}(t)
""",
    add="""
if f & {expecting}: {newest}, {seen} = i, {inside}
if {inside} and f & {awaited}: {bad} = 1
""",
    ready="{next} = {end} if {seen} else FOREVER",
    value="{run} or None",
    evidence=pointed("shown"),
    own_window=True,
    remembers=True,
    needs=_needs,
    helper=_period,
)
