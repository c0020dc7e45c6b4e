"""A student's time line: by week, the newest first, a term at most on one page. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import NamedTuple
from urllib.parse import urlencode

from services.ingest.phone.history import History
from services.messages import CampusEvent
from services.web.reader import Reader
from services.web.student import record_lines, weeks
from services.web.student.items import Item, Line
from services.web.student.weeks import WEEK

WEEKS = 20
"""Of one page: a term."""
AHEAD = 26
"""Weeks to come that the newest page shows, of leave and exemptions."""
_MOST = 600
"""Lines of one page; a week is never cut."""


class Span(NamedTuple):
    """The days that one page of a time line shows."""

    first: date
    last: date
    """Mondays of the first and of the last week."""

    @classmethod
    def until(cls, last: date | None, now: datetime, reader: Reader) -> Span:
        """A term up to a week; None: up to the present one, and what is known of those to come."""
        this = weeks.monday_of(now, reader.zone)
        return cls((last or this) - (WEEKS - 1) * WEEK, last or this + AHEAD * WEEK)

    def between(self, reader: Reader) -> tuple[datetime, datetime]:
        """From the first to before the second instant."""
        return weeks.begin_of(self.first, reader.zone), weeks.begin_of(self.last + WEEK, reader.zone)


class WeekShown(NamedTuple):
    """A week with something in it."""

    head: str
    counts: Sequence[tuple[str, int]]
    """Of attendance, in words."""
    items: Sequence[Item]
    """The newest first."""
    routine: Sequence[Item]
    """Likewise, of what is as it should be."""


class TimeLine(NamedTuple):
    """One page of a time line, and the addresses of its neighbours."""

    weeks: Sequence[WeekShown]
    older: str
    """The week up to which the next page goes; empty: there is nothing before."""


def time_line(
    lines: Iterable[Line], history: History | None, span: Span, first: datetime | None, course: str, reader: Reader
) -> TimeLine:
    """`first`: when the earliest of all is. `course`: its id, or empty for all."""
    of_weeks: defaultdict[date, list[Line]] = defaultdict(list)
    attended: defaultdict[date, list[CampusEvent]] = defaultdict(list)
    begin, end = span.between(reader)
    for one in lines:
        if begin <= one.at < end and course in ("", one.course):
            of_weeks[weeks.monday_of(one.at, reader.zone)].append(one)
    for event in history.attendance if history is not None else ():
        at = history.begins(event) if history is not None else event.time
        if begin <= at < end and course in ("", event.data.get("course")):
            attended[weeks.monday_of(at, reader.zone)].append(event)
    shown: list[WeekShown] = []
    older = span.first - WEEK if first is not None and first < begin else None
    total = 0
    for monday in sorted({*of_weeks, *attended}, reverse=True):
        # Of what was at one instant the last that is given is the newest: what follows stands above its record.
        mine = [one for _, one in sorted(enumerate(of_weeks[monday]), key=_when, reverse=True)]
        if total and total + len(mine) > _MOST:
            older = monday
            break
        total += len(mine)
        counted = record_lines.counts(attended[monday], reader)
        said = [one.say() for one in mine]
        routine, others = [one for one in said if one.is_routine], [one for one in said if not one.is_routine]
        shown.append(WeekShown(weeks.said(monday, reader), counted, others, routine))
    return TimeLine(shown, weeks.written(older) if older is not None else "")


def _when(each: tuple[int, Line]) -> tuple[datetime, int]:
    place, line = each
    return line.at, place


def query(**asked: str) -> str:
    """Of the address of such a page, with its question mark; what is empty is left out."""
    said = {name.rstrip("_"): value for name, value in asked.items() if value}
    return f"?{urlencode(said)}" if said else ""
