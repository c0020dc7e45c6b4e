"""`prewarn run ingest`: events by HTTP into Kafka. Any number of these processes may run."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from contextlib import ExitStack

import msgspec
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    ProcessCollector,
    generate_latest,
)
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from services.app.cluster.directory import published_directory
from services.app.serving import serve
from services.clock import wall_clock
from services.errors import LogError
from services.ingest.api import ingest_routes
from services.ingest.intake import Intake
from services.ingest.schemas import load_schemas
from services.ingest.source_report import SourceCounter
from services.ingest.validation import Validator
from services.log.kafka.producer import Publisher
from services.messages import CampusEvent, Rejection, Verdict
from services.rules.registry.kafka import KafkaRegistry
from services.settings import Settings, resource

_log = logging.getLogger(__name__)
_REPORT_EVERY = 30.0
"""Seconds between two looks whether an hour of some source is over."""


class Metered:
    """The log, with what Prometheus is told of it."""

    def __init__(self, log: Publisher) -> None:
        self._log = log
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._events = Counter(
            "prewarn_ingest_events", "Events by what became of them", ["verdict"], registry=self.registry
        )
        trouble = Gauge("prewarn_ingest_trouble", "1: Kafka did not take the last of them", registry=self.registry)
        trouble.set_function(lambda: log.trouble is not None)

    def append(self, events: Sequence[CampusEvent]) -> list[Verdict]:
        """As `Publisher.append`."""
        verdicts = self._log.append(events)
        for verdict in verdicts:
            self._events.labels(verdict).inc()
        return verdicts

    def reject(self, rejections: Sequence[Rejection]) -> None:
        """As `Publisher.reject`."""
        self._log.reject(rejections)
        self._events.labels("rejected").inc(len(rejections))


class Ingest:
    """The way in of the cluster: files and HTTP share it. Raises BrokerError, ConfigurationError."""

    def __init__(self, settings: Settings) -> None:
        self._held = ExitStack()
        self.publisher = Publisher(settings.broker_list, settings.topic_prefix)
        self._held.callback(self.publisher.close)
        try:
            self.publisher.connect()
            self.directory = published_directory(settings, KafkaRegistry(settings).current().zone.key)
            self.directory.start()
        except BaseException:
            self._held.close()
            raise
        self._held.callback(self.directory.close)
        self.log = Metered(self.publisher)
        self.counter = SourceCounter(source.id for source in self.directory.value().tables.sources)
        self.intake = Intake(
            Validator(load_schemas(resource("schemas")), wall_clock),
            self.directory.value,
            self.log,
            wall_clock,
            self.counter,
        )
        self._stop = threading.Event()

    def close(self) -> None:
        """Gives up what is under way; nobody was told yes for it."""
        self._stop.set()
        self._held.close()

    def start_reporting(self) -> None:
        """From here on each source's hours are reported when they are over."""
        threading.Thread(target=self._report, name="source reports", daemon=True).start()

    def _report(self) -> None:
        waiting: list[CampusEvent] = []
        while not self._stop.wait(_REPORT_EVERY):
            enrich = self.directory.value().enrich
            waiting += [
                msgspec.structs.replace(one, data=enrich(one.kind, one.data, one.time)[0])
                for one in self.counter.due(wall_clock())
            ]
            try:
                if waiting:
                    self.log.append(waiting)
                    waiting = []
            except LogError as error:
                _log.warning("%d reports of sources wait: %s", len(waiting), error)

    def routes(self) -> list[Route]:
        """The API, /metrics and /healthz."""

        async def metrics(_: Request) -> Response:
            return Response(generate_latest(self.log.registry), media_type=CONTENT_TYPE_LATEST)

        async def health(_: Request) -> Response:
            trouble = self.publisher.trouble
            return PlainTextResponse(trouble or "ok", status_code=503 if trouble else 200)

        return [*ingest_routes(self.intake), Route("/metrics", metrics), Route("/healthz", health)]


def run_ingest(settings: Settings) -> int:
    """Takes events in until a signal comes; the exit code."""
    ingest = Ingest(settings)
    try:
        ingest.start_reporting()
        serve(ingest.routes(), settings)
    finally:
        ingest.close()
    return 0
