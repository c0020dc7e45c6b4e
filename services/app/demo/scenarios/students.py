"""Scenarios about single students: absences, lateness, leave (S1–S4), failed and unsubmitted tests (S5–S7, S11, P2)."""

from __future__ import annotations

from datetime import datetime

from services.app.demo.campus import COMMON, Person, SchoolClass
from services.app.demo.dates import at
from services.app.demo.scene import Scene
from services.app.demo.timetable import Lesson

_WEEK = 5
_LATE_DAYS = 12
"""Late so often is four hours."""
_LEAVE_SHARE = 0.12
"""Between the orange and the red of S3."""


def _mark(
    scene: Scene, class_: SchoolClass, lessons: list[Lesson], status: str, rule: str, zh: str, en: str, *about: str
) -> Person:
    """Gives a student without a part the same attendance status in these lessons."""
    student = scene.someone(class_)
    for lesson in lessons:
        scene.booking(lesson).marks[student.id] = status
    scene.plant_student(rule, student, class_, zh, en, *about)
    return student


def came_back(scene: Scene) -> None:
    """Three absences in a row in one course, then there again: resolved, but the hours stay."""
    class_ = scene.cast[0]
    if run := scene.run(class_, 3, today=False):
        course = run[0].course
        zh = f"连续三次旷《{course.title.zh}》，之后恢复上课"
        en = f"absent from {course.title.en} three times in a row, then back"
        _mark(scene, class_, run, "absent", "absence-streak", zh, en, course.id)


def second_time(scene: Scene) -> None:
    """The second absence in a row from a course, today."""
    class_ = scene.cast[1]
    if run := scene.run(class_, 2, today=True):
        course = run[0].course
        _mark(
            scene,
            class_,
            run,
            "absent",
            "absence-streak",
            f"今天第二次连续旷《{course.title.zh}》",
            f"absent from {course.title.en} again today",
            course.id,
        )


def whole_day(scene: Scene) -> None:
    """Nobody knows where the student is today: from yellow to orange, and to red with an absence of last week."""
    class_ = scene.cast[2]
    earlier = [lesson for lesson in scene.before(class_)[:-_WEEK] if scene.is_free(lesson)][-1:]
    _mark(
        scene,
        class_,
        earlier + scene.today(class_),
        "absent",
        "absence-streak-all-courses",
        "今天整天未到校，去向不明",
        "did not come all day, whereabouts unknown",
    )


def two_days_away(scene: Scene) -> None:
    """A day and a lesson missed without leave some time ago."""
    class_ = scene.cast[4]
    if len(scene.past) >= _WEEK:
        first = 4 * (len(scene.past) // 2)
        gone = scene.before(class_)[first : first + 5]
        _mark(
            scene,
            class_,
            gone,
            "absent",
            "absence-streak-all-courses",
            "曾连续五次课旷课，之后返校",
            "missed five lessons in a row, then came back",
        )


def _on_slip(
    scene: Scene, class_: SchoolClass, lessons: list[Lesson], corrected: datetime, why: tuple[str, str]
) -> None:
    student = scene.someone(class_)
    for lesson in lessons:
        booking = scene.booking(lesson)
        booking.first_marks[student.id], booking.marks[student.id] = "absent", "leave"
        booking.corrected_at = corrected
    scene.plant_student("absence-hours", student, class_, *why)


def slip_today(scene: Scene) -> None:
    """Absent in the morning, the leave slip comes in the afternoon: both warnings are taken back."""
    class_ = scene.cast[3]
    why = (
        "上午记为旷课，下午补交请假条，更正为请假",
        "recorded absent in the morning, the leave slip came in the afternoon",
    )
    _on_slip(scene, class_, scene.today(class_)[:2], at(scene.day, "16:20"), why)


def slip_before(scene: Scene) -> None:
    """The same some days ago; the slip came the next day."""
    class_ = scene.cast[5]
    if len(scene.past) > _WEEK:
        lessons = [lesson for lesson in scene.before(class_) if lesson.day == scene.past[-5]][2:]
        why = (
            "下午记为旷课，次日补交请假条，更正为请假",
            "recorded absent in the afternoon, the leave slip came the next day",
        )
        _on_slip(scene, class_, lessons, at(scene.past[-4], "14:30"), why)


def long_leave(scene: Scene) -> None:
    """On sick leave up to today: no absence without leave, but the share missed grows."""
    class_ = scene.cast[7]
    lessons = scene.lessons[class_.id]
    count = round(_LEAVE_SHARE * len(lessons))
    if len(lessons) > 24 and count >= 3:  # noqa: PLR2004 - S3 wants 20 lessons and 3 missed
        _mark(
            scene,
            class_,
            lessons[-count:],
            "leave",
            "absence-rate",
            f"病假，最近 {count} 次课请假",
            f"on sick leave for the last {count} lessons",
        )


def often_late(scene: Scene) -> None:
    """Late every afternoon; today's makes four hours."""
    class_ = scene.cast[6]
    lessons = [lesson for lesson in scene.lessons[class_.id] if lesson.slot == 3][-_LATE_DAYS:]  # noqa: PLR2004 - the last
    if len(lessons) == _LATE_DAYS:
        _mark(
            scene,
            class_,
            lessons,
            "late",
            "absence-hours",
            f"第 {_LATE_DAYS} 次迟到，折合 4 学时",
            f"late {_LATE_DAYS} times: four hours",
        )


_OUTCOMES = {"F": "failed", "N": "not_submitted"}
_RESULTS = (
    (0, "F", False, "tests-failed", "一次检测不合格，下一次合格", "failed a test, passed the next"),
    (2, "FF", True, "tests-failed", "今天检测再次不合格", "failed again today"),
    (3, "FPFF", True, "tests-failed-often", "最近四次检测三次不合格", "failed three of the last four tests"),
    (6, "NN", False, "tests-not-submitted", "两次未交检测，之后按时提交", "two tests not submitted, then in time"),
    (5, "NNN", True, "tests-not-submitted", "今天仍未提交检测", "still no test submitted today"),
)
"""Class of the cast, results in one course (F failed, N not submitted, P passed), whether the last is today's, …"""


def test_results(scene: Scene) -> None:
    """Failed and unsubmitted tests, some made good and some going on today.

    Early in a term there are fewer tests: the first ones are left out.
    """
    for number, outcomes, today, rule, zh, en in _RESULTS:
        class_ = scene.cast[number]
        runs = ((scene.run(class_, length, today=today), outcomes[-length:]) for length in range(len(outcomes), 0, -1))
        run, taken = next(filter(lambda one: one[0], runs), ([], ""))
        results = [
            (lesson, _OUTCOMES[letter]) for lesson, letter in zip(run, taken, strict=True) if letter in _OUTCOMES
        ]
        if results:
            _take(scene, class_, results, rule, zh, en)


def _take(scene: Scene, class_: SchoolClass, results: list[tuple[Lesson, str]], rule: str, zh: str, en: str) -> None:
    """Gives a student without a part these results in the tests of one course."""
    student, course = scene.someone(class_), results[0][0].course
    for lesson, outcome in results:
        scene.booking(lesson).outcomes[student.id] = outcome
    about = () if rule == "failing-courses" else (course.id,)
    scene.plant_student(rule, student, class_, f"《{course.title.zh}》{zh}", f"{course.title.en}: {en}", *about)


def two_kinds(scene: Scene) -> None:
    """Four hours of absence some days ago, and a failed test today: two warnings that are one case."""
    class_ = scene.cast[4]
    before = [lesson for lesson in scene.before(class_) if scene.is_free(lesson)]
    run = scene.run(class_, 1, today=True)
    if not run or len(before) < 3 * _WEEK:
        return
    title = run[0].course.title
    student = _mark(
        scene,
        class_,
        [before[-2 * _WEEK], before[-_WEEK]],
        "absent",
        "student-case",
        f"旷课两次，今天《{title.zh}》检测不合格",
        f"absent twice, and failed the test of {title.en} today",
    )
    scene.booking(run[0]).outcomes[student.id] = "failed"


def away_from_one_course(scene: Scene) -> None:
    """Excused from a common course for a competition: four lessons of it, more than 15 % of its planned hours (S4)."""
    class_ = scene.cast[1]
    for course in class_.courses[-len(COMMON) :]:
        lessons = [one for one in scene.before(class_) if one.course is course and scene.is_free(one)][-4:]
        if len(lessons) == 4:  # noqa: PLR2004 - the four
            _mark(
                scene,
                class_,
                lessons,
                "leave",
                "course-absence-share",
                f"《{course.title.zh}》请假四次",
                f"excused from {course.title.en} four times",
                course.id,
            )
            return


def a_bad_month(scene: Scene) -> None:
    """Every test of one course failed in this month so far (S7), and somebody who has recovered (P2)."""
    class_ = scene.cast[7]
    for course in scene.dice.sample(class_.courses, len(class_.courses)):
        month = [one for one in scene.lessons[class_.id] if one.course is course and one.day.month == scene.day.month]
        if len(month) > 1 and all(map(scene.is_free, month)):
            failed = [(lesson, "failed") for lesson in month]
            _take(scene, class_, failed, "failing-courses", "本月每次检测都不合格", "failed every test this month")
            break
    class_ = scene.cast[5]
    for length in (7, 6):
        if run := scene.run(class_, length, today=True):
            failed = [(lesson, "failed") for lesson in run[:3]]
            _take(
                scene,
                class_,
                failed,
                "test-progress",
                "三次不合格后连续合格",
                "failed three tests, and passed all since",
            )
            break


SCENARIOS = (
    away_from_one_course,
    a_bad_month,
    whole_day,
    slip_today,
    slip_before,
    long_leave,
    often_late,
    two_days_away,
    second_time,
    came_back,
    test_results,
    two_kinds,
)
"""Those that need certain lessons come first."""
