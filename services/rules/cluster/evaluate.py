"""What evaluate does with a batch of messages. Kafka is behind the port `Way`, which `app.py` is.

It does not raise for what stands in a message: that is counted, and the next one is taken. What route does: `route.py`.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol
from zlib import crc32

import msgspec

from services.errors import PrewarnError
from services.log.kafka import EVENTS, LATE, OBSERVATIONS, WARNINGS, full_name
from services.messages import Changes, Mode
from services.rules.cluster.changelog import Entry, bucket_in
from services.rules.cluster.cutover import Coming
from services.rules.cluster.metrics import Meters
from services.rules.cluster.observations import LIVE, Observations, decode_observations, partition_of
from services.rules.cluster.partition import META, Partition, meta_of
from services.rules.cluster.watchdog import REFUSED, end
from services.rules.engine.plan import Plan
from services.rules.feedback import Enrich, as_it_is, returned

_log = logging.getLogger(__name__)
_encode_json = msgspec.json.Encoder().encode
_PACK = 500
"""Warnings of one message, or of one that comes back as events."""
Outgoing = tuple[str, int | None, bytes | None, bytes]
"""Topic, partition (None: any), key, value."""


class Way(Protocol):
    """To Kafka."""

    meters: Meters

    async def send(self, messages: Sequence[Outgoing]) -> None:
        """Returns when all are acknowledged."""

    async def write(self, partition: int, entries: Sequence[Entry]) -> None:
        """Likewise, state."""

    def kept(self, partition: int, partition_of: Callable[[bytes], int]) -> list[tuple[bytes, bytes]]:
        """State of a partition."""


class Editions(Protocol):
    """The rule sets of this prefix. Both methods block and are called on a thread; they raise PrewarnError."""

    def plan(self, edition: int) -> Plan:
        """The rules of an edition."""

    def note_evaluated(self, editions: Mapping[int, int]) -> None:
        """Writes down by which edition each partition is evaluated."""


class Evaluate:
    """From `campus.observations` to `campus.warnings`; state to the table."""

    def __init__(
        self, way: Way, editions: Editions, prefix: str, partitions: dict[str, int], *, mode: Mode = "live",
        point: Callable[[str], None] = lambda _: None, enrich: Enrich = as_it_is,
    ) -> None:  # fmt: skip
        """`point`: called at named points of a step; tests die there.

        `enrich`: what the directory adds to the events that warnings come back as; work that is repeated after a new
        directory has come may add something else, and the first one counts.
        """
        self._enrich = enrich
        self._way, self._editions, self._mode = way, editions, mode
        self._warnings, self._late = full_name(prefix, WARNINGS), full_name(prefix, LATE)
        self._events = full_name(prefix, EVENTS)
        self._targets, self._partitions = partitions[WARNINGS], partitions[OBSERVATIONS]
        self._parts: dict[int, Partition] = {}
        self._written: dict[int, int] = {}
        """Partition → edition of the state that is on Kafka …"""
        self._noted: dict[int, int] = {}
        """… and the one that was written down."""
        self._point = point

    def evaluated(self, number: int) -> int:
        """The offset behind which a partition has to be read, -1: from the beginning."""
        meta = meta_of(self._way.kept(number, self._partition_in))
        if meta is None:
            return -1
        return meta.offset if meta.coming < 0 else meta.coming - 1

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
        for part in touched.values():
            outcome = part.outcome()
            changes += outcome.changes
            messages += self._published(Changes(outcome.changes, outcome.readings))
            messages += [(self._late, None, None, ident.encode()) for ident in outcome.late]
            for ident, why in outcome.failed:
                _log.error("%s could not be evaluated: %s", ident, why)
            self._way.meters.decided(part.counts)
            part.counts.clear()
            messages += self._coming_back(outcome.changes, part.plan)
        await self._way.send(messages)
        now = time.time()
        self._way.meters.changed(changes)
        for at in accepted:
            self._way.meters.latency.observe(max(0.0, now - at / 1000))
        accepted.clear()
        self._point("published")
        for number, part in touched.items():
            await self._way.write(number, part.entries())
            self._written[number] = part.edition
            self._way.meters.subjects.labels(str(number)).set(part.subjects())
        self._point("written")

    async def _take(self, message: Any, touched: dict[int, Partition], accepted: list[int]) -> None:
        try:
            read = decode_observations(message.value or b"")
        except msgspec.MsgspecError as error:
            _log.error("%s %d cannot be read: %s", OBSERVATIONS, message.offset, error)
            self._way.meters.decided({"unreadable": 1})
            return
        number = message.partition
        part = touched[number] = await self._part(number, read)
        if read.edition == part.edition + 1 and part.coming is None:
            part.coming = await asyncio.to_thread(self._coming, read.edition, message.offset)
        part.take(message.offset, read)
        if read.accepted:
            accepted.append(read.accepted)
            self._way.meters.events.inc()
        if part.coming is not None and part.coming.complete:
            await self._flush(touched, accepted)
            self._point("switching")
            kept = self._way.kept(number, self._partition_in)
            self._parts[number] = touched[number] = await asyncio.to_thread(part.successor, kept)
            _log.info("partition %d is evaluated by edition %d", number, read.edition)

    def _coming(self, edition: int, offset: int) -> Coming:
        _log.info("edition %d begins to come at offset %d", edition, offset)
        return Coming(self._editions.plan(edition), edition, offset)

    async def _part(self, number: int, first: Observations) -> Partition:
        if number not in self._parts:
            self._parts[number] = await asyncio.to_thread(self._resumed, number, first)
        return self._parts[number]

    def _resumed(self, number: int, first: Observations) -> Partition:
        """The partition as it was written; without a state it begins with the edition of its first message."""
        kept = self._way.kept(number, self._partition_in)
        meta = meta_of(kept)
        edition = (first.edition if first.part == LIVE else first.edition - 1) if meta is None else meta.edition
        part = Partition(self._editions.plan(edition), number, edition=edition, mode=self._mode)
        if unused := part.resume(kept):
            _log.info("partition %d: %d segments of a batch that was cut short", number, len(unused))
        return part

    async def tick(self, _committed: Mapping[int, int], _ends: Mapping[int, int]) -> None:
        """Writes down which partitions have gone on to another edition."""
        fresh = {number: at for number, at in self._written.items() if self._noted.get(number) != at}
        if not fresh:
            return
        try:
            await asyncio.to_thread(self._editions.note_evaluated, fresh)
        except PrewarnError as error:
            _log.warning("which edition is evaluated could not be written down, trying again: %s", error)
        else:
            self._noted |= fresh

    def _partition_in(self, key: bytes) -> int:
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
            packs = [Changes(part.changes[n : n + _PACK], []) for n in range(0, len(part.changes), _PACK)]
            packs += [Changes([], part.readings[n : n + _PACK]) for n in range(0, len(part.readings), _PACK)]
            out += [(self._warnings, target, None, _encode_json(pack)) for pack in packs]
        return out

    def _target(self, warning_id: str) -> int:
        return crc32(warning_id.encode()) % self._targets

    def _coming_back(self, changes: Sequence[Any], plan: Plan) -> list[Outgoing]:
        """Always, whether rules look at warnings or not: those of a later edition may."""
        events = returned(changes, frozenset(plan.fields["warning"]), self._enrich)
        packs = [events[n : n + _PACK] for n in range(0, len(events), _PACK)]
        return [(self._events, None, None, _encode_json(pack)) for pack in packs]
