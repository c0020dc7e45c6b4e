"""What the rules of a cluster do not hold any more is said to whoever hands it in, if the cluster knows it by then."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from services.app.cluster.ingest import Ingest
from services.log.kafka.progress import EvaluatedBehind
from tests.cluster import Cluster, kill
from tests.faults.running import until
from tests.patience import PATIENCE
from tests.rule_files import folder, rule

NOW = datetime.now(UTC).replace(microsecond=0)
TERM = (
    f"time_zone: Asia/Shanghai\nterms: [{{id: t, from: {(NOW - timedelta(days=40)).date()},"
    f" to: {(NOW + timedelta(days=60)).date()}}}]\n"
)


def absences(*days_ago):
    return json.dumps([
        {"specversion": "1.0", "source": "app", "type": "attendance", "id": f"a{n}",
         "time": (NOW - timedelta(days=n)).isoformat(),
         "data": {"lesson": f"l{n}", "student": "s1", "status": "absent"}}
        for n in days_ago
    ]).encode()  # fmt: skip


@pytest.fixture
def cluster(broker, tmp_path):
    rules = folder(tmp_path / "rules", rule("r", levels="{at_least: {yellow: 2}}"), calendar=TERM)
    with Cluster(broker, "late.", rules, tmp_path) as cluster:
        yield cluster


def test_late_records_are_counted_once_evaluate_has_put_them_aside(cluster, postgres):
    settings = cluster.settings.model_copy(update={"database_url": postgres.database()})
    cluster.start("route", past="false")
    evaluate = cluster.start("evaluate", past="false")
    until(EvaluatedBehind([cluster.broker.address], cluster.prefix).is_under_way, "route and evaluate have begun")
    with Ingest(settings) as ingest:
        ingest.late.start(PATIENCE)

        def late(*days_ago, patience=PATIENCE):
            behind = ingest.lateness(patience)
            outcome = ingest.intake.take(absences(*days_ago), "api")
            assert not outcome.rejections
            return behind.count(outcome.oldest)

        assert late(1, 39) == 0, "the term is held"
        assert late(50, 60, 2) == 2
        assert late(70) == 1, "those of before are not counted again"
        with ingest.late.asked:
            assert late(80) is None, "one is counted at a time"
        kill(evaluate)
        assert late(90, patience=0.5) is None, "nobody has evaluated it"
        assert late(3, patience=0.5) == 0, "which nobody has to wait for"
        behind = EvaluatedBehind([cluster.broker.address], cluster.prefix)
        until(lambda: not behind.is_under_way(), "Kafka has noticed that evaluate is gone")
        assert late(95) is None, "and nobody is waited for"
