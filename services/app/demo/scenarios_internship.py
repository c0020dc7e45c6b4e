"""Stories of people who have no lessons here: the classes on internship, and figures of the whole college.

What rules make of the whole college, or of acts that nobody has done yet, is told of a small department of its own, so
that the other stories do not add to it: M3, C1, D1, D4, K3, M2, Q2.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from services.app.demo.campus import MAJORS, MORE_MAJORS, TOURISM, TRADE, SchoolClass
from services.app.demo.scene import Scene
from services.messages import CampusEvent, Text


def _event(scene: Scene, source: str, name: str, kind: str, days: int, clock: str, **data: Any) -> None:
    """One event so many days ago."""
    scene.events.append(
        CampusEvent(source=source, id=f"{name}/{scene.day}", kind=kind, time=scene.ago(days, clock), data=data)
    )


def _of_tourism(scene: Scene) -> tuple[SchoolClass, SchoolClass]:
    first, second = (one for one in scene.campus.on_internship if one.major is TOURISM)
    return first, second


def warned(scene: Scene) -> None:
    """Two of a major's twenty students have overdue orange warnings of the internship's own system (M3, C1)."""
    students = [one for class_ in scene.campus.on_internship if class_.major is TRADE for one in class_.students]
    for number, student in enumerate(students[:: len(students) // 2]):
        _event(
            scene, "internship-system", f"warned/{student.id}", "warning", 0, f"09:{10 + number}",
            warning=f"i-{student.id}", rule="internship-absence", row="S1", subject=student.id, level="orange",
            change="opened", open=True, student=student.id, overdue=True,
        )  # fmt: skip
    why = Text(f"{len(students)} 名学生中 2 人有橙色预警", f"2 of {len(students)} students have orange warnings")
    scene.expect("major-students-warned", TRADE.id, 1, "open", "today", why=why)
    why = Text("两条实习预警逾期未处置", "two warnings of the internship are past their deadline")
    scene.expect("warnings-overdue", TRADE.department, 3, "open", "today", why=why)


def silent_source(scene: Scene) -> None:
    """The dormitories' gate is to report every hour, and has not since two weeks (D1)."""
    begin = scene.ago(14, "09:00")
    counted = {"late": 0, "duplicate": 0, "rejected": {}, "rejected_total": 0, "incomplete": 0, "accepted": 31}
    _event(
        scene, "prewarn/ingest", "gate", "source_report", 14, "10:00", source_name="dormitory-gate",
        **{"from": begin.isoformat(), "to": (begin + timedelta(hours=1)).isoformat()}, **counted,
    )  # fmt: skip
    if scene.reaches(15):
        why = Text("宿舍门禁两周没有上传数据", "the dormitories' gate has sent nothing for two weeks")
        scene.expect("source-silent", "dormitory-gate", 1, "open", "history", why=why)
        scene.expect("source-silent-days", "dormitory-gate", 3, "open", "history", why=why)


def incomplete_rollcalls(scene: Scene) -> None:
    """Ten roll-calls of guest lessons came without the course today (D4)."""
    class_ = _of_tourism(scene)[0]
    size = len(class_.students)
    for number in range(10):
        _event(
            scene, "rollcall-app", f"guest-{number}", "rollcall", 0, f"10:{10 + number}", lesson=f"guest-{number}",
            **{"class": class_.id}, expected=size, present=size, late=0, leave=0, absent=0,
        )  # fmt: skip
    why = Text("今天 10 次校外课程点名未填课程", "ten roll-calls of guest lessons named no course today")
    scene.expect("records-incomplete", TOURISM.department, 3, "open", "today", why=why)


def hard_entrance_test(scene: Scene) -> None:
    """One student in four of both classes failed the same test some days ago (K3, and K2 of each class)."""
    course = TOURISM.courses[0]
    failed, taken = 0, 0
    for class_ in _of_tourism(scene):
        size = len(class_.students)
        below = -(-size // 4)
        for number, student in enumerate(class_.students):
            score = 45 if number >= size - below else 78
            _event(
                scene, "test-platform", f"entrance/{student.id}", "test", 4, "15:00", test="entrance",
                lesson=f"entrance/{class_.id}", course=course.id, **{"class": class_.id}, student=student.id,
                status="graded", score=score, max_score=100, pass_score=60,
            )  # fmt: skip
            if score < 60 and scene.reaches(5):  # noqa: PLR2004 - the pass score
                why = Text("入学水平测试不合格", "failed the entrance test")
                scene.expect("tests-failed", f"{student.id}/{course.id}", 1, "open", "history", why=why)
        failed, taken = failed + below, taken + size
        if scene.reaches(5):
            why = Text(f"{size} 人中 {below} 人不合格", f"{below} of {size} failed")
            rank = 1 + (100 * below / size > 30)  # noqa: PLR2004 - of the standard
            scene.expect("class-test-failed", f"entrance/{class_.id}", rank, "open", "history", why=why)
    if scene.reaches(5):
        why = Text(f"两个班 {taken} 人中 {failed} 人不合格", f"{failed} of {taken} in two classes failed")
        scene.expect("course-fail-rate", course.id, 1, "open", "history", why=why)


def last_in_employment(scene: Scene) -> None:
    """Of ten majors, the same one has found the least work for two years (M2)."""
    majors = [*MAJORS, *MORE_MAJORS]
    last = MAJORS[1]
    for years_ago in (2, 1):
        year = scene.campus.cohort - years_ago
        for place, major in enumerate(majors):
            if years_ago == 1 and major in MAJORS:
                continue  # told with M1
            value = 71.0 if major is last else 80.5 + place
            _event(
                scene, "status-data", f"employment/{year}/{major.id}", "indicator", 13, f"10:{10 + place}",
                indicator="employment_rate", level="major", subject=major.id, period=str(year), value=value, n=80,
                table="8.1",
            )  # fmt: skip
        if scene.reaches(14):
            why = Text(f"{year} 年就业率在 10 个专业中最低", f"the lowest employment of ten majors in {year}")
            scene.expect("employment-rank", f"{year}/{last.id}", 1, "open", "history", why=why)
    if scene.reaches(14):
        why = Text("就业率连续两年末位", "last in employment two years running")
        scene.expect("employment-rank-two-years", last.id, 3, "open", "history", why=why)


def complaints_of_last_year(scene: Scene) -> None:
    """Five complaints a year ago; this year's accidents and complaints have come as far today (Q2)."""
    for number in range(5):
        for action, clock in (("created", "09:00"), ("responded", "09:20"), ("resolved", "11:00")):
            _event(
                scene, "service-desk", f"old-{number}/{action}", "ticket", 372 + 3 * number, clock,
                ticket=f"OLD-{scene.day:%y%m%d}-{number}", action=action, category="complaint",
                location=f"room-{number}",
            )  # fmt: skip
    if scene.ago(17, "00:00").year == scene.day.year and scene.ago(384, "00:00").year == scene.day.year - 1:
        why = Text("本年质量事故与投诉已达去年同期", "as many accidents and complaints as by this day last year")
        scene.expect("accidents-and-complaints", "college", 1, "open", "today", why=why)


STORIES = (
    warned, silent_source, incomplete_rollcalls, hard_entrance_test, last_in_employment, complaints_of_last_year,
)  # fmt: skip
