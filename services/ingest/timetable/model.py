"""What a timetable is made of. Weeks, sections and weekdays count from 1; days and times are those of the college."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

_DAY = timedelta(days=1)

Weeks = frozenset[int]


@dataclass(frozen=True, slots=True)
class Teaching:
    """Who teaches, in which weeks; None: in all of the plan."""

    teacher: str
    weeks: Weeks | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """One block of the weekly plan: a class, a course, consecutive sections of one weekday."""

    class_: str
    course: str
    teachers: tuple[Teaching, ...]
    """Who leads first; those of other weeks than a lesson's are left out of it."""
    weekday: int
    first: int
    last: int
    weeks: Weeks
    room: str = ""
    place: str = ""
    """`plan.xlsx sheet 软件2601 cell C4`."""


@dataclass(frozen=True, slots=True)
class Bell:
    """When sections begin and end, in a part of the year."""

    times: dict[int, tuple[time, time]]
    since: date | None = None
    until: date | None = None
    """The last day."""

    def rings(self, on: date) -> bool:
        """Whether it is that of a day."""
        return (self.since is None or self.since <= on) and (self.until is None or on <= self.until)


@dataclass(frozen=True, slots=True)
class Term:
    """A term: its days, and which of them have lessons."""

    first: date
    last: date
    off: frozenset[date] = frozenset()
    follows: dict[date, date] = field(default_factory=dict)
    """Make-up day → the day whose weekday and whose week it has."""

    def week(self, on: date) -> int:
        """The teaching week of a day: weeks begin on Monday, and week 1 has the first day of the term."""
        return (on - self._monday).days // 7 + 1

    def day(self, week: int, weekday: int) -> date:
        """The day of a teaching week."""
        return self._monday + timedelta(days=7 * (week - 1) + weekday - 1)

    def days(self) -> Iterator[tuple[date, date]]:
        """Every day with lessons, and the day whose timetable is given on it."""
        day = self.first
        while day <= self.last:
            if day in self.follows or day not in self.off:
                yield day, self.follows.get(day, day)
            day += _DAY

    @property
    def _monday(self) -> date:
        return self.first - timedelta(days=self.first.weekday())


@dataclass(frozen=True, slots=True)
class Instead:
    """When, where and by whom a lesson is given after a change."""

    on: date
    first: int
    last: int
    room: str
    teachers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of one lesson (调停课)."""

    class_: str
    course: str
    on: date
    first: int
    last: int
    instead: Instead | None
    """None: it is cancelled."""
    said: datetime | None = None
    """When it was applied for, in the college's time."""
    place: str = ""


@dataclass(frozen=True, slots=True)
class Lesson:
    """One lesson of one class. Two classes that are taught together have one each."""

    class_: str
    course: str
    on: date
    first: int
    last: int
    teachers: tuple[str, ...]
    room: str
    status: str = "planned"
    moved_to: str | None = None
    said: datetime | None = None
    """When a change of it was applied for."""

    @property
    def id(self) -> str:
        """What it is, and therefore the same in every import."""
        return f"{self.class_}|{self.course}|{self.on}|{self.first}-{self.last}"
