"""What was late in a cluster is waited for only while somebody evaluates."""

from threading import Lock
from types import SimpleNamespace

from services.app.cluster.lateness import LatenessOnKafka
from tests.patience import PATIENCE


def test_where_nobody_evaluates_it_is_not_waited_for():
    asked = []

    class Nobody:
        def __call__(self):
            asked.append(None)
            assert len(asked) == 1, "it waits"
            return False

        def is_under_way(self):
            return False

    late = SimpleNamespace(mark=lambda: 0, asked=Lock())
    assert LatenessOnKafka(late, Nobody, lambda: 0, PATIENCE).count() is None
    assert asked
