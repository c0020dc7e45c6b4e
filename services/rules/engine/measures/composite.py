"""`composite`: the strictest case that the present parts make together, 1 (yellow) to 3 (red), by a table.

The newest record of each thing (a warning, an accident) is its state: its part and grade, if it satisfies the
condition. With parts told apart, only the highest grade of each counts, so that two warnings of one kind are no two.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from services.rules.engine.measures.base import Accumulator, Measure, states_evidence, states_needs

if TYPE_CHECKING:
    from services.rules.engine.placed import GaugeLayout
    from services.rules.engine.plan import Plan
    from services.rules.engine.subject import Subject

GRADE_BITS = 3
"""A code is its part, shifted by so many bits, and its grade (1 is the lowest; 0: not a part)."""
_GRADE = (1 << GRADE_BITS) - 1


class States(dict[str, tuple[int, int]]):
    """Thing → (its records in the window, code of its newest one); how many have a code is counted beside it."""

    __slots__ = ("codes",)

    def __init__(self, known: dict[str, tuple[int, int]]) -> None:
        super().__init__(known)
        self.codes = Counter(code for _, code in known.values())

    def put(self, thing: str, count: int, code: int) -> None:
        """The thing's newest code, behind all others."""
        self.drop(thing)
        self[thing] = count, code
        self.codes[code] += 1

    def drop(self, thing: str) -> None:
        """Forgets a thing that may be known."""
        if (known := self.pop(thing, None)) is not None:
            self.codes[known[1]] -= 1
            if not self.codes[known[1]]:
                del self.codes[known[1]]


class _Cases:
    def __init__(self, placed: GaugeLayout, plan: Plan) -> None:
        del plan
        self.apart, self.table = placed.gauge.apart, dict(placed.gauge.table)
        self.longest = max(map(len, self.table), default=0)

    def joins(self, known: dict[str, tuple[int, int]] | None, thing: str, code: int, is_part: int) -> States:
        """A record of a thing comes: it is its state now."""
        states = _states(known)
        states.put(thing, states.get(thing, (0, 0))[0] + 1, code if is_part else 0)
        return states

    def leaves(self, known: dict[str, tuple[int, int]], thing: str) -> States:
        """The oldest record of a thing leaves the window; with the last one its state goes."""
        states = _states(known)
        count, code = states[thing]
        if count > 1:
            states[thing] = count - 1, code
        else:
            states.drop(thing)
        return states

    def value(self, known: dict[str, tuple[int, int]] | None) -> int | None:
        codes = {code: count for code, count in _states(known).codes.items() if code}
        if self.apart:
            highest: dict[int, int] = {}
            for code in codes:
                highest[code >> GRADE_BITS] = max(highest.get(code >> GRADE_BITS, 0), code & _GRADE)
            grades = sorted(highest.values(), reverse=True)
        else:
            grades = [code & _GRADE for code in codes for _ in range(min(codes[code], self.longest))]
            grades.sort(reverse=True)
        return self.table.get("".join(map(str, grades[: self.longest])))


def _states(known: dict[str, tuple[int, int]] | None) -> States:
    """As it was written, or copied for a checkpoint, it is a dict like any other."""
    return known if isinstance(known, States) else States(known or {})


def _things(slots: Accumulator) -> set[str]:
    return {thing for thing, (_, code) in (slots["known"] or {}).items() if code}


def _parts(s: Subject, slots: Accumulator, gauge: GaugeLayout, end: int) -> list[int]:
    return states_evidence(s, slots, gauge, end, _things(slots))


def _needs(s: Subject, slots: Accumulator, gauge: GaugeLayout, end: int) -> int:
    return states_needs(s, slots, gauge, end, _things(slots))


def _busy(slots: Accumulator) -> bool:
    return bool(_things(slots))


COMPOSITE = Measure(
    name="composite",
    slots={"known": None},
    dict_slots=frozenset({"known"}),
    add="{known} = {help}.joins({known}, {x_i}, {g_i}, f & {hit})",
    drop="{known} = {help}.leaves({known}, {x_j})",
    value="{help}.value({known})",
    evidence=_parts,
    may_rise=False,
    remembers=True,
    busy=_busy,
    needs=_needs,
    helper=_Cases,
)
