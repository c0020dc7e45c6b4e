"""The cut-over of one partition to the next rule set revision: from its first message until it takes over. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial

import msgspec

from services.messages import FOREVER, WarningChange
from services.rules.cluster.observations import HISTORY, SWITCH, Observations, areas_of
from services.rules.engine.engine import Engine
from services.rules.engine.plan import Plan
from services.rules.engine.segments import heads
from services.rules.engine.subject import State, decode_state, encode_state
from services.rules.engine.switch import RETIRED, take_over
from services.rules.runner import EngineRunner


class CutOver:
    """What has come of a rule set revision that is not in force yet.

    Its engines meet the events of before, know no lateness, as sources come at their own pace, and publish nothing.
    """

    def __init__(self, plan: Plan, revision: int, since: int) -> None:
        """`since`: offset of its first message, from which on a worker that starts anew has to read."""
        self.plan, self.revision, self.since = plan, revision, since
        self._runners = {
            area: EngineRunner(Engine(msgspec.structs.replace(part, allowed_lateness=FOREVER), mode="warm-up"))
            for area, part in areas_of(plan).items()
        }
        self.clocks: dict[int, int] = {}
        """Source of which only this rule set revision is to come → the time (ms) to which it had come by then."""
        self.held: list[Observations] = []
        """Live messages, until all sources have switched."""
        self.complete = False

    def process(self, message: Observations) -> None:
        """A message of this rule set revision."""
        if message.part == HISTORY:
            for _, events in message.steps:
                for area, packed in events.items():
                    if area in self._runners:
                        self._runners[area].warm(packed)
        elif message.part == SWITCH:
            known = self.clocks.get(message.source, -1)
            self.clocks[message.source] = max([known, *(clock for clock, _ in message.steps)])
            self.complete = len(self.clocks) >= message.sources
        else:
            self.held.append(message)

    def take_over(
        self, old_plan: Plan, old: Mapping[str, Engine], new: Mapping[str, Engine], states: list[tuple[str, str, bytes]]
    ) -> tuple[list[WarningChange], list[tuple[str, bytes]]]:
        """Lets the `new` engines, which have resumed `states`, take over from the `old` ones; area by area.

        Returns what that publishes, and (key, state) of subjects whose rules are not in force any more.
        """
        theirs = {at.signature for engine in old.values() for at in engine.layouts}
        area_of_rule = {rule.id: area for area, engine in new.items() for rule in engine.plan.rules}
        old_rules = {rule.id: old_plan.decides(rule) for rule in old_plan.rules}
        left, retired = _left_over(states, old, new, area_of_rule)
        changes: list[WarningChange] = []
        for area in sorted(left):
            engine = new.get(area) or _without_rules(self.plan, new)
            warmed = partial(self._warmed, area, engine.now)
            published, aside = take_over(engine, left[area], theirs, old_rules, warmed, elsewhere=area_of_rule.keys())
            changes += published
            for _, key, packed in aside:
                if packed is not None:
                    numbers = decode_state(packed).numbers.items()
                    _keep(retired, key, {r: n for r, n in numbers if r not in area_of_rule})
        return changes, [
            (key, encode_state(State(key, numbers))) for key, numbers in sorted(retired.items()) if numbers
        ]

    def _warmed(self, area: str, now: int) -> Engine:
        """The engine of an area that has met all history, as of `now` (ms)."""
        engine = self._runners[area].engine
        engine.advance(now)
        return engine


def _left_over(
    states: Iterable[tuple[str, str, bytes]],
    old: Mapping[str, Engine],
    new: Mapping[str, Engine],
    area_of_rule: Mapping[str, str],
) -> tuple[dict[str, list[State]], dict[str, dict[str, int]]]:
    """What no new engine has resumed: area → subjects; and subject → numbers of rules that are not in force.

    Numbers of rules that are in force, or are so again, go to their area. What was kept once as not in force stays so
    beside: a worker may die when that is written anew and nothing else is, and the rule set before goes on from it.
    """
    area_of_old = {at.signature: area for area, engine in old.items() for at in engine.layouts}
    resumed = {at.signature for engine in new.values() for at in engine.layouts}
    left: dict[str, list[State]] = {area: [] for area in {*old, *new}}
    retired: dict[str, dict[str, int]] = {}

    def recall(key: str, numbers: Mapping[str, int], stays: str | None = None) -> None:
        for rule, number in numbers.items():
            area = area_of_rule.get(rule, stays)
            if area is None:
                _keep(retired, key, {rule: number})
            elif area != stays:
                left[area].append(State(key, {rule: number}))

    for signature, key, packed in states:
        if signature == RETIRED:
            _keep(retired, key, numbers := decode_state(packed).numbers)
            recall(key, numbers)
        elif signature not in resumed and signature in area_of_old:
            for state in heads([(signature, key, packed)]):
                left[area_of_old[signature]].append(state)
                recall(state.key, state.numbers, area_of_old[signature])
    return left, retired


def _keep(retired: dict[str, dict[str, int]], key: str, numbers: Mapping[str, int]) -> None:
    """The highest number of each rule."""
    known = retired.setdefault(key, {})
    known.update((rule, max(number, known.get(rule, 0))) for rule, number in numbers.items())


def _without_rules(plan: Plan, new: Mapping[str, Engine]) -> Engine:
    """For an area that no rule speaks of any more: what is open in it is closed."""
    engine = Engine(msgspec.structs.replace(plan, rules=()))
    engine.now = max((other.now for other in new.values()), default=-1)
    return engine
