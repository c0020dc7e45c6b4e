"""A fresh engine of the rules with one `by`, fed with the entries of one subject up to an instant. Pure.

All rules with the same `by` take part, as they share a subject: which event is late depends on all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

import msgspec

from services.messages import CampusEvent, WarningChange, subject_key, to_ms
from services.rules.engine.engine import Engine
from services.rules.engine.layout import Layout
from services.rules.engine.placed import RuleLayout
from services.rules.engine.plan import Plan
from services.rules.engine.subject import Subject
from services.rules.runner import EngineRunner, Output


@dataclass(frozen=True)
class Entries:
    """Events of one row of the log; instants in milliseconds."""

    before: int
    """How far time had come when the row was reached."""
    clock: int
    """How far time comes with it."""
    events: list[CampusEvent]


@dataclass
class Replayed:
    """The engine as it stands at the instant, and what it said on the way."""

    engine: Engine
    at: int
    by: tuple[str, ...]
    events: dict[str, CampusEvent]
    """`source id` → its newest revision."""
    changes: dict[tuple[str, str], WarningChange]
    """(rule, subject) → the newest change."""
    late: set[str]
    """`source id` of what was put aside as late."""

    def layouts(self) -> Iterator[tuple[int, Layout, RuleLayout]]:
        """Every rule, with the number of its layout."""
        for number, layout in enumerate(self.engine.layouts):
            for rule in layout.rules:
                yield number, layout, rule

    def subject(self, number: int, key: str) -> Subject | None:
        """The live subject of a layout."""
        return self.engine.subjects(number).get(key)

    def subjects(self) -> set[str]:
        """Every subject that an event was about, also one that is let go or was late only."""
        found = {key for number in range(len(self.engine.layouts)) for key in self.engine.subjects(number)}
        return found | {key for key in self._about if key is not None}

    @cached_property
    def _about(self) -> dict[str | None, dict[str, CampusEvent]]:
        found: dict[str | None, dict[str, CampusEvent]] = {}
        for ident, event in self.events.items():
            found.setdefault(self.key_of(event), {})[ident] = event
        return found

    def about(self, key: str) -> dict[str, CampusEvent]:
        """`source id` → event, of those about a subject."""
        return self._about.get(key, {})

    def key_of(self, event: CampusEvent) -> str | None:
        """The subject of an event, None if it lacks a name of `by`."""
        parts = [f"{event.source} {event.id}" if name == "event" else event.data.get(name) for name in self.by]
        if any(not isinstance(part, str) for part in parts):
            return None
        return subject_key([str(part) for part in parts])


def replay(plan: Plan, by: tuple[str, ...], rows: Iterable[Entries], at: int) -> Replayed:
    """The rules with this `by`, at an instant (ms): of the rows, what is dated up to it."""
    mine = tuple(rule for rule in plan.rules if rule.by == by)
    engine = Engine(msgspec.structs.replace(plan, rules=mine))
    runner, output, known = EngineRunner(engine), Output(), dict[str, CampusEvent]()
    for row in rows:
        events = [event for event in row.events if to_ms(event.time) <= at]
        if not events:
            continue
        for event in events:
            ident = f"{event.source} {event.id}"
            if ident not in known or event.revision >= known[ident].revision:
                known[ident] = event
        output.changes += engine.advance(min(row.before, at))
        output.changes += runner.step(msgspec.json.encode(events), min(row.clock, at))
    output.changes += engine.advance(at)
    for number in range(len(engine.layouts)):
        for s in list(engine.subjects(number).values()):
            engine.relevel(number, s)  # windows move when their rule is touched
    output.changes += engine.take()
    changes = {(change.rule, change.subject): change for change in output.changes}
    return Replayed(engine, at, by, known, changes, {*runner.drain(output).late})
