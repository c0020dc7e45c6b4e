"""A clock that jumps years ahead is not followed, is told, and may be accepted; a pause of a few days is no jump."""

from datetime import UTC, datetime, timedelta

import pytest

from services.app.sound_clock import SoundClock, accept
from services.log.journal import Journal

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
HOUR, DAY, YEAR = timedelta(hours=1), timedelta(days=1), timedelta(days=365)


class Machine:
    """A wall clock that somebody sets, and a steady one."""

    def __init__(self):
        self.now, self.at = NOW, 1000.0

    def passes(self, time, jump=timedelta()):
        self.now += time + jump
        self.at += time.total_seconds()

    def clock(self):
        return SoundClock(lambda: self.now, lambda: self.at)


@pytest.fixture
def machine():
    return Machine()


@pytest.fixture
def journal(tmp_path):
    journal = Journal(tmp_path / "prewarn.db", lambda: NOW)
    yield journal
    journal.close()


def test_time_passes_as_the_clock_says(machine):
    clock = machine.clock()
    machine.passes(100 * DAY)
    assert clock() == NOW + 100 * DAY
    machine.passes(HOUR, jump=3 * DAY)
    assert clock() == NOW + 103 * DAY + HOUR
    machine.passes(HOUR, jump=-3 * DAY)
    assert clock() == NOW + 100 * DAY + 2 * HOUR
    assert clock.wrong() is None


def test_a_jump_of_years_is_held_back_and_told_until_it_is_over(machine):
    clock = machine.clock()
    machine.passes(HOUR, jump=10 * YEAR)
    assert clock() == NOW + HOUR
    machine.passes(HOUR)
    assert clock() == NOW + 2 * HOUR
    assert str(clock.wrong()).startswith("the clock says 2036-11-20 10:00, which is not believed")
    machine.passes(HOUR, jump=-10 * YEAR)
    assert clock() == NOW + 3 * HOUR
    assert clock.wrong() is None


def test_a_jump_that_is_right_is_accepted_by_a_command(machine, journal):
    clock = machine.clock()
    clock.remember_in(journal)
    machine.passes(HOUR, jump=10 * YEAR)
    assert clock() == NOW + HOUR
    accept(journal, machine.now)
    machine.passes(HOUR)
    assert clock() == machine.now
    assert clock.wrong() is None


@pytest.mark.parametrize(("away", "believed"), [(300 * DAY, True), (2 * YEAR, False)], ids=["a year", "two years"])
def test_what_was_seen_last_is_compared_at_the_next_start(machine, journal, away, believed):
    first = machine.clock()
    first.remember_in(journal)
    first.keep()
    machine.passes(away)
    second = machine.clock()
    second.remember_in(journal)
    machine.passes(HOUR)
    assert (second() == machine.now) == believed
    assert (second() == NOW + HOUR) == (not believed)
    assert (second.wrong() is None) == believed
