"""`value`: a number of the newest record in the window."""

from services.rules.engine.measures.base import Measure, pointed

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
)
