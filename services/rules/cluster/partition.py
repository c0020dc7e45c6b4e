"""Evaluates one partition of `campus.observations`: messages in, changes and state out. Pure; the loop is `cluster/`.

All that it knows comes from the messages in the partition's order, so repeated work repeats the same ids.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from services.errors import ConfigurationError
from services.messages import Mode, WarningChange, WarningReading
from services.rules.cluster.changelog import Entry, Shelf
from services.rules.cluster.cutover import Coming, succession
from services.rules.cluster.observations import BUCKETS, LIVE, Observations, areas_of, bucket_of_subject
from services.rules.engine.engine import Engine
from services.rules.engine.plan import Plan
from services.rules.engine.switch import RETIRED

META = b"meta/"


class Meta(msgspec.Struct, array_like=True):
    """What is kept of a partition beside its subjects."""

    offset: int
    edition: int
    buckets: int
    signatures: list[str]
    now: int
    clocks: dict[int, int]
    coming: int = -1
    """Offset of the first message of the edition that is to follow, -1: there is none."""


class Outcome(msgspec.Struct):
    """What a batch of messages came to."""

    changes: list[WarningChange]
    readings: list[WarningReading]
    late: list[str]
    failed: list[tuple[str, str]]


class Partition:
    """The engines of one partition under one edition of the rules, one engine per area."""

    def __init__(self, plan: Plan, number: int, *, edition: int = 1, mode: Mode = "live") -> None:
        self.plan, self.number, self.edition, self.mode = plan, number, edition, mode
        self.offset = -1
        """The last message that was evaluated."""
        self.now = -1
        self.clocks: dict[int, int] = {}
        """Partition of `campus.events` → how far its time has come (ms)."""
        self.counts: Counter[str] = Counter()
        self.coming: Coming | None = None
        """The next edition, from its first message until all sources have switched to it."""
        self.engines = {area: Engine(part, mode=mode) for area, part in areas_of(plan).items()}
        self._by = {at.signature: at.by for engine in self.engines.values() for at in engine.layouts}
        self._shelf = Shelf()
        self._changes: list[WarningChange] = []
        self._retired: list[tuple[str, bytes]] = []
        """(key, state) of subjects whose rules are not in force, still to be written."""
        self._stale = False
        """The shelf holds subjects of the edition before."""

    def take(self, offset: int, message: Observations) -> None:
        """One message. Raises ConfigurationError if another number of buckets has made it, or an unknown edition.

        The first message of the next edition wants `coming` to be set; at the message that completes it, the caller
        puts `successor` in this one's place.
        """
        if message.buckets != BUCKETS:
            raise ConfigurationError(
                f"partition {self.number}, offset {offset}: made for {message.buckets} buckets, this worker has "
                f"{BUCKETS}. Begin anew under another topic prefix (PREWARN_TOPIC_PREFIX)"
            )
        if message.edition > self.edition:
            if self.coming is None or message.edition != self.coming.edition:
                raise ConfigurationError(
                    f"partition {self.number}, offset {offset}: edition {message.edition} of the rules does not follow "
                    f"{self.edition}. Begin anew under another topic prefix (PREWARN_TOPIC_PREFIX)"
                )
            self.coming.take(message)
        elif message.edition == self.edition and message.part == LIVE and not self._is_repeated(offset, message):
            self.evaluate(message)
        self.offset = max(self.offset, offset)

    def _is_repeated(self, offset: int, message: Observations) -> bool:
        """Read again for the sake of the next edition, or sent again by a route that was killed as it switched."""
        return offset <= self.offset or (self.coming is not None and message.source in self.coming.switched)

    def evaluate(self, message: Observations) -> None:
        """A message of this edition."""
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
        # Whatever bucket: it only has to be one of this partition, as the numbers are found by their keys.
        written += [(self.number, RETIRED, key, state) for key, state in self._retired]
        self._retired.clear()
        coming = -1 if self.coming is None else self.coming.since
        meta = Meta(self.offset, self.edition, BUCKETS, sorted(self._by), self.now, self.clocks, coming)
        put = [*self._shelf.put(self.offset, written), (META + b"%d" % self.number, msgspec.msgpack.encode(meta))]
        if self._stale:  # behind the meta: until that is written, the edition before may have to be resumed
            put += self._shelf.drop(self.offset, {*self._by, RETIRED})
            self._stale = False
        return put

    def resume(self, entries: Iterable[tuple[bytes, bytes]]) -> list[bytes]:
        """Takes back what was written; returns keys that nothing refers to. Raises ConfigurationError, as `take`."""
        kept = list(entries)
        if (meta := meta_of(kept)) is not None:
            self._resume_meta(meta)
        states, unused = self._shelf.resume(entry for entry in kept if not entry[0].startswith(META))
        self._stale = any(head.signature not in self._by and head.signature != RETIRED for head in self._shelf.heads())
        self._fill(states)
        return unused

    def _fill(self, states: Iterable[tuple[str, str, bytes]]) -> None:
        of_area: dict[str, list[Any]] = {area: [] for area in self.engines}
        area_of = {at.signature: area for area, engine in self.engines.items() for at in engine.layouts}
        for state in states:
            if (area := area_of.get(state[0])) is not None:
                of_area[area].append(state)
        for area, engine in self.engines.items():
            engine.resume(of_area[area], self.now)

    def _resume_meta(self, meta: Meta) -> None:
        if meta.edition != self.edition or meta.buckets != BUCKETS or meta.signatures != sorted(self._by):
            raise ConfigurationError(
                f"the state of partition {self.number} is that of edition {meta.edition} with {meta.buckets} buckets, "
                f"and this worker, with edition {self.edition} and {BUCKETS} buckets, shapes it otherwise: another "
                "release of Prewarn has written it. Go on with that one, or begin anew under another topic prefix "
                "(PREWARN_TOPIC_PREFIX)"
            )
        self.offset, self.now, self.clocks = meta.offset, meta.now, meta.clocks

    def successor(self, entries: Sequence[tuple[bytes, bytes]]) -> Partition:
        """The partition under the next edition, with all that the switch publishes; this one is used up.

        `entries`: all that was written of this one, whose `entries` have been written up to here.
        """
        coming = self.coming
        assert coming is not None
        new = Partition(coming.plan, self.number, edition=coming.edition, mode=self.mode)
        new.offset, new.now, new.clocks = self.offset, self.now, dict(self.clocks)
        for source, clock in coming.clocks.items():
            new.clocks[source] = max(new.clocks.get(source, -1), clock)
        states, _ = new._shelf.resume(entry for entry in entries if not entry[0].startswith(META))
        states = list(states)
        new._fill(states)
        new._stale = True
        changes, new._retired = succession(self.plan, self.engines, new.engines, coming, states)
        new._changes = changes
        for message in coming.held:
            new.evaluate(message)
        return new

    def subjects(self) -> int:
        """How many live subjects there are."""
        return sum(len(engine.subjects(n)) for engine in self.engines.values() for n in range(len(engine.layouts)))


def meta_of(entries: Iterable[tuple[bytes, bytes]]) -> Meta | None:
    """What was kept of a partition beside its subjects."""
    for key, value in entries:
        if key.startswith(META):
            return msgspec.msgpack.decode(value, type=Meta)
    return None
