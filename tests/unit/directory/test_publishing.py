"""A directory on Kafka is the same directory, with all of its tables and columns."""

from __future__ import annotations

import pytest

from services.app.cluster.directory import publish_directory, published_directory
from services.directory import TIME_ZONE, load
from tests.cluster import Cluster
from tests.rule_files import folder as rules_folder
from tests.rule_files import rule

pytestmark = pytest.mark.kafka


def test_a_published_directory_reads_back_with_exemptions_suspensions_and_ranks(folder, add, broker, tmp_path):
    add("students.csv", "s2,,m2601,2026-10-01,2026-10-31,,,suspended")
    add("exemptions.csv", "s1,attendance,2026-10-01,,免修")
    add("sources.csv", "door,,,2,all")
    rules = rules_folder(tmp_path / "rules", rule("r"))
    with Cluster(broker, "published-directory.", rules, tmp_path) as cluster:
        publish_directory(cluster.settings, load(folder))
        found = published_directory(cluster.settings, TIME_ZONE).value()
    assert found.version == load(folder).version
    assert found.tables.exemptions == load(folder).tables.exemptions != ()
