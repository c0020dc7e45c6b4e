"""A rules worker says on one port what it did, and whether it can do its work."""

import urllib.error
import urllib.request

import pytest

from services.rules.cluster.metrics import StreamMetrics


def get(server, path):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{server.server_port}{path}", timeout=20) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


@pytest.fixture
def trouble():
    return []


@pytest.fixture
def server(trouble):
    server = StreamMetrics().serve("127.0.0.1", 0, lambda: trouble[-1] if trouble else None)
    yield server
    server.shutdown()
    server.server_close()


def test_healthz_says_what_is_wrong_and_metrics_go_on(server, trouble):
    assert get(server, "/healthz") == (200, "ok")
    trouble.append("Kafka has not answered for 12 s")
    assert get(server, "/healthz") == (503, "Kafka has not answered for 12 s")
    status, text = get(server, "/metrics")
    assert status == 200
    assert "prewarn_rules_last_commit_age_seconds" in text
