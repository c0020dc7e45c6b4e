"""The edition of the rules that is to follow, in one partition: from its first message until it takes over. Pure."""

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


class Coming:
    """What has come of an edition that is not in force yet.

    Its engines meet the events of before, know no lateness, as sources come at their own pace, and publish nothing.
    """

    def __init__(self, plan: Plan, edition: int, since: int) -> None:
        """`since`: offset of its first message, from which on a worker that starts anew has to read."""
        self.plan, self.edition, self.since = plan, edition, since
        self.engines = {
            area: Engine(msgspec.structs.replace(part, allowed_lateness=FOREVER), mode="warm-up")
            for area, part in areas_of(plan).items()
        }
        self.switched: set[int] = set()
        """Sources of which all that is to come is of this edition."""
        self.clocks: dict[int, int] = {}
        """Source → the time (ms) to which it had come when it switched."""
        self.held: list[Observations] = []
        """Live messages, until all sources have switched."""
        self.complete = False

    def take(self, message: Observations) -> None:
        """A message of this edition."""
        if message.part == HISTORY:
            for _, events in message.steps:
                for area, packed in events.items():
                    self._meet(area, packed)
        elif message.part == SWITCH:
            self.switched.add(message.source)
            for clock, _ in message.steps:
                self.clocks[message.source] = max(clock, self.clocks.get(message.source, -1))
            self.complete = len(self.switched) >= message.sources
        else:
            self.held.append(message)

    def warmed(self, area: str, now: int) -> Engine:
        """The engine of an area that has met all history, as of `now` (ms)."""
        engine = self.engines[area]
        engine.advance(now)
        return engine

    def _meet(self, area: str, packed: bytes) -> None:
        if (engine := self.engines.get(area)) is None:
            return
        try:
            engine.process_many(packed)  # what it would publish is dropped
        except msgspec.MsgspecError:
            return  # route has read every event: only another version can have written it
        engine.late.clear()
        engine.failed.clear()
        engine.transitions.take_amended()


def succession(
    old_plan: Plan, old: Mapping[str, Engine], new: Mapping[str, Engine], coming: Coming,
    states: Iterable[tuple[str, str, bytes]],
) -> tuple[list[WarningChange], list[tuple[str, bytes]]]:  # fmt: skip
    """Lets the engines of the next edition, which have resumed `states`, take over; area by area.

    Returns what that publishes, and (key, state) of subjects whose rules are not in force any more.
    """
    theirs = {at.signature for engine in old.values() for at in engine.layouts}
    area_of_old = {at.signature: area for area, engine in old.items() for at in engine.layouts}
    mine = {at.signature for engine in new.values() for at in engine.layouts}
    area_of_rule = {rule.id: area for area, engine in new.items() for rule in engine.plan.rules}
    old_rules = {rule.id for rule in old_plan.rules}
    left: dict[str, list[State]] = {area: [] for area in {*old, *new}}
    retired: dict[str, dict[str, int]] = {}
    for signature, key, packed in states:
        area = area_of_old.get(signature)
        if signature == RETIRED:
            _recall(decode_state(packed), area_of_rule, left, retired)
        elif signature not in mine and area is not None:
            for state in heads([(signature, key, packed)]):
                left[area].append(state)
                moved = {rule: n for rule, n in state.numbers.items() if area_of_rule.get(rule, area) != area}
                _recall(State(state.key, moved), area_of_rule, left, retired)
    changes: list[WarningChange] = []
    for area in sorted(left):
        engine = new.get(area) or _without_rules(coming.plan, new)
        warmed = partial(coming.warmed, area, engine.now)
        published, put_aside = take_over(engine, left[area], theirs, old_rules, warmed, elsewhere=area_of_rule.keys())
        changes += published
        for _, key, left_over in put_aside:
            if left_over is not None:
                out_of_force = {r: n for r, n in decode_state(left_over).numbers.items() if r not in area_of_rule}
                retired[key] = retired.get(key, {}) | out_of_force
    return changes, [(key, encode_state(State(key, numbers))) for key, numbers in sorted(retired.items()) if numbers]


def _recall(
    state: State, area_of_rule: Mapping[str, str], left: dict[str, list[State]], retired: dict[str, dict[str, int]]
) -> None:
    """Numbers of rules that are in force again go to their area; the others stay where they are."""
    for rule, number in state.numbers.items():
        if (area := area_of_rule.get(rule)) is not None:
            left[area].append(State(state.key, {rule: number}))
        else:
            retired.setdefault(state.key, {})[rule] = number


def _without_rules(plan: Plan, new: Mapping[str, Engine]) -> Engine:
    """For an area that no rule speaks of any more: what is open in it is closed."""
    engine = Engine(msgspec.structs.replace(plan, rules=()))
    engine.now = max((other.now for other in new.values()), default=-1)
    return engine
