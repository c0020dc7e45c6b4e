import threading

import pytest

from services.log.heartbeat import Heartbeats
from services.notify.loop import Loop


@pytest.fixture
def made():
    loops = []
    yield loops
    for loop in loops:
        loop.stop()


def test_a_loop_that_sleeps_goes_round_when_it_is_woken(made, eventually):
    turns = []
    loop = Loop("a", lambda: turns.append(1) or 60.0, failed="")
    made.append(loop)
    loop.start()
    eventually(lambda: loop.sleeps)
    loop.wake()
    eventually(lambda: len(turns) == 2)


def test_a_turn_that_raises_is_logged_and_tried_again(made, eventually, caplog):
    turns = []

    def turn():
        turns.append(1)
        if len(turns) == 1:
            raise OSError("full")
        return 60.0

    loop = Loop("a", turn, failed="the disk is full; trying again", retry=0.01)
    made.append(loop)
    loop.start()
    eventually(lambda: len(turns) == 2)
    assert "the disk is full; trying again" in caplog.text


@pytest.mark.parametrize(("at_end", "turns"), [(False, 1), (True, 2)], ids=["at once", "after one more turn"])
def test_a_loop_that_is_asked_to_stop_ends(at_end, turns, eventually):
    gone = []
    watched = Heartbeats(60.0)
    loop = Loop("a loop that ends", lambda: gone.append(1) or 60.0, failed="", at_end=at_end, heartbeats=watched)
    loop.start()
    eventually(lambda: loop.sleeps)
    loop.stop()
    assert (len(gone), watched.stalled()) == (turns, None)
    assert "a loop that ends" not in [thread.name for thread in threading.enumerate()]


def test_a_loop_that_was_never_started_can_be_stopped():
    Loop("a", lambda: 0.0, failed="").stop()
