"""The event log of a replay, in which time comes from the events."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import Protocol

from services.messages import CampusEvent, Rejection, Verdict, to_ms


class ClockedLog(Protocol):
    """A log that is told how far time has come with each event."""

    def append(self, events: Sequence[CampusEvent], clocks: Sequence[int] | None = None) -> list[Verdict]:
        """See `Journal.append`."""

    def reject(self, rejections: Sequence[Rejection]) -> None:
        """See `Journal.reject`."""


class ReplayLog:
    """A log for events whose time is past: time comes as far as the newest of them, not the wall clock."""

    def __init__(self, log: ClockedLog) -> None:
        self._log = log
        self._newest = 0

    def append(self, events: Sequence[CampusEvent]) -> list[Verdict]:
        """As `Journal.append`."""
        clocks = list(accumulate((to_ms(event.time) for event in events), max, initial=self._newest))[1:]
        self._newest = clocks[-1] if clocks else self._newest
        return self._log.append(events, clocks)

    def reject(self, rejections: Sequence[Rejection]) -> None:
        """As `Journal.reject`."""
        self._log.reject(rejections)
