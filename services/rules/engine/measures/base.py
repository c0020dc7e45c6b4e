"""What a measure is to the engine: a few slots of state and the code that keeps them, as source to be compiled in.

The source may use `i` (index of the entry that joins), `j` (index of the one that leaves), `flags`, `columns`, and in
braces the measure's slots, `{hit}` (bit of the gauge's condition), `{x}` (number of the column), `{scale}`,
`{min_records}` and `{min_matching}`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from services.rules.engine.subject import Subject


@dataclass(frozen=True, kw_only=True)
class Measure:
    """One measure. `value` is an expression that is None where there is nothing to measure."""

    name: str
    slots: Mapping[str, int]
    """Slot → what it holds when nothing was seen."""
    add: str
    drop: str
    value: str
    evidence: Callable[[Subject, Mapping[str, Any], int, int, int], list[int]]
    """(subject, slots, member bit, hit bit, end) → indices below `end` of the entries behind the value, oldest
    first. The slots include `lo`: the first index that can be in the window."""
    index_slots: frozenset[str] = field(default_factory=frozenset)
    """Slots that hold an index of an entry (-1: none)."""
    may_rise: bool = True
    """Time alone, by letting records leave the window, can make the value reach a level."""


def members(subject: Subject, slots: Mapping[str, Any], member: int, hit: int, end: int) -> list[int]:
    """Every record of the window."""
    del hit
    flags = subject.flags
    return [i for i in range(slots["lo"], end) if flags[i] & member]


def matching(subject: Subject, slots: Mapping[str, Any], member: int, hit: int, end: int) -> list[int]:
    """The records of the window that satisfy the measure's condition."""
    both = member | hit
    flags = subject.flags
    return [i for i in range(slots["lo"], end) if flags[i] & both == both]
