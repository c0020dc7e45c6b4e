"""The lessons of days by who teaches them and by class, read once for all: at eight everybody opens their day."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from threading import Lock
from typing import NamedTuple

from services.accounts.permissions import teachers
from services.directory import Directory
from services.ingest.phone.lessons import Closed, Lesson, lesson_of
from services.log.records import Records
from services.messages import to_ms

_DAY = 86_400_000
_FRESH, _SETTLED = 5.0, 60.0
"""Seconds after which the lessons from yesterday on, and those before, are read again: others may have moved them."""
_MOST = 400
"""Days that are kept."""
_Lessons = Mapping[str, Sequence[Lesson]]


class _Read(NamedTuple):
    until: float
    as_of: tuple[str, int]
    """The directory's version, and the day from which was asked who stands in."""
    lessons: _Lessons
    """By person."""
    of_classes: _Lessons


class LessonDays:
    """Several threads may ask; one of them reads."""

    def __init__(
        self,
        reading: Callable[[], AbstractContextManager[Records]],
        closed: Closed,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self._reading, self._closed, self._steady = reading, closed, steady
        self._days: dict[int, _Read] = {}
        self._turn = Lock()

    def of(self, person: str, between: tuple[datetime, datetime], now: datetime, directory: Directory) -> list[Lesson]:
        """The lessons that begin in a time and that somebody teaches, or stands in for, in the order of their begins.

        Raises LogError.
        """
        days = self._days_of(between, now, directory)
        return _within(between, (one for day in days for one in day.lessons.get(person, ())))

    def of_class(
        self, class_: str, between: tuple[datetime, datetime], now: datetime, directory: Directory
    ) -> list[Lesson]:
        """The lessons that begin in a time and that a class has, in the order of their begins. Raises LogError."""
        days = self._days_of(between, now, directory)
        return _within(between, (one for day in days for one in day.of_classes.get(class_, ())))

    def forget(self) -> None:
        """What was read is not so any more: somebody has moved a lesson."""
        with self._turn:
            self._days.clear()

    def _days_of(self, between: tuple[datetime, datetime], now: datetime, directory: Directory) -> list[_Read]:
        first, last = (to_ms(one) // _DAY for one in between)
        with self._turn:
            return [self._day(day, now, directory) for day in range(first, last + 1)]

    def _day(self, day: int, now: datetime, directory: Directory) -> _Read:
        today = to_ms(now) // _DAY
        as_of, at = (directory.version, today), self._steady()
        known = self._days.get(day)
        if known is None or known.as_of != as_of or at >= known.until:
            if len(self._days) >= _MOST:
                self._days.clear()
            until = at + (_FRESH if day >= today - 1 else _SETTLED)
            known = self._days[day] = _Read(until, as_of, *self._read(day, now, directory))
        return known

    def _read(self, day: int, now: datetime, directory: Directory) -> tuple[_Lessons, _Lessons]:
        found: defaultdict[str, list[Lesson]] = defaultdict(list)
        of_classes: defaultdict[str, list[Lesson]] = defaultdict(list)
        with self._reading() as records:
            for record in records.between("lesson", day * _DAY, (day + 1) * _DAY - 1):
                lesson = lesson_of(record, directory, self._closed)
                if lesson is not None:
                    for person in teachers(lesson.taught, directory, now):
                        found[person].append(lesson)
                    for class_ in lesson.classes:
                        of_classes[class_].append(lesson)
        return found, of_classes


def _within(between: tuple[datetime, datetime], lessons: Iterable[Lesson]) -> list[Lesson]:
    return sorted(
        (one for one in lessons if between[0] <= one.begins <= between[1]), key=lambda one: (one.begins, one.id)
    )
