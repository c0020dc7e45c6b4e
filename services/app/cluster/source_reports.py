"""What a process of the cluster has counted of its sources: each hour of it is an event in the log."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import uuid4

from services.clock import wall_clock
from services.ingest.intake import EventLog
from services.ingest.source_report import SourceCounter
from services.messages import CampusEvent

REPORT_EVERY = 30.0
"""Seconds between two looks whether an hour of some source is over."""


class SourceReports:
    """The counter of one process, and the way of its reports into the log. Calling it raises LogError."""

    def __init__(self, sources: Iterable[str]) -> None:
        """`sources` are reported though nothing comes from them."""
        self.counter = SourceCounter(sources, name=uuid4().hex[:8])
        self._waiting: list[CampusEvent] = []
        """Reports that the log has not taken yet."""

    def report(self, log: EventLog) -> None:
        """Tells the log what is over."""
        self._waiting += self.counter.due(wall_clock())
        if self._waiting:
            log.append(self._waiting)
            self._waiting = []
