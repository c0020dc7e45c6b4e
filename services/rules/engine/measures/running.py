"""`running`: 1 while a clock runs, from a record that starts it to one that stops it, and 0 once it has stopped."""

from __future__ import annotations

from services.rules.engine.measures.base import Measure
from services.rules.engine.measures.elapsed import ELAPSED

RUNNING = Measure(
    name="running",
    slots=ELAPSED.slots,
    index_slots=ELAPSED.index_slots,
    add=ELAPSED.add,
    value="None if {started} < 0 else int({start} >= 0)",
    evidence=ELAPSED.evidence,
    may_rise=False,
    busy=ELAPSED.busy,
    early=ELAPSED.early,
)
