"""Scenarios about whole lessons: too few came (K1), nobody called the roll (T1), no test (T2), too many failed (K2)."""

from __future__ import annotations

from datetime import timedelta

from services.app.demo.dates import at
from services.app.demo.scene import Scene
from services.app.demo.timetable import Lesson

_ARRIVAL = (95, 90, 80)
"""K1: below so many percent is yellow, orange, red."""
_FAILED = (20, 30, 40)
"""K2: above so many percent."""
_TWO_WEEKS = 10
"""School days."""


def _plant(scene: Scene, rule: str, lesson: Lesson, zh: str, en: str, subject: str = "") -> None:
    """Notes a problem of a lesson, whose id is the subject unless it is said."""
    title, class_ = lesson.course.title, lesson.class_
    about_zh = f"{class_.title}{lesson.day:%m月%d日}第{lesson.slot + 1}次课《{title.zh}》"
    about_en = f"{class_.id}, lesson {lesson.slot + 1} of {lesson.day:%d %B}, {title.en}"
    scene.plant(rule, subject or lesson.id, f"{about_zh}：{zh}", f"{about_en}: {en}")


def cancelled(scene: Scene) -> None:
    """A lesson that was cancelled in the morning: no roll-call, no test, and no warning."""
    scene.reserve(scene.today(scene.cast[1])[3]).cancelled_at = at(scene.day, "07:30")


def few_came(scene: Scene) -> None:
    """Arrival rates: a red and an orange one today, a yellow one in the history."""
    _crowd(scene, scene.today(scene.cast[0])[2], _ARRIVAL[2], "多名学生去看演出", "many students went to a show")
    _crowd(scene, scene.today(scene.cast[1])[1], _ARRIVAL[1], "部分学生提前离校", "some students had left early")
    if before := scene.before(scene.cast[3]):
        lesson = before[len(before) // 2]
        _crowd(scene, lesson, _ARRIVAL[0], "雨天，几名学生未到", "rain, some students did not come")


def _crowd(scene: Scene, lesson: Lesson, below: int, zh: str, en: str) -> None:
    booking = scene.reserve(lesson)
    size = len(lesson.class_.students)
    missing = next(m for m in range(2, size) if 100 * (size - m) / size < below)
    for _ in range(missing):
        booking.marks[scene.someone(lesson.class_).id] = "absent"
    _plant(
        scene, "arrival-rate", lesson, f"应到 {size} 人，{missing} 人旷课，{zh}", f"{missing} of {size} absent, {en}"
    )


def miscounted(scene: Scene) -> None:
    """Two students were there: the roll-call is corrected in the afternoon, the warning withdrawn."""
    lesson = scene.today(scene.cast[4])[0]
    booking = scene.reserve(lesson)
    booking.first_marks = {scene.someone(lesson.class_).id: "absent" for _ in range(2)}
    booking.corrected_at = at(scene.day, "16:35")
    _plant(
        scene,
        "arrival-rate",
        lesson,
        "两名学生漏点，下午更正为出勤",
        "two students were overlooked, corrected in the afternoon",
    )


def no_rollcall(scene: Scene) -> None:
    """Roll-calls that come late, and some that never come, today and before."""
    morning, class_ = scene.today(scene.cast[6])[0], scene.cast[7]
    # Of a teacher who is not the tutor: one calls the roll, the other is warned.
    afternoon = next(one for one in scene.today(class_)[2:] if one.teacher is not class_.teachers[class_.number])
    scene.reserve(morning).rollcall_at = at(scene.day, "13:05")
    _plant(
        scene,
        "rollcall-missing",
        morning,
        "上午忘记点名，13:05 补交",
        "the roll-call was forgotten in the morning and came at 13:05",
    )
    scene.reserve(afternoon).unrecorded = True
    scene.to_be_called = afternoon
    _plant(scene, "rollcall-missing", afternoon, "一直没有提交点名", "the roll-call has not been submitted")
    if len(scene.past) > 4:  # noqa: PLR2004 - a week before
        lost, late = scene.before(scene.cast[1])[-15], scene.before(scene.cast[2])[-14]
        scene.reserve(lost).unrecorded = True
        _plant(scene, "rollcall-missing", lost, "点名从未提交", "the roll-call was never submitted")
        scene.reserve(late).rollcall_at = late.ends + timedelta(hours=2)
        _plant(scene, "rollcall-missing", late, "点名晚交两小时", "the roll-call came two hours late")


def no_test(scene: Scene) -> None:
    """Tests without results: never, late, and since the last school day."""
    if not scene.past:
        return
    recent = [lesson for lesson in scene.before(scene.cast[0]) if lesson.day == scene.past[-1]][1]
    scene.reserve(recent).untested = True
    _plant(scene, "test-missing", recent, "检测成绩一直没有上传", "the test results have not been uploaded")
    if len(scene.past) > 4:  # noqa: PLR2004 - a week before
        never, late = scene.before(scene.cast[6])[-19], scene.before(scene.cast[7])[-16]
        scene.reserve(never).untested = True
        _plant(scene, "test-missing", never, "没有组织检测", "no test was held")
        scene.reserve(late).tested_at = late.ends + timedelta(hours=30)
        _plant(scene, "test-missing", late, "检测成绩 30 小时后才上传", "the test results came after 30 hours")


def often_missing(scene: Scene) -> None:
    """One teacher forgot three roll-calls within two weeks, and gave no test in three lessons of another class."""
    if len(scene.past) <= _TWO_WEEKS:
        return
    for class_, rule in ((scene.cast[2], "rollcall-missing"), (scene.cast[3], "test-missing")):
        free = [one for one in scene.before(class_) if one.day >= scene.past[-7] and scene.is_free(one)]
        taught: dict[str, list[Lesson]] = {}
        for lesson in free:
            taught.setdefault(lesson.course.id, []).append(lesson)
        for lesson in max(taught.values(), key=len)[:3]:
            booking = scene.reserve(lesson)
            booking.unrecorded, booking.untested = rule == "rollcall-missing", rule == "test-missing"
            _plant(scene, rule, lesson, "两周内第三次缺失之一", "one of three that are missing within two weeks")


def nobody_assessed(scene: Scene) -> None:
    """The month's assessment of one course was due some days ago, and its teacher made none (T3)."""
    class_ = scene.cast[4]
    course = class_.courses[-1]
    scene.unassessed = (class_.id, course.id)
    mine = [one for one in scene.before(class_) if one.course is course]
    if len(scene.past) > _TWO_WEEKS and len(mine) > 3:  # noqa: PLR2004 - some days ago
        lesson = mine[-4]
        period = f"{lesson.day:%Y-%m}"
        scene.assessed_by[lesson.id] = period, lesson.ends
        _plant(
            scene,
            "assessment-missing",
            lesson,
            f"{period} 月度评学未完成",
            f"the assessment of {period} is missing",
            f"{class_.id}/{course.id}/{period}",
        )


def many_failed(scene: Scene) -> None:
    """A test that a quarter of the class failed today, and one that a third failed some days ago."""
    _hard_test(scene, scene.today(scene.cast[4])[1], _FAILED[0])
    before = scene.before(scene.cast[5])
    if len(scene.past) > 2:  # noqa: PLR2004 - a lesson after it shows that the students recovered
        _hard_test(scene, before[-11], _FAILED[1])


def _hard_test(scene: Scene, lesson: Lesson, above: int) -> None:
    booking = scene.reserve(lesson)
    size = len(lesson.class_.students)
    failed = next(m for m in range(2, size) if 100 * m / size > above)
    # The last of the list, as results are read in this order: the share only rises, and one warning comes of it.
    for student in lesson.class_.students[-failed:]:
        assert student.id not in scene.busy, student.id
        booking.outcomes[student.id] = "failed"
        scene.busy.add(student.id)
    _plant(
        scene,
        "class-test-failed",
        lesson,
        f"检测过难，{size} 人中 {failed} 人不合格",
        f"the test was too hard: {failed} of {size} failed",
        f"{lesson.test}/{lesson.class_.id}",
    )


SCENARIOS = (many_failed, cancelled, few_came, miscounted, no_rollcall, no_test, nobody_assessed, often_missing)
"""In this order: whoever failed a hard test is last in the list, and needs to be free."""
