"""Where the thresholds of a rule cut the sorted numbers of peers: between two cuts, no level is another."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Iterable
from math import inf
from operator import ge, gt, le, lt
from typing import TYPE_CHECKING

from services.messages import FOREVER
from services.rules.engine.placed import GaugeLayout, RuleLayout
from services.rules.engine.plan import Compare
from services.rules.engine.subject import COLUMNS, Subject

if TYPE_CHECKING:
    from services.rules.engine.engine import Engine

_HOLDS: dict[Compare, Callable[[float, float], bool]] = {"at_least": ge, "above": gt, "at_most": le, "below": lt}
_Thresholds = tuple[float | None, ...]


class Cuts:
    """The newest numbers of the peers by one gauge, sorted, and where the thresholds of its rule cut them."""

    def __init__(self, engine: Engine, rule: RuleLayout, gauge: GaugeLayout, leader: Subject, t: int) -> None:
        """As the leader stands at an instant."""
        self.own = gauge.slots["own"]
        self._gauge, self._leader, self._rule = gauge, leader, rule
        self._fewest = gauge.gauge.min_records
        self._resolve = engine.plan.standards.get(rule.rule.standard or "")
        self._rungs = [rung for rung in rule.rule.rungs if rule.gauges[rung.gauge] is gauge]
        self._inside = gauge.slots.get("inside")
        self._x, self._g = COLUMNS + gauge.x, COLUMNS + gauge.g
        self._numbers = {peer: x for peer, (_, x) in (getattr(leader, gauge.slots["peers"]) or {}).items()}
        self._sorted = sorted((x, peer) for peer, x in self._numbers.items())
        self.joined = ""
        """The peer that the newest entry counts for; empty: none."""
        self._places: dict[tuple[int, Compare, float], int] = {}
        self._thresholds, self._until = self._resolved(t)
        self._cuts = self._cut()

    def moved(self, t: int, f: int, i: int) -> Iterable[str] | None:
        """The peers whose level the leader's entry `i` may change; None: all."""
        self.joined = ""
        if f & self._gauge.member and (not self._inside or getattr(self._leader, self._inside)):
            self.joined, x = self._leader.rows[i + self._g], self._leader.rows[i + self._x]
            if (old := self._numbers.get(self.joined)) is not None:
                del self._sorted[bisect_left(self._sorted, (old, self.joined))]
            self._numbers[self.joined] = x
            insort(self._sorted, (x, self.joined))
        elif not f & self._rule.mask:
            return ()
        known, cuts = (self._thresholds, self._until), self._cuts
        self._thresholds, self._until = self._resolved(t)
        self._cuts = self._cut()
        if known != (self._thresholds, self._until) or (cuts is None) != (self._cuts is None):
            return None
        found = {name for pair in zip(cuts or (), self._cuts or (), strict=True) for name in self._between(*pair)}
        return found | {self.joined} if self.joined else found

    def _between(self, one: float, other: float) -> Iterable[str]:
        if one == other:
            return ()
        low, high = (one, other) if one < other else (other, one)
        ranked = self._sorted
        return [name for _, name in ranked[bisect_left(ranked, (low,)) : bisect_left(ranked, (high,))]]

    def _resolved(self, t: int) -> tuple[_Thresholds, int]:
        """The thresholds that lead to the levels and keep them, and until when they do."""
        found: list[float | None] = []
        until = FOREVER
        if any(rung.threshold is None for rung in self._rungs):
            assert self._resolve is not None
            newest = getattr(self._leader, self._rule.newest) if self._rule.newest else -1
            scope = self._leader.rows[newest + COLUMNS + self._rule.scope] if newest >= 0 else ()
            now, until = self._resolve(scope, t)
            for rung in self._rungs:
                found += [now.of(rung.level, rung.step), None if rung.step else now.clear.given().get(rung.level)]
        else:
            for rung in self._rungs:
                found += [rung.threshold, None if rung.step else rung.clear]
        return tuple(found), until

    def _cut(self) -> list[float] | None:
        """Of each threshold, the number from which on it is reached, or no more; None: too few have a number."""
        if len(self._sorted) < self._fewest:
            return None
        compares = [rung.compare for rung in self._rungs for _ in range(2)]
        return [
            self._number(compare, threshold)
            for compare, threshold in zip(compares, self._thresholds, strict=True)
            if threshold is not None
        ]

    def _number(self, compare: Compare, threshold: float) -> float:
        count = len(self._sorted)
        if (place := self._places.get((count, compare, threshold))) is None:
            holds, up = _HOLDS[compare], compare in ("at_least", "above")
            place = bisect_left(range(count + 1), True, key=lambda c: holds(100 * c / count, threshold) == up)
            self._places[count, compare, threshold] = place
        return -inf if not place else inf if place > count else self._sorted[place - 1][0]
