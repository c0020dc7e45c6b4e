"""The same files on a cluster: what counts in PostgreSQL, and the warnings that follow of what Kafka was told."""

from contextlib import ExitStack

import pytest

from tests.acceptance.exports_a import exports, facts, orders, truth
from tests.acceptance.exports_a.cluster_home import OnCluster
from tests.cluster import Cluster

pytestmark = pytest.mark.shared


@pytest.fixture(scope="module")
def folder(shared_data):
    return shared_data.parent / "exports" / "a"


@pytest.fixture(scope="module")
def wanted(folder):
    return truth.read(folder)


@pytest.fixture(scope="module")
def read(folder):
    return exports.read(folder)


@pytest.fixture
def written(read, tmp_path):
    """(folder, events by name of the export)."""
    return tmp_path / "a", read.write(tmp_path / "a")


@pytest.fixture
def home(written, broker, postgres, tmp_path, request):
    with ExitStack() as held:

        def made(rules):
            prefix = f"{request.node.name[:40]}."
            return held.enter_context(Cluster(broker, prefix, rules, tmp_path))

        yield OnCluster(tmp_path / "home", written[0] / "calendar.yaml", postgres.database(), made)


def test_one_after_another(home, read, written, folder, wanted):
    place, files = written
    home.import_directory(place / "directory")
    before, said = orders.one_after_another(home, read, files)
    known = facts.Known(read, before, home.state())
    assert truth.counts(wanted, folder, known) == []
    assert truth.what_is_said(wanted, known) == []
    assert truth.warnings(wanted, known.before, "before_correction") == []
    assert truth.warnings(wanted, known.after, "after_correction") == []
    assert "retracted 撤回 2" in said[exports.CORRECTED]


def test_backwards_with_the_directory_last(home, read, written, wanted):
    place, files = written
    orders.backwards(home, read, files)
    home.import_directory(place / "directory")
    home.ingest(files[exports.LEAVE])  # whoever comes next finds another directory, and takes in anew what it bounds
    assert truth.warnings(wanted, home.state(), "after_correction") == []
