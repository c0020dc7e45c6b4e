"""The student's page and my classes. What is of ingest is read before the words are made: both use its database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from services import bounds
from services.accounts import permissions
from services.accounts.asked import OfClass, OfStudent, Share
from services.directory.records import Exemption
from services.ingest.phone.history import History
from services.ingest.phone.phone import Phone
from services.messages import from_ms, to_ms
from services.notify.rows import WarningRow
from services.notify.store import of_students
from services.web.appeals.on_warnings import may_appeal
from services.web.frame import Frame, Visitor
from services.web.phone.leave_requests import LeaveRequests
from services.web.reader import Reader
from services.web.student import class_view, record_lines, time_line, warning_lines, weeks
from services.web.student.items import Line
from services.web.student.time_line import Span
from services.web.student.warning_lines import Viewed
from services.web.student.weeks import WEEK

_TOLD_STUDENTS = ("live", "past")
"""Modes of the warnings that students see: what rules on trial find is none."""
_JUST_BEFORE = timedelta(milliseconds=1)


class StudentPages:
    """The routes over one frame. `phone`: the way to what ingest knows; without it there are the warnings alone."""

    def __init__(self, frame: Frame, phone: Phone | None) -> None:
        self._frame, self._phone, self._notify = frame, phone, frame.notify

    def routes(self) -> list[BaseRoute]:
        """For the composition root's web application. What else a student has stands before the page: ids have `/`."""
        return [Route("/classes", self.classes), Route("/students/{id:path}", self.student)]

    def student(self, request: Request) -> Response:
        """One student's page: `?course=…&until=2026-W48`, by default all courses up to now."""
        student = request.path_params["id"]
        if bounds.of_id(student) is not None:
            return self._frame.missing(request, "student_missing")
        seen = self._frame.visitor(request)
        if seen is None:
            return self._frame.to_sign_in(request)
        reader = self._frame.reader(request)
        asked = request.query_params.get("until", "")
        until, course = weeks.read_week(asked), request.query_params.get("course", "")
        span = Span.until(until, self._now, reader)
        between = span.between(reader)
        with self._notify.sight.student(seen.who, self._frame.of_student(student)) as (connection, share):
            if share is not None:
                self._notify.live.watch(seen.person, of_students.about(student))
            rows = of_students.warnings_about(connection, [student]) if share is not None else []
            openable = self._notify.sight.openable(connection, seen.who, rows)
            rows = _shown(rows, share, openable)
            became = of_students.what_became(connection, [one.number for one in rows], *map(to_ms, between))
        if share is None:
            return self._frame.missing(request, "student_missing")
        history = self._phone.history(student, between) if self._phone is not None else None
        history = record_lines.seen(history, share) if history is not None else None
        viewed = Viewed(self._notify.ports.cards, openable if share.why != "own" else (), share.why == "own")
        exemptions = reader.directory.exemptions_of(student)
        lines = [
            *warning_lines.warning_lines(rows, became, viewed, reader),
            *(record_lines.record_lines(history, share, reader) if history is not None else ()),
            *record_lines.exemption_lines(exemptions, share, reader),
        ]
        courses = record_lines.by_course(history, reader) if history is not None else []
        found = time_line.time_line(lines, history, span, _first(rows, history, exemptions, reader), course, reader)
        class_ = reader.directory.class_of(student, reader.now)
        levels = warning_lines.open_levels(rows, viewed.cards)
        return self._frame.page(
            request,
            "student/student.html",
            status=400 if asked and until is None else 200,
            id=student,
            name=reader.person(student),
            class_=reader.named("class", class_) if class_ else "",
            share=share,
            has_classes=self._frame.has_classes(seen),
            state=warning_lines.state(levels, reader),
            counted=any(levels.values()),
            exempt=[(record_lines.exempt(one, reader), one.why) for one in exemptions if _holds(one, reader)],
            are_records_here=history is not None,
            may_ask=self._may_ask(seen, student),
            may_appeal=may_appeal(self._notify, seen.who, student),
            courses=courses,
            choices=_choices(courses, lines, reader),
            course=course,
            asked=asked if until is None else "",
            until=weeks.written(until) if until is not None else "",
            line=found,
            span=self._span_said(span, until, reader),
            query=time_line.query,
        )

    def _may_ask(self, seen: Visitor, student: str) -> bool:
        """Whether they may ask for the student's leave."""
        requests = LeaveRequests(self._frame, self._phone) if self._phone is not None else None
        return requests is not None and requests.can(seen.who, requests.asking(student))

    def _span_said(self, span: Span, until: date | None, reader: Reader) -> str:
        last = until or weeks.monday_of(self._now, reader.zone)
        return reader.word("student_span", begin=span.first.isoformat(), end=(last + timedelta(days=6)).isoformat())

    def classes(self, request: Request) -> Response:
        """The classes that somebody looks after or teaches: `?class=…&week=2026-W48`, by default the first, now."""
        seen = self._frame.may(request, "classes")
        if not isinstance(seen, Visitor):
            return seen
        reader = self._frame.reader(request)
        mine = permissions.classes_of(seen.person, reader.directory, reader.now)
        wanted, asked = request.query_params.get("class", ""), request.query_params.get("week", "")
        if wanted and (bounds.of_id(wanted) is not None or not self._notify.sight.may(seen.who, OfClass(wanted))):
            return self._frame.missing(request, "student_missing")
        this = weeks.monday_of(self._now, reader.zone)
        monday = weeks.read_week(asked)
        self._notify.live.watch(seen.person, *(f"class/{one}" for one in mine))
        open_rows = self._open_rows(seen, mine, reader)
        groups = self._grouped(seen.person, mine, open_rows, reader)
        class_ = wanted or _first_class(groups)
        shown = self._week(seen, class_, monday or this, open_rows[class_], reader) if class_ else None
        return self._frame.page(
            request,
            "student/classes.html",
            status=400 if asked and monday is None else 200,
            groups=groups,
            class_=class_,
            class_name=reader.named("class", class_) if class_ else "",
            week=shown,
            chosen=weeks.written(monday or this),
            is_now=(monday or this) == this,
            head=weeks.said(monday or this, reader),
            before=weeks.written((monday or this) - WEEK),
            after=weeks.written((monday or this) + WEEK),
            asked=asked if monday is None else "",
            are_records_here=self._phone is not None,
            word_of=lambda status: class_view.legend_word(status, reader),
            query=time_line.query,
        )

    def _open_rows(self, seen: Visitor, mine: Sequence[str], reader: Reader) -> dict[str, list[WarningRow]]:
        """Class → what is open about its students, of what somebody sees; the students are those of now."""
        members = {one: list(reader.directory.class_members(one, reader.now)) for one in mine}
        with self._notify.database.reading() as connection:
            students = [student for some in members.values() for student in some]
            rows = of_students.warnings_about(connection, students, are_open=True)
            openable = self._notify.sight.openable(connection, seen.who, rows)
        found = {}
        for class_, some in members.items():
            # What somebody sees of a student follows from the class: one of them stands for all who are there now.
            share = self._notify.sight.share(seen.who, OfStudent(some[0])) if some else None
            about = {of_students.about(one) for one in some}
            found[class_] = _shown([one for one in rows if one.about in about], share, openable)
        return found

    def _grouped(
        self, person: str, mine: Sequence[str], open_rows: Mapping[str, Sequence[WarningRow]], reader: Reader
    ) -> list[Group]:
        """Those that somebody looks after before those where they teach alone, each by its name."""
        cards = self._notify.ports.cards
        named = sorted(
            _Choice(reader.named("class", one), one, class_view.students_with(open_rows[one], cards)) for one in mine
        )
        after = {one for one in mine if permissions.looks_after(person, one, reader.directory, reader.now)}
        groups = [
            Group("classes_looked_after", [one for one in named if one.id in after]),
            Group("classes_taught", [one for one in named if one.id not in after]),
        ]
        return [group for group in groups if group.classes]

    @property
    def _now(self) -> datetime:
        """Of the log: in the demo that of a replay."""
        return self._phone.clock() if self._phone is not None else self._notify.ports.clock()

    def _week(
        self, seen: Visitor, class_: str, monday: date, rows: Sequence[WarningRow], reader: Reader
    ) -> class_view.WeekOfClass:
        between = weeks.begin_of(monday, reader.zone), weeks.begin_of(monday + WEEK, reader.zone) - _JUST_BEFORE
        week = self._phone.class_week(class_, between) if self._phone is not None else None
        present = list(reader.directory.class_members(class_, reader.now))
        others = (week.students if week is not None else set()) - {*present}
        asked = [*present[:1], *others]
        may = {one for one in asked if self._notify.sight.share(seen.who, OfStudent(one)) is not None}
        can_open = may.union(present) if may.intersection(present) else may
        return class_view.week_of_class(week, present, rows, can_open, self._notify.ports.cards, reader)


class _Choice(NamedTuple):
    """A class that can be chosen."""

    name: str
    id: str
    needing: int
    """Students with something open."""


class Group(NamedTuple):
    """The classes of a list under one head."""

    word: str
    classes: Sequence[_Choice]


def _first_class(groups: Sequence[Group]) -> str:
    """Where most students need a talk, of those that somebody looks after, if there are any; empty: no class."""
    return max(groups[0].classes, key=lambda one: one.needing).id if groups else ""


def _shown(rows: Sequence[WarningRow], share: Share | None, openable: Iterable[int]) -> list[WarningRow]:
    """Of the warnings about a student those that somebody sees: a teacher only what they may open."""
    if share is None:
        return []
    if share.why == "own":
        return [one for one in rows if one.mode in _TOLD_STUDENTS]
    mine = {*openable}
    return [one for one in rows if share.courses is None or one.number in mine]


def _first(
    rows: Sequence[WarningRow], history: History | None, exemptions: Sequence[Exemption], reader: Reader
) -> datetime | None:
    """When the earliest of all is."""
    begins = [datetime.combine(one.from_day, time(), reader.zone) for one in exemptions if one.from_day is not None]
    opened = [from_ms(one.opened_at) for one in rows]
    said = [history.first] if history is not None and history.first is not None else []
    return min([*begins, *opened, *said], default=None)


def _holds(one: Exemption, reader: Reader) -> bool:
    today = reader.now.astimezone(reader.zone).date()
    return (one.from_day is None or one.from_day <= today) and (one.to_day is None or today <= one.to_day)


def _choices(
    courses: Sequence[record_lines.CourseFigures], lines: Iterable[Line], reader: Reader
) -> list[tuple[str, str]]:
    """The courses that the time line can be asked for, by name."""
    ids = {one.id for one in courses} | {one.course for one in lines if one.course}
    return sorted(((one, reader.named("course", one)) for one in ids), key=lambda one: (one[1], one[0]))
