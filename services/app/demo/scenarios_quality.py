"""Stories of figures and of the data itself: I1, T5, K4, T4, D2, D3, D5."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from services.app.demo.dates import at
from services.app.demo.scene import Scene
from services.messages import RANK, CampusEvent, Level, Text


def _indicator(scene: Scene, indicator: str, level: str, subject: str, value: float, **more: Any) -> None:
    data = {"indicator": indicator, "level": level, "subject": subject, "period": scene.term, "value": value, **more}
    name, moment = f"{indicator}/{scene.day}/{subject}", scene.ago(7, "10:30")
    scene.events.append(CampusEvent(source="status-data", id=name, kind="indicator", time=moment, data=data))


def figures(scene: Scene) -> None:
    """Last week's figures: some at their lines, some well within them."""
    _indicator(scene, "budget_spent", "college", "college", 96.5, table="5.1")
    why = Text("全年预算已执行 96.5%", "96.5 % of the year's budget is spent")
    _expect(scene, "budget-spent", "college", "orange", why)
    _indicator(scene, "students_per_teacher", "college", "college", 18.6, table="6.1")
    why = Text("生师比 18.6", "18.6 students per teacher")
    _expect(scene, "students-per-teacher", "college", "yellow", why)
    _indicator(scene, "service_satisfaction", "college", "logistics", 72.0, n=240)
    _indicator(scene, "service_satisfaction", "college", "information-centre", 91.0, n=212)
    why = Text("后勤服务满意度 72%", "72 % are satisfied with logistics")
    _expect(scene, "satisfaction-of-services", "logistics", "orange", why)
    first, second = scene.cast[0].teachers[1].id, scene.cast[1].teachers[2].id
    for teacher in sorted({one.id for class_ in scene.campus.classes for one in class_.teachers}):
        value = {first: 77.4, second: 40.0}.get(teacher, 91.2)
        _indicator(scene, "student_evaluation", "teacher", teacher, value, n=9 if teacher == second else 52)
    why = Text("学生评教均分 77.4", "77.4 points from the students")
    if first != second:
        _expect(scene, "student-evaluation", first, "yellow", why)


def _expect(scene: Scene, rule: str, subject: str, level: Level, why: Text) -> None:
    if scene.reaches(8):
        scene.expect(rule, subject, RANK[level], "open", "history", why=why)


def behind_plan(scene: Scene) -> None:
    """Two lessons of a course were cancelled and not made up for."""
    class_ = scene.cast[7]
    if run := scene.run(class_, 2, today=False):
        for lesson in run:
            scene.reserve(lesson).cancelled_at = at(lesson.day, "07:20")
        course = run[0].course
        why = Text(
            f"《{course.title.zh}》停课两次，未补课", f"{course.title.en}: two lessons cancelled, none made up for"
        )
        scene.expect("behind-teaching-plan", f"{course.id}/{class_.id}", 1, "open", "history", why=why)


def late_teachers(scene: Scene) -> None:
    """One teacher came eight minutes late today, one forty."""
    for class_, minutes in ((scene.cast[2], 8), (scene.cast[5], 40)):
        lesson = next(one for one in scene.today(class_) if not scene.booking(one).reserved)
        scene.booking(lesson).teacher_late = minutes
        why = Text(f"教师晚到 {minutes} 分钟（待核实）", f"the teacher came {minutes} minutes late (to be confirmed)")
        scene.expect("teacher-late", lesson.id, 2, "open", "today", why=why)
        if minutes >= 30:  # noqa: PLR2004 - of the standard
            scene.expect("teacher-absent", lesson.id, 3, "open", "today", why=why)


def _report(scene: Scene, source: str, moment: datetime, **counted: Any) -> None:
    begin = moment.replace(hour=moment.hour - 1)
    data = {"late": 0, "duplicate": 0, "rejected": {}, "rejected_total": 0, "incomplete": 0, **counted}
    data |= {"source_name": source, "from": begin.isoformat(), "to": moment.isoformat()}
    scene.events.append(
        CampusEvent(source="prewarn/ingest", id=f"{source}/{moment}", kind="source_report", time=moment, data=data)
    )


def sources(scene: Scene) -> None:
    """A sheet with misspelt names today, and records that were typed in an afternoon late."""
    _report(
        scene, "assessment-form", scene.ago(0, "11:00"), accepted=58, rejected={"unknown_student": 2}, rejected_total=2,
        delay_p50=30, delay_p95=240,
    )  # fmt: skip
    why = Text("60 行中 2 行学号写错", "2 of 60 rows named a student wrongly")
    scene.expect("source-rejects", "assessment-form", 2, "open", "today", why=why)
    _report(scene, "task-plan", scene.ago(0, "16:00"), accepted=6, delay_p50=3600, delay_p95=14_400)
    why = Text("记录晚了四小时", "recorded four hours late")
    scene.expect("source-delay", "task-plan", 1, "open", "today", why=why)


def verdicts(scene: Scene) -> None:
    """Six of twenty said that a rule's warnings were of no use."""
    for number in range(20):
        verdict = "not_useful" if number % 3 == 2 else "useful"  # noqa: PLR2004 - every third
        data = {"warning": f"judged-{number:02}", "rule": "arrival-rate", "row": "K1", "action": "verdict"}
        scene.events.append(
            CampusEvent(
                source="prewarn/notify", id=f"judged-{scene.day}-{number:02}", kind="feedback",
                time=scene.ago(6, "15:00", number), data={**data, "verdict": verdict},
            )
        )  # fmt: skip
    why = Text("20 条评价中 6 条为“无用”", "6 of 20 verdicts were `not useful`")
    _expect(scene, "warnings-not-useful", "arrival-rate", "orange", why)


STORIES = (figures, behind_plan, late_teachers, sources, verdicts)
