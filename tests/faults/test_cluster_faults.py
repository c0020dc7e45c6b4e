"""Whatever goes wrong, the cluster publishes what the embedded worker says of the same log, and commits it all.

`tests/faults/run` is the long form; PREWARN_SEED chooses the stream and the moments.
"""

import os
import random
import re
import signal
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from services.errors import RuleError
from services.log.kafka import EVENTS
from services.rules.registry.kafka import KafkaRegistry
from services.rules.worker import Worker
from tests.cluster import Cluster, assert_as_embedded, embedded, kill
from tests.faults.kinds import BEGIN, KINDS, parts, stream, until
from tests.harness import event, rule_set
from tests.journals import append, finish, journal, published
from tests.patience import PATIENCE
from tests.rule_files import folder, rule

RULES = Path(__file__).parents[1] / "unit" / "rules" / "engine" / "every_measure"
SEED = int(os.environ.get("PREWARN_SEED", "1"))


@pytest.fixture(scope="module")
def rules():
    return rule_set(RULES)


@pytest.fixture
def cluster(broker, tmp_path, request):
    with Cluster(broker, prefix(request), RULES, tmp_path) as cluster:
        yield cluster


def prefix(request):
    return re.sub(r"\W", "-", request.node.name)[-60:].strip("-") + "."


@pytest.mark.parametrize("kind", KINDS)
def test_cluster_under(kind, cluster, rules, tmp_path):
    packs = KINDS[kind](cluster, random.Random(f"{SEED} {kind}"))
    cluster.wait_until_done()
    assert_as_embedded(cluster, embedded(tmp_path / "one", rules, packs, finish, Worker))
    if kind == "poison":
        assert sum(cluster.ends("campus.rejected").values()) == 8  # [1, null] are two


NOT_PRESENT, ONE = '{count: status != "present"}', "{at_least: {yellow: 1}}"
REVISIONS = [
    [rule("a", levels=ONE), rule("b", by="[class]", window="{within: 3d}")],
    [rule("a", levels=ONE, measure=NOT_PRESENT), rule("b", by="[class]", window="{within: 3d}", levels=ONE)],
    [rule("a", levels="{at_least: {yellow: 2, red: 3}}", measure=NOT_PRESENT), rule("c", by="[student, course]")],
]
"""Of the second one a measure is other, and a threshold; of the third a threshold, one rule is gone and one new."""


CHANGED = "rules-changed-twice-and-once-badly"


@pytest.mark.parametrize(
    "victim",
    [
        pytest.param("nobody", id=CHANGED),
        pytest.param("route", id=f"{CHANGED}-and-route-killed"),
        pytest.param("route-noted", id=f"{CHANGED}-and-route-killed-as-it-switches"),
        pytest.param("evaluate", id=f"{CHANGED}-and-evaluate-killed"),
        pytest.param("evaluate-switching", id=f"{CHANGED}-and-evaluate-killed-as-it-switches"),
        pytest.param("evaluate-written", id=f"{CHANGED}-and-evaluate-killed-behind-the-state"),
    ],
)
def test_cluster_with(victim, broker, tmp_path, request):
    folders = [folder(tmp_path / f"rules{n}", *entries) for n, entries in enumerate(REVISIONS)]
    rng = random.Random(f"{SEED} {victim}")
    packs = stream(rng, 120)
    with Cluster(broker, prefix(request), folders[0], tmp_path) as cluster:
        running = {name: cluster.start(name) for name in ("route", "evaluate")}
        for revision, part in enumerate(parts(packs, 3), 1):
            cluster.append(part[:2])
            if revision > 1:
                KafkaRegistry(cluster.settings).publish(folders[revision - 1])
                break_rules(cluster, tmp_path)
                hurt(cluster, running, victim, rng)
            cluster.append(part[2:])
            until(
                lambda revision=revision: (cluster.supervise(), is_evaluated_by(cluster, revision))[1],
                said=lambda: (KafkaRegistry(cluster.settings).evaluated(), cluster.said()),
            )
            running = {name: alive[-1] for name in running if (alive := cluster.alive(name))}
        cluster.wait_until_done()
        assert_as_embedded(cluster, embedded_revisions(cluster, folders, packs, tmp_path / "one"))


FAILS = rule("fails", measure="{sum: hours * hours * hours}", levels=ONE)
DIVIDES = rule("divides", measure="{mean: hours / (hours - 1)}", levels=ONE)


def test_a_rule_that_raises_harms_no_other(broker, tmp_path, request):
    rules = folder(tmp_path / "rules", FAILS, DIVIDES, rule("healthy", levels=ONE))
    packs = [
        [event("attendance", BEGIN + timedelta(hours=n), str(n), student=f"s{n % 5}", status="absent", hours=hours)]
        for n, hours in enumerate([1, 1e300, 2, 1, 1e305] * 10)
    ]
    with Cluster(broker, prefix(request), rules, tmp_path) as cluster:
        cluster.start("route"), cluster.start("evaluate")
        cluster.append(packs)
        cluster.wait_until_done()
        assert_as_embedded(cluster, embedded(tmp_path / "one", rule_set(rules), packs, finish, Worker))
        assert {c.subject for c in cluster.published() if c.rule == "healthy"} == {f"s{n}" for n in range(5)}


def is_evaluated_by(cluster, revision):
    return set(KafkaRegistry(cluster.settings).evaluated().values()) == {revision}


def break_rules(cluster, path):
    with pytest.raises(RuleError):
        KafkaRegistry(cluster.settings).publish(folder(path / "bad", "- id: x\n  on: nothing\n"))


def hurt(cluster, running, victim, rng):
    """Kills it on the way to the next rule set revision, at a random or at a named moment, and starts it anew."""
    name, _, point = victim.partition("-")
    if name not in running:
        return
    if point:
        kill(running[name])
        running[name] = cluster.start(name, die_at=point)
        assert running[name].wait(PATIENCE) == -signal.SIGKILL, cluster.said()
    else:
        time.sleep(rng.uniform(0, 4))
        kill(running[name])
    running[name] = cluster.start(name)


def embedded_revisions(cluster, folders, packs, path):
    """What the embedded worker says of the same log, with the switches at the same places."""
    switched = KafkaRegistry(cluster.settings).switched(0)
    assert [revision for revision, _ in switched] == [2, 3]
    mine = [offset for offset, value in cluster.values(EVENTS) if b'"source":"prewarn"' not in value]
    assert len(mine) == len(packs)
    book = journal(path)
    worker = Worker(book, rule_set(folders[0]))
    for offset, pack in zip(mine, packs, strict=True):
        while switched and switched[0][1] <= offset:
            worker = finish(worker)
            worker.use(rule_set(folders[switched[0][0] - 1]))
            switched = switched[1:]
        append(book, pack)
    finish(worker)
    for revision, _ in switched:
        worker.use(rule_set(folders[revision - 1]))
    return published(finish(worker) and book)


ROLLCALL = rule("rollcall", on="lesson", by="[lesson]", measure="{missing: rollcall, after: ends_at}",
    levels="{at_least: {yellow: 30m}}")  # fmt: skip


@pytest.fixture
def live(broker, tmp_path, request):
    """As in operation: time is the clock's and Kafka's; all partitions of campus.events but one are idle."""
    with Cluster(broker, prefix(request), folder(tmp_path / "rules", ROLLCALL), tmp_path, partitions=4) as cluster:
        yield cluster


def lesson(deadline):
    ends = deadline - timedelta(minutes=30)
    begins = ends - timedelta(minutes=45)
    return event("lesson", begins, "l", lesson="l", status="planned", starts_at=begins.isoformat(), ends_at=ends.isoformat())  # fmt: skip  # noqa: E501


def test_idle_source_a_deadline_fires_once_and_not_before_its_time(live):
    live.start("route", past="false"), live.start("evaluate")
    deadline = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=20)
    live.append([[lesson(deadline)]])
    changes = []
    while not changes:
        changes, seen = live.published(), datetime.now(UTC)
        assert seen < deadline + timedelta(seconds=60), live.said()
        assert not changes or seen >= deadline
    assert [(c.rule, c.change, c.at) for c in changes] == [("rollcall", "opened", deadline)]
    time.sleep(3)
    assert len(live.published()) == 1


def test_route_that_is_behind_lets_nothing_fire_early(live):
    deadline = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=8)
    live.append([[lesson(deadline)]])
    live.append([[event("rollcall", datetime.now(UTC), "r", lesson="l", status="submitted")]])
    time.sleep(9)
    live.start("route", past="false"), live.start("evaluate")
    live.wait_until_done()
    time.sleep(5)
    assert live.published() == []
