"""`value`: a number of the newest record in the window."""

from services.rules.engine.measures.base import Measure, pointed

VALUE = Measure(
    name="value",
    slots={"latest": -1},
    index_slots=frozenset({"latest"}),
    add="{latest} = i",
    drop="if {latest} == j: {latest} = -1",
    value="None if {latest} < 0 else rows[{latest} + {x}]",
    evidence=pointed("latest"),
    may_rise=False,
    remembers=True,
)
