"""The sample college's days: terms, holidays, lessons' hours. College time is UTC+8, without summer time."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, timezone
from random import Random

ZONE = timezone(timedelta(hours=8))

TERMS: dict[str, tuple[date, date]] = {
    "2025-autumn": (date(2025, 9, 1), date(2026, 1, 18)),
    "2026-spring": (date(2026, 3, 2), date(2026, 7, 12)),
    "2026-autumn": (date(2026, 8, 31), date(2027, 1, 17)),
    "2027-spring": (date(2027, 3, 1), date(2027, 7, 11)),
}
"""As in rules/calendar.yaml (a test holds the two together)."""

STANDARDS_FROM = date(2025, 9, 1)
"""Before this day no standard is in force, so nothing is planted before it."""

SLOTS = (("08:00", "09:40"), ("10:00", "11:40"), ("14:00", "15:40"), ("16:00", "17:40"))
"""Begin and end of a day's lessons, two teaching hours each."""

_HOLIDAYS = (("01-01", "01-01"), ("04-04", "04-06"), ("05-01", "05-05"), ("10-01", "10-07"))
_SATURDAY = 5


def dice(*parts: object) -> Random:
    """Random numbers that are the same for the same parts."""
    return Random("/".join(map(str, parts)))  # noqa: S311 - a sample, not a secret


def at(day: date, clock: str, minutes: float = 0) -> datetime:
    """An instant of a day, by the college's clock, and so many minutes later."""
    return datetime.combine(day, time.fromisoformat(clock), ZONE) + timedelta(minutes=minutes)


def school_days(term: str) -> list[date]:
    """The days of a term on which there are lessons."""
    first, last = TERMS[term]
    days = (first + timedelta(days=i) for i in range((last - first).days + 1))
    return [day for day in days if day.weekday() < _SATURDAY and not _is_holiday(day)]


def last_school_day(day: date) -> tuple[str, date]:
    """The day itself if there are lessons on it, otherwise the last one before it, with its term.

    Raises ValueError for a day before the first term.
    """
    for term in reversed(TERMS):
        found = [one for one in school_days(term) if one <= day]
        if found:
            return term, found[-1]
    first = next(iter(TERMS.values()))[0]
    raise ValueError(f"the sample college has no lessons on or before {day} (expected: {first} or a later day)")


def _is_holiday(day: date) -> bool:
    return any(begin <= f"{day:%m-%d}" <= end for begin, end in _HOLIDAYS)
