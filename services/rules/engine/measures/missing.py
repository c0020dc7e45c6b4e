"""`missing`: something expected did not come in time.

Its thresholds are durations after a date-time of the record that expects; the value is the threshold that was passed,
in minutes.
"""

from __future__ import annotations

from services.rules.engine.measures.base import Accumulator, Measure, pointed


def _awaits(slots: Accumulator) -> bool:
    return bool(slots["anchor"] >= 0 and slots["come"] < 0)


def _early(slots: Accumulator) -> bool:
    return bool(slots["come"] >= 0 and slots["expects"] < 0)


MISSING = Measure(
    name="missing",
    slots={"anchor": -1, "expects": -1, "come": -1},
    index_slots=frozenset({"expects", "come"}),
    add="""
if f & {awaited} and {come} < 0: {come} = i
if f & {expecting}:
    {expects} = i
    x = {x_i}
    {anchor} = -1 if x is None else x
""",
    waiting="{anchor} >= 0 and {come} < 0",
    deadline="{anchor} + int({threshold} * 60000)",
    evidence=pointed("expects", "come"),
    busy=_awaits,
    early=_early,
)
