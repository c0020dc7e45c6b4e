"""A frozen worker ends before it sends; one that stands ends as well; one without work does neither."""

import pytest

from services.rules.cluster.watchdog import FROZEN, STANDS, Progress, Pulse


class EndedError(Exception):
    pass


def ended(code, why):
    raise EndedError(code)


@pytest.mark.parametrize(("gap", "code"), [(3.9, None), (4.1, FROZEN)])
def test_a_gap_above_half_the_session_ends_the_process_before_it_sends(gap, code):
    now = [100.0]
    pulse = Pulse(8.0, 60.0, clock=lambda: now[0], end=ended)
    now[0] += gap
    if code is None:
        pulse.check()
    else:
        with pytest.raises(EndedError) as error:
            pulse.check()
        assert error.value.args == (code,)


def test_an_event_loop_that_stands_ends_the_process_though_its_thread_beats():
    now = [0.0]
    pulse = Pulse(8.0, 10.0, clock=lambda: now[0], end=ended)
    for _ in range(9):
        now[0] += 1
        pulse.beat()
    pulse.looped()
    for _ in range(10):
        now[0] += 1
        pulse.beat()
    now[0] += 1
    with pytest.raises(EndedError) as error:
        pulse.beat()
    assert error.value.args == (STANDS,)


def test_what_is_not_committed_counts_as_standing_after_the_patience():
    progress = Progress(10)
    assert progress.stands({0: 5, 1: 3}, {0: 9, 1: 3}, 0) is None
    assert progress.stands({0: 6, 1: 3}, {0: 9, 1: 3}, 9) is None
    assert progress.stands({0: 6, 1: 3}, {0: 9, 1: 3}, 19) is None
    assert progress.stands({0: 6, 1: 3}, {0: 9, 1: 3}, 20) == "partition 0 stands at 6 of 9 for 11 s"


def test_without_work_or_without_the_partition_nobody_stands():
    progress = Progress(10)
    for now in range(0, 100, 5):
        assert progress.stands({0: 9}, {0: 9}, now) is None
    progress.stands({0: 9}, {0: 10}, 100)
    progress.stands({}, {}, 105)
    assert progress.stands({0: 9}, {0: 10}, 120) is None
