"""`value`: a number of the newest record in the window."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.rules.engine.measures.base import Measure
from services.rules.engine.subject import Subject


def _newest(subject: Subject, slots: Mapping[str, Any], member: int, hit: int, end: int) -> list[int]:
    del subject, member, hit, end
    return [slots["newest"]] if slots["newest"] >= 0 else []


VALUE = Measure(
    name="value",
    slots={"newest": -1},
    index_slots=frozenset({"newest"}),
    add="{newest} = i",
    drop="if {newest} == j: {newest} = -1",
    value="None if {newest} < 0 else columns[{x}][{newest}]",
    evidence=_newest,
    may_rise=False,
)
