"""The event log of a replay, in which time comes from the events."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

from services.log.journal import Journal
from services.messages import CampusEvent, Rejection, Verdict, to_ms


class ReplayLog:
    """The journal for events whose time is past: time comes as far as the newest of them, not the wall clock."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._newest = 0

    def append(self, events: Sequence[CampusEvent]) -> list[Verdict]:
        """As `Journal.append`."""
        clocks = list(accumulate((to_ms(event.time) for event in events), max, initial=self._newest))[1:]
        self._newest = clocks[-1] if clocks else self._newest
        return self._journal.append(events, clocks)

    def reject(self, rejections: Sequence[Rejection]) -> None:
        """As `Journal.reject`."""
        self._journal.reject(rejections)
