"""A frozen worker ends before it sends; so does one whose event loop stands."""

import pytest

from services.log.heartbeat import FROZEN, STALLED
from services.rules.cluster.watchdog import Watchdog


class EndedError(Exception):
    pass


def ended(code, why):
    raise EndedError(code)


@pytest.mark.parametrize(("gap", "code"), [(3.9, None), (4.1, FROZEN)])
def test_a_gap_above_half_the_session_ends_the_process_before_it_sends(gap, code):
    now = [100.0]
    watchdog = Watchdog(8.0, 60.0, clock=lambda: now[0], end=ended)
    now[0] += gap
    if code is None:
        watchdog.check()
    else:
        with pytest.raises(EndedError) as error:
            watchdog.check()
        assert error.value.args == (code,)


def test_an_event_loop_that_stands_ends_the_process_though_its_thread_beats():
    now = [0.0]
    watchdog = Watchdog(8.0, 10.0, clock=lambda: now[0], end=ended)
    for _ in range(9):
        now[0] += 1
        watchdog.wake()
    watchdog.looped()
    for _ in range(10):
        now[0] += 1
        watchdog.wake()
    now[0] += 1
    with pytest.raises(EndedError) as error:
        watchdog.wake()
    assert error.value.args == (STALLED,)
