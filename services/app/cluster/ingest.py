"""`prewarn run ingest`: events by HTTP into the records and into Kafka. Any number of these processes may run."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from typing import Self
from zoneinfo import ZoneInfo

from prometheus_client import CollectorRegistry, Counter, Gauge, ProcessCollector
from starlette.routing import BaseRoute

from services.app.catching_up import Beat
from services.app.cluster.bounds import PublishedBounds
from services.app.cluster.crashes import dying_at
from services.app.cluster.lateness import LatenessOnKafka
from services.app.cluster.source_reports import REPORT_EVERY, SourceReports
from services.app.serving import figures, serve
from services.clock import wall_clock
from services.errors import PrewarnError
from services.ingest.access import Access
from services.ingest.api import ingest_routes
from services.ingest.dry_log import DryLog
from services.ingest.intake import EventLog, Intake
from services.ingest.mappings.reading import College
from services.ingest.records.coverage import Coverage
from services.ingest.records.keys import Keys
from services.ingest.records.log import RecordLog
from services.ingest.schemas import load_schemas
from services.ingest.validation import Validator
from services.log.heartbeat import Heartbeats
from services.log.kafka.late import LateRecords
from services.log.kafka.producer import Publisher
from services.log.kafka.progress import EvaluatedBehind
from services.log.postgres_outages import PostgresOutages
from services.log.postgres_records import PostgresRecords, address_of
from services.log.postgres_tokens import PostgresTokens
from services.messages import CampusEvent, Rejection, Verdict, to_ms
from services.settings import Settings, resource

_log = logging.getLogger(__name__)
_REVIEW_EVERY = 1.0
"""Seconds between two looks whether the directory or the calendar is another one."""
_BEAT_EVERY = 1.0
"""Seconds between two looks whether it is to be noted that events are taken in."""
_PATIENCE = 3.0
"""Seconds in which the cluster may evaluate what may be late, until the sender is answered without knowing."""


class Metered:
    """The log, with what Prometheus is told of it."""

    def __init__(self, log: EventLog, trouble: Callable[[], object]) -> None:
        """`trouble`: why the last events were not taken; nothing if they were."""
        self._log = log
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._events = Counter(
            "prewarn_ingest_events", "Events by what became of them", ["verdict"], registry=self.registry
        )
        gauge = Gauge(
            "prewarn_ingest_trouble", "1: Kafka or the database did not take the last of them", registry=self.registry
        )
        gauge.set_function(lambda: trouble() is not None)

    def append(self, events: Sequence[CampusEvent]) -> list[Verdict]:
        """See EventLog."""
        verdicts = self._log.append(events)
        for verdict in verdicts:
            self._events.labels(verdict).inc()
        return verdicts

    def reject(self, rejections: Sequence[Rejection]) -> None:
        """See EventLog."""
        self._log.reject(rejections)
        self._events.labels("rejected").inc(len(rejections))


class Ingest:
    """The way in of the cluster: files and HTTP share it. Raises PrewarnError."""

    def __init__(self, settings: Settings) -> None:
        address = address_of(settings.records_url)
        with ExitStack() as held:
            publisher = Publisher(settings.broker_list, settings.topic_prefix)
            held.callback(publisher.close)
            publisher.connect()
            self.bounds = held.enter_context(PublishedBounds(settings))
            """The directory and the calendar."""
            self._store = PostgresRecords(address, settings.topic_prefix, publisher, dying_at(settings.die_at))
            held.callback(self._store.close)
            outages = PostgresOutages(address, settings.topic_prefix)
            held.callback(outages.close)
            self.late = LateRecords(settings.broker_list, settings.topic_prefix)
            """Not followed before `start`."""
            held.callback(self.late.close)
            self._evaluated = partial(EvaluatedBehind, settings.broker_list, settings.topic_prefix)
            self._access = Access(PostgresTokens(address, settings.topic_prefix), wall_clock)
            schemas = load_schemas(resource("schemas"))
            self._keys, self._kinds = Keys(schemas), schemas.kinds()
            self.records = RecordLog(self._store, self._keys, self.bounds, wall_clock)
            self._held = held.pop_all()
        self.log = Metered(self.records, lambda: self._store.trouble)
        directory = self.bounds.present_directory
        self._dry = Intake(Validator(schemas, wall_clock), directory, DryLog(), wall_clock)
        self._reports = SourceReports(source.id for source in directory().tables.sources)
        self.counter = self._reports.counter
        self.intake = Intake(
            Validator(schemas, wall_clock), directory, self.log, wall_clock, self.counter, completes=False
        )
        self._beat = Beat(outages, self.counter.newest, wall_clock)
        self._takes_in = False
        """Whether it was noted that events are taken in, and they still are."""
        self._past = settings.past
        self._stop = threading.Event()
        self._health = Heartbeats(settings.patience)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Gives up what is under way; nobody was told yes for it."""
        self._stop.set()
        self._held.close()

    def college(self) -> College:
        """What a mapping reads files by: the directory, the terms and the lessons, as of now."""
        tables, bounds = self.bounds.present_directory().tables, self.bounds
        return College.at(wall_clock(), bounds.zone, tables, bounds.terms(), self.records.lessons())

    @property
    def zone(self) -> ZoneInfo:
        """The college's time zone."""
        return self.bounds.zone

    def dry_intake(self) -> Intake:
        """An intake that takes nothing in: what would become of it is known behind it."""
        return self._dry

    def lateness(self, patience: float = _PATIENCE) -> LatenessOnKafka:
        """To be made before something is handed over; `patience`: see `LatenessOnKafka`."""
        return LatenessOnKafka(self.late, self._evaluated, lambda: self.bounds.held(to_ms(wall_clock())), patience)

    def coverage(self, text: str) -> Coverage:
        """What files cover, as their sender says it. Raises ConfigurationError."""
        return Coverage(text, self._keys, self._kinds, self.bounds.zone)

    def start(self) -> None:
        """From here on sources' hours are reported, and a changed past and who has left are taken in."""
        self._note_up()
        self.late.start()
        for name, seconds, work in (
            ("reports", REPORT_EVERY, lambda: self._reports.report(self.log)),
            ("review", _REVIEW_EVERY, self._review),
            ("beat", _BEAT_EVERY, self._note_up),
        ):
            threading.Thread(target=self._repeat, args=(seconds, work), name=name, daemon=True).start()

    def _repeat(self, seconds: float, work: Callable[[], None]) -> None:
        while not self._stop.wait(seconds):
            try:
                work()
            except Exception as error:  # noqa: BLE001 - a thread that ended would not come back
                name, known = threading.current_thread().name, isinstance(error, PrewarnError)
                self._health.failed(name, error)
                _log.warning("%s waits: %s", name, error, exc_info=not known)
            else:
                self._health.succeeded(threading.current_thread().name)

    def _review(self) -> None:
        self.records.review()
        if not self._past:  # events whose time is past know no to-day, by which somebody has left
            self.records.tell_who_left()

    def _note_up(self) -> None:
        """While Kafka or the database does not take what sources send, nothing is noted: that is an outage, too."""
        well = self.unwell() is None
        if well and not self._takes_in:
            self._beat.begin()
        elif well:
            self._beat.beat()
        self._takes_in = well

    def routes(self) -> list[BaseRoute]:
        """The API, /metrics and /healthz."""
        return [*ingest_routes(self.intake, self._access, self.lateness), *figures(self.log.registry, self.unwell)]

    def unwell(self) -> object:
        """Why this process cannot do its work, if it cannot."""
        return self._store.trouble or self._access.unwell() or self._health.stalled() or self.bounds.unwell()


def run_ingest(settings: Settings) -> int:
    """Takes events in until a signal comes; the exit code."""
    with Ingest(settings) as ingest:
        ingest.start()
        serve(ingest.routes(), settings)
    return 0
