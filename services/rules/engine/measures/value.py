"""`value`: a number of the newest record in the window."""

from __future__ import annotations

from services.rules.engine.measures.base import Measure, Slots, pointed


def _needs(slots: Slots, end: int) -> int:
    return slots["newest"] if slots["newest"] >= 0 else end


VALUE = Measure(
    name="value",
    slots={"newest": -1},
    index_slots=frozenset({"newest"}),
    add="{newest} = i",
    drop="if {newest} == j: {newest} = -1",
    value="None if {newest} < 0 else rows[{newest} + {x}]",
    evidence=pointed("newest"),
    may_rise=False,
    remembers=True,
    needs=_needs,
)
