"""The rules side of the cluster mode: `prewarn run route`, `prewarn run evaluate`, `rules publish`.

A rule set lives on `campus.rules` as the files it was made of; `editions.py` says in which order they came.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import Callable
from pathlib import Path

import msgspec

from services.app.cluster.directory import KnownDirectory
from services.clock import wall_clock
from services.errors import ConfigurationError
from services.i18n import say
from services.log.kafka import EVENTS, OBSERVATIONS, RULES, STATE, TOPICS, full_name
from services.log.kafka.records import count_partitions, read_latest, write_records
from services.rules.cluster.app import Job
from services.rules.cluster.evaluate import Evaluate
from services.rules.cluster.route import Route
from services.rules.language.differences import differences
from services.rules.language.load import RuleSet, load
from services.rules.registry.bundles import bundle_of, rule_set_of, set_key
from services.rules.registry.kafka import EDITIONS, Editions, editions_in, key_evaluated
from services.rules.registry.revisions import Edition
from services.settings import Settings, resource

_log = logging.getLogger(__name__)


def publish_rules(settings: Settings, folder: Path, *, author: str = "", reason: str = "") -> Edition:
    """Checks a folder and makes it the next edition of this prefix's rules; the newest one, if it is that already.

    Raises RuleError with everything that is wrong, BrokerError, and ConfigurationError while the cluster is still on
    its way to the edition before.
    """
    rule_set = load(folder, resource("schemas"))
    paths = sorted([*folder.glob("*.yaml"), *folder.glob("standards/*.yaml")])
    return _publish(settings, rule_set, bundle_of(rule_set.version, folder, paths), author, reason)


def roll_back(settings: Settings, number: int, *, author: str = "", reason: str = "") -> Edition:
    """Publishes the rules of an edition once more. Raises as `publish_rules`, also if there is no such edition."""
    topic, found = _read(settings)
    version = next((one.version for one in editions_in(found) if one.number == number), None)
    if version is None:
        known = ", ".join(str(one.number) for one in editions_in(found))
        raise ConfigurationError(
            say("app.has_no_edition", topic=topic, number=number, known=known or say("app.none_so_far"))
        )
    rule_set = rule_set_of(found, version, topic)
    return _publish(settings, rule_set, found[set_key(version)], author, reason or f"back to edition {number}")


def _publish(settings: Settings, rule_set: RuleSet, bundle: bytes, author: str, reason: str) -> Edition:
    topic, found = _read(settings)
    editions = editions_in(found)
    if editions and editions[-1].version == rule_set.version:
        return editions[-1]
    changed: list[str] = []
    if editions:
        waiting = [p for p, edition in evaluated(settings).items() if edition < editions[-1].number]
        if waiting and len(editions) > 1:
            raise ConfigurationError(
                f"the cluster is still on its way to edition {editions[-1].number}: {len(waiting)} partitions of "
                f"{OBSERVATIONS} are evaluated by the one before (prewarn rules editions). Publish when it has arrived"
            )
        changed = differences(rule_set_of(found, editions[-1].version, topic), rule_set)
    number = editions[-1].number + 1 if editions else 1
    edition = Edition(number, rule_set.version, wall_clock(), author, reason, changed)
    records = {set_key(rule_set.version): bundle, EDITIONS: msgspec.json.encode([*editions, edition])}
    write_records(settings.broker_list, topic, records)
    return edition


def editions(settings: Settings) -> list[Edition]:
    """All publications, the newest last. Raises BrokerError."""
    return editions_in(_read(settings)[1])


def evaluated(settings: Settings) -> dict[int, int]:
    """Partition of `campus.observations` → edition by which it is evaluated, 0: not yet. Raises BrokerError."""
    _, found = _read(settings)
    count = _partitions(settings)[OBSERVATIONS]
    return {partition: int(found.get(key_evaluated(partition), b"0")) for partition in range(count)}


def published_rules(settings: Settings) -> RuleSet:
    """The newest rule set of this prefix. Raises ConfigurationError if there is none."""
    topic, found = _read(settings)
    if not (known := editions_in(found)):
        raise ConfigurationError(say("input.has_no_rule_set_run", topic=topic))
    return rule_set_of(found, known[-1].version, topic)


def _read(settings: Settings) -> tuple[str, dict[bytes, bytes]]:
    topic = full_name(settings.topic_prefix, RULES)
    return topic, read_latest(settings.broker_list, topic)


def run_route(settings: Settings) -> int:
    """Routes until a signal comes; the exit code."""
    partitions, known = _partitions(settings), Editions(settings)
    known.start()
    job = _job(settings, "route", EVENTS)
    route = Route(job, known, settings.topic_prefix, partitions, past=settings.past)
    job.step, job.tick, job.revoked = route.step, route.tick, route.forget
    return asyncio.run(_run(job, settings))


def run_evaluate(settings: Settings) -> int:
    """Evaluates until a signal comes; the exit code."""
    partitions, known = _partitions(settings), Editions(settings)
    if partitions[STATE] != partitions[OBSERVATIONS]:
        raise ConfigurationError(
            f"{STATE} has {partitions[STATE]} partitions, {OBSERVATIONS} {partitions[OBSERVATIONS]} (expected: as many)"
        )
    known.start()
    job = _job(settings, "evaluate", OBSERVATIONS, (full_name(settings.topic_prefix, STATE), partitions[STATE]))
    directory = KnownDirectory(settings, known.rule_set(known.newest()).zone.key)
    directory.start()
    evaluate = Evaluate(
        job, known, settings.topic_prefix, partitions, point=_dying_at(settings.die_at),
        enrich=lambda kind, data, at: directory.value.enrich(kind, data, at)[0],
    )  # fmt: skip
    job.step, job.tick, job.revoked = evaluate.step, evaluate.tick, evaluate.forget
    job.evaluated = evaluate.evaluated
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
