"""Hands on to the log what people and time did with warnings, in a thread of its own: nobody waits for a log."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field

from services.notify.ports import Publish
from services.notify.store import feedback
from services.notify.store.engine import Store

_LOG = logging.getLogger(__name__)
_AGAIN = 2.0
"""Seconds after which it is tried again, and after which what another process left is found."""


@dataclass(slots=True)
class Telling:
    """The events wait in the store (feedback.py) until `publish` has taken them."""

    database: Store
    publish: Publish
    _woken: threading.Event = field(default_factory=threading.Event)
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """From here on; what a former process left goes first."""
        self._thread = threading.Thread(target=self._run, name="telling", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """There is something to tell."""
        self._woken.set()

    def stop(self) -> None:
        """Tells what waits, for two seconds at most; the rest is told after the next start."""
        self._stop.set()
        self._woken.set()
        if self._thread is not None:
            self._thread.join(2)

    def _run(self) -> None:
        while True:
            self._woken.wait(_AGAIN)
            last = self._stop.is_set()
            self._woken.clear()
            try:
                feedback.hand_on(self.database, self.publish)
            except Exception:  # noqa: BLE001 - log or store are away: the events are kept
                _LOG.exception("what was done with a warning could not be told to the rules yet; trying again")
            if last:
                return
