"""After an outage, what accuses somebody of what did not come waits for the sources (docs/notify.md)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from services.directory import Directory
from services.log.journal import Journal
from services.messages import to_ms

_OUTAGE = 10 * 60_000
_GRACE = 30 * 60_000
_BEAT = 60_000
_INTERVAL = 3600
"""Seconds within which a source is expected whose interval the directory does not say."""
_ALIVE = "alive"


class CatchingUp:
    """Whether the sources have caught up with the present since this process was started. Instants in milliseconds."""

    def __init__(
        self,
        journal: Journal,
        directory: Callable[[], Directory],
        newest: Mapping[str, int],
        clock: Callable[[], datetime],
    ) -> None:
        """`newest`: source → the newest instant that anything from it was about, since this process was started."""
        self._journal, self._directory, self._newest, self._clock = journal, directory, newest, clock
        self._beaten = 0
        self._begun = self._end = 0

    def begin(self) -> None:
        """Called at a start: if no process was up for ten minutes, the sources are waited for, half an hour at most."""
        now, alive = to_ms(self._clock()), int(self._journal.meta(_ALIVE, "0"))
        if alive and now - alive > _OUTAGE:
            self._begun, self._end = now, now + _GRACE
        self.beat()

    def beat(self) -> None:
        """Says once a minute that this process is up."""
        now = to_ms(self._clock())
        if now - self._beaten >= _BEAT:
            self._beaten = now
            self._journal.set_meta(_ALIVE, str(now))

    def until(self) -> int:
        """The instant up to which the sources are waited for at the latest; 0: they are not."""
        if self._end and (to_ms(self._clock()) >= self._end or self._are_here()):
            self._end = 0
        return self._end

    def _are_here(self) -> bool:
        """Whether each source has said something about a time that is no further back than its interval.

        Without sources in the directory there is nobody to know it of.
        """
        due = {
            source.id: self._begun - 1000 * (source.expected_interval or _INTERVAL)
            for source in self._directory().tables.sources
        }
        return bool(due) and all(self._newest.get(source, -1) >= at for source, at in due.items())
