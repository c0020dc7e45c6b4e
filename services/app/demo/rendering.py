"""From the book to events: what each lesson sends, plain or not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random

from services.app.demo.campus import Person
from services.app.demo.dates import at
from services.app.demo.scene import Booking, Scene
from services.app.demo.scores import MAX_SCORE, PASS_SCORE, attended
from services.app.demo.timetable import HOURS, Lesson
from services.messages import CampusEvent, Json


def lesson_events(scene: Scene) -> Iterator[CampusEvent]:
    """Everything that comes of the timetable, in no particular order."""
    plain = Booking()
    for all_ in scene.lessons.values():
        for lesson in all_:
            booking = scene.bookings.get(lesson.id, plain)
            yield from _planned(lesson, booking, scene)
            if booking.cancelled_at is None:
                if not booking.unrecorded:
                    yield from _rollcall(lesson, booking, scene.dice, scene.term)
                if not booking.untested:
                    yield from _test(lesson, booking, scene.scores, scene.term)


def _planned(lesson: Lesson, booking: Booking, scene: Scene) -> Iterator[CampusEvent]:
    data = {
        "lesson": lesson.id,
        "course": lesson.course.id,
        "class": lesson.class_.id,
        "teacher": lesson.teacher.id,
        "starts_at": lesson.starts.isoformat(),
        "ends_at": lesson.ends.isoformat(),
        "sections": f"{lesson.slot * HOURS + 1}-{(lesson.slot + 1) * HOURS}",
        "hours": HOURS,
        "plan_hours": lesson.plan_hours,
        "room": lesson.class_.room,
        "expected": len(lesson.class_.students),
        "status": "planned",
    }
    if lesson.id in scene.assessed_by:
        period, due = scene.assessed_by[lesson.id]
        data |= {"period": period, "assessment_due": due.isoformat()}
    term = scene.term
    published = at(lesson.day - timedelta(days=1), "18:30")
    yield CampusEvent(source="timetable", id=lesson.id, kind="lesson", time=published, term=term, data=data)
    if booking.cancelled_at is not None:
        yield CampusEvent(
            source="timetable",
            id=lesson.id,
            kind="lesson",
            time=published,
            revision=1,
            recordedat=booking.cancelled_at,
            term=term,
            data={**data, "status": "cancelled"},
        )


def _about(lesson: Lesson) -> Json:
    return {
        "lesson": lesson.id,
        "course": lesson.course.id,
        "class": lesson.class_.id,
        "teacher": lesson.teacher.id,
    }


def _rollcall(lesson: Lesson, booking: Booking, chance: Random, term: str) -> Iterator[CampusEvent]:
    first = {**booking.marks, **booking.first_marks}
    for student in lesson.class_.students:
        status = first.get(student.id, "present")
        yield _attendance(lesson, student, status, chance, term, recorded=booking.rollcall_at)
    closed = booking.rollcall_at or lesson.ends + timedelta(minutes=chance.randint(0, 8))
    counts = _counts(lesson, first, booking.teacher_late)
    yield CampusEvent(source="rollcall-app", id=lesson.id, kind="rollcall", time=closed, term=term, data=counts)
    if booking.corrected_at is None:
        return
    for student in lesson.class_.students:
        if student.id in booking.first_marks:
            status = booking.marks.get(student.id, "present")
            yield _attendance(lesson, student, status, chance, term, recorded=booking.corrected_at, revision=1)
    yield CampusEvent(
        source="rollcall-app",
        id=lesson.id,
        kind="rollcall",
        time=closed,
        revision=1,
        recordedat=booking.corrected_at,
        term=term,
        data=_counts(lesson, booking.marks, booking.teacher_late),
    )


def _attendance(
    lesson: Lesson,
    student: Person,
    status: str,
    chance: Random,
    term: str,
    *,
    recorded: datetime | None,
    revision: int = 0,
) -> CampusEvent:
    data = {
        **_about(lesson),
        "student": student.id,
        "hours": HOURS,
        "status": status,
        "taken_by": lesson.teacher.id,
    }
    if status == "late":
        data["minutes_late"] = chance.randint(3, 20)
    return CampusEvent(
        source="rollcall-app",
        id=f"{lesson.id}/{student.id}",
        kind="attendance",
        time=lesson.starts,
        revision=revision,
        recordedat=recorded,
        term=term,
        data=data,
    )


def _counts(lesson: Lesson, marks: dict[str, str], teacher_late: int) -> Json:
    counts = Counter(marks.values())
    expected = len(lesson.class_.students)
    missing = counts["late"] + counts["leave"] + counts["absent"]
    return {
        **_about(lesson),
        "expected": expected,
        "present": expected - missing,
        "late": counts["late"],
        "leave": counts["leave"],
        "absent": counts["absent"],
        "teacher_arrived_at": (lesson.starts + timedelta(minutes=teacher_late or -6)).isoformat(),
        "teacher_minutes_late": teacher_late,
    }


def _test(lesson: Lesson, booking: Booking, scores: dict[tuple[str, str], int], term: str) -> Iterator[CampusEvent]:
    # The results of one test come together: nobody's rate is taken before the class is complete.
    moment = booking.tested_at or lesson.ends - timedelta(minutes=2)
    for student in lesson.class_.students:
        if not attended(booking, student.id):
            continue
        data: Json = {"test": lesson.test, **_about(lesson), "student": student.id}
        score = scores.get((lesson.id, student.id))
        if score is None:
            data |= {"score": None, "status": "not_submitted", "due_at": lesson.ends.isoformat()}
        else:
            data |= {"score": score, "max_score": MAX_SCORE, "pass_score": PASS_SCORE, "attempt": 1}
            data["status"] = "graded"
        yield CampusEvent(
            source="test-platform", id=f"{lesson.test}/{student.id}", kind="test", time=moment, term=term, data=data
        )
