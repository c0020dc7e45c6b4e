"""`prewarn run ingest` as processes of their own: killed on both sides of Kafka, without its database for a while."""

import re
import signal
import urllib.error
import urllib.request
from collections import Counter
from contextlib import suppress
from http.client import HTTPException

import msgspec
import pytest

from services.app.cluster.directory import publish_directory
from services.directory import load
from services.log.kafka import EVENTS
from services.messages import CampusEvent
from tests import what_counts
from tests.acceptance.test_cluster import answers, post
from tests.cluster import Cluster, kill
from tests.faults.kinds import until
from tests.faults.running import free_port
from tests.patience import PATIENCE

_decode = msgspec.json.Decoder(list[CampusEvent]).decode


@pytest.fixture
def cluster(broker, tmp_path, request):
    prefix = re.sub(r"\W", "-", request.node.name)[:60] + "."
    with Cluster(broker, prefix, what_counts.rules(tmp_path / "rules"), tmp_path, 2) as cluster:
        people = what_counts.people(tmp_path / "people", left=what_counts.LEFT)
        publish_directory(cluster.settings, load(people, "Asia/Shanghai"))
        yield cluster


def serving(cluster, database, **more):
    port = free_port()
    process = cluster.start("ingest", port=port, database_url=database, **more)
    until(lambda: process.poll() is not None or answers(port))
    assert process.poll() is None, cluster.said()
    return process, port


def asked(port):
    """What /healthz says."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=PATIENCE) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def told(cluster):
    """Each event that stands on Kafka, and how often."""
    return Counter(repr(event) for _, message in cluster.values(EVENTS) for event in _decode(message))


@pytest.mark.parametrize(
    "point",
    ["decided", "published"],
    ids=["ingest-killed-before-kafka", "ingest-killed-between-kafka-and-the-commit"],
)
def test_ingest_killed(point, cluster, postgres):
    """At each call anew; its sender was not told yes, and sends again."""
    database = postgres.database()
    _, port = serving(cluster, database)
    for n, step in enumerate(what_counts.STEPS):
        if n in (1, 4, 6):
            before = told(cluster)
            victim, mortal = serving(cluster, database, die_at=point)
            with suppress(OSError, HTTPException):
                pytest.fail(f"it answered {post(mortal, step)}")
            assert victim.wait(PATIENCE) == -signal.SIGKILL
            after = told(cluster)
            assert bool(after - before) == (point == "published")
        assert post(port, step)[1]["accepted"] == len(step)
        if n in (1, 4, 6) and point == "published":
            assert told(cluster) - after == after - before
    assert post(port, [what_counts.absence("s2", 3) | {"retracted": True, "revision": 1}])[0] == 202
    assert (
        what_counts.statuses(what_counts.counts(value for _, value in cluster.values(EVENTS))) == what_counts.STATUSES
    )


def test_ingest_whose_broker_is_frozen_and_to_whom_nobody_sends_says_so(cluster, postgres, broker):
    process, port = serving(cluster, postgres.database())
    broker.signal(signal.SIGSTOP)
    try:
        until(lambda: not answers(port))
        status, said = asked(port)
        assert (status, said.partition(" for ")[0]) == (503, "Kafka has not answered")
    finally:
        broker.signal(signal.SIGCONT)
    until(lambda: answers(port))
    assert post(port, [what_counts.absence("s1", 0)])[0] == 202
    assert process.poll() is None


def test_ingest_without_its_database_for_a_while(cluster, postgres):
    database = postgres.database()
    process, port = serving(cluster, database)
    assert post(port, [what_counts.absence("s1", 0)])[0] == 202
    postgres.stop()
    status, answer = post(port, [what_counts.absence("s2", 0)])
    assert status == 503
    assert answer["error"]["where"] in {
        "log",
        "tokens",
    }  # whichever is asked for first: tokens are remembered for a moment
    assert not answers(port)
    postgres.start()
    until(lambda: post(port, [what_counts.absence("s2", 0)])[0] == 202)
    until(lambda: answers(port))  # what watches the database asks again within seconds
    assert sorted(told(cluster).values()) == [1, 1]
    assert process.poll() is None
    kill(process)
