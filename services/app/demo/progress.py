"""What must come of scores, weeks and months, by the standards' arithmetic: S6, S7, S10, T1 and T2 again, P1–P3."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from functools import cache
from itertools import groupby

from services.app.demo.campus import Person, SchoolClass
from services.app.demo.consequences import PRAISE, Levels, book, rank
from services.app.demo.dates import at
from services.app.demo.scene import Booking, Scene
from services.app.demo.scores import PASS_SCORE
from services.app.demo.timetable import HOURS, Lesson
from services.messages import Text, to_ms
from services.rules.engine.calendar import Calendar
from services.rules.language.calendar import read_calendar
from services.rules.language.reading import Report
from services.settings import resource

_DROPS = (15, 20, 30)
_COURSES = (1, 2, 3)
_PROGRESS = 10
_RED_HOURS, _LEAST_HOURS, _LEAST_DAYS, _FIRST_WEEK = 10, 4, 2, 4
_WEEKS = 4
_OFTEN, _SPAN = 3, timedelta(days=14)
_WEEK, _DAY = timedelta(days=7), timedelta(days=1)
_ROLLCALL_DUE, _TEST_DUE = timedelta(minutes=30), timedelta(hours=24)


def tell(scene: Scene) -> None:
    """Books the warnings, and the praise."""
    for (student, course), (class_, why) in scene.examined.items():
        taken = list(_taken(scene, class_, student, course))
        book(scene, "test-drop", f"{student.id}/{course}", _drops(taken), why)
        book(scene, "test-progress", f"{student.id}/{course}", _progress(taken), why)
    for student, (class_, why) in {one: about for (one, _), about in scene.examined.items()}.items():
        book(scene, "failing-courses", student.id, _failing(scene, class_, student), why)
    for student, (class_, why) in scene.followed.items():
        book(scene, "absence-forecast", student.id, _forecast(scene, class_, student), why)
    why = Text("连续四个教学周全勤", "there every time for four teaching weeks")
    for class_ in scene.campus.classes:
        for student in class_.students:
            book(scene, "full-attendance", student.id, _weeks(scene, class_, student), why)
    _teachers(scene)
    _departments(scene)


def _taken(scene: Scene, class_: SchoolClass, student: Person, course: str | None) -> Iterator[tuple[Lesson, int]]:
    """The graded tests of a student, of one course or of all."""
    for lesson in scene.lessons[class_.id]:
        booking = scene.bookings.get(lesson.id, Booking())
        if course in (None, lesson.course.id) and not booking.untested and booking.cancelled_at is None:
            score = scene.scores.get((lesson.id, student.id))
            if score is not None:
                yield lesson, score


def _drops(taken: list[tuple[Lesson, int]]) -> Levels:
    levels = []
    for i, (lesson, score) in enumerate(taken):
        before = [one for _, one in taken[max(0, i - 5) : i]]
        drop = sum(before) / len(before) - score if len(before) >= 3 else 0.0  # noqa: PLR2004 - of three to five
        levels.append((lesson.day, rank(drop, _DROPS)))
    return levels


def _progress(taken: list[tuple[Lesson, int]]) -> Levels:
    scores = [score for _, score in taken]
    gains = [sum(scores[i - 2 : i + 1]) - sum(scores[i - 5 : i - 2]) if i > 4 else 0 for i in range(len(scores))]  # noqa: PLR2004 - two times three
    return [
        (lesson.day, PRAISE if gain >= 3 * _PROGRESS else 0) for (lesson, _), gain in zip(taken, gains, strict=True)
    ]


def _failing(scene: Scene, class_: SchoolClass, student: Person) -> Levels:
    levels: Levels = []
    for month, tests in groupby(_taken(scene, class_, student, None), lambda one: one[0].day.replace(day=1)):
        margins: dict[str, list[int]] = {}
        for lesson, score in tests:
            margins.setdefault(lesson.course.id, []).append(score - PASS_SCORE)
            failing = sum(len(mine) > 1 and sum(mine) < 0 for mine in margins.values())
            levels.append((lesson.day, rank(failing, _COURSES)))
        if (end := _next_month(month)) <= scene.day:
            levels.append((end, 0))
    return levels


def _next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


@cache
def _calendar() -> Calendar:
    return read_calendar(resource("rules"), Report())


def _forecast(scene: Scene, class_: SchoolClass, student: Person) -> Levels:
    calendar = _calendar()
    absent = [
        lesson
        for lesson in scene.lessons[class_.id]
        if (booking := scene.bookings.get(lesson.id, Booking())).marks.get(student.id) == "absent"
        and not booking.unrecorded
        and booking.cancelled_at is None
    ]
    if not absent:
        return []
    term = calendar.bounds("term", to_ms(absent[0].starts))
    assert term is not None
    days, levels = calendar.teaching_days(*term), []
    midnights = [at(absent[0].day + i * _DAY, "00:00") for i in range((scene.day - absent[0].day).days + 1)]
    for moment in sorted({*(lesson.starts for lesson in absent), *midnights}):
        mine = [lesson for lesson in absent if lesson.starts <= moment]
        passed = calendar.teaching_days(term[0], to_ms(at(moment.date() + _DAY, "00:00")))
        enough = len(mine) * HOURS >= _LEAST_HOURS and len({lesson.day for lesson in mine}) >= _LEAST_DAYS
        begun = to_ms(moment) >= calendar.teaching_week(term[0], _FIRST_WEEK)
        reached = enough and begun and len(mine) * HOURS * days / passed >= _RED_HOURS
        levels.append((moment.date(), 2 if reached else 0))
    return levels


def _weeks(scene: Scene, class_: SchoolClass, student: Person) -> Levels:
    length, levels, plain = 0, [], Booking()
    recorded = [
        (lesson, booking.marks.get(student.id, "present") == "present")
        for lesson in scene.lessons[class_.id]
        if not (booking := scene.bookings.get(lesson.id, plain)).unrecorded and booking.cancelled_at is None
    ]
    for monday, week in groupby(recorded, lambda one: one[0].day - one[0].day.weekday() * _DAY):
        if monday + _WEEK <= scene.day:
            length = length + 1 if all(there for _, there in week) else 0
            levels.append((monday + _WEEK, PRAISE if length >= _WEEKS else 0))
    return levels


def _months(scene: Scene, at_work: Iterable[date], wrong: Iterable[date]) -> Levels:
    """Praise at the end of each whole month with work in which nothing went wrong."""
    bad = {day.replace(day=1) for day in wrong}
    months = sorted({day.replace(day=1) for day in at_work})
    return [(_next_month(month), 0 if month in bad else PRAISE) for month in months if _next_month(month) <= scene.day]


def _teachers(scene: Scene) -> None:
    called: dict[str, list[date]] = {}
    missing: dict[str, list[datetime]] = {}
    untested: dict[tuple[str, str, str], list[datetime]] = {}
    end, plain = at(scene.day, "23:59"), Booking()
    for lesson in [lesson for all_ in scene.lessons.values() for lesson in all_]:
        booking = scene.bookings.get(lesson.id, plain)
        if booking.cancelled_at is not None:
            continue
        teacher, due = lesson.teacher.id, lesson.ends + _ROLLCALL_DUE
        if not booking.unrecorded:
            called.setdefault(teacher, []).append((booking.rollcall_at or lesson.ends).date())
        if due < end and (booking.unrecorded or (booking.rollcall_at or due) > due):
            missing.setdefault(teacher, []).append(due)
        due = lesson.ends + _TEST_DUE
        if due < end and (booking.untested or (booking.tested_at or due) > due):
            untested.setdefault((teacher, lesson.course.id, lesson.class_.id), []).append(due)
    for teacher, days in called.items():
        wrong = [
            *missing.get(teacher, ()),
            *(due for (one, *_), all_ in untested.items() if one == teacher for due in all_),
        ]
        why = Text("当月点名和检测记录全部按时", "every roll-call and test in time all month")
        book(scene, "teacher-records-complete", teacher, _months(scene, days, [due.date() for due in wrong]), why)
        why = Text("两周内三次未提交点名", "three roll-calls missing within two weeks")
        book(scene, "rollcall-missing-often", teacher, _often(scene, missing.get(teacher, [])), why)
    for about, moments in untested.items():
        why = Text("两周内三次没有检测", "three lessons without a test within two weeks")
        book(scene, "test-missing-often", "/".join(about), _often(scene, moments), why)


def _often(scene: Scene, opened: list[datetime]) -> Levels:
    end = at(scene.day, "23:59")
    moments = sorted({*opened, *(moment + _SPAN for moment in opened if moment + _SPAN <= end)})
    found = [(moment, sum(moment - _SPAN < one <= moment for one in opened)) for moment in moments]
    return [(moment.date(), 3 if count >= _OFTEN else 0) for moment, count in found]


def _departments(scene: Scene) -> None:
    worked: dict[str, list[date]] = {}
    for event in scene.events:
        if event.kind == "ticket" and "department" in event.data:
            worked.setdefault(event.data["department"], []).append(event.time.date())
    for department, days in worked.items():
        wrong = [moment.date() for one, moment in scene.late_tickets if one == department]
        why = Text("当月工单全部按时", "every ticket in time all month")
        book(scene, "tickets-in-time", department, _months(scene, days, wrong), why)
