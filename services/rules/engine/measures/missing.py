"""`missing`: something expected did not come in time.

Its thresholds are durations after a date-time of the record that expects; the value is the threshold that was passed,
in minutes (`generate.py` lays out the deadlines).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.rules.engine.measures.base import Measure
from services.rules.engine.subject import Subject


def _expected_and_come(subject: Subject, slots: Mapping[str, Any], member: int, hit: int, end: int) -> list[int]:
    del subject, member, hit, end
    return sorted(i for i in (slots["expects"], slots["come"]) if i >= 0)


MISSING = Measure(
    name="missing",
    slots={"anchor": -1, "expects": -1, "come": -1},
    index_slots=frozenset({"expects", "come"}),
    add="""
if f & {awaited} and {come} < 0: {come} = i
if f & {expecting}:
    {expects} = i
    x = columns[{x}][i]
    {anchor} = -1 if x is None else x
""",
    drop="pass",
    value="",
    evidence=_expected_and_come,
)
