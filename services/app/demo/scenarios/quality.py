"""Scenarios of figures and of the data itself: I1, T5, K4, T4, D2, D3, D5."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, NamedTuple

from services.app.demo.dates import at
from services.app.demo.scene import Scene


class _Figure(NamedTuple):
    """An indicator of the college."""

    indicator: str
    subject: str
    value: float
    more: dict[str, object]
    """What else it says."""
    rule: str = ""
    """That it is planted for."""
    zh: str = ""
    en: str = ""


_FIGURES = (
    _Figure(
        "budget_spent",
        "college",
        96.5,
        {"table": "5.1"},
        "budget-spent",
        "全年预算已执行 96.5%",
        "96.5 % of the year's budget is spent",
    ),
    _Figure(
        "students_per_teacher",
        "college",
        18.6,
        {"table": "6.1"},
        "students-per-teacher",
        "生师比 18.6",
        "18.6 students per teacher",
    ),
    _Figure(
        "service_satisfaction",
        "logistics",
        72.0,
        {"n": 240},
        "satisfaction-of-services",
        "后勤服务满意度 72%",
        "72 % are satisfied with logistics",
    ),
    _Figure("service_satisfaction", "information-centre", 91.0, {"n": 212}),
)


def _indicator(scene: Scene, indicator: str, level: str, subject: str, value: float, **more: Any) -> None:
    data = {"indicator": indicator, "level": level, "subject": subject, "period": scene.term, "value": value, **more}
    scene.record("status-data", f"{indicator}/{scene.day}/{subject}", "indicator", scene.ago(7, "10:30"), data)


def figures(scene: Scene) -> None:
    """Last week's figures: some at their lines, some well within them."""
    for one in _FIGURES:
        _indicator(scene, one.indicator, "college", one.subject, one.value, **one.more)
        if one.rule:
            scene.plant(one.rule, one.subject, one.zh, one.en)
    first, second = scene.cast[0].teachers[1].id, scene.cast[1].teachers[2].id
    for teacher in sorted({one.id for class_ in scene.campus.classes for one in class_.teachers}):
        value = {first: 77.4, second: 40.0}.get(teacher, 91.2)
        _indicator(scene, "student_evaluation", "teacher", teacher, value, n=9 if teacher == second else 52)
    if first != second:
        scene.plant("student-evaluation", first, "学生评教均分 77.4", "77.4 points from the students")


def behind_plan(scene: Scene) -> None:
    """Two lessons of a course were cancelled and not made up for."""
    class_ = scene.cast[7]
    if run := scene.run(class_, 2, today=False):
        for lesson in run:
            scene.reserve(lesson).cancelled_at = at(lesson.day, "07:20")
        course = run[0].course
        scene.plant(
            "behind-teaching-plan",
            f"{course.id}/{class_.id}",
            f"《{course.title.zh}》停课两次，未补课",
            f"{course.title.en}: two lessons cancelled, none made up for",
        )


def late_teachers(scene: Scene) -> None:
    """One teacher came eight minutes late today, one forty."""
    for class_, minutes, rule in ((scene.cast[2], 8, "teacher-late"), (scene.cast[5], 40, "teacher-absent")):
        lesson = next(one for one in scene.today(class_) if not scene.booking(one).reserved)
        scene.booking(lesson).teacher_late = minutes
        scene.plant(
            rule,
            lesson.id,
            f"教师晚到 {minutes} 分钟（待核实）",
            f"the teacher came {minutes} minutes late (to be confirmed)",
        )


def _report(scene: Scene, source: str, clock: str, **counted: Any) -> None:
    moment = scene.ago(0, clock)
    data = {"late": 0, "duplicate": 0, "rejected": {}, "rejected_total": 0, "incomplete": 0, **counted}
    data |= {"source_name": source, "from": (moment - timedelta(hours=1)).isoformat(), "to": moment.isoformat()}
    scene.record("prewarn/ingest", f"{source}/{moment}", "source_report", moment, data)


def sources(scene: Scene) -> None:
    """A sheet with misspelt names today, and records that were typed in an afternoon late."""
    rejected = {"rejected": {"unknown_student": 2}, "rejected_total": 2}
    _report(scene, "assessment-form", "11:00", accepted=58, delay_p50=30, delay_p95=240, **rejected)
    scene.plant("source-rejects", "assessment-form", "60 行中 2 行学号写错", "2 of 60 rows named a student wrongly")
    _report(scene, "task-plan", "16:00", accepted=6, delay_p50=3600, delay_p95=14_400)
    scene.plant("source-delay", "task-plan", "记录晚了四小时", "recorded four hours late")


def verdicts(scene: Scene) -> None:
    """Six of twenty said that a rule's warnings were of no use."""
    for number in range(20):
        verdict = "not_useful" if number % 3 == 2 else "useful"  # noqa: PLR2004 - every third
        data = {"warning": f"judged-{number:02}", "rule": "arrival-rate", "row": "K1", "action": "verdict"}
        name, moment = f"judged-{scene.day}-{number:02}", scene.ago(6, "15:00", number)
        scene.record("prewarn/notify", name, "feedback", moment, {**data, "verdict": verdict})
    scene.plant("warnings-not-useful", "arrival-rate", "20 条评价中 6 条为“无用”", "6 of 20 verdicts were `not useful`")


SCENARIOS = (figures, behind_plan, late_teachers, sources, verdicts)
