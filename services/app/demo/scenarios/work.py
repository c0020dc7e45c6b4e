"""Scenarios of months and plans: assessments (S8), self-assessments (S12), tasks (C2), an indicator (M1)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import partial
from itertools import pairwise

from services.app.demo.campus import MAJORS, Course, SchoolClass
from services.app.demo.dates import at
from services.app.demo.scene import Scene

_DIMENSIONS = ("ideology", "culture", "health", "practice")
_SETTLED = 10
"""School days after which a month is worth assessing."""


_TASKS = (
    ("实训室安全检查", "engineering", "-3 18:00", "8 16:00"),
    ("教材选用检查", "nursing-health", "2 18:00", "11 15:00"),
    ("校园网升级", "information-centre", "-5 18:00", "", "5 天后到期，尚未完成", "Due in five days, not done"),
    (
        "授课计划审核",
        "academic-affairs",
        "0 17:30",
        "",
        "今天 17:30 到期，未完成",
        "Due today at 17:30, not done",
    ),
    ("实验室安全培训", "logistics", "14 12:00", "", "今天中午逾期满 14 天", "Fourteen days late at noon today"),
)
"""Name, department, when it is due and when it was done; and what is wrong with it."""
_DONE_LATE = (
    "实习协议签订",
    "nursing-health",
    "10 18:00",
    "8 10:00",
    "到期两天后完成",
    "Done two days late",
)


def month_ends(scene: Scene) -> list[date]:
    """The last school days of months in the history on which everybody was assessed."""
    days = [*scene.past, scene.day]
    first = scene.number - len(scene.past)
    return [day for i, (day, after) in enumerate(pairwise(days)) if day.month != after.month and first + i >= _SETTLED]


def _assess(scene: Scene, class_: SchoolClass, course: Course, day: date, poor: set[str]) -> None:
    """One teacher's assessment of a class on the evening of a day."""
    if (class_.id, course.id) == scene.unassessed:
        return
    place = class_.courses.index(course)
    for student in class_.students:
        overall = "poor" if student.id in poor else scene.dice.choice(("good", "good", "fair"))
        ratings = {"attitude": overall, "skill": overall, "classroom": scene.dice.choice((overall, "fair"))}
        about = {"course": course.id, "class": class_.id, "teacher": class_.teachers[place].id, "student": student.id}
        data = {"period": f"{day:%Y-%m}", **about, "overall": overall, "ratings": ratings}
        name = f"{day:%Y-%m}/{course.id}/{student.id}"
        scene.record("assessment-form", name, "assessment", at(day, "18:20", 5 * place), data, scene.term)


def assessments(scene: Scene) -> None:
    """Everybody at the end of each month, and two courses of one class early today."""
    rounds, here, there = month_ends(scene), scene.cast[6], scene.cast[3]
    again, double, better, once = (scene.someone(one) for one in (here, here, here, there))
    first, second, third = here.courses[0], here.courses[1], there.courses[2]
    for day in rounds:
        last = day == rounds[-1]
        for class_ in scene.campus.classes:
            for course in class_.courses:
                poor = {again.id, better.id} if last and class_ is here and course is first else set()
                poor |= {once.id} if last and class_ is there and course is third else set()
                _assess(scene, class_, course, day, poor)
    _assess(scene, here, first, scene.day, {again.id, double.id})
    _assess(scene, here, second, scene.day, {double.id})
    poor_in = partial(scene.plant_student, "assessment-poor-months")
    scene.plant_student(
        "assessment-poor-teachers",
        double,
        here,
        "今天两门课程评学均为“差”",
        "poor in two courses, assessed today",
        f"{scene.day:%Y-%m}",
    )
    poor_in(again, here, "今天评学为“差”", "assessed as poor today", first.id)
    if rounds:
        poor_in(better, here, "上月评学为“差”，今天已好转", "poor last month, better today", first.id)
        poor_in(once, there, "上月评学为“差”", "assessed as poor last month", third.id)


def _diagnose(scene: Scene, class_: SchoolClass, day: date, below: set[tuple[str, str]]) -> None:
    """A class assesses itself at noon of a day."""
    for student in class_.students:
        for dimension in _DIMENSIONS:
            target = scene.dice.choice((70, 75, 80))
            short = (student.id, dimension) in below
            score = target - scene.dice.randint(5, 15) if short else target + scene.dice.randint(0, 15)
            about = {"period": f"{day:%Y-%m}", "student": student.id, "class": class_.id, "dimension": dimension}
            name = f"self/{day:%Y-%m}/{student.id}/{dimension}"
            data = {**about, "score": score, "target": target}
            scene.record("assessment-form", name, "self_assessment", at(day, "12:30"), data, scene.term)


def self_assessments(scene: Scene) -> None:
    """Everybody at the end of each month, and one class today."""
    rounds, here = month_ends(scene), scene.cast[5]
    now, again, better = (scene.someone(here) for _ in range(3))
    for day in rounds:
        below = {(again.id, "culture"), (better.id, "practice")} if day == rounds[-1] else set()
        for class_ in scene.campus.classes:
            _diagnose(scene, class_, day, below)
    _diagnose(scene, here, scene.day, {(now.id, "health"), (again.id, "culture")})
    below_in = partial(scene.plant_student, "self-assessment-below-target")
    below_in(now, here, "今天自测身心健康低于目标", "below the own target in health, today", "health")
    below_in(again, here, "今天自测科学文化低于目标", "below the own target in culture, today", "culture")
    if rounds:
        below_in(
            better,
            here,
            "实践能力上期低于目标，今天已达到",
            "below target in practice last time, reached today",
            "practice",
        )


def _task(scene: Scene, name: str, department: str, due: str, done: str, zh: str = "", en: str = "") -> None:
    """A task, planned five weeks before it is due; days before the demo day (negative: after it) and the clock."""
    due_at = _moment(scene, due)
    task = f"{due_at:%Y} 年{name}"
    about = {"task": task, "department": department, "due_at": due_at.isoformat()}
    for action, moment in (("planned", due_at - timedelta(days=35)), ("done", done and _moment(scene, done))):
        if moment:
            scene.record("task-plan", f"{task}/{action}", "task", moment, {**about, "action": action})
    if zh:
        scene.plant("task-overdue", task, zh, en)


def _moment(scene: Scene, text: str) -> datetime:
    days, clock = text.split()
    return scene.ago(int(days), clock)


def tasks(scene: Scene) -> None:
    """Two in time, one done late, one nearly due, one due today, one two weeks overdue today."""
    for task in _TASKS:
        _task(scene, *task)
    if scene.reaches(19):
        _task(scene, *_DONE_LATE)


def employment(scene: Scene) -> None:
    """The status-data platform reports last year's employment; one major is below 70 %."""
    year = scene.campus.cohort - 1
    for major, value in zip(MAJORS, (93.5, 66.4, 88.2, 84.9), strict=True):
        about = {"indicator": "employment_rate", "level": "major", "subject": major.id, "period": str(year)}
        data = {**about, "value": value, "n": scene.dice.randint(60, 110), "table": "8.1"}
        name = f"employment/{year}/{major.id}"
        scene.record("status-data", name, "indicator", scene.ago(12, "10:00"), data)
    scene.plant(
        "employment-rate",
        MAJORS[1].id,
        "康复治疗技术专业就业率 66.4%，低于 70%",
        "Rehabilitation: employment 66.4 %, below 70 %",
    )


SCENARIOS = (assessments, self_assessments, tasks, employment)
