"""`prewarn run notify`: warnings from Kafka into the store, messages to people, the pages.

How far each partition of `campus.warnings` has been taken in stands in the store, in the transaction that took it in:
whoever gets a partition goes on from there, whatever the group has committed. Of two processes that both believe a
partition theirs for a moment, one waits for the other's transaction and then finds everything taken in already. The
group's own offsets are committed behind it, for whoever watches the lag.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import msgspec
from kafka import ConsumerRebalanceListener, KafkaConsumer
from kafka.errors import KafkaError

from services.accounts.providers.configured import providers
from services.app.catching_up import CatchingUp
from services.app.cluster.bounds import PublishedBounds
from services.app.cluster.catching_up import catching_up_of, looking
from services.app.cluster.phone import PhoneOnKafka
from services.app.cluster.set_aside import SetAsideChanges
from services.app.doors import streams
from services.app.first_account import welcome
from services.app.lesson_times import LessonTimes
from services.app.serving import serve
from services.clock import wall_clock
from services.errors import LogError, UnstorableError
from services.ingest.records.keys import Keys
from services.ingest.schemas import load_schemas
from services.log import leave_news
from services.log.heartbeat import STALLED, Heartbeat, Progress, end
from services.log.kafka import WARNINGS, full_name
from services.log.kafka.producer import Publisher
from services.log.kafka.rejects import Rejects
from services.log.postgres_records import PostgresRecords, address_of
from services.messages import UNREADABLE, CampusEvent, Changes, Problem, Rejection
from services.notify.config import of_settings
from services.notify.ports import Ports, SetAside
from services.notify.service import Notify
from services.notify.store.engine import Store
from services.rules.language.load import RuleSet
from services.settings import Settings, resource
from services.web.pages import Pages

_log = logging.getLogger(__name__)
_AGAIN = 1.0
_SILENT = 9.0
"""Seconds without a turn until /healthz says so."""
_LOST = 5_000
"""Milliseconds; without a limit kafka-python waits for ever for an answer that was lost."""
_POLL, _JOINING = 300, 2_000
"""Milliseconds of a look for messages, and of one while there is no partition: kafka-python 3.0 throws a join away that
ends between two looks and begins another, so where every join takes longer than a look it never joins."""
_EMPTY_HANDED = 20.0, 600.0
"""Seconds without a partition until a consumer joins its group anew, doubled each time up to the second: a join may be
lost without a word; of more processes than partitions one has to have none."""
_MESSAGES_AT_ONCE = 50
_RAW = 500_000
"""Bytes of a refused message that are kept: in base64 it has to fit into one of Kafka's."""
_decode = msgspec.json.Decoder(Changes).decode


def consumer_name(partition: int) -> str:
    """Under which the store keeps how far a partition has been taken in."""
    return f"{WARNINGS}/{partition}"


class Intake:
    """Takes `campus.warnings` into the store, on a thread of its own."""

    def __init__(self, settings: Settings, notify: Notify, rejected: Publisher) -> None:
        self._settings, self._notify, self._rejected = settings, notify, rejected
        self._topic = full_name(settings.topic_prefix, WARNINGS)
        self._in_hand: Heartbeat | None = None
        """A message that is not in the store yet."""
        self._empty_handed = _EMPTY_HANDED[0]
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="warnings", daemon=True)

    def start(self) -> None:
        """From here on changes are taken in, on a thread of its own."""
        self._thread.start()

    def stop(self) -> None:
        """Ends behind the message that is being taken in."""
        self._stop.set()
        self._thread.join(20)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._consume()
            except Exception:  # noqa: BLE001 - Kafka or the store is away: nothing is passed over meanwhile
                _log.exception("the warnings cannot be read or stored, trying again")
                if self._in_hand and (why := self._in_hand.stalled(self._settings.patience)):
                    end(STALLED, f"{self._topic}: {why}, it cannot be taken in")
                self._stop.wait(_AGAIN)

    def _consume(self) -> None:
        self._progress = Progress(self._settings.patience)  # the time in which Kafka was away does not count
        consumer: Any = KafkaConsumer(
            bootstrap_servers=self._settings.broker_list,
            group_id=f"{self._settings.topic_prefix}prewarn-notify",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            max_poll_records=_MESSAGES_AT_ONCE,
            session_timeout_ms=int(self._settings.session_timeout * 1000),
            heartbeat_interval_ms=int(self._settings.session_timeout * 1000 / 5),
            allow_auto_create_topics=False,
            max_partition_fetch_bytes=16 << 20,
        )
        try:
            consumer.subscribe([self._topic], listener=_Goes(consumer, self._notify))
            had = time.monotonic()
            while not self._stop.is_set():
                wait = _POLL if consumer.assignment() else _JOINING
                for place, records in consumer.poll(timeout_ms=wait).items():
                    self._take_many(place.partition, records)
                self._told(consumer)
                if consumer.assignment():
                    had, self._empty_handed = time.monotonic(), _EMPTY_HANDED[0]
                elif time.monotonic() - had > self._empty_handed:
                    _log.warning("no partition of %s for %.0f s, joining anew", self._topic, self._empty_handed)
                    self._empty_handed = min(2 * self._empty_handed, _EMPTY_HANDED[1])
                    return
        finally:
            with suppress(KafkaError):
                consumer.close()

    def _take_many(self, partition: int, records: list[Any]) -> None:
        """In one transaction, which is what the store can do least often; if that does not go, one by one."""
        first, last = records[0].offset, records[-1].offset
        self._begin(f"partition {partition} offset {first}")
        try:
            changes = [_decode(record.value or b"") for record in records]
            items: list[Any] = [one for each in changes for one in (*each.changes, *each.readings)]
            if len(records) > 1 and self._notify.take_in(items, last + 1, consumer_name(partition), since=first):
                self._in_hand = None
                return
        except (*UNREADABLE, UnstorableError):
            pass
        for record in records:
            self._take(partition, record)

    def _begin(self, position: str) -> None:
        if self._in_hand is None or self._in_hand.part != position:
            self._in_hand = Heartbeat(position)

    def _take(self, partition: int, record: Any) -> None:
        position, who = f"partition {partition} offset {record.offset}", consumer_name(partition)
        self._begin(position)
        items: list[Any] = []
        try:
            changes = _decode(record.value or b"")
            items = [*changes.changes, *changes.readings]
        except UNREADABLE as error:
            self._refuse(position, record.value or b"", str(error))
        # A message of nothing moves the position on, so that what cannot be read is passed once and for all.
        try:
            self._notify.take_in(items, record.offset + 1, who)
        except UnstorableError:
            self._take_singly(items, position, record.offset, who)
            self._notify.take_in([], record.offset + 1, who)
        self._in_hand = None

    def _take_singly(self, items: list[Any], position: str, offset: int, who: str) -> None:
        """All but what the store cannot hold; the message counts as taken in only behind the last of them."""
        for item in items:
            try:
                self._notify.take_in([item], offset, who)
            except UnstorableError as error:
                self._refuse(position, msgspec.json.encode(item), str(error))

    def _refuse(self, position: str, raw: bytes, why: str) -> None:
        _log.error("%s, %s cannot be read: %s", self._topic, position, why)
        if len(raw) > _RAW:
            raw, why = raw[:_RAW], f"{why} (the first {_RAW} of {len(raw)} bytes are kept)"
        problem = Problem(where="warning", what=why, expected="changes as evaluate writes them")
        while not self._stop.is_set():
            try:
                rejection = Rejection(
                    received_at=wall_clock(), origin=WARNINGS, position=position, reasons=[problem], raw=raw
                )
                self._rejected.reject([rejection])
            except LogError as error:
                _log.warning("Kafka did not take what was refused, trying again: %s", error)
                self._stop.wait(_AGAIN)
            else:
                return

    def _told(self, consumer: Any) -> None:
        """The lag, and the group's offsets."""
        mine = consumer.assignment()
        ends = consumer.end_offsets(list(mine)) if mine else {}
        at = {place.partition: consumer.position(place, timeout_ms=_LOST) or 0 for place in mine}
        last = {place.partition: offset for place, offset in ends.items()}
        if why := self._progress.stalled(at, last, time.monotonic()):  # a consumer that has stopped without a word
            end(STALLED, f"{self._topic}: {why}")
        lag = sum(max(0, last[partition] - at[partition]) for partition in at)
        self._notify.beat("notify", lag, _SILENT)  # a broker that is frozen answers nothing, and raises nothing
        with suppress(KafkaError):
            consumer.commit()


class _Goes(ConsumerRebalanceListener):  # type: ignore[misc]  # kafka-python has no types
    """Who gets a partition goes on from where the store says."""

    def __init__(self, consumer: Any, notify: Notify) -> None:
        self._consumer, self._notify = consumer, notify

    def on_partitions_revoked(self, revoked: Any) -> None:
        """Nothing is under way between two polls."""

    def on_partitions_assigned(self, assigned: Any) -> None:
        """Goes on where the store has come to in these partitions."""
        for place in assigned:
            self._consumer.seek(place, self._notify.offset(consumer_name(place.partition)))


class Opened(NamedTuple):
    """Notify over the store, by the rules and the directory of the prefix, and where it publishes."""

    notify: Notify
    rule_set: RuleSet
    publisher: Publisher
    catching_up: CatchingUp | None
    """How far the sources have caught up after an outage, if that can be known here."""
    phone: PhoneOnKafka | None
    """The way in for what teachers type; none where the store is not in ingest's database."""


@contextmanager
def opened(settings: Settings) -> Iterator[Opened]:
    """Nothing of it is started. Raises PrewarnError."""
    with ExitStack() as held:
        bounds = held.enter_context(PublishedBounds(settings))
        rule_set, directory = bounds.rule_set(), bounds.present_directory
        publisher = Publisher(settings.broker_list, settings.topic_prefix)
        held.callback(publisher.close)

        def publish(events: Sequence[CampusEvent]) -> None:
            known = directory()
            publisher.append(
                [msgspec.structs.replace(one, data=known.enrich(one.kind, one.data, one.time)[0]) for one in events]
            )

        config = of_settings(settings, rule_set.zone, rule_set.plan.times, push=True)
        Store(settings.store_url).close()  # whose absence is told before that of what ingest keeps beside it
        catching_up = catching_up_of(settings, directory, held)
        if catching_up is not None:
            config = replace(config, sources_until=catching_up.until)
        changes = SetAsideChanges(Rejects(settings.broker_list, settings.topic_prefix))

        def set_aside(most: int) -> Sequence[SetAside]:
            return changes.waiting(notify, most)

        ports = Ports(directory, bounds.registry.card, wall_clock, publish, set_aside=set_aside)
        phone = None
        if (url := settings.database_url) is not None and url.startswith("postgres"):
            records = PostgresRecords(address_of(url), settings.topic_prefix, publisher)
            held.callback(records.close)
            schemas = load_schemas(resource("schemas"))
            leave = partial(records.meta, leave_news.NAME)
            ports = ports._replace(lesson=LessonTimes(records.reading, Keys(schemas)), leave=leave)
            phone = PhoneOnKafka(records, schemas, bounds)
        notify = Notify(config, ports)
        held.callback(notify.stop)
        yield Opened(notify, rule_set, publisher, catching_up, phone)


def run_notify(settings: Settings) -> int:
    """Warns people and serves the pages until a signal comes; the exit code."""
    found = providers(settings)  # a wrong setting is told before anything is begun
    with opened(settings) as (notify, _, publisher, catching_up, phone), ExitStack() as running:
        notify.start()
        if catching_up is None:
            _log.warning("after an outage nothing waits for the sources: the store is not in ingest's database")
        else:
            sources = looking(notify, catching_up)
            sources.start()
            running.callback(sources.stop)
        if phone is None:
            _log.warning("there are no pages for teachers: the store is not in ingest's database")
        else:
            reports = phone.reporting(notify)
            reports.start()
            running.callback(reports.stop)
        intake = Intake(settings, notify, publisher)
        intake.start()
        welcome(notify.database, settings, wall_clock())
        try:
            way_in = phone.way_in if phone is not None else None
            pages = Pages(notify, providers=found, phone=way_in, streams=streams())
            serve(pages.routes(), settings)
        finally:
            intake.stop()
    return 0
