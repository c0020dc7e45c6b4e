"""After an outage, what accuses somebody of what did not come waits for the sources (docs/notify.md).

Whoever takes events in notes that it is up (`Beat`), whoever warns reads that (`CatchingUp`): in one process over the
journal, on a cluster over ingest's database.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import datetime

from services.directory import Directory
from services.log.outages import Noted, OutageNotes
from services.messages import to_ms

_OUTAGE = 10 * 60_000
_GRACE = 30 * 60_000
_BEAT = 60_000
_LOOK_EVERY = 5_000
"""Milliseconds between two looks whether what had come is evaluated."""
_LEAP = 2 * 60_000
"""Milliseconds between two looks behind which what was asked says nothing: the process slept, or its clock was set."""
_TELL_EVERY = 1.0
"""Seconds between two notes on how far the sources have come, while they are awaited."""
_INTERVAL = 3600
"""Seconds within which a source is expected whose interval the directory does not say."""


class Beat:
    """Notes that this process takes events in, and after an outage how far the sources have come."""

    def __init__(self, notes: OutageNotes, newest: Mapping[str, int], clock: Callable[[], datetime]) -> None:
        """`newest`: source → the newest instant (ms) that anything from it was about, since the process was started."""
        self._notes, self._newest, self._clock = notes, newest, clock
        self._beaten = 0
        self._ended = 0
        self._told: dict[str, int] = {}
        self._told_at = 0.0

    def begin(self) -> None:
        """From now on events are taken in: if nothing did so for ten minutes, the sources are waited for."""
        self._beaten = to_ms(self._clock())
        self._notes.begin(self._beaten, self._beaten - _OUTAGE)
        self._ended = self._notes.noted().ended

    def beat(self) -> None:
        """To be called every second or so; it notes once a minute that events are taken in."""
        now = to_ms(self._clock())
        if now - self._beaten >= _BEAT:
            self._beaten = now
            self._notes.beat(now)
        if now < self._ended + _GRACE and time.monotonic() >= self._told_at + _TELL_EVERY:
            self._told_at = time.monotonic()
            self.tell()

    def tell(self) -> None:
        """Notes how far the sources have come."""
        fresh = {source: at for source, at in dict(self._newest).items() if at > self._told.get(source, -1)}
        if fresh:
            self._notes.tell(fresh)
            self._told |= fresh


class CatchingUp:
    """Whether the sources have caught up with the present since the last outage. Instants in milliseconds."""

    def __init__(
        self,
        notes: OutageNotes,
        directory: Callable[[], Directory],
        clock: Callable[[], datetime],
        behind: Callable[[], Callable[[], bool]],
        *,
        apart: bool = False,
    ) -> None:
        """`behind`: called when the sources have caught up; says whether what had come by then is evaluated.

        `apart`: other processes take in, and may be down while this one runs.
        """
        self._notes, self._directory, self._clock, self._behind, self._apart = notes, directory, clock, behind, apart
        self._backlog = Backlog(behind)
        self._until = 0
        self._evaluated: Callable[[], bool] | None = None
        self._caught_up = 0
        """The end of the outage since which everything has come."""
        self._missed = (0, 0)
        """When something was last up that is not any more, and when that was seen here."""

    def until(self) -> int:
        """The instant up to which the sources are waited for at the latest; 0: they are not. As of the last look."""
        return self._until

    def look(self) -> bool:
        """Asks anew; whether that instant is another one now."""
        before, self._until = self._until, self._ask()
        return self._until != before

    def _ask(self) -> int:
        now, noted = to_ms(self._clock()), self._notes.noted()
        until = max(self._sources(now, noted), self._backlog.until(now) if self._apart else 0)
        return until if now < until <= now + 2 * _GRACE else 0  # clocks differ, and may have been set right since

    def _sources(self, now: int, noted: Noted) -> int:
        if self._apart and noted.alive and now - noted.alive > _OUTAGE:  # what the sources have cannot be handed in
            if self._missed[0] != noted.alive:
                self._missed = noted.alive, now
            until = self._missed[1] + _GRACE
        elif not noted.ended or noted.ended == self._caught_up or self._have_caught_up(noted):
            return 0
        else:
            until = noted.ended + _GRACE
        return until

    def _have_caught_up(self, noted: Noted) -> bool:
        """Each source has said something about a time that is no further back than its interval.

        Without sources in the directory there is nobody to know it of.
        """
        due = {
            source.id: noted.ended - 1000 * (source.expected_interval or _INTERVAL)
            for source in self._directory().tables.sources
        }
        if not due or any(noted.newest.get(source, -1) < at for source, at in due.items()):
            self._evaluated = None
            return False
        if self._evaluated is None:
            self._evaluated = self._behind()
        if not self._evaluated():
            return False
        self._caught_up, self._evaluated = noted.ended, None
        return True


class Backlog:
    """Whether evaluation stood still while events came in, and is behind.

    It then says of what is over in the log what it would have said at that time.
    """

    def __init__(self, behind: Callable[[], Callable[[], bool]]) -> None:
        """`behind`: see CatchingUp."""
        self._behind = behind
        self._evaluated: Callable[[], bool] | None = None
        self._asked = self._looked = self._since = self._now = 0
        self._moves = False

    def until(self, now: int) -> int:
        """Until when what accuses by absence waits (ms); 0: evaluation is with the present.

        As long as nothing moves it is half an hour from now, and half an hour at most once something does.
        """
        if now - self._now > _LEAP:
            self._evaluated = None
        self._now = now
        if self._looked and now >= self._looked + _LOOK_EVERY:  # the first look is not part of a start
            self._look(now)
            self._looked = now
        self._looked = self._looked or now
        return self._since + _GRACE if self._since else 0

    def _look(self, now: int) -> None:
        if self._evaluated is None:
            self._evaluated, self._asked = self._behind(), now
        done, late = self._evaluated(), now - self._asked > _OUTAGE
        if done:
            self._evaluated = None
        if late and not self._moves:  # what came ten minutes ago is evaluated only now, or not yet
            self._since, self._moves = now, done
        elif done and not late:
            self._since, self._moves = 0, False
