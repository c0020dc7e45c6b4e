"""`sum` and `mean`: over the records that have a number, exact in whole units or millionths."""

from services.rules.engine.measures.base import Measure, members

SUM = Measure(
    name="sum",
    slots={"n": 0, "total": 0},
    add="{n} += 1; {total} += {x_i}",
    drop="{n} -= 1; {total} -= {x_j}",
    value="None if {n} < {gauge.min_records} else {total} / {gauge.scale}",
    evidence=members,
)

MEAN = Measure(
    name="mean",
    slots={"n": 0, "total": 0},
    add="{n} += 1; {total} += {x_i}",
    drop="{n} -= 1; {total} -= {x_j}",
    value="None if {n} < {gauge.min_records} else {total} / ({n} * {gauge.scale})",
    evidence=members,
)
