"""The threads of a process: each does one step after the other."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from services.errors import PrewarnError

_log = logging.getLogger(__name__)
_IDLE_WAIT = 0.25
_AGAIN = 1.0


class Loops:
    """Threads that are woken together; what a step raises is logged, and the step tried again."""

    def __init__(self, wakeup: threading.Condition) -> None:
        self._wakeup = wakeup
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self, name: str, step: Callable[[], bool]) -> None:
        """`step` says whether there was something to do; else the thread waits to be woken."""
        thread = threading.Thread(target=self._run, args=(step,), name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def stop(self) -> None:
        """Ends all of them behind their step."""
        self._stop.set()
        with self._wakeup:
            self._wakeup.notify_all()
        for thread in self._threads:
            thread.join(timeout=10)

    def _run(self, step: Callable[[], bool]) -> None:
        while not self._stop.is_set():
            try:
                busy = step()
            except PrewarnError as error:
                _log.error("%s; trying again", error)
                busy = False
                self._stop.wait(_AGAIN)
            if not busy:
                with self._wakeup:
                    if not self._stop.is_set():
                        self._wakeup.wait(_IDLE_WAIT)
