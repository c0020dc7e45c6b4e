"""Whatever goes wrong, the cluster publishes what the embedded worker says of the same log, and commits it all.

`tests/faults/run` is the long form; PREWARN_SEED chooses the stream and the moments.
"""

import os
import random
import re
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from services.rules.worker import Worker
from tests.cluster import Cluster, assert_as_embedded, embedded
from tests.faults.kinds import KINDS
from tests.harness import event, rule_set
from tests.journals import finish
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
    cluster.wait_until_done(within=90)
    assert_as_embedded(cluster, embedded(tmp_path / "one", rules, packs, finish, Worker))
    if kind == "poison":
        assert sum(cluster.ends("campus.rejected").values()) == 7  # [1, null] are two


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
