"""A thread that goes round: how everything in notify runs that nobody waits for."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from services.log.heartbeat import Heartbeat, Heartbeats

_LOG = logging.getLogger(__name__)


class Loop:
    """Calls `turn` again and again on a thread of its own; `turn` says for how many seconds there is nothing to do.

    A turn that raises is logged with `failed` and tried again after `retry` seconds: a full disk passes, and a loop
    that ended would not come back. Until one succeeds, `heartbeats` are not well.
    """

    def __init__(
        self,
        name: str,
        turn: Callable[[], float],
        *,
        failed: str,
        retry: float = 1.0,
        at_end: bool = False,
        heartbeats: Heartbeats | None = None,
    ) -> None:
        """`at_end`: whether there is one more turn after the loop was asked to stop; `heartbeats` watch it."""
        self.name = name
        self._heartbeats = heartbeats
        self._heartbeat: Heartbeat | None = None
        self._turn, self._failed, self._retry, self._at_end = turn, failed, retry, at_end
        self._stopping, self._woken = threading.Event(), threading.Event()
        self._waits = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begins with a turn at once."""
        self._thread.start()
        if self._heartbeats is not None:
            self._heartbeat = self._heartbeats.watch(self.name, self._thread)

    def beat(self) -> None:
        """It gets on, though the turn takes long."""
        if self._heartbeat is not None:
            self._heartbeat.beat()

    def wake(self) -> None:
        """There is something to do."""
        self._woken.set()

    @property
    def sleeps(self) -> bool:
        """Whether it waits and nobody has woken it."""
        return self._waits and not self._woken.is_set()

    def stop(self, within: float = 5.0) -> None:
        """Ends the thread behind the turn that it is in; one that takes longer than `within` seconds is left alone."""
        self._stopping.set()
        self._woken.set()
        if self._heartbeats is not None and self._heartbeat is not None:
            self._heartbeats.forget(self._heartbeat)
            self._heartbeat = None
        if self._thread.ident is not None:
            self._thread.join(within)

    def _run(self) -> None:
        while True:
            self._woken.clear()  # before it looks whether it is to stop: who asks wakes it, too
            last = self._stopping.is_set()
            if last and not self._at_end:
                return
            self.beat()
            try:
                wait = self._turn()
            except Exception as error:  # noqa: BLE001 - see above
                _LOG.exception(self._failed)
                wait = self._retry
                if self._heartbeats is not None:
                    self._heartbeats.failed(self.name, error)
            else:
                if self._heartbeats is not None:
                    self._heartbeats.succeeded(self.name)
            if last:
                return
            self._waits = True
            self._woken.wait(wait)
            self._waits = False
