"""What a measure is to the engine: a few slots of state and the code that keeps them, as source to be compiled in.

The source may use `t` (the instant), `i` (index of the entry that joins), `j` (index of the one that leaves), `f`
(conditions that the joining entry satisfies), `rows`, and in braces the measure's slots, `{hit}`, `{until}`,
`{among}`, `{awaited}`, `{expecting}` (bits of the gauge's conditions), `{x_i}`, `{x_j}`, `{y_i}` … `{g_i}` … (number,
other number and group of the entry at `i` or `j`), `{stride}`, the numbers of the gauge such as `{min_records}` and
`{scale}`, and `{help}`, a function of the measure's own (`helper`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any

from services.rules.engine.subject import COLUMNS, FLAGS, Subject

if TYPE_CHECKING:
    from services.rules.engine.layout import GaugeLayout
    from services.rules.engine.plan import Gauge, Plan

Slots = Mapping[str, Any]
Evidence = Callable[[Subject, Slots, "GaugeLayout", int], list[int]]
"""(subject, values of the slots, gauge, end) → indices below `end` of the entries behind the value, oldest first, the
newest `MOST_EVIDENCE` are enough. The slots include `lo`: the first index that can be in the window."""
MOST_EVIDENCE = 50


Needs = Callable[[Subject, Slots, "GaugeLayout", int], int]
"""(subject, values of the slots, gauge, end) → the first index below `end` that is needed."""


@dataclass(frozen=True, kw_only=True)
class Measure:
    """One measure. `value` is an expression that is None where there is nothing to measure."""

    name: str
    slots: Mapping[str, Any]
    """Slot → what it holds when nothing was seen. `next` is an instant at which time alone changes the value, `awake`
    one that counts also where time can only take a level away."""
    before: str = ""
    """Run before the entry joins, also if only time passed."""
    add: str
    drop: str = "pass"
    ready: str = ""
    """Run after the window has moved and before the value is taken."""
    value: str = "None"
    evidence: Evidence
    index_slots: frozenset[str] = field(default_factory=frozenset)
    """Slots that hold an index of an entry (-1: none)."""
    dict_slots: frozenset[str] = field(default_factory=frozenset)
    """Slots that hold a dict of immutable values, or None: copied for a checkpoint."""
    may_rise: bool = True
    """Time alone, by letting records leave the window, can make the value reach a level."""
    own_window: bool = False
    """The measure keeps its calendar window itself."""
    remembers: bool = False
    """Over the whole life, records count for a year in a subject that is silent."""
    waiting: str = ""
    """Of a measure whose thresholds are deadlines: the condition under which they run …"""
    deadline: str = ""
    """… and the last instant at which the level of `{threshold}` does not hold yet."""
    busy: Callable[[Slots], bool] | None = None
    """Something is awaited: the subject may not be forgotten."""
    early: Callable[[Slots], bool] | None = None
    """Something has come that will count later: it is remembered for a year."""
    needs: Needs | None = None
    """Over the whole life: where the entries begin that are still needed; without it, with the evidence."""
    helper: Callable[[Gauge, Plan], Any] | None = None
    """Makes what the source calls `{help}`."""


def newest(s: Subject, stride: int, lo: int, end: int, bits: int) -> list[int]:
    """The newest entries in a range that satisfy all of the conditions, oldest first."""
    rows, found = s.rows, []
    for i in range(end - stride, lo - 1, -stride):
        if rows[i + FLAGS] & bits == bits:
            found.append(i)
            if len(found) == MOST_EVIDENCE:
                break
    return found[::-1]


def newest_of(s: Subject, gauge: GaugeLayout, things: set[str], lo: int, end: int) -> Iterator[int]:
    """The newest entry in a range of each of the things that the gauge's number names, newest first."""
    left, rows = set(things), s.rows
    for i in range(end - gauge.stride, lo - 1, -gauge.stride):
        if not left:
            return
        if rows[i + FLAGS] & gauge.member and rows[i + COLUMNS + gauge.x] in left:
            left.remove(rows[i + COLUMNS + gauge.x])
            yield i


def states_evidence(s: Subject, slots: Slots, gauge: GaugeLayout, end: int, things: set[str]) -> list[int]:
    """The newest record of each thing, oldest first."""
    return [*islice(newest_of(s, gauge, things, slots["lo"], end), MOST_EVIDENCE)][::-1]


def states_needs(s: Subject, slots: Slots, gauge: GaugeLayout, end: int, things: set[str]) -> int:
    """Fewer may come to count than now, so the newest record of every one may come to be evidence."""
    if gauge.gauge.window.kind != "all":
        return int(slots["lo"])
    return min(newest_of(s, gauge, things, 0, end), default=end)


def members(s: Subject, slots: Slots, gauge: GaugeLayout, end: int) -> list[int]:
    """Every record of the window."""
    return newest(s, gauge.stride, slots["lo"], end, gauge.member)


def matching(s: Subject, slots: Slots, gauge: GaugeLayout, end: int) -> list[int]:
    """The records of the window that satisfy the measure's condition."""
    return newest(s, gauge.stride, slots["lo"], end, gauge.member | gauge.hit)


def pointed(*names: str) -> Evidence:
    """The entries that these slots point to."""

    def evidence(s: Subject, slots: Slots, gauge: GaugeLayout, end: int) -> list[int]:
        del s, gauge, end
        return sorted([slots[name] for name in names if slots[name] >= 0])

    return evidence
