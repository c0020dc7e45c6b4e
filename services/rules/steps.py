"""What route and evaluate do with a batch of messages. Kafka is behind the port `Way`, which `app.py` is.

Neither raises for what stands in a message: that is rejected or counted, and the next one is taken.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol
from zlib import crc32

import msgspec

from services.errors import ConfigurationError
from services.journal import Changes
from services.messages import Mode, Problem, Rejection
from services.rules.engine.plan import Plan
from services.rules.meters import Meters
from services.rules.partition import META, Partition
from services.rules.pulse import REFUSED, end
from services.rules.returning import Enrich, as_it_is, returned
from services.rules.routing import (
    BUCKETS,
    MESSAGE_BYTES,
    Observations,
    Router,
    Unreadable,
    chunks,
    decode_observations,
    encode_observations,
    partition_of,
)
from services.rules.shelf import Entry, bucket_in
from services.topics import EVENTS, LATE, OBSERVATIONS, REJECTED, WARNINGS, full_name

_log = logging.getLogger(__name__)
_encode_json = msgspec.json.Encoder().encode
_TICKS_AT_MOST = 1000
Step = tuple[int, dict[str, bytes]]
"""As in `Observations.steps`."""
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


class Route:
    """From `campus.events` to `campus.observations`. `past`: time is that of the events, not the clock's."""

    def __init__(self, way: Way, plan: Plan, prefix: str, partitions: dict[str, int], *, past: bool = False) -> None:
        """`partitions`: how many each topic has."""
        self._way, self._plan, self._past = way, plan, past
        self._router = Router(plan, partitions[OBSERVATIONS])
        self._sources, self._targets = partitions[EVENTS], partitions[OBSERVATIONS]
        self._observations, self._rejected = full_name(prefix, OBSERVATIONS), full_name(prefix, REJECTED)
        self._routed: dict[int, tuple[int, int]] = {}
        """Partition of `campus.events` → (next offset, time to which it has come in ms) that is on Kafka."""

        self._ticked: dict[int, int] = {}
        self._waiting: dict[tuple[int, int], list[Step]] = {}
        """(source, target) → how the source's time came on while it had nothing for the target."""

    async def step(self, events: list[Any]) -> None:
        """Routes a batch; returns when all of it is on Kafka."""
        sources: dict[int, list[Any]] = {}
        for event in events:
            sources.setdefault(event.message.partition, []).append(event.message)
        messages: list[Outgoing] = []
        for source, mine in sorted(sources.items()):
            messages += self._route(source, mine)
        await self._way.send(messages)
        for source, mine in sources.items():
            self._routed[source] = mine[-1].offset + 1, self._clock(mine[-1])

    def _route(self, source: int, messages: list[Any]) -> list[Outgoing]:
        out: list[Outgoing] = []
        steps: dict[int, list[Step]] = {}
        accepted = int(messages[0].timestamp * 1000)
        for message in messages:
            parts, wrong = self._router.route(message.value or b"")
            out += [self._refused(source, message.offset, one) for one in wrong]
            if wrong:
                self._way.meters.decided({"unreadable": len(wrong)})
            clock = self._clock(message)
            for target in range(self._targets):
                packs = list(chunks(parts.get(target, {})))
                into = steps.setdefault(target, [])
                into += [(-1, pack) for pack in packs[:-1]]
                into.append((clock, packs[-1] if packs else {}))
        self._way.meters.events.inc(len(messages))
        for target, mine in steps.items():
            waiting = self._waiting.setdefault((source, target), [])
            waiting += mine
            if any(events for _, events in mine):
                out += self._messages(target, source, accepted, waiting)
                waiting.clear()
            elif len(waiting) > _TICKS_AT_MOST:
                del waiting[:-1]
        return out

    def _clock(self, message: Any) -> int:
        return self._router.newest if self._past else int(message.timestamp * 1000)

    def _messages(self, target: int, source: int, accepted: int, steps: list[Step]) -> Iterator[Outgoing]:
        part: list[Step] = []
        size = 0
        for step in _without_repeats(steps):
            more = sum(map(len, step[1].values())) + 12
            if part and size + more > MESSAGE_BYTES:
                yield self._message(target, source, accepted, part)
                part, size = [], 0
            part.append(step)
            size += more
        yield self._message(target, source, accepted, part)

    def _message(self, target: int, source: int, accepted: int, steps: list[Step]) -> Outgoing:
        message = Observations(self._plan.version, BUCKETS, source, self._sources, accepted, steps)
        return self._observations, target, None, encode_observations(message)

    def _refused(self, source: int, offset: int, one: Unreadable) -> Outgoing:
        rejection = Rejection(
            received_at=datetime.now(UTC), origin=EVENTS, position=f"partition {source} offset {offset}",
            reasons=[Problem(where="event", what=one.why, expected="an event as ingest writes it")], raw=one.raw,
        )  # fmt: skip
        return self._rejected, None, None, _encode_json([rejection])

    async def tick(self, committed: dict[int, int], ends: dict[int, int]) -> None:
        """Writes to every partition how far each source has come: to the clock's time if nothing of it waits."""
        now = int((time.time() - _BEFORE_LOOKING) * 1000)
        messages: list[Outgoing] = []
        for source, at in committed.items():
            done, clock = self._routed.get(source, (at, -1))
            if not self._past and done >= ends[source]:
                clock = max(clock, now)
            if clock > self._ticked.get(source, -1):
                self._ticked[source] = clock
                for target in range(self._targets):
                    waiting = self._waiting.pop((source, target), [])
                    messages += self._messages(target, source, 0, [*waiting, (clock, {})])
        await self._way.send(messages)


_BEFORE_LOOKING = 0.5
"""Seconds by which a tick stays behind the clock: the ends of the log were asked for that long ago at most."""


def _without_repeats(steps: list[Step]) -> Iterator[Step]:
    """Steps of which some say nothing new left out."""
    before = -1
    for clock, events in steps:
        if events or clock > before:
            yield clock, events
        before = max(before, clock)


class Evaluate:
    """From `campus.observations` to `campus.warnings`; state to the table."""

    def __init__(
        self, way: Way, plan: Plan, prefix: str, partitions: dict[str, int], *, mode: Mode = "live",
        point: Callable[[str], None] = lambda _: None, enrich: Enrich = as_it_is,
    ) -> None:  # fmt: skip
        """`point`: called at named points of a step; tests die there.

        `enrich`: what the directory adds to the events that warnings come back as; work that is repeated after a new
        directory has come may add something else, and the first one counts.
        """
        self._enrich = enrich
        self._way, self._plan, self._mode = way, plan, mode
        self._warnings, self._late = full_name(prefix, WARNINGS), full_name(prefix, LATE)
        self._events = full_name(prefix, EVENTS)
        self._targets, self._partitions = partitions[WARNINGS], partitions[OBSERVATIONS]
        self._fields = frozenset(plan.fields.get("warning", ()))
        self._looked_at = any(gauge.kind == "warning" for rule in plan.rules for gauge in rule.gauges)
        self._parts: dict[int, Partition] = {}
        self._point = point

    def evaluated(self, number: int) -> int:
        """The last offset that the state of a partition holds, -1: none."""
        try:
            return self._part(number).offset
        except ConfigurationError as error:
            end(REFUSED, str(error))
            raise

    def forget(self) -> None:
        """The group is formed anew: what partitions hold is read from the table again."""
        self._parts.clear()

    async def step(self, events: list[Any]) -> None:
        """Evaluates a batch; returns when its changes, and then its state, are on Kafka."""
        touched: dict[int, Partition] = {}
        accepted: list[int] = []
        try:
            for event in events:
                number = event.message.partition
                part = touched[number] = self._part(number)
                self._take(part, event.message, accepted)
        except ConfigurationError as error:
            end(REFUSED, str(error))
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
        messages += self._coming_back(changes)
        await self._way.send(messages)
        now = time.time()
        self._way.meters.changed(changes)
        for at in accepted:
            self._way.meters.latency.observe(max(0.0, now - at / 1000))
        self._point("published")
        for number, part in touched.items():
            await self._way.write(number, part.entries())
            self._way.meters.subjects.labels(str(number)).set(part.subjects())
        self._point("written")

    def _take(self, part: Partition, message: Any, accepted: list[int]) -> None:
        try:
            read = decode_observations(message.value or b"")
        except msgspec.MsgspecError as error:
            _log.error("%s %d cannot be read: %s", OBSERVATIONS, message.offset, error)
            self._way.meters.decided({"unreadable": 1})
            return
        part.take(message.offset, read)
        if read.accepted:
            accepted.append(read.accepted)
            self._way.meters.events.inc()

    def _part(self, number: int) -> Partition:
        if number not in self._parts:
            part = Partition(self._plan, number, mode=self._mode)
            unused = part.resume(self._way.kept(number, self._partition_in))
            if unused:
                _log.info("partition %d: %d segments of a batch that was cut short", number, len(unused))
            self._parts[number] = part
        return self._parts[number]

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

    def _coming_back(self, changes: Sequence[Any]) -> list[Outgoing]:
        if not self._looked_at:
            return []
        events = returned(changes, self._fields, self._enrich)
        packs = [events[n : n + _PACK] for n in range(0, len(events), _PACK)]
        return [(self._events, None, None, _encode_json(pack)) for pack in packs]
