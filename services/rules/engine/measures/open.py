"""`open`: in how many warnings the newest record satisfies the condition, or what part of something they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from services.rules.engine.measures.base import Accumulator, Measure, states_evidence, states_needs

if TYPE_CHECKING:
    from services.rules.engine.placed import GaugeLayout
    from services.rules.engine.plan import Plan
    from services.rules.engine.subject import Subject

Warnings = dict[str, tuple[int, int, Any]]
"""Warning → (its records in the window, bits of its newest one, what is counted of it)."""
_OPEN, _WHOLE = 1, 2


class _States:
    def __init__(self, placed: GaugeLayout, plan: Plan | None = None) -> None:
        del plan
        gauge = placed.gauge
        self.least = _OPEN | (_WHOLE if gauge.among is not None else 0)
        self.by_group, self.part, self.of = gauge.group is not None, gauge.among is not None, gauge.other is not None
        self.scale, self.fewest = gauge.other_scale, max(1, gauge.min_records)

    def joins(
        self,
        known: Warnings | None,
        opened: dict[Any, int] | None,
        whole: dict[Any, int] | None,
        warning: str,
        group: Any,
        is_open: int,
        is_whole: int,
    ) -> tuple[Warnings, dict[Any, int], dict[Any, int]]:
        """A record of a warning comes: it is the warning's state now."""
        known, opened, whole = known or {}, opened or {}, whole or {}
        count = 0
        if warning in known:
            count = known[warning][0]
            self._forget(known.pop(warning), opened, whole)
        state = (_OPEN if is_open else 0) | (_WHOLE if is_whole else 0)
        of = group if self.by_group else warning
        known[warning] = (count + 1, state, of)
        if of is not None:
            if state & self.least == self.least:
                opened[of] = opened.get(of, 0) + 1
            if state & _WHOLE:
                whole[of] = whole.get(of, 0) + 1
        return known, opened, whole

    def leaves(self, known: Warnings, opened: dict[Any, int], whole: dict[Any, int], warning: str) -> None:
        """The oldest record of a warning leaves the window; with the last one its state goes."""
        count, state, of = known[warning]
        if count > 1:
            known[warning] = (count - 1, state, of)
        else:
            self._forget(known.pop(warning), opened, whole)

    def _forget(self, was: tuple[int, int, Any], opened: dict[Any, int], whole: dict[Any, int]) -> None:
        _, state, of = was
        counted = [opened] if state & self.least == self.least else []
        for counts in [*counted, *([whole] if state & _WHOLE else [])] if of is not None else []:
            if counts[of] == 1:
                del counts[of]
            else:
                counts[of] -= 1

    def value(self, opened: dict[Any, int] | None, whole: dict[Any, int] | None, figure: int | None) -> float | None:
        count = len(opened or ())
        if self.of:
            return 100 * count * self.scale / figure if figure and count else None
        if self.part:
            return 100 * count / len(whole) if whole and len(whole) >= self.fewest else None
        return count or None


def _counted(s: Subject, slots: Accumulator, gauge: GaugeLayout, end: int) -> list[int]:
    least, known = _States(gauge).least, slots["known"] or {}
    counted = {warning for warning, (_, state, of) in known.items() if state & least == least and of is not None}
    return states_evidence(s, slots, gauge, end, counted)


def _needs(s: Subject, slots: Accumulator, gauge: GaugeLayout, end: int) -> int:
    least, known = _States(gauge).least, slots["known"] or {}
    return states_needs(s, slots, gauge, end, {name for name, (_, state, _) in known.items() if state & least == least})


def _busy(slots: Accumulator) -> bool:
    return bool(slots["opened"])


OPEN = Measure(
    name="open",
    slots={"known": None, "opened": None, "whole": None, "figure": -1},
    index_slots=frozenset({"figure"}),
    dict_slots=frozenset({"known", "opened", "whole"}),
    add="""
{known}, {opened}, {whole} = {help}.joins({known}, {opened}, {whole}, {x_i}, {g_i}, f & {hit}, f & {among})
if {y_i} is not None: {figure} = i
""",
    drop="""
{help}.leaves({known}, {opened}, {whole}, {x_j})
if {figure} == j: {figure} = -1
""",
    value="{help}.value({opened}, {whole}, rows[{figure} + {y}] if {figure} >= 0 else None)",
    evidence=_counted,
    remembers=True,
    busy=_busy,
    needs=_needs,
    helper=_States,
)
