"""Whether things still move: a process that reads but does not get on must not look well."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from services.notify.retry_policy import RetryPolicy


class _Beat(NamedTuple):
    at: float
    lag: int


class Health:
    """Beats of loops, and what has been begun and not ended. Seconds are those of the process's steady clock."""

    def __init__(self, policy: RetryPolicy) -> None:
        self._patience = policy.stalled.total_seconds()
        self._lock = threading.Lock()
        self._beats: dict[str, _Beat] = {}
        self._begun: dict[str, float] = {}

    def beat(self, loop: str, lag: int) -> None:
        """A loop has gone round, with `lag` things still before it."""
        with self._lock:
            self._beats[loop] = _Beat(time.monotonic(), lag)

    @contextmanager
    def during(self, work: str) -> Iterator[None]:
        """Marks work that must come to an end."""
        with self._lock:
            self._begun[work] = time.monotonic()
        try:
            yield
        finally:
            with self._lock:
                del self._begun[work]

    def lags(self) -> dict[str, int]:
        """What each loop still has before it."""
        with self._lock:
            return {loop: beat.lag for loop, beat in self._beats.items()}

    def stalled(self) -> str | None:
        """What stands still, if something does."""
        with self._lock:
            since = {f"loop {loop}": beat.at for loop, beat in self._beats.items()} | self._begun
        now = time.monotonic()
        for what, at in since.items():
            if now - at > self._patience:
                return f"{what} stands still since {now - at:.0f} s"
        return None
