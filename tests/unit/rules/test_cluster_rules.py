"""Route and evaluate on a real broker: the embedded worker's warnings. What may go wrong on the way: tests/faults."""

import random
from pathlib import Path

import pytest

from services.cluster.rules import publish_rules
from services.errors import ConfigurationError
from services.rules.worker import Worker
from tests.cluster import Cluster, assert_as_embedded, embedded
from tests.faults.kinds import stream
from tests.harness import rule_set
from tests.journals import assert_ids_are_unique, finish
from tests.rule_files import folder, rule

RULES = Path(__file__).parent / "engine" / "every_measure"


@pytest.fixture
def cluster(broker, tmp_path, request):
    with Cluster(broker, f"{request.node.name[:60]}.", RULES, tmp_path) as cluster:
        yield cluster


def test_events_in_give_the_embedded_workers_warnings(cluster, tmp_path):
    packs = stream(random.Random(1))
    cluster.start("route"), cluster.start("evaluate")
    cluster.append(packs)
    cluster.wait_until_done()
    assert_ids_are_unique(cluster.published())
    assert_as_embedded(cluster, embedded(tmp_path / "one", rule_set(RULES), packs, finish, Worker))


def test_a_prefix_keeps_one_rule_set(cluster, tmp_path):
    other = folder(tmp_path / "other", rule())
    assert publish_rules(cluster.settings, RULES)
    with pytest.raises(ConfigurationError, match="keeps one rule set"):
        publish_rules(cluster.settings, other)
