"""A rules worker says on one port what it did, and whether it can do its work; the port has the door of all others."""

import socket
import threading

import httpx
import pytest

from services.app.serving import figures, serve_beside
from services.rules.cluster.metrics import StreamMetrics
from services.settings import Settings
from tests.hostile.test_doors import eventually


@pytest.fixture
def trouble():
    return []


@pytest.fixture
def port(trouble):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    served = serve_beside(figures(StreamMetrics().registry, lambda: trouble[-1] if trouble else None), Settings(), port)
    assert eventually(lambda: served.started)
    [thread] = [one for one in threading.enumerate() if one.name == "metrics"]
    yield port
    served.should_exit = True
    thread.join()


def get(port, path, host="localhost"):
    return httpx.get(f"http://127.0.0.1:{port}{path}", headers={"host": host}, timeout=20)


def test_healthz_says_what_is_wrong_and_metrics_go_on(port, trouble):
    assert (get(port, "/healthz").status_code, get(port, "/healthz").text) == (200, "ok")
    trouble.append("Kafka has not answered for 12 s")
    assert (get(port, "/healthz").status_code, get(port, "/healthz").text) == (503, trouble[0])
    found = get(port, "/metrics")
    assert found.status_code == 200
    assert "prewarn_rules_last_commit_age_seconds" in found.text


@pytest.mark.parametrize("path", ["/metrics", "/healthz"])
def test_under_another_name_it_answers_nobody(path, port):
    assert get(port, path, "evil.test").status_code == 421
    assert get(port, path, "10.1.2.3:9100").status_code == 200


def test_a_port_that_is_taken_ends_the_process_before_it_begins(port):
    with pytest.raises(OSError, match="already in use"):
        serve_beside([], Settings(), port)
