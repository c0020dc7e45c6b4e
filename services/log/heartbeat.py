"""Progress or death: who does not get on is seen, and ends with an exit code that a supervisor acts on.

A process that evaluates ends at once (`os._exit`): a supervisor starts it anew, and everything that was not
acknowledged is done again with the same ids. Nothing is tidied up, as a worker that is ill must not be trusted to. One
that serves pages says on /healthz what stands still. Seconds are those of the process's steady clock.
"""

from __future__ import annotations

import faulthandler
import logging
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

_log = logging.getLogger(__name__)
FROZEN, STALLED, REFUSED = 75, 70, 78
"""Exit codes, after sysexits.h: try again, a fault inside, a configuration that cannot work."""


def end(code: int, why: str) -> None:
    """Ends the process without another word to anybody; of one that stands still, the log says where its threads do."""
    _log.critical("%s; ending", why)
    if code == STALLED:
        faulthandler.dump_traceback()
    logging.shutdown()
    os._exit(code)


class Heartbeat:
    """When one part of a process has last got on. `thread`: the part has ended, too, when it has."""

    def __init__(self, part: str, thread: threading.Thread | None = None) -> None:
        self.part = part
        self._thread = thread
        self.beat()

    def beat(self) -> None:
        """The loop has gone round."""
        self._at = time.monotonic()

    def stalled(self, patience: float) -> str | None:
        """Why it is not well, if it is not: it has ended, or not got on for longer than `patience` seconds."""
        if self._thread is not None and not self._thread.is_alive():
            return f"{self.part} has ended"
        still = time.monotonic() - self._at
        return f"{self.part} stands still since {still:.0f} s" if still > patience else None


class Heartbeats:
    """The parts of a process that must get on: loops, threads, and work that has been begun and not ended."""

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._watched: dict[int, Heartbeat] = {}
        self._loops: dict[str, tuple[Heartbeat, int, float]] = {}
        """With what each still has before it, and its patience. Threads share these: what they do to them is atomic."""
        self._failing: dict[str, tuple[float, BaseException]] = {}
        """Part → since when each of its turns has failed, and why."""

    def beat(self, loop: str, lag: int, patience: float | None = None) -> None:
        """A loop has gone round, with `lag` things still before it. From its first beat on it is watched.

        `patience`: seconds, of a loop that is expected to go round more often than others.
        """
        self._loops[loop] = Heartbeat(f"loop {loop}"), lag, self._patience if patience is None else patience

    def watch(self, part: str, thread: threading.Thread | None = None) -> Heartbeat:
        """Watches a part until it is forgotten; whoever does its work lets the heartbeat beat."""
        heartbeat = Heartbeat(part, thread)
        return self._watched.setdefault(id(heartbeat), heartbeat)

    def failed(self, part: str, error: BaseException) -> float:
        """A turn of a part has raised: it is not well until one `succeeded`. For how many seconds that has been so."""
        now = time.monotonic()
        since = self._failing.get(part, (now, error))[0]
        self._failing[part] = since, error
        return now - since

    def succeeded(self, part: str) -> None:
        """A turn of a part has come to its end."""
        self._failing.pop(part, None)

    def forget(self, heartbeat: Heartbeat) -> None:
        """The part has ended as it should."""
        del self._watched[id(heartbeat)]

    @contextmanager
    def during(self, work: str) -> Iterator[None]:
        """Watches work that must come to an end, for as long as the block takes."""
        heartbeat = self.watch(work)
        try:
            yield
        finally:
            self.forget(heartbeat)

    def lags(self) -> dict[str, int]:
        """What each loop still has before it."""
        return {loop: lag for loop, (_, lag, _) in list(self._loops.items())}

    def stalled(self) -> str | None:
        """What fails or stands still, if something does."""
        for part, (_, error) in list(self._failing.items()):
            return f"{part} fails: {type(error).__name__}: {error}"
        parts = [(heartbeat, patience) for heartbeat, _, patience in list(self._loops.values())]
        parts += [(heartbeat, self._patience) for heartbeat in list(self._watched.values())]
        return next((why for part, patience in parts if (why := part.stalled(patience))), None)


class Progress:
    """Whether what is committed of some partitions moves while there is something to do."""

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._known: dict[int, tuple[int, float]] = {}
        """Partition → what was committed, and since when."""

    def stalled(self, committed: dict[int, int], ends: dict[int, int], now: float) -> str | None:
        """Which partition stands still: by partition, what is committed and where the log ends."""
        before, self._known = self._known, {}
        for partition, end_ in ends.items():
            at = committed.get(partition, 0)
            known, since = before.get(partition, (at, now))
            if at >= end_ or at != known:
                since = now
            self._known[partition] = at, since
            if now - since > self._patience:
                return f"partition {partition} stands at {at} of {end_} for {now - since:.0f} s"
        return None
