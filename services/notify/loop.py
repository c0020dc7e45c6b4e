"""A thread that goes round: how everything in notify runs that nobody waits for."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

_LOG = logging.getLogger(__name__)


class Loop:
    """Calls `turn` again and again on a thread of its own; `turn` says for how many seconds there is nothing to do.

    A turn that raises is logged with `failed` and tried again after `retry` seconds: a full disk passes, and a loop
    that ended would not come back.
    """

    def __init__(
        self, name: str, turn: Callable[[], float], *, failed: str, retry: float = 1.0, at_end: bool = False
    ) -> None:
        """`at_end`: whether there is one more turn after the loop was asked to stop."""
        self.name = name
        self.moved = time.monotonic()
        """When it last got on, on the process's steady clock."""
        self._turn, self._failed, self._retry, self._at_end = turn, failed, retry, at_end
        self._stopping, self._woken = threading.Event(), threading.Event()
        self._waits = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begins with a turn at once."""
        self._thread.start()

    def wake(self) -> None:
        """There is something to do."""
        self._woken.set()

    @property
    def sleeps(self) -> bool:
        """Whether it waits and nobody has woken it."""
        return self._waits and not self._woken.is_set()

    @property
    def has_ended(self) -> bool:
        """Whether it goes round no more, without having been asked to stop."""
        return not self._thread.is_alive() and not self._stopping.is_set()

    def stop(self, within: float = 5.0) -> None:
        """Ends the thread behind the turn that it is in; one that takes longer than `within` seconds is left alone."""
        self._stopping.set()
        self._woken.set()
        if self._thread.ident is not None:
            self._thread.join(within)

    def _run(self) -> None:
        while True:
            self._woken.clear()  # before it looks whether it is to stop: who asks wakes it, too
            last = self._stopping.is_set()
            if last and not self._at_end:
                return
            self.moved = time.monotonic()
            try:
                wait = self._turn()
            except Exception:  # noqa: BLE001 - see above
                _LOG.exception(self._failed)
                wait = self._retry
            if last:
                return
            self._waits = True
            self._woken.wait(wait)
            self._waits = False
