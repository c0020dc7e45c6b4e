"""The one loop around the engine: events in, time on, warnings handed back as events, the unreadable passed over.

Whoever evaluates something goes through it: the worker of one process, the partitions of a cluster and their warm-up,
`prewarn backtest`, `why` and the tests of rules. What a message is and where the results go is theirs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, TypeVar

import msgspec

from services.messages import UNREADABLE, WarningChange, WarningReading
from services.rules.engine.engine import Engine
from services.rules.feedback import Enrich, as_it_is, returned

T = TypeVar("T")
_encode = msgspec.json.Encoder().encode
_decode_raw = msgspec.json.Decoder(list[msgspec.Raw]).decode


class Unreadable(msgspec.Struct, frozen=True):
    """What stood in the log and is no event that the rules can read."""

    raw: bytes
    why: str


class Output(msgspec.Struct):
    """What an engine has put out since it was last asked."""

    changes: list[WarningChange] = []
    readings: list[WarningReading] = []
    late: list[str] = []
    """Idents of events that were put aside as late."""
    failed: list[tuple[str, str]] = []
    """(ident, error) of events that some rule could not be evaluated for."""
    unreadable: list[Unreadable] = []
    counts: Counter[str] = msgspec.field(default_factory=Counter)
    """Named reason → events that were decided by it."""

    def problems(self) -> Iterator[str]:
        """For the process's log: what could not be evaluated, or not even read. It stays in the event log."""
        for ident, error in self.failed:
            yield f"{ident} could not be evaluated: {error}"
        for one in self.unreadable:
            yield f"{one.raw[:200]!r} cannot be read and is passed over: {one.why}"


class EngineRunner:
    """Runs one engine. `enrich`: what the directory adds to warnings that are handed back to it."""

    def __init__(self, engine: Engine, enrich: Enrich = as_it_is) -> None:
        self.engine = engine
        self._enrich = enrich
        self._unreadable: list[Unreadable] = []
        self._looks_at_warnings = any("warning" in layout.kinds for layout in engine.layouts)

    def process(self, packed: bytes) -> list[WarningChange]:
        """A JSON array of events; what they change. Those that are no events for these rules are passed over.

        Ingest and route have checked every event: only another version can have written one that cannot be read.
        """
        engine = self.engine
        try:
            return engine.process_many(packed)
        except UNREADABLE:
            decoder = msgspec.json.Decoder(engine.decoder.type.__args__[0])
            events, unreadable = read_singly(packed, lambda item: (decoder.decode(item), bytes(item))[1])
        self._unreadable += unreadable
        engine.counts["unreadable"] += len(unreadable)
        return engine.process_many(b"[" + b",".join(events) + b"]")

    def step(self, packed: bytes, now: int | datetime) -> list[WarningChange]:
        """As `process`; then time comes to `now` (an instant, or ms)."""
        return self.process(packed) + self.engine.advance(now)

    def hand_back(self, changes: list[WarningChange]) -> list[WarningChange]:
        """Hands warnings back as events, and those that this changes, until it changes nothing; all the changes."""
        found = [*changes]
        while changes and self._looks_at_warnings:
            back = returned(changes, self.engine.plan, self._enrich)
            changes = self.step(_encode(back), self.engine.now)
            found += changes
        return found

    def warm(self, packed: bytes) -> None:
        """Events of the past: they shape the state, and all that the engine would put out is dropped."""
        self.process(packed)
        self.engine.transitions.take_amended()
        for emptied in (self.engine.late, self.engine.failed, self._unreadable):
            emptied.clear()

    def drain(self, output: Output) -> Output:
        """Adds to `output` all that the engine has put out beside its changes."""
        engine = self.engine
        output.readings += engine.readings()
        output.late += engine.late
        output.failed += engine.failed
        output.unreadable += self._unreadable
        output.counts.update(engine.counts)
        for emptied in (engine.late, engine.failed, engine.counts, self._unreadable):
            emptied.clear()
        return output


def read_singly(packed: bytes, decode: Callable[[Any], T]) -> tuple[list[T], list[Unreadable]]:
    """Of a JSON array that cannot be read as a whole: the items that can, and those that cannot."""
    try:
        items = _decode_raw(packed)
    except UNREADABLE as error:
        return [], [Unreadable(packed, str(error))]
    found, unreadable = [], []
    for item in items:
        try:
            found.append(decode(item))
        except UNREADABLE as error:
            unreadable.append(Unreadable(bytes(item), str(error)))
    return found, unreadable
