"""What counts is the same in one process and on a cluster with two ways in, PostgreSQL and Kafka."""

import re
import subprocess

import pytest

from services.app.cluster.directory import publish_directory
from services.directory import load
from services.log.kafka import EVENTS
from tests import what_counts
from tests.acceptance.test_cluster import answers, post
from tests.cluster import Cluster
from tests.faults.kinds import until
from tests.faults.running import PREWARN, environment, free_port


@pytest.fixture
def cluster(broker, tmp_path):
    with Cluster(broker, "what-counts.", what_counts.rules(tmp_path / "rules"), tmp_path, 2) as cluster:
        yield cluster


def ingest(cluster, database, *arguments):
    """What the command said."""
    mode = {"PREWARN_BROKERS": cluster.broker.address, "PREWARN_TOPIC_PREFIX": cluster.prefix}
    return subprocess.run(
        [*PREWARN, "ingest", *arguments], env=environment(**mode, PREWARN_DATABASE_URL=database),
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


def test_a_cluster_ends_as_one_process_does(cluster, postgres, tmp_path):
    counted, warned = what_counts.in_one_process(tmp_path / "one")
    assert what_counts.statuses(counted) == what_counts.STATUSES
    assert warned == {(rule, subject, "yellow") for rule, subject in what_counts.WARNED}
    publish_directory(cluster.settings, load(what_counts.people(tmp_path / "people"), "Asia/Shanghai"))
    database, ports = postgres.database(), [free_port(), free_port()]
    for port in ports:
        cluster.start("ingest", port=port, database_url=database)
    cluster.start("route"), cluster.start("evaluate")
    until(lambda: all(map(answers, ports)))
    for n, step in enumerate(what_counts.STEPS):
        status, answer = post(ports[n % 2], step)
        assert (status, answer["accepted"]) == (202, len(step)), answer
        assert post(ports[n % 2 - 1], step)[1] == {"accepted": 0, "duplicate": len(step), "rejected": []} or n == 10
    later = load(what_counts.people(tmp_path / "later", left=what_counts.LEFT), "Asia/Shanghai")
    publish_directory(cluster.settings, later)
    told = ingest(cluster, database, what_counts.covering(tmp_path / "all.ndjson"), "--covers", what_counts.COVERED)
    assert told.returncode == 0, told.stderr
    assert "duplicate 重复 1" in told.stdout
    assert "retracted 撤回 1" in told.stdout

    def heard():
        return what_counts.counts(value for _, value in cluster.values(EVENTS))

    until(lambda: what_counts.statuses(heard()) == what_counts.STATUSES)
    assert heard() == counted
    cluster.wait_until_done()
    until(lambda: what_counts.present(cluster.published()) == warned)
    listed = ingest(cluster, database, "runs").stdout
    assert "done 完成  all.ndjson" in listed
    # Whether any came too late is known where the cluster has evaluated them soon enough.
    assert re.search("retracted 撤回 1, unchanged 未变 1, refused 拒收 0, late 迟到 [-0]", listed)
    assert "given back 恢复 1, standing 保留 1" in ingest(cluster, database, "undo", "1").stdout
    until(lambda: len(what_counts.statuses(heard())) == len(what_counts.STATUSES) + 1)
