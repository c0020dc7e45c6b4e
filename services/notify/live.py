"""What open pages are told: that something has changed for whoever looks, not what. One look a turn for all of them.

Each person has a *version*, which is another one as soon as anything has happened to a warning that they may see. It is
of this process: of another one, or before a restart, all versions are others, and a page that hears one fetches itself
once more than it needs. Whoever hears nothing for a while misses nothing, as a page compares what it was made of.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from services.messages import to_ms
from services.notify.ports import Ports
from services.notify.store import accounts, live
from services.notify.store.engine import Store

EVERY = 0.5
"""Seconds between two looks."""
WATCHED = 2000
"""Warnings at most whose pages somebody looks at who was not told of them; of more, the longest ago is forgotten."""
OF_ONE = 8
"""Streams of one person: browsers and devices, since the pages of a browser share one."""


@dataclass(eq=False, slots=True)
class Stream:
    """One open page that listens, or several of a browser."""

    person: str
    digest: str
    """Of the session."""
    is_operator: bool
    """Who need not be in the directory."""
    wake: Callable[[], None]
    """Called on the thread that looks, when there is something to say."""
    is_over: bool = False
    """The session has ended, or the person has left."""


class Live:
    """The versions of all people, and the streams of this process."""

    def __init__(self, database: Store, ports: Ports) -> None:
        self._database, self._ports = database, ports
        self._process = secrets.token_hex(4)
        self._turn = 0
        self._turns: dict[str, int] = {}
        """Person → the look that last found something of theirs."""
        self._seen = live.Seen()
        self._watched: dict[int, set[str]] = {}
        """Number of a warning → who has its page without having been told of it, in the order of looking."""
        self._streams: set[Stream] = set()
        self._lock = threading.Lock()

    def begin(self) -> None:
        """What is there now is nothing new."""
        with self._database.reading() as connection:
            self._seen = live.present(connection)

    def version(self, person: str) -> str:
        """Of what the person may see. Ask before the store is read: what is shown is then at least as new."""
        return f"{self._process}-{self._turns.get(person, 0)}"

    def watch(self, person: str, number: int) -> None:
        """Somebody who was not told of a warning has its page: they hear of it, too, from this process."""
        with self._lock:
            self._watched[number] = self._watched.pop(number, set()) | {person}
            while len(self._watched) > WATCHED:
                del self._watched[next(iter(self._watched))]

    def has_room(self, person: str, most: int) -> bool:
        """Whether one more stream of this person can be, of `most` in all."""
        with self._lock:
            mine = Counter(stream.person for stream in self._streams)
        return mine.total() < most and mine[person] < OF_ONE

    def open(self, stream: Stream) -> None:
        """It is woken from now on."""
        with self._lock:
            self._streams.add(stream)

    def close(self, stream: Stream) -> None:
        """It is gone; again changes nothing."""
        with self._lock:
            self._streams.discard(stream)

    @property
    def streams(self) -> int:
        """How many there are."""
        return len(self._streams)

    def look(self) -> float:
        """Finds what is new, and wakes whom it concerns; for how many seconds there is nothing to do then."""
        with self._lock:
            streams, watched = list(self._streams), dict(self._watched)
        at = self._ports.clock()
        with self._database.reading() as connection:
            sessions = accounts.going_on(connection, {one.digest for one in streams}, to_ms(at))
            people, changed = live.concerned(connection, self._seen, time.monotonic(), watched)
        people = people.union(*(watched[number] for number in changed))
        self._turn += 1
        self._turns |= dict.fromkeys(people, self._turn)
        directory = self._ports.directory()
        for stream in streams:
            there = stream.is_operator or directory.is_there(stream.person, at)
            stream.is_over = stream.is_over or stream.digest not in sessions or not there
            if stream.is_over or stream.person in people:
                stream.wake()
        return EVERY
