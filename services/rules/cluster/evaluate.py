"""What evaluate does with a batch of messages. Kafka is behind the port `Stream`, which `app.py` is.

It does not raise for what stands in a message: that is counted, and the next one is taken. What route does: `route.py`.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeVar
from zlib import crc32

import msgspec

from services.errors import PrewarnError
from services.log.heartbeat import REFUSED, end
from services.log.kafka import EVENTS, LATE, OBSERVATIONS, WARNINGS, full_name
from services.messages import UNREADABLE, Changes, Mode
from services.rules.cluster.changelog import bucket_in
from services.rules.cluster.cutover import CutOver
from services.rules.cluster.observations import LIVE, Observations, decode_observations, partition_of
from services.rules.cluster.partition import META, Partition, is_entry, meta_of
from services.rules.cluster.stream import Outgoing, Stream
from services.rules.engine.plan import Plan
from services.rules.feedback import Enrich, as_it_is, returned

_log = logging.getLogger(__name__)
T = TypeVar("T")
_encode_json = msgspec.json.Encoder().encode
_PACK = 500
"""Warnings of one message, or of one that comes back as events."""


class RuleSetRevisions(Protocol):
    """The rule sets of this prefix. Both methods block and are called on a thread; they raise PrewarnError."""

    def plan(self, revision: int) -> Plan:
        """The rules of a rule set revision."""

    def note_evaluated(self, revisions: Mapping[int, int]) -> None:
        """Writes down by which rule set revision each partition is evaluated."""


class Evaluate:
    """From `campus.observations` to `campus.warnings`; state to the table."""

    def __init__(
        self,
        stream: Stream,
        revisions: RuleSetRevisions,
        prefix: str,
        partitions: dict[str, int],
        *,
        mode: Mode = "live",
        point: Callable[[str], None] = lambda _: None,
        enrich: Enrich = as_it_is,
    ) -> None:
        """`point`: called at named points of a step; tests die there.

        `enrich`: what the directory adds to the events that warnings come back as; work that is repeated after a new
        directory has come may add something else, and the first one counts.
        """
        self._enrich = enrich
        self._stream, self._revisions, self._mode = stream, revisions, mode
        self._warnings, self._late = full_name(prefix, WARNINGS), full_name(prefix, LATE)
        self._events = full_name(prefix, EVENTS)
        self._targets, self._partitions = partitions[WARNINGS], partitions[OBSERVATIONS]
        self._parts: dict[int, Partition] = {}
        self._written: dict[int, int] = {}
        """Partition → rule set revision of the state that is on Kafka …"""
        self._noted: dict[int, int] = {}
        """… and the one that was written down."""
        self._point = point

    def evaluated(self, number: int) -> int:
        """The offset behind which a partition has to be read, -1: from the beginning."""
        meta = meta_of(self._stream.kept(number, self._partition_in))
        return -1 if meta is None else meta.resumes_behind

    def forget(self) -> None:
        """The group is formed anew: what partitions hold is read from the table again."""
        self._parts.clear()
        self._written.clear()

    async def step(self, events: list[Any]) -> None:
        """Evaluates a batch; returns when its changes, and then its state, are on Kafka."""
        touched: dict[int, Partition] = {}
        accepted: list[int] = []
        try:
            for event in events:
                await self._take(event.message, touched, accepted)
        except PrewarnError as error:
            end(REFUSED, str(error))
        await self._flush(touched, accepted)

    async def _flush(self, touched: dict[int, Partition], accepted: list[int]) -> None:
        messages: list[Outgoing] = []
        changes = []
        metrics = self._stream.metrics
        for number, part in touched.items():
            output = part.take_output()
            changes += output.changes
            messages += self._published(Changes(output.changes, output.readings))
            messages += [Outgoing(self._late, ident.encode()) for ident in output.late]
            for problem in output.problems():
                _log.error("partition %d: %s", number, problem)
            metrics.decided(output.counts)
            # Always, whether rules look at warnings or not: those of a later rule set revision may.
            back = returned(output.changes, part.plan, self._enrich)
            messages += [Outgoing(self._events, _encode_json(pack)) for pack in _packs(back)]
        await self._stream.send(messages)
        now = time.time()
        metrics.changed(changes)
        for at in accepted:
            metrics.latency.observe(max(0.0, now - at / 1000))
        accepted.clear()
        self._point("published")
        for number, part in touched.items():
            await self._stream.write(number, part.entries())
            self._written[number] = part.revision
            metrics.subjects.labels(str(number)).set(part.subjects())
        self._point("written")

    async def _take(self, message: Any, touched: dict[int, Partition], accepted: list[int]) -> None:
        try:
            read = decode_observations(message.value or b"")
        except UNREADABLE as error:
            _log.error("%s %d cannot be read: %s", OBSERVATIONS, message.offset, error)
            self._stream.metrics.decided({"unreadable": 1})
            return
        number = message.partition
        part = touched[number] = await self._part(number, read)
        if read.revision == part.revision + 1 and part.cut_over is None:
            part.cut_over = await asyncio.to_thread(self._begin_cut_over, read.revision, message.offset)
        part.process(message.offset, read)
        if read.accepted:
            accepted.append(read.accepted)
            self._stream.metrics.events.inc()
        if part.cut_over is not None and part.cut_over.complete:
            await self._flush(touched, accepted)
            self._point("switching")
            kept = self._stream.kept(number, self._partition_in)
            self._parts[number] = touched[number] = await asyncio.to_thread(part.successor, kept)
            _log.info("partition %d is evaluated by rule set revision %d", number, read.revision)

    def _begin_cut_over(self, revision: int, offset: int) -> CutOver:
        _log.info("the cut-over to rule set revision %d begins at offset %d", revision, offset)
        return CutOver(self._revisions.plan(revision), revision, offset)

    async def _part(self, number: int, first: Observations) -> Partition:
        if number not in self._parts:
            self._parts[number] = await asyncio.to_thread(self._resumed, number, first)
        return self._parts[number]

    def _resumed(self, number: int, first: Observations) -> Partition:
        """The partition as it was written; without a state it begins with its first message's rule set revision."""
        kept = self._stream.kept(number, self._partition_in)
        meta = meta_of(kept)
        revision = (first.revision if first.part == LIVE else first.revision - 1) if meta is None else meta.revision
        part = Partition(self._revisions.plan(revision), number, revision=revision, mode=self._mode)
        if unused := part.resume(kept):
            _log.info("partition %d: %d segments of a batch that was cut short", number, len(unused))
        return part

    async def tick(self, _committed: Mapping[int, int], _ends: Mapping[int, int]) -> None:
        """Writes down which partitions have gone on to another rule set revision."""
        fresh = {number: at for number, at in self._written.items() if self._noted.get(number) != at}
        if not fresh:
            return
        try:
            await asyncio.to_thread(self._revisions.note_evaluated, fresh)
        except PrewarnError as error:
            _log.warning("which rule set revision is evaluated could not be written down, trying again: %s", error)
        else:
            self._noted |= fresh

    def _partition_in(self, key: bytes) -> int:
        if not is_entry(key):  # anybody may have written it
            return -1
        if key.startswith(META):
            return int(key.removeprefix(META))
        return partition_of(bucket_in(key), self._partitions)

    def _published(self, published: Changes) -> list[Outgoing]:
        """All of one warning in one partition, in order."""
        apart: dict[int, Changes] = {}
        for change in published.changes:
            apart.setdefault(self._target(change.warning_id), Changes([], [])).changes.append(change)
        for reading in published.readings:
            apart.setdefault(self._target(reading.facts.warning_id), Changes([], [])).readings.append(reading)
        out: list[Outgoing] = []
        for target, part in sorted(apart.items()):
            packs = [Changes(pack, []) for pack in _packs(part.changes)]
            packs += [Changes([], pack) for pack in _packs(part.readings)]
            out += [Outgoing(self._warnings, _encode_json(pack), target) for pack in packs]
        return out

    def _target(self, warning_id: str) -> int:
        return crc32(warning_id.encode()) % self._targets


def _packs(items: list[T]) -> list[list[T]]:
    return [items[n : n + _PACK] for n in range(0, len(items), _PACK)]
