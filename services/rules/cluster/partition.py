"""Evaluates one partition of `campus.observations`: messages in, changes and state out. Pure; the loop is Faust's.

All that it knows comes from the messages in the partition's order, so repeated work repeats the same ids.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from services.errors import ConfigurationError
from services.messages import UNREADABLE, Mode
from services.rules.cluster.changelog import ChangelogStore, Entry, SubjectId, Write, is_state, subject_in
from services.rules.cluster.cutover import CutOver
from services.rules.cluster.observations import BUCKETS, LIVE, Observations, areas_of, bucket_of_subject
from services.rules.engine.endings import SIGNATURE as ENDINGS
from services.rules.engine.engine import Engine
from services.rules.engine.plan import Plan
from services.rules.engine.switch import RETIRED
from services.rules.runner import EngineRunner, Output

META = b"meta/"
_META = re.compile(rb"meta/\d{1,9}")


class Meta(msgspec.Struct, array_like=True):
    """What is kept of a partition beside its subjects."""

    offset: int
    revision: int
    buckets: int
    signatures: list[str]
    now: int
    clocks: dict[int, int]
    cut_over: int = -1
    """Offset of the first message of the rule set revision that is to follow, -1: there is none."""

    @property
    def resumes_behind(self) -> int:
        """The offset behind which the partition has to be read: what is of the next rule set revision is read again."""
        return self.offset if self.cut_over < 0 else self.cut_over - 1


class KeptEnding(msgspec.Struct, array_like=True):
    """An ending as it lies in the changelog."""

    offset: int
    """The input up to which had been evaluated what wrote it; where the meta does not say so yet …"""
    state: bytes
    before: bytes | None
    """… this still counts; None: nothing was known of it."""


class Partition:
    """The engines of one partition under one rule set revision, one engine per area."""

    def __init__(self, plan: Plan, number: int, *, revision: int = 1, mode: Mode = "live") -> None:
        self.plan, self.number, self.revision, self.mode = plan, number, revision, mode
        self.offset = -1
        """The last message that was evaluated."""
        self.now = -1
        self.clocks: dict[int, int] = {}
        """Partition of `campus.events` → how far its time has come (ms)."""
        self.cut_over: CutOver | None = None
        """To the next rule set revision, from its first message until all sources have switched to it."""
        self._runners = {area: EngineRunner(Engine(part, mode=mode)) for area, part in areas_of(plan).items()}
        self._by = {at.signature: at.by for engine in self.engines.values() for at in engine.layouts}
        for engine in self.engines.values():
            engine.has_met = self._has_met
        self._at = -1
        """The message that is being evaluated."""
        self._endings: dict[str, bytes] = {}
        """Ident → what was written of an ending."""
        self._store = ChangelogStore()
        self._output = Output()
        self._retired: list[tuple[str, bytes]] = []
        """(key, state) of subjects whose rules are not in force, still to be written."""
        self._stale = False
        """The store holds subjects of the rule set revision before."""

    @property
    def engines(self) -> Mapping[str, Engine]:
        """The engines of the partition, by area."""
        return {area: runner.engine for area, runner in self._runners.items()}

    def process(self, offset: int, message: Observations) -> None:
        """One message. Raises ConfigurationError if other buckets have made it, or an unknown rule set revision.

        The first message of the next rule set revision wants `cut_over` to be set; at the message that completes it,
        the caller puts `successor` in this one's place.
        """
        if message.buckets != BUCKETS:
            raise ConfigurationError(
                f"partition {self.number}, offset {offset}: made for {message.buckets} buckets, this worker has "
                f"{BUCKETS}. Begin anew under another topic prefix (PREWARN_TOPIC_PREFIX)"
            )
        if message.revision > self.revision:
            if self.cut_over is None or message.revision != self.cut_over.revision:
                raise ConfigurationError(
                    f"partition {self.number}, offset {offset}: rule set revision {message.revision} does not follow "
                    f"{self.revision}. Begin anew under another topic prefix (PREWARN_TOPIC_PREFIX)"
                )
            self.cut_over.process(message)
            if self.cut_over.complete:
                self._at = offset  # what is written from here on is the successor's, and only that is behind it
                return
        elif message.revision == self.revision and message.part == LIVE and not self._is_repeated(offset, message):
            self._at = offset
            self.evaluate(message)
        self.offset = max(self.offset, offset)

    def _has_met(self, signature: str, key: str) -> bool:
        """Whether a subject holds the message that is being evaluated already: a worker died as it wrote."""
        return self._store.reached(SubjectId(signature, key)) >= self._at

    def _is_repeated(self, offset: int, message: Observations) -> bool:
        """Read again for the next rule set revision, or sent again by a route that was killed as it switched."""
        return offset <= self.offset or (self.cut_over is not None and message.source in self.cut_over.clocks)

    def evaluate(self, message: Observations) -> None:
        """A message of this rule set revision."""
        for clock, events in message.steps:
            for area, packed in events.items():
                if (runner := self._runners.get(area)) is not None:
                    self._output.changes += runner.process(packed)
            self.clocks[message.source] = max(self.clocks.get(message.source, -1), clock)
            now = min(self.clocks.values()) if len(self.clocks) >= message.sources else -1
            # A late event may have brought a deadline that has passed. Where no time is said, the rest of the source's
            # message follows, which may fulfil it.
            if now > self.now or (events and clock >= 0):
                self.now = max(now, self.now)
                for runner in self._runners.values():
                    self._output.changes += runner.engine.advance(self.now)

    def take_output(self) -> Output:
        """What came of the messages since the last call; to be published before `entries` are written."""
        output, self._output = self._output, Output()
        for runner in self._runners.values():
            runner.drain(output)
        return output

    def entries(self) -> list[Entry]:
        """What of the state must be written, in this order."""
        endings: dict[str, bytes] = {}
        written: list[Write] = []
        for engine in self.engines.values():
            for signature, key, state in engine.snapshot():
                if signature == ENDINGS:
                    assert state is not None
                    endings[key] = state
                else:
                    bucket = bucket_of_subject(self._by[signature], subject_in(key))
                    written.append(Write(bucket, signature, key, state))
        # What is found by its key alone may lie in any bucket of this partition.
        for key, state in endings.items():
            kept = KeptEnding(self.offset, state, self._endings.get(key))
            written.append(Write(self.number, ENDINGS, key, msgspec.msgpack.encode(kept)))
        self._endings |= endings
        written += [Write(self.number, RETIRED, key, state) for key, state in self._retired]
        self._retired.clear()
        since = -1 if self.cut_over is None else self.cut_over.since
        meta = Meta(self.offset, self.revision, BUCKETS, sorted(self._by), self.now, self.clocks, since)
        entry = Entry(META + b"%d" % self.number, msgspec.msgpack.encode(meta))
        put = [*self._store.put(self.offset, written), entry]
        if self._stale:  # behind the meta: until that is written, the rule set revision before may have to be resumed
            put += self._store.drop(self.offset, {*self._by, RETIRED, ENDINGS})
            self._stale = False
        return put

    def resume(self, entries: Iterable[tuple[bytes, bytes]]) -> list[bytes]:
        """Takes back what was written; returns keys that nothing refers to. Raises ConfigurationError, as `process`."""
        kept = list(entries)
        if (meta := meta_of(kept)) is not None:
            self._resume_meta(meta)
        _, unused = self._fill(kept)
        theirs = {head.signature for head in self._store.heads()} - {*self._by, RETIRED, ENDINGS}
        self._stale = bool(theirs)
        return unused

    def _fill(self, entries: Iterable[tuple[bytes, bytes]]) -> tuple[list[tuple[str, str, bytes]], list[bytes]]:
        found, unused = self._store.resume(entry for entry in entries if not entry[0].startswith(META))
        states = [one for one in found if one[0] != ENDINGS]
        for signature, ident, packed in found:
            if signature == ENDINGS:
                kept = msgspec.msgpack.decode(packed, type=KeptEnding)
                if (state := kept.state if kept.offset <= self.offset else kept.before) is not None:
                    self._endings[ident] = state
                    states.append((ENDINGS, ident, state))
        for engine in self.engines.values():
            engine.resume(states, self.now)  # each takes those of its own signatures
        return states, unused

    def _resume_meta(self, meta: Meta) -> None:
        if meta.revision != self.revision or meta.buckets != BUCKETS or meta.signatures != sorted(self._by):
            raise ConfigurationError(
                f"the state of partition {self.number} is that of rule set revision {meta.revision} with "
                f"{meta.buckets} buckets, and this worker, with {self.revision} and {BUCKETS} buckets, shapes it "
                "otherwise: another release of Prewarn has written it. Go on with that one, or begin anew under "
                "another topic prefix (PREWARN_TOPIC_PREFIX)"
            )
        self.offset, self.now, self.clocks = meta.offset, meta.now, meta.clocks

    def successor(self, entries: Sequence[tuple[bytes, bytes]]) -> Partition:
        """The partition under the next rule set revision, with all that the switch publishes; this one is used up.

        `entries`: all that was written of this one, whose `entries` have been written up to here.
        """
        cut_over = self.cut_over
        assert cut_over is not None
        new = Partition(cut_over.plan, self.number, revision=cut_over.revision, mode=self.mode)
        new.offset, new.now, new.clocks = self.offset, self.now, dict(self.clocks)
        for source, clock in cut_over.clocks.items():
            new.clocks[source] = max(new.clocks.get(source, -1), clock)
        states, _ = new._fill(entries)
        new._stale = True
        new._at = new.offset = self._at
        new._output.changes, new._retired = cut_over.take_over(self.plan, self.engines, new.engines, states)
        for message in cut_over.held:
            new.evaluate(message)
        return new

    def subjects(self) -> int:
        """How many live subjects there are."""
        return sum(len(engine.subjects(n)) for engine in self.engines.values() for n in range(len(engine.layouts)))


def is_entry(key: bytes | None, value: bytes | None = None) -> bool:
    """Whether an entry of the changelog is one that evaluate writes: anybody may have written to a topic."""
    if key is None or _META.fullmatch(key) is None:
        return key is not None and is_state(key, value)
    try:
        return value is None or isinstance(msgspec.msgpack.decode(value, type=Meta), Meta)
    except UNREADABLE:
        return False


def meta_of(entries: Iterable[tuple[bytes, bytes]]) -> Meta | None:
    """What was kept of a partition beside its subjects."""
    for key, value in entries:
        if key.startswith(META):
            return msgspec.msgpack.decode(value, type=Meta)
    return None
