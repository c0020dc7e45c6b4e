"""Route and evaluate on a real broker: the embedded worker's warnings, whatever dies on the way."""

import os
import random
import re
import signal
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from services.cluster import publish_rules
from services.errors import ConfigurationError
from services.rules.worker import Worker
from services.topics import EVENTS, OBSERVATIONS
from tests.cluster import Cluster, assert_as_embedded, embedded, kill, said
from tests.harness import packed, rule_set, school
from tests.journals import assert_ids_are_unique, finish
from tests.rule_files import folder, rule

RULES = Path(__file__).parent / "engine" / "every_measure"
BEGIN = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def rules():
    return rule_set(RULES)


@pytest.fixture
def cluster(broker, tmp_path, request):
    with Cluster(broker, re.sub(r"\W", "-", request.node.name)[:60] + ".", RULES, tmp_path) as cluster:
        yield cluster


def stream(seed, count=200):
    rng = random.Random(seed)
    return packed(school(rng, count, BEGIN, timedelta(days=28)), rng, 5)


def until(condition, within=40.0):
    end = time.monotonic() + within
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_events_in_give_the_embedded_workers_warnings(cluster, rules, tmp_path):
    packs = stream(1)
    cluster.start("route"), cluster.start("evaluate")
    cluster.append(packs)
    cluster.wait_until_done()
    published = cluster.published()
    assert_ids_are_unique(published)
    assert said(published) == said(embedded(tmp_path / "one", rules, packs, finish, Worker))


def test_a_killed_evaluate_goes_on_where_it_was(cluster, rules, tmp_path):
    packs = stream(2)
    cluster.start("route")
    for part, point in zip((packs[:20], packs[20:40], packs[40:]), ("published", "written", ""), strict=True):
        victim = cluster.start("evaluate", die_at=point)
        cluster.append(part)
        if point:
            victim.wait(40)
            assert victim.returncode == -signal.SIGKILL, cluster.said()
    cluster.wait_until_done()
    assert_as_embedded(cluster, embedded(tmp_path / "one", rules, packs, finish, Worker))


def test_of_two_evaluates_one_is_killed_and_one_is_frozen_and_thawed(cluster, rules, tmp_path):
    packs = stream(3)
    third = len(packs) // 3
    cluster.start("route")
    killed, frozen = cluster.start("evaluate"), cluster.start("evaluate")
    cluster.append(packs[:third])
    cluster.wait_until_done()
    kill(killed)
    cluster.append(packs[third : 2 * third])
    cluster.wait_until_done()
    cluster.start("evaluate")
    os.kill(frozen.pid, signal.SIGSTOP)
    cluster.append(packs[2 * third :])
    cluster.wait_until_done()
    os.kill(frozen.pid, signal.SIGCONT)
    assert frozen.wait(20) == 75, cluster.said()
    assert_as_embedded(cluster, embedded(tmp_path / "one", rules, packs, finish, Worker))


def test_everything_twice_and_a_killed_route_change_nothing(cluster, rules, tmp_path):
    packs = stream(4)
    half = len(packs) // 2
    cluster.start("evaluate")
    route = cluster.start("route")
    cluster.append([pack for pack in packs[:half] for _ in range(2)])
    until(lambda: sum(cluster.ends(OBSERVATIONS).values()) > 5)
    kill(route)
    cluster.start("route")
    cluster.append([pack for pack in packs[half:] for _ in range(2)])
    cluster.wait_until_done()
    assert_as_embedded(cluster, embedded(tmp_path / "one", rules, packs, finish, Worker))


def test_a_broker_that_restarts_loses_nothing(cluster, rules, tmp_path):
    packs = stream(5)
    half = len(packs) // 2
    cluster.start("route"), cluster.start("evaluate")
    cluster.append(packs[:half])
    until(lambda: sum(cluster.ends(OBSERVATIONS).values()) > 0)
    cluster.broker.kill()
    cluster.broker.start()
    cluster.append(packs[half:])
    cluster.wait_until_done()
    assert_as_embedded(cluster, embedded(tmp_path / "one", rules, packs, finish, Worker))


def test_poison_is_rejected_and_harms_nothing_beside_it(cluster, rules, tmp_path):
    packs = stream(6, 60)
    cluster.start("route"), cluster.start("evaluate")
    for n, pack in enumerate(packs):
        if n < 4:
            poison = (b"nonsense", b"[1, null]", None, b'[{"type": "attendance"}]')[n]
            cluster.publisher._connected().send(cluster.prefix + EVENTS, poison, key=b"k").get(10)
        cluster.append([pack])
    cluster.wait_until_done()
    assert_as_embedded(cluster, embedded(tmp_path / "one", rules, packs, finish, Worker))
    assert sum(cluster.ends("campus.rejected").values()) == 5


def test_a_prefix_keeps_one_rule_set(cluster, tmp_path):
    other = folder(tmp_path / "other", rule())
    assert publish_rules(cluster.settings, RULES)
    with pytest.raises(ConfigurationError, match="keeps one rule set"):
        publish_rules(cluster.settings, other)
