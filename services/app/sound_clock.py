"""A wall clock that does not believe in jumps: time that is years ahead would pass every deadline that there is.

While the process runs, time is compared with the steady clock of the machine; at its start, with what the journal
remembers. A clock that is further ahead than a pause explains is not followed: time goes on by the steady clock,
/healthz says so, and `prewarn doctor --accept-clock` says that the clock is right.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from services.i18n import say
from services.log.journal import Journal
from services.messages import Message, from_ms, to_ms

LONGEST_PAUSE = timedelta(days=31)
"""Of a process that runs: a machine that is asleep, or paused by another one, has no steady clock."""
LONGEST_STOP = timedelta(days=400)
"""Between two runs."""
_KEEP_EVERY = timedelta(hours=1)
_LOOK_EVERY = 1.0
_SEEN, _ACCEPTED = "clock", "clock_accepted"


def steady() -> float:
    """Seconds of the machine's clock that nobody sets; where there is such a one, also while it sleeps."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


def accept(journal: Journal, now: datetime) -> None:
    """The clock is right, however far it was off."""
    for name in (_SEEN, _ACCEPTED):
        journal.set_meta(name, str(to_ms(now)))


class SoundClock:
    """Called, it is the time. Threads share it: what they exchange is one tuple."""

    def __init__(self, wall: Callable[[], datetime], steady: Callable[[], float] = steady) -> None:
        self._wall, self._steady = wall, steady
        self._journal: Journal | None = None
        self._base = wall(), steady()
        """An instant that was believed, and the steady clock at it."""
        self._longest = LONGEST_PAUSE
        self._kept: datetime | None = None
        self._looked = float("-inf")
        self._ahead: timedelta | None = None
        """By how much the wall clock is, while it is not followed."""

    def remember_in(self, journal: Journal) -> None:
        """From here on the journal remembers what was believed; what it remembers of before is believed."""
        self._journal = journal
        seen = int(journal.meta(_SEEN, "0"))
        now = self._base[0]
        if seen and now - from_ms(seen) > LONGEST_STOP:
            self._base, self._longest = (from_ms(seen), self._base[1]), LONGEST_STOP

    def __call__(self) -> datetime:
        """The present instant in UTC."""
        now, at = self._wall(), self._steady()
        believed, since = self._base
        expected = believed + timedelta(seconds=at - since)
        if now - expected <= self._longest or self._is_accepted(now, at):
            self._ahead, self._longest = None, LONGEST_PAUSE
            self._base = now, at
            return now
        self._ahead = now - expected
        return expected

    def keep(self) -> None:
        """Remembers what is believed, once an hour. Raises LogError."""
        now = self()
        if self._journal is not None and (self._kept is None or now - self._kept > _KEEP_EVERY):
            self._journal.set_meta(_SEEN, str(to_ms(now)))
            self._kept = now

    def wrong(self) -> Message | None:
        """What is wrong with the wall clock, if it is not followed."""
        believed, ahead = self(), self._ahead
        if ahead is None:
            return None
        shown = [f"{one:%Y-%m-%d %H:%M}" for one in (believed + ahead, believed)]
        return say("app.clock_jumped", clock=shown[0], believed=shown[1])

    def _is_accepted(self, now: datetime, at: float) -> bool:
        if self._journal is None or at - self._looked < _LOOK_EVERY:
            return False
        self._looked = at
        accepted = from_ms(int(self._journal.meta(_ACCEPTED, "0")))
        return abs(now - accepted) < LONGEST_PAUSE
