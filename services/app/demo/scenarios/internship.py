"""Scenarios of people who have no lessons here: the classes on internship, and figures of the whole college.

What rules make of the whole college, or of acts that nobody has done yet, is planted in a small department of its own,
so that the other scenarios do not add to it: M3, C1, D1, D4, K3, M2, Q2.
"""

from __future__ import annotations

from typing import Any

from services.app.demo.campus import MAJORS, MORE_MAJORS, TOURISM, TRADE, Major, SchoolClass
from services.app.demo.scene import Scene


def _event(scene: Scene, source: str, name: str, kind: str, days: int, clock: str, **data: Any) -> None:
    """One event so many days ago."""
    scene.record(source, f"{name}/{scene.day}", kind, scene.ago(days, clock), data)


def _classes(scene: Scene, major: Major) -> list[SchoolClass]:
    return [one for one in scene.campus.on_internship if one.major is major]


def warned(scene: Scene) -> None:
    """Five of a major's twenty students have overdue warnings of the internship, two of them orange (M3, C1)."""
    students = [one for class_ in _classes(scene, TRADE) for one in class_.students]
    about = {"rule": "internship-absence", "row": "S1", "change": "opened"}
    state = {"open": True, "overdue": True}
    levels = ("orange", "orange", "yellow", "yellow", "yellow")
    for number, (level, student) in enumerate(zip(levels, students[:: len(students) // 5], strict=True)):
        who = {"warning": f"i-{student.id}", "subject": student.id, "student": student.id}
        name, clock = f"warned/{student.id}", f"09:{10 + number}"
        _event(scene, "prewarn/internship", name, "warning", 0, clock, level=level, **about, **state, **who)
    scene.plant(
        "major-students-warned",
        TRADE.id,
        f"{len(students)} 名学生中 2 人有橙色预警",
        f"2 of {len(students)} students have orange warnings",
    )
    scene.plant(
        "warnings-overdue",
        TRADE.department,
        "五条实习预警逾期未处置",
        "five warnings of the internship are past their deadline",
    )


def silent_source(scene: Scene) -> None:
    """The dormitories' gate is to report every hour, and has not since two weeks (D1)."""
    counted = {"late": 0, "duplicate": 0, "rejected": {}, "rejected_total": 0, "incomplete": 0, "accepted": 31}
    hour = {"from": scene.ago(14, "09:00").isoformat(), "to": scene.ago(14, "10:00").isoformat()}
    data = {"source_name": "dormitory-gate", **hour, **counted}
    _event(scene, "prewarn/ingest", "gate", "source_report", 14, "10:00", **data)
    scene.plant(
        "source-silent-days",
        "dormitory-gate",
        "宿舍门禁两周没有上传数据",
        "the dormitories' gate has sent nothing for two weeks",
    )


def incomplete_rollcalls(scene: Scene) -> None:
    """Ten roll-calls of guest lessons came without the course today (D4)."""
    class_ = _classes(scene, TOURISM)[0]
    size = len(class_.students)
    counts = {"class": class_.id, "expected": size, "present": size, "late": 0, "leave": 0, "absent": 0}
    for number in range(10):
        lesson = f"guest-{number}"
        _event(scene, "rollcall-app", lesson, "rollcall", 0, f"10:{10 + number}", lesson=lesson, **counts)
    scene.plant(
        "records-incomplete",
        TOURISM.department,
        "今天 10 次校外课程点名未填课程",
        "ten roll-calls of guest lessons named no course today",
    )


def hard_entrance_test(scene: Scene) -> None:
    """One student in four of both classes failed the same test some days ago (K3, and K2 of each class)."""
    course = TOURISM.courses[0]
    for class_ in _classes(scene, TOURISM):
        below = -(-len(class_.students) // 4)
        about = {"test": "entrance", "lesson": f"entrance/{class_.id}", "course": course.id, "class": class_.id}
        result = {"status": "graded", "max_score": 100, "pass_score": 60}
        for number, student in enumerate(class_.students, start=below - len(class_.students)):
            data = {**about, **result, "student": student.id, "score": 45 if number >= 0 else 78}
            _event(scene, "test-platform", f"entrance/{student.id}", "test", 4, "15:00", **data)
        scene.plant(
            "class-test-failed",
            f"entrance/{class_.id}",
            f"{len(class_.students)} 人中 {below} 人不合格",
            f"{below} of {len(class_.students)} failed",
        )
    scene.plant("course-fail-rate", course.id, "两个班各四分之一不合格", "one in four of two classes failed")


def last_in_employment(scene: Scene) -> None:
    """Of ten majors, the same one has found the least work for two years (M2); `employment` told of four of them."""
    for years_ago, majors in ((2, (*MAJORS, *MORE_MAJORS)), (1, MORE_MAJORS)):
        year = scene.campus.cohort - years_ago
        for place, major in enumerate(majors, start=10 - len(majors)):
            value = 71.0 if major is MAJORS[1] else 80.5 + place
            about = {"indicator": "employment_rate", "level": "major", "subject": major.id, "period": str(year)}
            name, clock = f"employment/{year}/{major.id}", f"10:{10 + place}"
            data = {**about, "value": value, "n": 80, "table": "8.1"}
            _event(scene, "status-data", name, "indicator", 13, clock, **data)
        scene.plant(
            "employment-rank",
            f"{year}/{MAJORS[1].id}",
            f"{year} 年就业率在 10 个专业中最低",
            f"the lowest employment of ten majors in {year}",
        )
    scene.plant("employment-rank-two-years", MAJORS[1].id, "就业率连续两年末位", "last in employment two years running")


def complaints_of_last_year(scene: Scene) -> None:
    """Five complaints a year ago; this year's accidents and complaints have come as far today (Q2)."""
    for number in range(5):
        ticket = f"OLD-{scene.day:%y%m%d}-{number}"
        about = {"ticket": ticket, "category": "complaint", "location": f"{number + 1} 号宿舍楼"}
        for action, clock in (("created", "09:00"), ("responded", "09:20"), ("resolved", "11:00")):
            name = f"old-{number}/{action}"
            _event(scene, "service-desk", name, "ticket", 372 + 3 * number, clock, action=action, **about)
    if scene.ago(17, "00:00").year == scene.day.year and scene.ago(384, "00:00").year == scene.day.year - 1:
        scene.plant(
            "accidents-and-complaints",
            "college",
            "本年质量事故与投诉已达去年同期",
            "as many accidents and complaints as by this day last year",
        )


SCENARIOS = (
    warned,
    silent_source,
    incomplete_rollcalls,
    hard_entrance_test,
    last_in_employment,
    complaints_of_last_year,
)
