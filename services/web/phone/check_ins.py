"""Windows in which the students of a lesson check in by a code, and what becomes of a code that somebody types."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Literal, NamedTuple
from uuid import uuid4

from services.accounts import attempts, check_in, sessions
from services.accounts.check_in import MINUTES
from services.accounts.rows import CheckInWindowRow
from services.ingest.phone.lessons import BEFORE, Lesson, students_of
from services.ingest.phone.phone import Phone
from services.messages import to_ms
from services.notify.store import accounts, check_ins
from services.notify.store.engine import Store

_MINUTE = 60_000
_RECENT = 2 * 3_600_000
"""Milliseconds for which a student is shown that they have checked in."""
Refusal = Literal["wrong", "wait", "other_phone", "no_device", "not_taken"]
"""Why a code does not count; the pages say it as `check_in_…`."""


class Refused(NamedTuple):
    """A refusal, and where there is one how long (s) to wait."""

    why: Refusal
    seconds: int = 0


class Shown(NamedTuple):
    """The newest window of a lesson, as its teachers see it."""

    is_open: bool
    code: str
    """Empty: it is over."""
    changes_in: int
    """Milliseconds until the code is another one."""
    left: int
    """Seconds until the window ends."""
    refused: Sequence[tuple[str, str]]
    """Who was refused, and who had checked in by the same phone."""


class CheckIns:
    """Over one store. `clock`: of the pages; that of the phones does not matter."""

    def __init__(self, database: Store, phone: Phone, clock: Callable[[], datetime]) -> None:
        self._database, self._phone, self._clock = database, phone, clock

    def open(self, lesson: Lesson, minutes: int, person: str) -> bool:
        """Opens a window; a former one ends. False: not so long, or the lesson is not held, or not now."""
        if minutes not in MINUTES or not self.may_open(lesson):
            return False
        now = self._now()
        row = CheckInWindowRow(
            window_id=str(uuid4()),
            lesson=lesson.id,
            secret=secrets.token_urlsafe(32),
            opened=now,
            ends=now + minutes * _MINUTE,
            person=person,
        )
        with self._database.writing() as connection:
            check_ins.open_window(connection, row)
        return True

    def may_open(self, lesson: Lesson) -> bool:
        """Whether the lesson is held, and about to begin or not over."""
        return not lesson.reason and lesson.begins - BEFORE <= self._phone.clock() <= lesson.ends

    def close(self, lesson: Lesson) -> None:
        """Ends the window, if one is open."""
        with self._database.writing() as connection:
            check_ins.end_window(connection, lesson.id, self._now())

    def shown(self, lesson: Lesson) -> Shown | None:
        """Its newest window; None if there was none."""
        now = self._now()
        with self._database.reading() as connection:
            window = check_ins.newest(connection, lesson.id)
            if window is None:
                return None
            refused = [(one.person, one.other) for one in check_ins.refused(connection, window.window_id)]
        if not check_in.is_open(window, now):
            return Shown(False, "", 0, 0, refused)
        left = -(-(window.ends - now) // 1000)
        return Shown(True, check_in.code(window, now), check_in.changes_in(window, now), left, refused)

    def enter(self, person: str, typed: str, device: str) -> Lesson | Refused:
        """Somebody types a code: the lesson that they have checked in to, or why it does not count.

        Each try counts before it is looked at. Which of wrong, over, and another lesson's it is, is not said. `device`:
        the token in the phone's cookie. Raises LogError; the same may be tried again.
        """
        now, key = self._now(), attempts.key("check_in", person)
        if not device:
            return Refused("no_device")
        with self._database.writing() as connection:
            wait = accounts.count_try(connection, [key], now)
        if wait:
            return Refused("wait", -(-wait // 1000))
        found = self._window(person, check_in.digits(typed), now)
        if found is None:
            return Refused("wrong")
        window, lesson = found
        with self._database.writing() as connection:
            accounts.was_right(connection, key, "")
            other = check_ins.check_in(connection, window.window_id, person, sessions.digest_of(device), now)
        if other:
            return Refused("other_phone")
        saved = self._phone.check_in(lesson, person, f"{window.window_id}/{person}")
        return lesson if saved.state in ("saved", "known") else Refused("not_taken")

    def recent(self, person: str) -> list[tuple[Lesson, int]]:
        """The lessons that somebody has checked in to just now, and when (ms), the newest first."""
        with self._database.reading() as connection:
            found = check_ins.of_person(connection, person, self._now() - _RECENT)
        lessons = ((self._phone.lesson(lesson), at) for lesson, at in found)
        return [(lesson, at) for lesson, at in lessons if lesson is not None]

    def _window(self, person: str, code: str, now: int) -> tuple[CheckInWindowRow, Lesson] | None:
        with self._database.reading() as connection:
            right = [one for one in check_ins.windows(connection, now) if check_in.is_right(one, code, now)]
        for window in right:  # of two lessons that have the same code by chance, theirs
            lesson = self._phone.lesson(window.lesson)
            if lesson is not None and not lesson.reason and person in students_of(lesson, self._phone.directory):
                return window, lesson
        return None

    def _now(self) -> int:
        return to_ms(self._clock())
