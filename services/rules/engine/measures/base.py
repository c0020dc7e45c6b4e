"""What a measure is to the engine: a few slots of state and the code that keeps them, as source to be compiled in.

The source may use `t` (the instant), `i` (index of the entry that joins), `j` (index of the one that leaves), `f`
(conditions that the joining entry satisfies), `rows`, and in braces the measure's slots and the names of `GIVEN`. A
test of constants alone, or of bits that the joining entry has never or always, is decided when the source is made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any

from services.rules.engine.subject import COLUMNS, FLAGS, Subject

if TYPE_CHECKING:
    from services.rules.engine.placed import GaugeLayout
    from services.rules.engine.plan import Plan

Accumulator = Mapping[str, Any]
Evidence = Callable[[Subject, Accumulator, "GaugeLayout", int], list[int]]
"""(subject, values of the slots, gauge, end) → indices below `end` of the entries behind the value, oldest first, the
newest `MOST_EVIDENCE` are enough. The slots include `lo`: the first index that can be in the window."""
MOST_EVIDENCE = 50
GIVEN = frozenset(
    {"gauge", "help", "stride", "limit_i", "x_figure", "y_figure", "threshold"}
    | {"lo", "size", "end", "inside", "guarded"}
    | {"hit", "until", "among", "awaited", "expecting"}
    | {"x", "y", "g", "x_i", "y_i", "g_i", "x_j", "y_j", "g_j"}
)
"""What source may name in braces beside the measure's slots, none of which can have such a name.

`gauge` is the gauge, for its numbers, and `help` what the measure's `helper` made. `hit`, `until`, `among`, `awaited`
and `expecting` are bits of the gauge's conditions. `x`, `y` and `g` are the columns of its number, other number and
group; with `_i` or `_j` they are the values at those entries. `limit_i` is the limit that the joining entry sets,
`x_figure` says whether a number is a figure. `lo` to `guarded` are slots of the window; `threshold` is the level's.
"""
_WINDOW_SLOTS = frozenset({"end", "inside"})
"""A measure that keeps its window itself may have them."""
Needs = Callable[[Subject, Accumulator, "GaugeLayout", int], int]
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
    already: str = ""
    """Of what is still to come: an expression of how much of it there is by now. Where that alone reaches a threshold
    of `at_least` or `above`, there is nothing left to foretell, and its level does not hold."""
    evidence: Evidence
    index_slots: frozenset[str] = field(default_factory=frozenset)
    """Accumulator that hold an index of an entry (-1: none)."""
    dict_slots: frozenset[str] = field(default_factory=frozenset)
    """Accumulator that hold a dict of immutable values, or None: copied for a checkpoint."""
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
    busy: Callable[[Accumulator], bool] | None = None
    """Something is awaited: the subject may not be forgotten."""
    early: Callable[[Accumulator], bool] | None = None
    """Something has come that will count later: it is remembered for a year."""
    needs: Needs | None = None
    """Over the whole life: where the entries begin that are still needed; without it, with the evidence."""
    helper: Callable[[GaugeLayout, Plan], Any] | None = None
    """Makes what the source calls `{help}`."""

    def __post_init__(self) -> None:
        taken = GIVEN - (_WINDOW_SLOTS if self.own_window else frozenset())
        if clash := sorted(taken & {*self.slots}):
            raise ValueError(f"{self.name}: no slot can be called {', '.join(clash)}")


def before(s: Subject, gauge: GaugeLayout, lo: int, end: int, bits: int) -> Iterator[int]:
    """The entries from `lo` on and before `end` that satisfy all of the conditions, newest first."""
    rows = s.rows
    return (i for i in range(end - gauge.stride, lo - 1, -gauge.stride) if rows[i + FLAGS] & bits == bits)


def newest(found: Iterable[int], most: int = MOST_EVIDENCE) -> list[int]:
    """The first of what comes newest first, oldest first."""
    return [*islice(found, most)][::-1]


def newest_of(s: Subject, gauge: GaugeLayout, things: set[str], lo: int, end: int) -> Iterator[int]:
    """The newest entry in a range of each of the things that the gauge's number names, newest first."""
    left, rows, column = set(things), s.rows, COLUMNS + gauge.x
    for i in before(s, gauge, lo, end, gauge.member) if left else ():
        if rows[i + column] in left:
            left.remove(rows[i + column])
            yield i
            if not left:
                return


def states_evidence(s: Subject, slots: Accumulator, gauge: GaugeLayout, end: int, things: set[str]) -> list[int]:
    """The newest record of each thing, oldest first."""
    return newest(newest_of(s, gauge, things, slots["lo"], end))


def states_needs(s: Subject, slots: Accumulator, gauge: GaugeLayout, end: int, things: set[str]) -> int:
    """Fewer may come to count than now, so the newest record of every one may come to be evidence."""
    if gauge.gauge.window.kind != "all":
        return int(slots["lo"])
    return min(newest_of(s, gauge, things, 0, end), default=end)


def needs_all(s: Subject, slots: Accumulator, gauge: GaugeLayout, end: int) -> int:
    """Every entry may come to be evidence."""
    del s, gauge, end
    return int(slots["lo"])


def members(s: Subject, slots: Accumulator, gauge: GaugeLayout, end: int) -> list[int]:
    """Every record of the window."""
    return newest(before(s, gauge, slots["lo"], end, gauge.member))


def matching(s: Subject, slots: Accumulator, gauge: GaugeLayout, end: int) -> list[int]:
    """The records of the window that satisfy the measure's condition."""
    return newest(before(s, gauge, slots["lo"], end, gauge.member | gauge.hit))


def pointed(*names: str) -> Evidence:
    """The entries that these slots point to."""

    def evidence(s: Subject, slots: Accumulator, gauge: GaugeLayout, end: int) -> list[int]:
        del s, gauge, end
        return sorted([slots[name] for name in names if slots[name] >= 0])

    return evidence
