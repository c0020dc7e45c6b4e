"""Stories about whole lessons: too few came (K1), nobody called the roll (T1), no test (T2), too many failed (K2)."""

from __future__ import annotations

from datetime import timedelta

from services.app.demo.dates import at
from services.app.demo.scene import Scene
from services.app.demo.timetable import Lesson
from services.messages import Text

_ARRIVAL = (95, 90, 80)
"""K1: below so many percent."""
_FAILED = (20, 30, 40)
"""K2: above so many percent."""
_ROLLCALL = (timedelta(minutes=30), timedelta(hours=24))
_TEST = (timedelta(hours=24), timedelta(hours=48))
_ASSESSMENT = (timedelta(days=1), timedelta(days=3), timedelta(days=7))
_TWO_WEEKS = 10
"""School days."""
_TICK = timedelta(milliseconds=1)


def _name(lesson: Lesson) -> Text:
    title = lesson.course.title
    return Text(
        f"{lesson.class_.title}{lesson.day:%m月%d日}第{lesson.slot + 1}次课《{title.zh}》",
        f"{lesson.class_.id}, lesson {lesson.slot + 1} of {lesson.day:%d %B}, {title.en}",
    )


def _about(lesson: Lesson, zh: str, en: str) -> Text:
    name = _name(lesson)
    return Text(f"{name.zh}：{zh}", f"{name.en}: {en}")


def cancelled(scene: Scene) -> None:
    """A lesson that was cancelled in the morning: no roll-call, no test, and no warning."""
    scene.reserve(scene.today(scene.cast[1])[3]).cancelled_at = at(scene.day, "07:30")


def few_came(scene: Scene) -> None:
    """Arrival rates: a red and an orange one today, a yellow one in the history."""
    _crowd(scene, scene.today(scene.cast[0])[2], 3, "多名学生去看演出", "many students went to a show")
    _crowd(scene, scene.today(scene.cast[1])[1], 2, "部分学生提前离校", "some students had left early")
    before = scene.before(scene.cast[3])
    if before:
        _crowd(scene, before[len(before) // 2], 1, "雨天，几名学生未到", "rain, some students did not come")


def _crowd(scene: Scene, lesson: Lesson, rank: int, zh: str, en: str) -> None:
    booking = scene.reserve(lesson)
    size = len(lesson.class_.students)
    missing = next(m for m in range(2, size) if 100 * (size - m) / size < _ARRIVAL[rank - 1])
    for _ in range(missing):
        booking.marks[scene.someone(lesson.class_).id] = "absent"
    reached = sum(100 * (size - missing) / size < limit for limit in _ARRIVAL)
    why = _about(lesson, f"应到 {size} 人，{missing} 人旷课，{zh}", f"{missing} of {size} absent, {en}")
    scene.expect("arrival-rate", lesson.id, reached, "open", scene.part(lesson.ends), why=why)


def miscounted(scene: Scene) -> None:
    """Two students were there: the roll-call is corrected in the afternoon, the warning withdrawn."""
    lesson = scene.today(scene.cast[4])[0]
    booking = scene.reserve(lesson)
    booking.first_marks = {scene.someone(lesson.class_).id: "absent" for _ in range(2)}
    booking.corrected_at = at(scene.day, "16:35")
    rate = 100 * (len(lesson.class_.students) - 2) / len(lesson.class_.students)
    why = _about(lesson, "两名学生漏点，下午更正为出勤", "two students were overlooked, corrected in the afternoon")
    scene.expect("arrival-rate", lesson.id, sum(rate < limit for limit in _ARRIVAL), "withdrawn", "today", why=why)


def no_rollcall(scene: Scene) -> None:
    """Roll-calls that come late, and some that never come, today and before."""
    morning, afternoon = scene.today(scene.cast[6])[0], scene.today(scene.cast[7])[2]
    scene.reserve(morning).rollcall_at = at(scene.day, "13:05")
    why = _about(morning, "上午忘记点名，13:05 补交", "the roll-call was forgotten in the morning and came at 13:05")
    scene.expect("rollcall-missing", morning.id, 1, "resolved", "today", why=why)
    scene.reserve(afternoon).unrecorded = True
    why = _about(afternoon, "一直没有提交点名", "the roll-call has not been submitted")
    _expect_missing(scene, "rollcall-missing", afternoon, _ROLLCALL, why)
    if len(scene.past) > 4:  # noqa: PLR2004 - a week before
        lost, late = scene.before(scene.cast[1])[-15], scene.before(scene.cast[2])[-14]
        scene.reserve(lost).unrecorded = True
        why = _about(lost, "点名从未提交", "the roll-call was never submitted")
        _expect_missing(scene, "rollcall-missing", lost, _ROLLCALL, why)
        scene.reserve(late).rollcall_at = late.ends + timedelta(hours=2)
        why = _about(late, "点名晚交两小时", "the roll-call came two hours late")
        scene.expect("rollcall-missing", late.id, 1, "resolved", "history", why=why)


def no_test(scene: Scene) -> None:
    """Tests without results: never, late, and since the last school day."""
    if not scene.past:
        return
    recent = [lesson for lesson in scene.before(scene.cast[0]) if lesson.day == scene.past[-1]][1]
    scene.reserve(recent).untested = True
    why = _about(recent, "检测成绩一直没有上传", "the test results have not been uploaded")
    _expect_missing(scene, "test-missing", recent, _TEST, why)
    if len(scene.past) > 4:  # noqa: PLR2004 - a week before
        never, late = scene.before(scene.cast[6])[-19], scene.before(scene.cast[7])[-16]
        scene.reserve(never).untested = True
        why = _about(never, "没有组织检测", "no test was held")
        _expect_missing(scene, "test-missing", never, _TEST, why)
        scene.reserve(late).tested_at = late.ends + timedelta(hours=30)
        why = _about(late, "检测成绩 30 小时后才上传", "the test results came after 30 hours")
        scene.expect("test-missing", late.id, 1, "resolved", "history", why=why)


def _expect_missing(
    scene: Scene, rule: str, lesson: Lesson, waits: tuple[timedelta, ...], why: Text, subject: str = ""
) -> None:
    end = at(scene.day, "23:59")
    passed = [moment for wait in waits if (moment := lesson.ends + wait + _TICK) <= end]
    if passed:
        scene.expect(rule, subject or lesson.id, len(passed), "open", scene.part(passed[-1]), why=why)


def often_missing(scene: Scene) -> None:
    """One teacher forgot three roll-calls within two weeks, and gave no test in three lessons of another class."""
    if len(scene.past) <= _TWO_WEEKS:
        return
    for class_, rule, waits in ((scene.cast[2], "rollcall-missing", _ROLLCALL), (scene.cast[3], "test-missing", _TEST)):
        free = [one for one in scene.before(class_) if one.day >= scene.past[-7] and scene.is_free(one)]
        taught: dict[str, list[Lesson]] = {}
        for lesson in free:
            taught.setdefault(lesson.course.id, []).append(lesson)
        for lesson in max(taught.values(), key=len)[:3]:
            booking = scene.reserve(lesson)
            booking.unrecorded, booking.untested = rule == "rollcall-missing", rule == "test-missing"
            why = _about(lesson, "两周内第三次缺失之一", "one of three that are missing within two weeks")
            _expect_missing(scene, rule, lesson, waits, why)


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
        why = _about(lesson, f"{period} 月度评学未完成", f"the assessment of {period} is missing")
        subject = f"{class_.id}/{course.id}/{period}"
        _expect_missing(scene, "assessment-missing", lesson, _ASSESSMENT, why, subject)


def many_failed(scene: Scene) -> None:
    """A test that a quarter of the class failed today, and one that a third failed some days ago."""
    _hard_test(scene, scene.today(scene.cast[4])[1], 1)
    before = scene.before(scene.cast[5])
    if len(scene.past) > 2:  # noqa: PLR2004 - a lesson after it shows that the students recovered
        _hard_test(scene, before[-11], 2)


def _hard_test(scene: Scene, lesson: Lesson, rank: int) -> None:
    booking = scene.reserve(lesson)
    size = len(lesson.class_.students)
    failed = next(m for m in range(2, size) if 100 * m / size > _FAILED[rank - 1])
    why = _about(
        lesson, f"检测过难，{size} 人中 {failed} 人不合格", f"the test was too hard: {failed} of {size} failed"
    )
    # The last of the list, as results are read in this order: the share only rises, and one warning comes of it.
    for student in lesson.class_.students[-failed:]:
        assert student.id not in scene.busy, student.id
        booking.outcomes[student.id] = "failed"
        scene.busy.add(student.id)
        scene.examined[student, lesson.course.id] = (lesson.class_, why)
    reached = sum(100 * failed / size > limit for limit in _FAILED)
    subject = f"{lesson.test}/{lesson.class_.id}"
    scene.expect("class-test-failed", subject, reached, "open", scene.part(lesson.ends), why=why)


STORIES = (many_failed, cancelled, few_came, miscounted, no_rollcall, no_test, nobody_assessed, often_missing)
"""In this order: whoever failed a hard test is last in the list, and needs to be free."""
