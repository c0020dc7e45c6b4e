"""A worker that was frozen ends before it sends anything: somebody else may do its work by now."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from services.log.heartbeat import FROZEN, STALLED, end

_EVERY = 0.1


class Watchdog:
    """A thread that wakes every moment; who sends asks it first. The steady clock goes on in a frozen process."""

    def __init__(
        self,
        session: float,
        patience: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        end: Callable[[int, str], None] = end,
    ) -> None:
        """`session`: the group's session time-out. `patience`: how long the event loop may stand. Both in seconds."""
        self._longest, self._patience = session / 2, patience
        self._clock, self._end = clock, end
        self._last = self._looped = clock()

    def start(self) -> None:
        """Starts the thread that looks."""
        self._last = self._looped = self._clock()
        threading.Thread(target=self._run, name="watchdog", daemon=True).start()

    def _run(self) -> None:
        while True:
            self.wake()
            time.sleep(_EVERY)

    def wake(self) -> None:
        """The thread has its turn."""
        self.check()
        now = self._last = self._clock()
        if now - self._looped > self._patience:
            self._end(STALLED, f"the event loop has stood for {now - self._looped:.0f} s")

    def looped(self) -> None:
        """The event loop is alive."""
        self._looped = self._clock()

    def check(self) -> None:
        """Ends the process if it was frozen: somebody else may do its work by now."""
        gap = self._clock() - self._last
        if gap > self._longest:
            self._end(FROZEN, f"this process was frozen for {gap:.1f} s, half its session is {self._longest:.1f} s")
