"""Route and evaluate on a real broker: the embedded worker's warnings. What may go wrong on the way: tests/faults."""

import random
from pathlib import Path

import pytest

from services.errors import ConfigurationError, RuleError
from services.rules.registry.kafka import KafkaRegistry
from services.rules.worker import Worker
from tests.cluster import Cluster, assert_as_embedded, embedded
from tests.faults.kinds import stream
from tests.harness import rule_set
from tests.journals import assert_ids_are_unique, finish
from tests.rule_files import folder, rule

RULES = Path(__file__).parents[1] / "engine" / "every_measure"


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


def test_a_publication_is_a_rule_set_revision_with_author_reason_and_what_it_changes(cluster, tmp_path):
    registry = KafkaRegistry(cluster.settings)
    (first,) = registry.revisions()
    assert registry.publish(RULES) == first  # nothing is other than it was
    other = folder(tmp_path / "other", rule())
    second = registry.publish(other, author="wang", reason="a try")
    assert (second.number, second.author, second.reason) == (2, "wang", "a try")
    assert "+ rule r" in second.changed
    assert "- rule count" in second.changed or any(line.startswith("- rule ") for line in second.changed)
    with pytest.raises(ConfigurationError, match="still on its way to rule set revision 2"):
        registry.roll_back(1)
    with pytest.raises(ConfigurationError, match="no rule set revision 7"):
        registry.roll_back(7)
    (tmp_path / "other" / "rules.yaml").write_text("rules: [{id: 7}]")
    with pytest.raises(RuleError):
        registry.publish(other)
    assert registry.revisions() == [first, second]
