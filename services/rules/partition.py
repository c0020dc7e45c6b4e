"""Evaluates one partition of `campus.observations`: messages in, changes and state out. Pure; the loop is `cluster/`.

All that it knows comes from the messages in the partition's order, so repeated work repeats the same ids.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

import msgspec

from services.errors import ConfigurationError
from services.messages import Mode, WarningChange, WarningReading
from services.rules.engine.engine import Engine
from services.rules.engine.plan import Plan
from services.rules.routing import BUCKETS, Observations, areas_of, bucket_of_subject
from services.rules.shelf import Entry, Shelf

META = b"meta/"


class Meta(msgspec.Struct, array_like=True):
    """What is kept of a partition beside its subjects."""

    offset: int
    version: str
    buckets: int
    now: int
    clocks: dict[int, int]


class Outcome(msgspec.Struct):
    """What a batch of messages came to."""

    changes: list[WarningChange]
    readings: list[WarningReading]
    late: list[str]
    failed: list[tuple[str, str]]


class Partition:
    """The engines of one partition, one per area."""

    def __init__(self, plan: Plan, number: int, *, mode: Mode = "live") -> None:
        self.plan, self.number = plan, number
        self.offset = -1
        """The last message that was evaluated."""
        self.now = -1
        self.clocks: dict[int, int] = {}
        """Partition of `campus.events` → how far its time has come (ms)."""
        self.counts: Counter[str] = Counter()
        self.engines = {area: Engine(part, mode=mode) for area, part in areas_of(plan).items()}
        self._by = {at.signature: at.by for engine in self.engines.values() for at in engine.layouts}
        self._shelf = Shelf()
        self._changes: list[WarningChange] = []

    def take(self, offset: int, message: Observations) -> None:
        """One message. Raises ConfigurationError if another rule set or number of buckets has made it."""
        if message.version != self.plan.version or message.buckets != BUCKETS:
            raise ConfigurationError(
                f"partition {self.number}, offset {offset}: made by rule set {message.version} with "
                f"{message.buckets} buckets, but this worker has {self.plan.version} with {BUCKETS}. A topic prefix "
                "keeps one rule set for life: begin anew under another prefix (PREWARN_TOPIC_PREFIX)"
            )
        for clock, events in message.steps:
            for area, packed in events.items():
                if (engine := self.engines.get(area)) is not None:
                    self._changes += self._process(engine, packed)
            self.clocks[message.source] = max(self.clocks.get(message.source, -1), clock)
            now = min(self.clocks.values()) if len(self.clocks) >= message.sources else -1
            if now > self.now or events:  # a late event may have brought a deadline that has passed
                self.now = max(now, self.now)
                for engine in self.engines.values():
                    self._changes += engine.advance(self.now)
        self.offset = max(self.offset, offset)

    def _process(self, engine: Engine, packed: bytes) -> list[WarningChange]:
        try:
            return engine.process_many(packed)
        except msgspec.MsgspecError:
            self.counts["unreadable"] += 1  # route has read every event: only another version can have written it
            return []

    def outcome(self) -> Outcome:
        """What came of the messages since the last call; to be published before `entries` are written."""
        out = Outcome(self._changes, [], [], [])
        self._changes = []
        for engine in self.engines.values():
            out.readings += engine.readings()
            out.late += engine.late
            out.failed += engine.failed
            engine.late, engine.failed = [], []
            self.counts.update(engine.counts)
            engine.counts.clear()
        return out

    def entries(self) -> list[Entry]:
        """What of the state must be written, in this order."""
        written = [
            (bucket_of_subject(self._by[signature], key.partition("\x1f")[0]), signature, key, state)
            for engine in self.engines.values()
            for signature, key, state in engine.snapshot()
        ]
        meta = Meta(self.offset, self.plan.version, BUCKETS, self.now, self.clocks)
        return [*self._shelf.put(self.offset, written), (META + b"%d" % self.number, msgspec.msgpack.encode(meta))]

    def resume(self, entries: Iterable[tuple[bytes, bytes]]) -> list[bytes]:
        """Takes back what was written; returns keys that nothing refers to. Raises ConfigurationError, as `take`."""
        kept: list[tuple[bytes, bytes]] = []
        for key, value in entries:
            if key.startswith(META):
                self._resume_meta(msgspec.msgpack.decode(value, type=Meta))
            else:
                kept.append((key, value))
        states, unused = self._shelf.resume(kept)
        of_area: dict[str, list[Any]] = {area: [] for area in self.engines}
        area_of = {at.signature: area for area, engine in self.engines.items() for at in engine.layouts}
        for state in states:
            if (area := area_of.get(state[0])) is not None:
                of_area[area].append(state)
        for area, engine in self.engines.items():
            engine.resume(of_area[area], self.now)
        return unused

    def _resume_meta(self, meta: Meta) -> None:
        if meta.version != self.plan.version or meta.buckets != BUCKETS:
            raise ConfigurationError(
                f"the state of partition {self.number} is that of rule set {meta.version} with {meta.buckets} "
                f"buckets, but this worker has {self.plan.version} with {BUCKETS}. A topic prefix keeps one rule set "
                "for life: begin anew under another prefix (PREWARN_TOPIC_PREFIX)"
            )
        self.offset, self.now, self.clocks = meta.offset, meta.now, meta.clocks

    def subjects(self) -> int:
        """How many live subjects there are."""
        return sum(len(engine.subjects(n)) for engine in self.engines.values() for n in range(len(engine.layouts)))
