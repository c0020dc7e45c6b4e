"""Whatever a step raises, /healthz says why it does not get on, and the process ends if it cannot."""

import threading
import time

import pytest

from services.app import loops
from services.app.loops import Loops
from services.errors import LogError
from services.log.heartbeat import STALLED, Heartbeats
from tests.patience import PATIENCE


def until(look):
    end = time.monotonic() + PATIENCE
    while not look():
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.fixture
def started(monkeypatch):
    monkeypatch.setattr(loops, "_AGAIN", 0.01)
    monkeypatch.setattr(loops, "_GIVE_UP", 0.05)
    heartbeats, ends = Heartbeats(60), []
    mine = Loops(threading.Condition(), heartbeats, end=lambda *why: ends.append(why))
    yield mine, heartbeats, ends
    mine.stop()


@pytest.mark.parametrize(
    "error",
    [RecursionError("deep"), UnicodeEncodeError("utf-8", "\ud800", 0, 1, "half"), MemoryError(), SystemExit(3)],
    ids=lambda one: type(one).__name__,
)
def test_what_nobody_has_foreseen_is_told_at_once_and_ends_the_process(started, error):
    mine, heartbeats, ends = started

    def step():
        raise error

    mine.start("rules", step)
    until(heartbeats.stalled)
    assert heartbeats.stalled().startswith(f"rules fails: {type(error).__name__}")
    until(lambda: ends)
    assert ends[0][0] == STALLED


def test_what_passes_is_told_while_it_lasts_and_ends_nothing(started):
    mine, heartbeats, ends = started
    full, tries = threading.Event(), []
    full.set()

    def step():
        tries.append(1)
        if full.is_set():
            raise LogError("database or disk is full")
        return False

    mine.start("rules", step)
    until(lambda: len(tries) > 10)
    assert heartbeats.stalled() == "rules fails: LogError: database or disk is full"
    full.clear()
    until(lambda: heartbeats.stalled() is None)
    assert ends == []
