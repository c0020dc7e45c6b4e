"""The threads of a process: each does one step after the other, or the process says that it does not, and ends.

What is raised on purpose (a full disk, a database that is away) passes: the step is tried again for as long as it
takes, and /healthz says meanwhile what fails. What nobody has foreseen is tried again for some seconds; then the
process ends, as one that a supervisor starts anew is worth more than one that stands still.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from services.errors import PrewarnError
from services.log.heartbeat import STALLED, Heartbeats, end

_log = logging.getLogger(__name__)
_IDLE_WAIT = 0.25
_AGAIN = 1.0
_GIVE_UP = 5.0
"""Seconds; with those that the way out takes, a process has ended within ten."""


class Loops:
    """Threads that are woken together."""

    def __init__(
        self, wakeup: threading.Condition, heartbeats: Heartbeats, *, end: Callable[[int, str], None] = end
    ) -> None:
        self._wakeup, self._heartbeats, self._end = wakeup, heartbeats, end
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self, name: str, step: Callable[[], bool]) -> None:
        """`step` says whether there was something to do; else the thread waits to be woken."""
        thread = threading.Thread(target=self._run, args=(name, step), name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def stop(self) -> None:
        """Ends all of them behind their step."""
        self._stop.set()
        with self._wakeup:
            self._wakeup.notify_all()
        for thread in self._threads:
            thread.join(timeout=10)

    def _run(self, name: str, step: Callable[[], bool]) -> None:
        while not self._stop.is_set():
            busy = False
            try:
                busy = step()
            except PrewarnError as error:
                self._heartbeats.failed(name, error)
                _log.error("%s; trying again", error)
                self._stop.wait(_AGAIN)
            except BaseException as error:  # noqa: BLE001 - a thread that ends without a word is the worst that can be
                _log.exception("%s failed; trying again", name)
                if self._heartbeats.failed(name, error) > _GIVE_UP:
                    self._end(STALLED, f"{name} cannot go on: {type(error).__name__}: {error}")
                self._stop.wait(_AGAIN)
            else:
                self._heartbeats.succeeded(name)
            if not busy:
                with self._wakeup:
                    if not self._stop.is_set():
                        self._wakeup.wait(_IDLE_WAIT)
