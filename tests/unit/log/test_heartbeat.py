"""What does not get on is seen: a partition, a loop, work that does not end, a thread that is gone."""

import threading

import pytest

from services.log.heartbeat import Heartbeats, Progress


def test_what_is_not_committed_counts_as_standing_after_the_patience():
    progress = Progress(10)
    assert progress.stalled({0: 5, 1: 3}, {0: 9, 1: 3}, 0) is None
    assert progress.stalled({0: 6, 1: 3}, {0: 9, 1: 3}, 9) is None
    assert progress.stalled({0: 6, 1: 3}, {0: 9, 1: 3}, 19) is None
    assert progress.stalled({0: 6, 1: 3}, {0: 9, 1: 3}, 20) == "partition 0 stands at 6 of 9 for 11 s"


def test_without_work_or_without_the_partition_nobody_stands():
    progress = Progress(10)
    for now in range(0, 100, 5):
        assert progress.stalled({0: 9}, {0: 9}, now) is None
    progress.stalled({0: 9}, {0: 10}, 100)
    progress.stalled({}, {}, 105)
    assert progress.stalled({0: 9}, {0: 10}, 120) is None


def test_a_loop_that_does_not_beat_any_more_stands_still_and_says_what_it_had_before_it():
    well, unwell = Heartbeats(60), Heartbeats(-1)
    for heartbeats in (well, unwell):
        assert heartbeats.stalled() is None
        heartbeats.beat("rules", 17)
        assert heartbeats.lags() == {"rules": 17}
    assert well.stalled() is None
    assert unwell.stalled() == "loop rules stands still since 0 s"


def test_a_loop_may_be_watched_more_closely_than_others():
    heartbeats = Heartbeats(60)
    heartbeats.beat("rules", 0)
    heartbeats.beat("notify", 3, -1)
    assert heartbeats.lags() == {"rules": 0, "notify": 3}
    assert heartbeats.stalled() == "loop notify stands still since 0 s"


def test_what_fails_is_said_until_it_succeeds():
    heartbeats = Heartbeats(60)
    heartbeats.failed("review", OSError("full"))
    assert heartbeats.stalled() == "review fails: OSError: full"
    heartbeats.succeeded("review")
    assert heartbeats.stalled() is None


def fail(heartbeats):
    with heartbeats.during("taking in"):
        raise ValueError(heartbeats.stalled())


def test_work_is_watched_until_it_ends_also_by_an_error():
    heartbeats = Heartbeats(-1)
    with pytest.raises(ValueError, match=r"^taking in stands still since 0 s$"):
        fail(heartbeats)
    assert heartbeats.stalled() is None


def test_a_thread_that_has_ended_is_not_well_until_it_is_forgotten():
    heartbeats = Heartbeats(60)
    heartbeat = heartbeats.watch("queue sink://", threading.Thread())
    assert heartbeats.stalled() == "queue sink:// has ended"
    heartbeats.forget(heartbeat)
    assert heartbeats.stalled() is None
