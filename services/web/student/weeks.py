"""Weeks as an address names them: 2026-W48, from Monday on. Pure."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from services.web.reader import Reader

WEEK = timedelta(days=7)
_MIDDLE, _YEARS = 2100, 100
"""Years of weeks that somebody may ask for."""
_LENGTH = len("2026-W48")


def read_week(text: str) -> date | None:
    """The Monday of a week; None if it is none, or none that a timetable speaks of."""
    try:
        monday = date.fromisoformat(f"{text.strip()}-1") if len(text.strip()) == _LENGTH else None
    except ValueError:
        return None
    return monday if monday is not None and abs(monday.year - _MIDDLE) < _YEARS else None


def written(monday: date) -> str:
    """As an address has it."""
    year, week, _ = monday.isocalendar()
    return f"{year:04}-W{week:02}"


def monday_of(moment: datetime, zone: ZoneInfo) -> date:
    """Of the week that an instant is in."""
    day = moment.astimezone(zone).date()
    return day - timedelta(days=day.weekday())


def begin_of(monday: date, zone: ZoneInfo) -> datetime:
    """The first instant of a week."""
    return datetime.combine(monday, time(), zone)


def said(monday: date, reader: Reader) -> str:
    """`11-23 – 11-29`, with the year where it is not this one."""
    sunday = monday + timedelta(days=6)
    this_year = monday.year == sunday.year == reader.now.astimezone(reader.zone).year
    form = "%m-%d" if this_year else "%Y-%m-%d"
    return f"{monday.strftime(form)} – {sunday.strftime(form)}"
