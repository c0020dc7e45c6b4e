"""Real data through Kafka, with one evaluate worker and with three: the embedded worker's warnings, one for one.

By default a part of New York's schools and of the Open University's students; PREWARN_ALL=1 takes all of both.
"""

import hashlib
import os

import pytest

from services.ingest.connectors import nyc, oulad
from services.rules.worker import Worker
from services.settings import resource
from tests.cluster import Cluster, assert_as_embedded, embedded
from tests.faults.kinds import until
from tests.harness import rule_set
from tests.journals import finish

PACK = 200
PARTS = {"nyc": 40, "oulad": 8}
"""Of so many schools, or students, one is taken."""


def chosen(name, parts):
    return bool(os.environ.get("PREWARN_ALL")) or int(hashlib.sha256(name.encode()).hexdigest(), 16) % parts == 0


@pytest.fixture(scope="module", params=["nyc", "oulad"])
def data(request, shared_data, tmp_path_factory):
    """Rules, packs, and what the embedded worker says."""
    if request.param == "nyc":
        imported, key = nyc(shared_data / "nyc-attendance-2013-14.csv.gz"), "class"
    else:
        imported, key = oulad(shared_data / "oulad-2013J"), "student"
    events = [event for event in imported.events() if chosen(str(event.data.get(key, "")), PARTS[request.param])]
    assert len(events) > 5_000
    packs = [events[n : n + PACK] for n in range(0, len(events), PACK)]
    rules = resource("rules") / imported.rules
    return rules, packs, embedded(tmp_path_factory.mktemp("one"), rule_set(rules), packs, finish, Worker)


@pytest.mark.parametrize("workers", [1, 3])
def test_the_same_warnings_through_kafka(data, workers, broker, tmp_path, request):
    rules, packs, expected = data
    assert expected
    with Cluster(broker, f"{request.node.name.replace('[', '-').rstrip(']')}.", rules, tmp_path) as cluster:
        cluster.start("route")
        for _ in range(workers):
            cluster.start("evaluate")
        until(lambda: all("Worker ready" in log.read_text() for log in tmp_path.glob("*.log")))
        cluster.append(packs)
        cluster.wait_until_done()
        assert_as_embedded(cluster, expected)
