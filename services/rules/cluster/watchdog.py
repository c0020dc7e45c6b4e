"""Progress or death: a worker that was frozen ends before it sends anything, and so does one that stands.

Both end the process at once (`os._exit`): a supervisor starts it anew, and everything that was not acknowledged is done
again with the same ids. Nothing is tidied up, as a worker that is ill must not be trusted to.
"""

from __future__ import annotations

import faulthandler
import logging
import os
import threading
import time
from collections.abc import Callable

_log = logging.getLogger(__name__)
FROZEN, STANDS, REFUSED = 75, 70, 78
"""Exit codes, after sysexits.h: try again, a fault inside, a configuration that cannot work."""
_EVERY = 0.1


def end(code: int, why: str) -> None:
    """Ends the process without another word to Kafka; of one that stands, the log says where its threads do."""
    _log.critical("%s; ending", why)
    if code == STANDS:
        faulthandler.dump_traceback()
    logging.shutdown()
    os._exit(code)


class Pulse:
    """A thread that beats; who sends asks it first. Seconds of the monotonic clock: it goes on in a frozen process."""

    def __init__(
        self,
        session: float,
        patience: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        end: Callable[[int, str], None] = end,
    ) -> None:
        """`session`: the group's session time-out. `patience`: how long the event loop may stand."""
        self._longest, self._patience = session / 2, patience
        self._clock, self._end = clock, end
        self._last = self._looped = clock()

    def start(self) -> None:
        """From here on it beats."""
        self._last = self._looped = self._clock()
        threading.Thread(target=self._run, name="pulse", daemon=True).start()

    def _run(self) -> None:
        while True:
            self.beat()
            time.sleep(_EVERY)

    def beat(self) -> None:
        """A beat of the thread."""
        self.check()
        now = self._last = self._clock()
        if now - self._looped > self._patience:
            self._end(STANDS, f"the event loop has stood for {now - self._looped:.0f} s")

    def looped(self) -> None:
        """The event loop is alive."""
        self._looped = self._clock()

    def check(self) -> None:
        """Ends the process if it was frozen: somebody else may do its work by now."""
        gap = self._clock() - self._last
        if gap > self._longest:
            self._end(FROZEN, f"this process was frozen for {gap:.1f} s, half its session is {self._longest:.1f} s")


class Progress:
    """Whether what is committed moves while there is something to do."""

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._committed: dict[int, int] = {}
        self._since: dict[int, float] = {}

    def stands(self, committed: dict[int, int], ends: dict[int, int], now: float) -> str | None:
        """Why the worker counts as standing: by partition, what is committed and where the log ends."""
        for gone in self._since.keys() - ends.keys():
            del self._since[gone]
        for partition, end_ in ends.items():
            at = committed.get(partition, 0)
            if at >= end_ or at != self._committed.get(partition):
                self._since[partition] = now
            self._committed[partition] = at
            if now - self._since.setdefault(partition, now) > self._patience:
                return f"partition {partition} stands at {at} of {end_} for {now - self._since[partition]:.0f} s"
        return None
