"""The rules side of the cluster mode: `prewarn run route`, `prewarn run evaluate`, `rules publish`.

A rule set lives on `campus.rules` as the files it was made of. So far a topic prefix keeps one for life.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import Callable
from pathlib import Path

from services.cluster.bundles import ACTIVE, bundle_of, rule_set_of, set_key
from services.cluster.known import KnownDirectory
from services.errors import ConfigurationError
from services.rules.app import Job
from services.rules.language.load import RuleSet, load
from services.rules.steps import Evaluate, Route
from services.settings import Settings, resource
from services.topics import EVENTS, OBSERVATIONS, RULES, STATE, TOPICS, full_name
from services.topics.records import count_partitions, read_latest, write_records

_log = logging.getLogger(__name__)


def publish_rules(settings: Settings, folder: Path) -> str:
    """Checks a folder and makes it the rule set of this prefix; its version.

    Raises RuleError, BrokerError, and ConfigurationError if the prefix has another one already.
    """
    version = load(folder, resource("schemas")).version
    topic = full_name(settings.topic_prefix, RULES)
    active = read_latest(settings.broker_list, topic).get(ACTIVE)
    if active is not None and active.decode() != version:
        raise ConfigurationError(
            f"{topic} already has rule set {active.decode()}, this is {version}. A topic prefix keeps one rule set for "
            "life: begin anew under another prefix (PREWARN_TOPIC_PREFIX)"
        )
    paths = sorted([*folder.glob("*.yaml"), *folder.glob("standards/*.yaml")])
    records = {set_key(version): bundle_of(version, folder, paths), ACTIVE: version.encode()}
    write_records(settings.broker_list, topic, records)
    return version


def published_rules(settings: Settings) -> RuleSet:
    """The rule set of this prefix. Raises ConfigurationError if there is none."""
    topic = full_name(settings.topic_prefix, RULES)
    found = read_latest(settings.broker_list, topic)
    if (active := found.get(ACTIVE)) is None:
        raise ConfigurationError(f"{topic} has no rule set: run prewarn rules publish")
    return rule_set_of(found, active.decode(), topic)


def run_route(settings: Settings) -> int:
    """Routes until a signal comes; the exit code."""
    partitions, plan = _partitions(settings), published_rules(settings).plan
    job = _job(settings, "route", EVENTS)
    route = Route(job, plan, settings.topic_prefix, partitions, past=settings.past)
    job.step, job.tick = route.step, route.tick
    return asyncio.run(_run(job, settings))


def run_evaluate(settings: Settings) -> int:
    """Evaluates until a signal comes; the exit code."""
    partitions, rule_set = _partitions(settings), published_rules(settings)
    if partitions[STATE] != partitions[OBSERVATIONS]:
        raise ConfigurationError(
            f"{STATE} has {partitions[STATE]} partitions, {OBSERVATIONS} {partitions[OBSERVATIONS]} (expected: as many)"
        )
    job = _job(settings, "evaluate", OBSERVATIONS, (full_name(settings.topic_prefix, STATE), partitions[STATE]))
    directory = KnownDirectory(settings, rule_set.zone.key)
    directory.start()
    evaluate = Evaluate(
        job, rule_set.plan, settings.topic_prefix, partitions, point=_dying_at(settings.die_at),
        enrich=lambda kind, data, at: directory.value.enrich(kind, data, at)[0],
    )  # fmt: skip
    job.step, job.revoked, job.evaluated = evaluate.step, evaluate.forget, evaluate.evaluated
    return asyncio.run(_run(job, settings))


def _dying_at(point: str) -> Callable[[str], None]:
    """Tests of crashes: the first time that a step comes to the point, it is as if by kill -9."""

    def at(name: str) -> None:
        if name == point:
            os.kill(os.getpid(), signal.SIGKILL)

    return at


def _partitions(settings: Settings) -> dict[str, int]:
    names = {full_name(settings.topic_prefix, topic): topic for topic in TOPICS}
    return {names[name]: count for name, count in count_partitions(settings.broker_list, list(names)).items()}


def _job(settings: Settings, name: str, source: str, state: tuple[str, int] | None = None) -> Job:
    job = Job(
        name, brokers=settings.broker_list, prefix=settings.topic_prefix,
        source=full_name(settings.topic_prefix, source), session=settings.session_timeout,
        patience=settings.patience, state=state,
    )  # fmt: skip
    if settings.metrics_port:
        job.meters.serve(settings.host, settings.metrics_port)
    return job


async def _run(job: Job, settings: Settings) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    _log.info("reading %s from %s", job.source, ", ".join(settings.broker_list))
    return await job.run(stop)
