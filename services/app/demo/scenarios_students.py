"""Stories about single students: absences, lateness, leave (S1–S3), failed and unsubmitted tests (S5, S11)."""

from __future__ import annotations

from datetime import datetime

from services.app.demo.campus import COMMON, Person, SchoolClass
from services.app.demo.dates import at
from services.app.demo.scene import Scene
from services.app.demo.timetable import Lesson
from services.messages import Text

_WEEK = 5
_LATE_DAYS = 12
"""Late so often is four hours."""
_LEAVE_SHARE = 0.12
"""Between the orange and the red of S3."""


def _about(student: Person, class_: SchoolClass, zh: str, en: str) -> Text:
    name = student.name
    return Text(f"{class_.title}{name.written}：{zh}", f"{name.latin} ({class_.id}): {en}")


def _absent(scene: Scene, class_: SchoolClass, lessons: list[Lesson], zh: str, en: str) -> None:
    """Marks a student absent in lessons that are free, and has all that comes of it told."""
    student = scene.someone(class_)
    for lesson in lessons:
        scene.booking(lesson).marks[student.id] = "absent"
    scene.followed[student] = (class_, _about(student, class_, zh, en))


def came_back(scene: Scene) -> None:
    """Three absences in a row in one course, then there again: resolved, but the hours stay."""
    class_ = scene.cast[0]
    if run := scene.run(class_, 3, today=False):
        _absent(
            scene, class_, run, f"连续三次旷《{run[0].course.title.zh}》，之后恢复上课",
            f"absent from {run[0].course.title.en} three times in a row, then back",
        )  # fmt: skip


def second_time(scene: Scene) -> None:
    """The second absence in a row from a course, today."""
    class_ = scene.cast[1]
    if run := scene.run(class_, 2, today=True):
        title = run[0].course.title
        _absent(scene, class_, run, f"今天第二次连续旷《{title.zh}》", f"absent from {title.en} again today")


def whole_day(scene: Scene) -> None:
    """Nobody knows where the student is today: from yellow to orange, and to red with an absence of last week."""
    class_ = scene.cast[2]
    earlier = [lesson for lesson in scene.before(class_)[:-_WEEK] if scene.is_free(lesson)][-1:]
    _absent(
        scene, class_, earlier + scene.today(class_), "今天整天未到校，去向不明",
        "did not come all day, whereabouts unknown",
    )  # fmt: skip


def two_days_away(scene: Scene) -> None:
    """A day and a lesson missed without leave some time ago."""
    class_ = scene.cast[4]
    before = scene.before(class_)
    if len(scene.past) >= _WEEK:
        first = 4 * (len(scene.past) // 2)
        gone = before[first : first + 5]
        _absent(scene, class_, gone, "曾连续五次课旷课，之后返校", "missed five lessons in a row, then came back")


def _on_slip(
    scene: Scene, class_: SchoolClass, lessons: list[Lesson], corrected: datetime, why: tuple[str, str]
) -> None:
    student = scene.someone(class_)
    for lesson in lessons:
        booking = scene.booking(lesson)
        booking.first_marks[student.id], booking.marks[student.id] = "absent", "leave"
        booking.corrected_at = corrected
    text = _about(student, class_, *why)
    part = scene.part(corrected)
    scene.expect("absence-hours", student.id, 1, "withdrawn", part, why=text)
    scene.expect("absence-streak-all-courses", student.id, 1, "withdrawn", part, why=text)


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
        student = scene.someone(class_)
        for lesson in lessons[-count:]:
            scene.booking(lesson).marks[student.id] = "leave"
        why = _about(student, class_, f"病假，最近 {count} 次课请假", f"on sick leave for the last {count} lessons")
        scene.followed[student] = (class_, why)


def often_late(scene: Scene) -> None:
    """Late every afternoon; today's makes four hours."""
    class_ = scene.cast[6]
    lessons = [lesson for lesson in scene.lessons[class_.id] if lesson.slot == 3][-_LATE_DAYS:]  # noqa: PLR2004 - the last
    if len(lessons) == _LATE_DAYS:
        student = scene.someone(class_)
        for lesson in lessons:
            scene.booking(lesson).marks[student.id] = "late"
        why = _about(student, class_, f"第 {_LATE_DAYS} 次迟到，折合 4 学时", f"late {_LATE_DAYS} times: four hours")
        scene.followed[student] = (class_, why)


def _results(scene: Scene, number: int, outcomes: str, *, today: bool, why: tuple[str, str]) -> None:
    """Plants results of one student in one course: F failed, N not submitted, P passed; the last one newest.

    Early in a term there are fewer tests: the first ones are left out.
    """
    class_ = scene.cast[number]
    run: list[Lesson] = []
    while outcomes and not (run := scene.run(class_, len(outcomes), today=today)):
        outcomes = outcomes[1:]
    if not run:
        return
    student = scene.someone(class_)
    for lesson, letter in zip(run, outcomes, strict=True):
        if letter != "P":
            scene.booking(lesson).outcomes[student.id] = {"F": "failed", "N": "not_submitted"}[letter]
    title = run[0].course.title
    text = _about(student, class_, f"《{title.zh}》{why[0]}", f"{title.en}: {why[1]}")
    scene.examined[student, run[0].course.id] = (class_, text)


def test_results(scene: Scene) -> None:
    """Failed and unsubmitted tests, some made good and some going on today."""
    _results(scene, 0, "F", today=False, why=("一次检测不合格，下一次合格", "failed a test, passed the next"))
    _results(scene, 2, "FF", today=True, why=("今天检测再次不合格", "failed again today"))
    _results(scene, 3, "FPFF", today=True, why=("最近四次检测三次不合格", "failed three of the last four tests"))
    _results(scene, 6, "NN", today=False, why=("两次未交检测，之后按时提交", "two tests not submitted, then in time"))
    _results(scene, 5, "NNN", today=True, why=("今天仍未提交检测", "still no test submitted today"))


def two_kinds(scene: Scene) -> None:
    """Four hours of absence some days ago, and a failed test today: two warnings that are one case."""
    class_ = scene.cast[4]
    before = [lesson for lesson in scene.before(class_) if scene.is_free(lesson)]
    run = scene.run(class_, 1, today=True)
    if not run or len(before) < 3 * _WEEK:
        return
    missed = [before[-2 * _WEEK], before[-_WEEK]]
    student = scene.someone(class_)
    for lesson in missed:
        scene.booking(lesson).marks[student.id] = "absent"
    scene.booking(run[0]).outcomes[student.id] = "failed"
    title = run[0].course.title
    zh, en = f"旷课两次，今天《{title.zh}》检测不合格", f"absent twice, and failed the test of {title.en} today"
    why = _about(student, class_, zh, en)
    scene.followed[student] = scene.examined[student, run[0].course.id] = (class_, why)


def away_from_one_course(scene: Scene) -> None:
    """Excused from a common course for a competition: four lessons of it, more than 15 % of its planned hours (S4)."""
    class_ = scene.cast[1]
    for course in class_.courses[-len(COMMON) :]:
        lessons = [one for one in scene.before(class_) if one.course is course and scene.is_free(one)][-4:]
        if len(lessons) == 4:  # noqa: PLR2004 - the four
            student = scene.someone(class_)
            for lesson in lessons:
                scene.booking(lesson).marks[student.id] = "leave"
            why = _about(
                student, class_, f"《{course.title.zh}》请假四次", f"excused from {course.title.en} four times"
            )
            scene.followed[student] = (class_, why)
            return


def a_bad_month(scene: Scene) -> None:
    """Every test of one course failed in this month so far (S7), and somebody who has recovered (P2)."""
    class_ = scene.cast[7]
    for course in scene.dice.sample(class_.courses, len(class_.courses)):
        month = [one for one in scene.lessons[class_.id] if one.course is course and one.day.month == scene.day.month]
        if len(month) > 1 and all(map(scene.is_free, month)):
            _fails(scene, class_, month, "本月每次检测都不合格", "failed every test this month")
            break
    class_ = scene.cast[5]
    for length in (7, 6):
        if run := scene.run(class_, length, today=True):
            _fails(scene, class_, run[:3], "三次不合格后连续合格", "failed three tests, and passed all since")
            break


def _fails(scene: Scene, class_: SchoolClass, lessons: list[Lesson], zh: str, en: str) -> None:
    student, course = scene.someone(class_), lessons[0].course
    for lesson in lessons:
        scene.booking(lesson).outcomes[student.id] = "failed"
    why = _about(student, class_, f"《{course.title.zh}》{zh}", f"{course.title.en}: {en}")
    scene.examined[student, course.id] = (class_, why)


STORIES = (
    away_from_one_course, a_bad_month, whole_day, slip_today, slip_before, long_leave, often_late, two_days_away,
    second_time, came_back, test_results, two_kinds,
)  # fmt: skip
"""Those that need certain lessons come first."""
