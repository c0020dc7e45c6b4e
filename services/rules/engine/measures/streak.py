"""`streak`: length of the unbroken run of records that satisfy the condition, ending at the newest one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.rules.engine.measures.base import Accumulator, Measure, before, newest

if TYPE_CHECKING:
    from services.rules.engine.placed import GaugeLayout
    from services.rules.engine.subject import Subject


def _run(s: Subject, slots: Accumulator, gauge: GaugeLayout, end: int) -> list[int]:
    if not slots["length"]:
        return []
    return newest(before(s, gauge, max(slots["lo"], slots["begin"]), end, gauge.member | gauge.hit))


STREAK = Measure(
    name="streak",
    slots={"n": 0, "length": 0, "begin": -1},
    index_slots=frozenset({"begin"}),
    add="""
{n} += 1
if f & {hit}:
    if not {length}: {begin} = i
    {length} += 1
else:
    {length} = 0
""",
    drop="""
{n} -= 1
if {length} and j >= {begin}: {length} -= 1
""",
    value="{length} if {n} else None",
    evidence=_run,
    may_rise=False,
    remembers=True,
)
