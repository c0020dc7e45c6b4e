"""The broker of the tests itself: it answers, it comes back, and nobody shares its folder."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

from deploy.kafka import broker as brokers
from deploy.kafka.broker import Broker, BrokerError
from tests.patience import PATIENCE

ROOT = str(Path(__file__).parents[3])
T = TypeVar("T")


def test_a_broker_answers_and_a_frozen_or_killed_one_does_not(broker: Broker) -> None:
    assert broker.answers()
    broker.signal(signal.SIGSTOP)
    try:
        _until(lambda: not broker.answers())  # it takes a moment until all of its threads stand
    finally:
        broker.signal(signal.SIGCONT)
    broker.kill()
    assert not broker.running
    assert not broker.answers()


def test_a_second_broker_on_the_same_folder_is_refused(broker: Broker) -> None:
    with pytest.raises(BrokerError, match="another broker runs on"):
        Broker(broker.folder).start()
    assert broker.answers()


def test_a_port_that_somebody_listens_on_is_refused(broker: Broker, tmp_path: Path) -> None:
    with pytest.raises(BrokerError, match=f"something else listens on {broker.address}"):
        Broker(tmp_path, broker.port).start()


@pytest.fixture
def pretended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A `java` that notes its pid and then is what `java` in this folder says, and a `mvn` that notes its calls."""
    tools = {
        "java": f'case "$*" in *format*) exit 0;; esac; echo $$ > {tmp_path}/pid; . {tmp_path}/does',
        "mvn": f'echo called >> {tmp_path}/mvn; for one; do :; done; mkdir -p "${{one#*=}}"',
    }
    for name, body in tools.items():
        (tmp_path / "bin").mkdir(exist_ok=True)
        (tmp_path / "bin" / name).write_text(f"#!/bin/sh\n{body}\n")
        (tmp_path / "bin" / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path


def test_a_broker_that_cannot_start_says_what_its_log_says_and_the_jars_are_fetched_once(pretended: Path) -> None:
    (pretended / "does").write_text("echo no space left; exit 1")
    for _ in range(2):
        with pytest.raises(BrokerError, match=r"(?s)the broker has ended; .*no space left"):
            Broker(pretended / "kafka").start()
    assert (pretended / "mvn").read_text() == "called\n"


def test_a_broker_that_never_answers_is_given_up_and_ended(pretended: Path) -> None:
    (pretended / "does").write_text("exec sleep 60")
    with pytest.raises(BrokerError, match="does not answer"):
        Broker(pretended / "kafka").start(patience=0.5)
    assert not _lives(int((pretended / "pid").read_text()))


def test_a_broker_ends_with_the_process_that_started_it_even_if_that_is_killed(pretended: Path) -> None:
    (pretended / "does").write_text("exec sleep 60")
    code = "import sys; from pathlib import Path; from deploy.kafka.broker import Broker; Broker(Path('kafka')).start()"
    with subprocess.Popen([sys.executable, "-c", code], cwd=pretended, env=os.environ | {"PYTHONPATH": ROOT}) as parent:
        pid = _until(lambda: int((pretended / "pid").read_text() or 0) if (pretended / "pid").exists() else 0)
        parent.kill()
    _until(lambda: not _lives(pid))


def _until(look: Callable[[], T]) -> T:
    end = time.monotonic() + PATIENCE
    while not (found := look()):
        assert time.monotonic() < end
        time.sleep(0.05)
    return found


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] != "Z"


def test_what_is_missing_is_named_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    java, maven = brokers.missing()
    assert "apt-get install default-jre-headless" in java
    assert "apt-get install maven" in maven
