"""What must come of planted attendance and test results, by the standards' arithmetic over the planted records alone.

A student who misses three lessons in a row also has six hours of absence: one story, several warnings.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from services.app.demo.campus import COMMON, COMMON_HOURS, PLANNED_HOURS, Person, SchoolClass
from services.app.demo.scene import Booking, Scene
from services.app.demo.scores import attended
from services.app.demo.timetable import HOURS, Lesson
from services.app.demo.truth import Part
from services.messages import Text

STREAK = (2, 3, 5)
NOT_SUBMITTED = (1, 2, 3)
FAILED = (1, 2)
_ABSENT_THIRDS = (12, 24, 30)
"""4, 8 and 10 hours in thirds of an hour: three late or early leaves are one hour."""
_MISSED_PERCENT = (5, 10, 20)
_OF_PLANNED = (15, 25, 33)
_ENOUGH_LESSONS, _ENOUGH_MISSED = 20, 3
_LAST_TESTS, _FAILED_OF_LAST = 4, 3


PRAISE = -1
Levels = list[tuple[date, int]]
"""Days, and the level that a rule has from then on."""


@dataclass(frozen=True)
class Episode:
    """A run of records at some level: its last level, whether it lasts, and the record that changed it last."""

    rank: int
    is_open: bool
    changed: date


def rank(value: float, thresholds: Sequence[float]) -> int:
    """How many thresholds are reached."""
    return sum(value >= threshold for threshold in thresholds)


def tell(scene: Scene) -> None:
    """Books the warnings of everybody whom a story put on record."""
    for student, (class_, why) in scene.followed.items():
        for rule, subject, levels in _attendance(scene, student, class_):
            book(scene, rule, subject, levels, why)
    for (student, course), (class_, why) in scene.examined.items():
        for rule, levels in _tests(scene, student, course, class_):
            book(scene, rule, f"{student.id}/{course}", levels, why)


def book(scene: Scene, rule: str, subject: str, levels: Levels, why: Text) -> None:
    """Books the warnings that follow from the levels of a rule, one after the other."""
    for episode in _episodes(levels):
        part: Part = "today" if episode.changed == scene.day else "history"
        scene.expect(rule, subject, max(episode.rank, 0), "open" if episode.is_open else "resolved", part, why=why)


def _episodes(levels: Levels) -> list[Episode]:
    found: list[Episode] = []
    before = 0
    for day, now in levels:
        if now and not before:
            found.append(Episode(now, is_open=True, changed=day))
        elif now != before:
            found[-1] = Episode(now or before, is_open=now > 0, changed=day)
        before = now
    return found


def _attendance(scene: Scene, student: Person, class_: SchoolClass) -> Iterator[tuple[str, str, Levels]]:
    plain = Booking()
    records = [
        (lesson, booking.marks.get(student.id, "present"))
        for lesson in scene.lessons[class_.id]
        if not (booking := scene.bookings.get(lesson.id, plain)).unrecorded and booking.cancelled_at is None
    ]
    yield "absence-hours", student.id, _hours(records)
    yield "absence-streak-all-courses", student.id, _streak(records)
    yield "absence-rate", student.id, _rate(records)
    for course in class_.courses:
        mine = [record for record in records if record[0].course is course]
        yield "absence-streak", f"{student.id}/{course.id}", _streak(mine)
        yield (
            "course-absence-share",
            f"{student.id}/{course.id}",
            _share(mine, COMMON_HOURS if course in COMMON else PLANNED_HOURS),
        )


def _hours(records: list[tuple[Lesson, str]]) -> Levels:
    thirds, levels = 0, []
    for lesson, status in records:
        thirds += 3 * HOURS if status == "absent" else status in ("late", "early_leave")
        levels.append((lesson.day, rank(thirds, _ABSENT_THIRDS)))
    return levels


def _streak(records: list[tuple[Lesson, str]]) -> Levels:
    length, levels = 0, []
    for lesson, status in records:
        if status != "leave":
            length = length + 1 if status == "absent" else 0
            levels.append((lesson.day, rank(length, STREAK)))
    return levels


def _rate(records: list[tuple[Lesson, str]]) -> Levels:
    missed, levels = 0, []
    for count, (lesson, status) in enumerate(records, start=1):
        missed += status in ("absent", "leave")
        enough = count >= _ENOUGH_LESSONS and missed >= _ENOUGH_MISSED
        levels.append((lesson.day, rank(100 * missed / count, _MISSED_PERCENT) if enough else 0))
    return levels


def _share(records: list[tuple[Lesson, str]], planned: int) -> Levels:
    missed, levels = 0, []
    for lesson, status in records:
        if status in ("absent", "leave"):
            missed += HOURS
            levels.append((lesson.day, rank(100 * missed / planned, _OF_PLANNED)))
    return levels


def _tests(scene: Scene, student: Person, course: str, class_: SchoolClass) -> Iterator[tuple[str, Levels]]:
    plain = Booking()
    results = [
        (lesson, booking.outcomes.get(student.id, "passed"))
        for lesson in scene.lessons[class_.id]
        if lesson.course.id == course
        and not (booking := scene.bookings.get(lesson.id, plain)).untested
        and booking.cancelled_at is None
        and attended(booking, student.id)
    ]
    graded = [(lesson, outcome == "failed") for lesson, outcome in results if outcome != "not_submitted"]
    yield "tests-failed", _failed(graded)
    yield "tests-failed-often", _failed_often(graded)
    yield "tests-not-submitted", _not_submitted(results)


def _failed(graded: list[tuple[Lesson, bool]]) -> Levels:
    length, levels = 0, []
    for lesson, failed in graded:
        length = length + 1 if failed else 0
        levels.append((lesson.day, rank(length, FAILED)))
    return levels


def _failed_often(graded: list[tuple[Lesson, bool]]) -> Levels:
    levels = []
    for i, (lesson, _) in enumerate(graded, start=1):
        last = sum(failed for _, failed in graded[max(0, i - _LAST_TESTS) : i])
        levels.append((lesson.day, 3 if last >= _FAILED_OF_LAST else 0))
    return levels


def _not_submitted(results: list[tuple[Lesson, str]]) -> Levels:
    length, levels = 0, []
    for lesson, outcome in results:
        length = length + 1 if outcome == "not_submitted" else 0
        levels.append((lesson.day, rank(length, NOT_SUBMITTED)))
    return levels
