"""`streak`: length of the unbroken run of records that satisfy the condition, ending at the newest one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.rules.engine.measures.base import Measure
from services.rules.engine.subject import Subject


def _run(subject: Subject, slots: Mapping[str, Any], member: int, hit: int, end: int) -> list[int]:
    if not slots["length"]:
        return []
    both = member | hit
    flags = subject.flags
    begin = max(slots["lo"], slots["begin"])
    return [i for i in range(begin, end) if flags[i] & both == both]


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
)
