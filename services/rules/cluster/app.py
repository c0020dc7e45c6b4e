"""What Prewarn asks of Faust: an application with its settings, batches, sending and state. The only file with faust.

Batches are taken by hand instead of by `take`: that one acknowledges what it handed out also when it is cancelled. The
order is kept (`offsets.py` says why) and offsets are committed by hand, too: what is committed is always the offset
behind the last message that `step` is through with.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any

import faust
from faust.types import TP

from services.log.heartbeat import REFUSED, STALLED, Progress, end
from services.log.kafka import unanswered
from services.rules.cluster.changelog import Entry, is_block, offset_of
from services.rules.cluster.metrics import StreamMetrics
from services.rules.cluster.offsets import OffsetTracker
from services.rules.cluster.partition import META, is_entry
from services.rules.cluster.stream import Outgoing
from services.rules.cluster.watchdog import Watchdog
from services.settings import Settings

_log = logging.getLogger(__name__)
_AT_ONCE = 200
"""Messages of one batch at most."""
_LARGEST = 4 << 20
_COMMIT_EVERY = 0.5
_LOOK_EVERY = 1.0
_SEEK_AFTER = 3.0
"""Seconds without a message of a partition that has some, until it is read again from where it should go on."""
_METADATA_AGE = 2_000
"""Milliseconds. Who knew no topics when it joined is given no partitions; with fresh metadata it joins anew."""


class Table(faust.Table[Any, Any]):
    """A table whose blocks do not go back: what a worker that was believed dead has written late is refused."""

    def apply_changelog_batch(self, batch: Iterable[Any]) -> None:
        """Takes over what recovery has read, but for what evaluate has not written."""
        events = list(batch)
        ours = [event for event in events if is_entry(event.key, event.message.value)]
        if len(ours) < len(events):
            _log.error("%d records of the changelog are none of ours and are passed over", len(events) - len(ours))
        super().apply_changelog_batch([event for event in ours if not self._is_older(event)])

    def _is_older(self, event: Any) -> bool:
        key, value = event.key, event.message.value
        if value is None or not (is_block(key) or key.startswith(META)) or (known := self.data.get(key)) is None:
            return False
        return offset_of(value) < offset_of(known)


class StreamApp:
    """One of the two applications: reads a topic in batches, and acknowledges each when `step` is through with it."""

    def __init__(self, name: str, settings: Settings, source: str, state: tuple[str, int] | None = None) -> None:
        """`source`: full name of the topic that is read. `state`: full name of the changelog, and its partitions."""
        session, prefix = settings.session_timeout, settings.topic_prefix
        self._folder = tempfile.TemporaryDirectory(prefix="prewarn-")
        self.app = faust.App(
            f"{prefix}prewarn-{name}",
            broker=";".join(f"kafka://{one}" for one in settings.broker_list),
            store="memory://",
            datadir=self._folder.name,
            topic_disable_leader=True,
            topic_allow_declare=False,
            web_enabled=False,
            autodiscover=False,
            producer_acks=-1,
            producer_max_request_size=_LARGEST,
            producer_linger=0.0,
            consumer_max_fetch_size=_LARGEST,
            consumer_auto_offset_reset="earliest",
            broker_session_timeout=session,
            broker_heartbeat_interval=session / 5,
            consumer_metadata_max_age_ms=_METADATA_AGE,
            producer_metadata_max_age_ms=_METADATA_AGE,
            table_standby_replicas=0,
            Table=Table,
        )
        self.source = source
        self.metrics = StreamMetrics()
        self._watchdog = Watchdog(session, settings.patience)
        self._progress = Progress(settings.patience)
        self._session = session
        self._tracker = OffsetTracker()
        self._done: dict[int, int] = {}
        """Partition → offset behind the last message that `step` is through with, until it is committed."""
        self._committing = asyncio.Lock()
        self._heard: dict[int, float] = {}
        """Partition → when it has last brought its next message, or was sought."""
        self._buffer: list[Any] = []
        self._some, self._room, self._idle = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._idle.set()
        self._began = self._answered = time.monotonic()
        """When the process began, and when Kafka has last said where its log ends."""
        self.step: Callable[[list[Any]], Awaitable[None]]
        self.tick: Callable[[dict[int, int], dict[int, int]], Awaitable[None]] | None = None
        """Called every second with what is committed, and the ends of the log, by partition."""
        self.revoked: Callable[[], None] = lambda: None
        """Called when the partitions are given out anew; never while `step` is at work, which still needs what it
        knows: a state that is exchanged in the middle of a batch lacks what stood before in it, for good."""
        self._given_up = False
        """What is known of the partitions does not hold any more, and is still to be forgotten."""
        self.evaluated: Callable[[int], int] = lambda _: -1
        """Partition → the last offset that its state holds, -1: none."""
        self.table: Any = None
        if state is not None:
            name_, partitions = state
            self.table = self.app.Table(
                "state",
                key_type=bytes,
                value_type=bytes,
                partitions=partitions,
                use_partitioner=True,
                changelog_topic=self._topic(name_),
            )
        self._topics: dict[str, Any] = {}
        self.app.agent(self._topic(source), name=name, concurrency=1)(self._feed)
        revoked: Any = self.app.on_partitions_revoked
        revoked.connect(self._on_revoked)

    def _topic(self, name: str) -> Any:
        return self.app.topic(
            name, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw", internal=False
        )

    async def run(self, stop: asyncio.Event) -> int:
        """Runs until `stop` is set; the process's exit code."""
        self._watchdog.start()
        self.app.finalize()
        await self.app.start()
        tasks = [asyncio.create_task(one()) for one in (self._drain, self._commit_often, self._look, self._beat)]
        ended = asyncio.create_task(self.app.wait_until_stopped())
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait([*tasks, ended, stopping], return_when=asyncio.FIRST_COMPLETED)
        if not stop.is_set():
            for task in tasks:
                if task.done():
                    _log.critical("a loop has ended", exc_info=task.exception())
            end(STALLED, "Faust has ended by itself")
        self._buffer.clear()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._idle.wait(), self._session)
        for task in tasks:
            task.cancel()
        await self._commit()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.app.stop(), self._session)
        return 0

    def unwell(self) -> str | None:
        """Why the process cannot do its work, if it cannot: what /healthz says."""
        return unanswered(time.monotonic() - self._answered)

    async def _feed(self, stream: Any) -> None:
        consumer: Any = self.app.consumer
        async for event in stream.noack().events():
            # Nothing is acknowledged to Faust, which else would wait for it whenever partitions are given out anew.
            consumer._unacked_messages.discard(event.message)  # noqa: SLF001 - there is no public way
            self._buffer.append(event)
            self._some.set()
            while len(self._buffer) >= _AT_ONCE:
                self._room.clear()
                await self._room.wait()

    async def _drain(self) -> None:
        first = True
        while True:
            await self._some.wait()
            self._some.clear()
            events, self._buffer = self._buffer, []
            self._room.set()
            self._idle.clear()
            self._forget()
            if events := await self._in_order(events):
                if first:
                    self.metrics.recovery.set(time.monotonic() - self._began)
                    first = False
                await self.step(events)
                for event in events:
                    self._done[event.message.partition] = event.message.offset + 1
                self.metrics.done()
            self._idle.set()

    async def _in_order(self, events: list[Any]) -> list[Any]:
        """Those that come next in their partition; where one is missing, the partition is read again."""
        mine = self._mine()
        if self.app.rebalancing or self.app.in_recovery:
            return []  # the state is not there yet; whatever is missing then shows as a gap, or by silence
        taken, gaps = [], set()
        for event in events:
            partition = event.message.partition
            if partition not in mine:
                continue
            if partition not in self._tracker.next:
                await self._begin()
            match self._tracker.take(partition, event.message.offset):
                case "next":
                    taken.append(event)
                    self._heard[partition] = time.monotonic()
                case "gap":
                    gaps.add(partition)
        for partition in gaps:
            await self._seek(partition)
        return taken

    def _mine(self) -> set[int]:
        consumer: Any = self.app.consumer
        return {tp.partition for tp in consumer.assignment() if tp.topic == self.source}

    async def _begin(self) -> None:
        """Finds where this process's partitions go on: each question takes about a second, so one for all of them."""
        consumer: Any = self.app.consumer
        places = [TP(self.source, partition) for partition in self._mine()]
        earliest = await consumer.earliest_offsets(*places)
        for place in places:
            committed = consumer._committed_offset.get(place) or 0  # noqa: SLF001 - there is no public way
            if place.partition not in self._tracker.next:
                begin = self._beginning(place.partition, earliest.get(place) or 0, committed)
                self._tracker.begin(place.partition, begin)
                if begin > committed:  # a worker died between its state and its commit; perhaps nothing follows
                    self._done.setdefault(place.partition, begin)

    def _beginning(self, partition: int, earliest: int, committed: int) -> int:
        """Where a partition goes on: behind its state, else at what is committed, else at the log's begin."""
        begin = self.evaluated(partition) + 1 if self.table is not None else max(committed, earliest)
        if begin < min(earliest, committed):
            end(
                REFUSED,
                f"{self.source}, partition {partition}: the state ends before offset {begin}, the log begins at "
                f"{earliest}: what lies between is lost to this state. Begin anew under another topic prefix "
                "(PREWARN_TOPIC_PREFIX), or with the log restored",
            )
        if begin < committed:
            _log.warning("partition %d: %d is committed, its state ends before %d", partition, committed, begin)
        return max(begin, earliest)

    async def _seek(self, partition: int) -> None:
        due = self._tracker.next[partition]
        _log.warning("%s, partition %d: going back to offset %d", self.source, partition, due)
        self._heard[partition] = time.monotonic()
        consumer: Any = self.app.consumer
        with contextlib.suppress(TimeoutError):
            await consumer.seek_wait({TP(self.source, partition): due})

    async def _on_revoked(self, _: Any, *__: Any, **___: Any) -> None:
        self._buffer.clear()
        self._room.set()
        self._given_up = True
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._idle.wait(), self._session / 2)
        await self._commit()
        if self._idle.is_set():
            self._forget()

    def _forget(self) -> None:
        """Between two steps: what was known of the partitions that were given up."""
        if self._given_up:
            self._given_up = False
            self._tracker.forget()
            self._done.clear()
            self.revoked()

    async def _commit_often(self) -> None:
        while True:
            await asyncio.sleep(_COMMIT_EVERY)
            await self._commit()

    async def _commit(self) -> None:
        if self._committing.locked() or not self._done:
            return
        consumer: Any = self.app.consumer
        async with self._committing:
            offsets, self._done = self._done, {}
            places = {TP(self.source, partition): offset for partition, offset in offsets.items()}
            try:
                taken = await consumer._commit_offsets(places)  # noqa: SLF001 - `commit` counts acknowledgements
            except Exception as error:  # noqa: BLE001 - Kafka is away: the next one commits it too
                _log.warning("Kafka did not take the offsets, trying again: %r", error)
                taken = False
            if not taken:
                self._done = {**offsets, **self._done}

    async def _beat(self) -> None:
        while True:
            self._watchdog.looped()
            await asyncio.sleep(0.1)

    async def _look(self) -> None:
        """Progress, lag and ticks, once a second."""
        while True:
            await asyncio.sleep(_LOOK_EVERY)
            try:
                async with asyncio.timeout(self._session):
                    committed, ends = await self._offsets()
            except Exception as error:  # noqa: BLE001 - Kafka is away, or the group is being formed
                _log.info("where the log ends is not known: %r", error)
                continue
            self._answered = time.monotonic()
            self.metrics.partitions({p: ends[p] - committed.get(p, 0) for p in ends})
            if why := self._progress.stalled(committed, ends, time.monotonic()):
                end(STALLED, why)
            await self._seek_silent(ends)
            if self.tick is not None:
                await self.tick(committed, ends)

    async def _seek_silent(self, ends: dict[int, int]) -> None:
        """A gap at the end of a partition shows itself by silence only."""
        now = time.monotonic()
        if self._buffer or not self._idle.is_set() or self.app.in_recovery:
            self._heard.clear()
            return
        for partition, end_ in ends.items():
            due = self._tracker.next.get(partition, 0)
            if due >= end_:
                self._heard[partition] = now
            elif now - self._heard.setdefault(partition, now) > _SEEK_AFTER:
                if partition not in self._tracker.next:
                    await self._begin()
                await self._seek(partition)

    async def _offsets(self) -> tuple[dict[int, int], dict[int, int]]:
        consumer: Any = self.app.consumer
        mine = [tp for tp in consumer.assignment() if tp.topic == self.source]
        if not mine or self.app.rebalancing:
            return {}, {}
        ends = await consumer.highwaters(*mine)
        known = consumer._committed_offset  # noqa: SLF001 - there is no public way
        fresh = [tp for tp in mine if not known.get(tp)]
        begins = await consumer.earliest_offsets(*fresh) if fresh else {}
        committed = {tp.partition: known.get(tp) or begins.get(tp) or 0 for tp in mine}
        return committed, {tp.partition: ends[tp] or 0 for tp in mine}

    async def send(self, messages: Sequence[Outgoing]) -> None:
        """Returns when every in-sync replica has all of them; tries for ever, in this order."""
        await self._until_taken(lambda: [self._sending(message) for message in messages])

    async def _sending(self, message: Outgoing) -> Any:
        if (known := self._topics.get(message.topic)) is None:
            known = self._topics[message.topic] = self._topic(message.topic)
        return await known.send(value=message.value, partition=message.partition)

    async def write(self, partition: int, entries: Sequence[Entry]) -> None:
        """Writes state to the table and, awaited, to its changelog, in this order."""
        topic = self.table.changelog_topic
        await self._until_taken(
            lambda: [topic.send(key=key, value=value, partition=partition) for key, value in entries]
        )
        for key, value in entries:
            if value is None:
                self.table.data.pop(key, None)
            else:
                self.table.data[key] = value
                self.metrics.written.inc(len(value))

    async def _until_taken(self, sending: Callable[[], list[Awaitable[Any]]]) -> None:
        pause = 0.1
        while True:
            self._watchdog.check()
            try:
                acknowledged = [await one for one in sending()]
                for one in acknowledged:
                    await one
            except Exception as error:  # noqa: BLE001 - whatever it is, what was read must not be lost
                _log.warning("Kafka did not take a batch, trying again: %r", error)
                await asyncio.sleep(pause)
                pause = min(2 * pause, 5.0)
            else:
                return

    def kept(self, partition: int, partition_of: Callable[[bytes], int]) -> list[tuple[bytes, bytes]]:
        """State of a partition as recovered, or as written last."""
        return [(key, value) for key, value in self.table.data.items() if partition_of(key) == partition]
