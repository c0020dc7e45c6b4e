"""What open pages are told: that something has changed for whoever looks, not what. One look a turn for all of them.

Each person has a *version*, which is another one as soon as anything has happened to a warning, a referral, an appeal
or a leave that they may see. It is of this process: of another one, or before a restart, all versions are others, and a
page that hears one fetches itself once more than it needs. Whoever hears nothing for a while misses nothing, as a page
compares what it was made of.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from services.accounts.permissions import LEAVE_CHAIN
from services.errors import LogError
from services.log import leave_news
from services.log.leave_news import LeaveNews
from services.messages import to_ms
from services.notify import appeals, referring
from services.notify.ports import Ports
from services.notify.store import accounts, live, of_students
from services.notify.store.engine import Connection, Store
from services.notify.store.sight import Sight

EVERY = 0.5
"""Seconds between two looks."""
WATCHED = 10_000
"""Pages at most that somebody has had who is not told of all that is on them; of more, the longest ago is forgotten."""
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

    def __init__(self, database: Store, ports: Ports, sight: Sight) -> None:
        self._database, self._ports, self._sight = database, ports, sight
        self._process = secrets.token_hex(4)
        self._turn = 0
        self._turns: dict[str, int] = {}
        """Person → the look that last found something of theirs."""
        self._everybody = 0
        """The look that last found something that may be anybody's."""
        self._seen = live.Seen()
        self._leave: int | None = None
        """How far the news of leave was looked at."""
        self._watched: dict[str, set[str]] = {}
        """What a page is about (see `watch`) → who has it without being told of all of it, in the order of looking."""
        self._streams: set[Stream] = set()
        self._lock = threading.Lock()

    def begin(self) -> None:
        """What is there now is nothing new."""
        with self._database.reading() as connection:
            self._seen = live.present(connection)
        self._leave = self._on_leave().number

    def version(self, person: str) -> str:
        """Of what the person may see. Ask before the store is read: what is shown is then at least as new."""
        return f"{self._process}-{max(self._turns.get(person, 0), self._everybody)}"

    def watch(self, person: str, *pages: str) -> None:
        """Somebody is about to have a page, and is not told of all that is on it: they hear of it, from this process.

        A page is `warning/7` or `appeal/7` by its number, or all warnings about `student/s1`, or about anybody who is
        in `class/c1`.
        """
        with self._lock:
            for page in pages:
                self._watched[page] = self._watched.pop(page, set()) | {person}
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
        """How many streams there are."""
        return len(self._streams)

    def look(self) -> float:
        """Finds what is new, and wakes whom it concerns; for how many seconds there is nothing to do then."""
        with self._lock:
            streams = list(self._streams)
        at, leave = self._ports.clock(), self._on_leave()
        with self._database.reading() as connection:
            sessions = accounts.going_on(connection, {one.digest for one in streams}, to_ms(at))
            news = live.news(connection, self._seen, time.monotonic())
            people = news.people | self._referred(connection, news, at) | self._appealed(news, at)
        people |= self._looking_after(leave, at) | self._watching(news, leave, at)
        self._turn += 1
        self._turns |= dict.fromkeys(people, self._turn)
        self._everybody = self._turn if leave.students is None else self._everybody
        self._seen, self._leave = news.seen, leave.number  # not before: a look that fails is repeated
        directory = self._ports.directory()
        for stream in streams:
            there = stream.is_operator or directory.is_there(stream.person, at)
            stream.is_over = stream.is_over or stream.digest not in sessions or not there
            if stream.is_over or stream.person in people or leave.students is None:
                stream.wake()
        return EVERY

    def _referred(self, connection: Connection, news: live.News, at: datetime) -> set[str]:
        """Who has asked or answered, and all of the offices."""
        directory, people = self._ports.directory(), set[str]()
        for one, row in news.referred:
            matter = self._sight.matter(connection, row)
            people |= {holder.id for holder in referring.holders(one.office, one.person, matter, directory, at)}
            people |= {one.person, one.taken_by or one.person}
        return people

    def _appealed(self, news: live.News, at: datetime) -> set[str]:
        """Whose it is, who has asked, and who decides, has decided, or might have."""
        directory, people = self._ports.directory(), set[str]()
        for one in news.appeals:
            people |= appeals.deciders(one, directory, at)
            people |= {one.student, one.person, one.decided_by or one.person}
        return people

    def _on_leave(self) -> LeaveNews:
        """Whose leave has news; nobody's for as long as the records cannot be read."""
        try:
            return leave_news.since(self._ports.leave(), self._leave)
        except LogError:
            return LeaveNews(self._leave, frozenset())

    def _looking_after(self, leave: LeaveNews, at: datetime) -> set[str]:
        """Whose leave it is, and who may decide on it."""
        directory, people = self._ports.directory(), set[str]()
        for student in leave.students or ():
            class_ = directory.class_of(student, at)
            context = {"student": student} | ({"class": class_} if class_ else {})
            people |= {student} | {one.id for role in LEAVE_CHAIN for one in directory.holders(role, context, at)}
        return people

    def _watching(self, news: live.News, leave: LeaveNews, at: datetime) -> set[str]:
        directory = self._ports.directory()
        students = {of_students.of_about(one) for one in news.warnings.values()} - {""} | (leave.students or set())
        pages = {f"warning/{number}" for number in news.warnings} | {f"appeal/{one.id}" for one in news.appeals}
        pages |= {of_students.about(one) for one in students}
        pages |= {f"class/{directory.class_of(one, at)}" for one in students}
        with self._lock:
            return set[str]().union(*(self._watched.get(page, ()) for page in pages))
