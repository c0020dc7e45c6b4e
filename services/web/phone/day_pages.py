"""My day: the lessons of a day by the clock, and what is owed of those before."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from services.ingest.phone.assessment import owed
from services.ingest.phone.lessons import BEFORE, Lesson, rolled, tested
from services.ingest.phone.phone import Phone
from services.messages import CampusEvent
from services.notify.store import views
from services.web.frame import Frame, Visitor
from services.web.phone.assessment_view import head
from services.web.phone.leave_form import day_of
from services.web.phone.leave_requests import LeaveRequests
from services.web.phone.lesson_words import LessonShown, shown
from services.web.reader import Reader

_OWED_DAYS = 14
"""What is missing of lessons that are longer ago, the warnings say."""
"""Years of days that somebody may ask for."""


class OfDay(NamedTuple):
    """A lesson of the day."""

    lesson: LessonShown
    state: str
    """now, next, later, over."""
    figures: str
    """Of its roll-call; empty where none was taken."""
    can_call: bool


class DayPages:
    """The routes over one frame."""

    def __init__(self, frame: Frame, phone: Phone, leave: LeaveRequests) -> None:
        self._frame, self._phone, self._leave = frame, phone, leave

    def routes(self) -> list[BaseRoute]:
        """For the composition root's web application."""
        return [Route("/day", self.day)]

    def day(self, request: Request) -> Response:
        """The lessons of a day, `?day=2026-11-27`, by default today; what is owed, and how many warnings wait."""
        seen = self._frame.may(request, "day")
        if not isinstance(seen, Visitor):
            return seen
        reader, now = self._frame.reader(request), self._phone.clock()
        today = now.astimezone(reader.zone).date()
        day = day_of(request.query_params.get("day", "")) or today
        midnight = _midnight(day, reader)
        lessons = self._phone.lessons(seen.person, (midnight, midnight + timedelta(days=1, milliseconds=-1)))
        before = self._phone.lessons(seen.person, (now - timedelta(days=_OWED_DAYS), now))
        with self._phone.reading() as records:
            calls = rolled(records, self._phone.keys, [*lessons, *before])
            tests = tested(records, before)
            mine = {one.id: one for one in (*before, *lessons)}.values()
            months = owed(records, self._phone.keys, mine, seen.person, self._phone.directory, now)
        over = [one for one in before if not one.reason and one.ends < now]
        with self._frame.notify.database.reading() as connection:
            waiting = views.needs(connection, seen.person)
        return self._frame.page(
            request,
            "phone/day.html",
            day=day,
            is_today=day == today,
            before=day - timedelta(days=1),
            after=day + timedelta(days=1),
            head=_head(day, reader),
            lessons=_of_day(lessons, calls, now, reader),
            owed_calls=[shown(one, reader) for one in over if one.id not in calls],
            owed_tests=[shown(one, reader) for one in over if one.id not in tests],
            owed_assessments=[head(one, reader) for one in months],
            waiting=waiting,
            appeals_wait=len(self._frame.notify.appeals.waiting_for(seen.person)),
            has_classes=self._frame.has_classes(seen),
            leave=self._leave.link(seen.person),
            person=seen.person,
        )


def _of_day(lessons: Sequence[Lesson], calls: dict[str, CampusEvent], now: datetime, reader: Reader) -> list[OfDay]:
    """The one that is held now first, then those to come, then those that are over."""
    found = []
    is_next = True
    for one in lessons:
        if one.ends < now:
            state = "over"
        elif one.begins <= now:
            state = "now"
        else:
            state, is_next = ("next" if is_next and not one.reason else "later"), is_next and bool(one.reason)
        can_call = not one.reason and one.begins - BEFORE <= now
        found.append(OfDay(shown(one, reader), state, _figures(calls.get(one.id), reader), can_call))
    return sorted(found, key=lambda one: ("now", "next", "later", "over").index(one.state))


def _figures(taken: CampusEvent | None, reader: Reader) -> str:
    if taken is None:
        return ""
    data = taken.data
    here = (data.get("present") or 0) + (data.get("late") or 0)
    if data.get("present") is None or data.get("expected") is None:
        return reader.word("roll_taken")
    return reader.word("roll_figures", here=here, expected=data["expected"], absent=data.get("absent") or 0)


def _head(day: date, reader: Reader) -> str:
    return f"{day:%m-%d} {reader.term('weekday', str(day.isoweekday()))}"


def _midnight(day: date, reader: Reader) -> datetime:
    return datetime.combine(day, time(), reader.zone)
