"""The rules side of the cluster mode: `prewarn run route`, `prewarn run evaluate`."""

from __future__ import annotations

import asyncio
import logging
import signal

from services.app.cluster.crashes import dying_at
from services.app.cluster.directory import published_directory
from services.app.serving import figures, serve_beside
from services.errors import SettingError
from services.log.kafka import EVENTS, OBSERVATIONS, STATE, TOPICS, full_name
from services.log.kafka.records import count_partitions
from services.rules.cluster.app import StreamApp
from services.rules.cluster.evaluate import Evaluate
from services.rules.cluster.route import Route
from services.rules.registry.kafka import KafkaRegistry
from services.settings import Settings

_log = logging.getLogger(__name__)


def run_route(settings: Settings) -> int:
    """Routes until a signal comes; the exit code."""
    partitions, registry = _partitions(settings), KafkaRegistry(settings)
    registry.start()
    app = _stream_app(settings, "route", EVENTS)
    point = dying_at(settings.die_at)
    route = Route(app, registry, settings.topic_prefix, partitions, past=settings.past, point=point)
    app.step, app.tick, app.revoked = route.step, route.tick, route.forget
    return asyncio.run(_run(app, settings))


def run_evaluate(settings: Settings) -> int:
    """Evaluates until a signal comes; the exit code."""
    partitions, registry = _partitions(settings), KafkaRegistry(settings)
    if partitions[STATE] != partitions[OBSERVATIONS]:
        raise SettingError(
            f"{STATE} has {partitions[STATE]} partitions, {OBSERVATIONS} {partitions[OBSERVATIONS]} (expected: as many)"
        )
    registry.start()
    app = _stream_app(settings, "evaluate", OBSERVATIONS, (full_name(settings.topic_prefix, STATE), partitions[STATE]))
    directory = published_directory(settings, registry.current().zone.key)
    directory.start()
    evaluate = Evaluate(
        app,
        registry,
        settings.topic_prefix,
        partitions,
        point=dying_at(settings.die_at),
        enrich=lambda kind, data, at: directory.value().enrich(kind, data, at)[0],
    )
    app.step, app.tick, app.revoked = evaluate.step, evaluate.tick, evaluate.forget
    app.evaluated = evaluate.evaluated
    return asyncio.run(_run(app, settings))


def _partitions(settings: Settings) -> dict[str, int]:
    names = {full_name(settings.topic_prefix, topic): topic for topic in TOPICS}
    return {names[name]: count for name, count in count_partitions(settings.broker_list, list(names)).items()}


def _stream_app(settings: Settings, name: str, source: str, state: tuple[str, int] | None = None) -> StreamApp:
    app = StreamApp(name, settings, full_name(settings.topic_prefix, source), state)
    if settings.metrics_port:
        serve_beside(figures(app.metrics.registry, app.unwell), settings, settings.metrics_port)
    return app


async def _run(app: StreamApp, settings: Settings) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    _log.info("reading %s from %s", app.source, ", ".join(settings.broker_list))
    return await app.run(stop)
