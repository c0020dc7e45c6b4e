"""Order: each message once and in order, whatever is handed out."""

import random

from services.rules.cluster.offsets import OffsetTracker


def test_what_was_taken_is_passed_over_and_a_gap_is_seen():
    tracker = OffsetTracker()
    tracker.begin(0, 5)
    assert [tracker.take(0, offset) for offset in (4, 5, 5, 7, 6, 7)] == [
        "repeated", "next", "repeated", "gap", "next", "next",
    ]  # fmt: skip
    assert tracker.next == {0: 8}


def test_a_stream_that_repeats_and_leaves_out_is_taken_whole():
    rng, tracker, taken, at = random.Random(1), OffsetTracker(), [], 0
    tracker.begin(3, 0)
    while len(taken) < 300:
        at = min(at, 299)
        match tracker.take(3, at):
            case "next":
                taken.append(at)
            case "gap":
                at = tracker.next[3] - 1
        at = max(0, at + rng.choice((1, 1, 1, 2, -2)))
    assert taken == list(range(300))
