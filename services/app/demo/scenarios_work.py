"""Stories of months and plans: assessments (S8), self-assessments (S12), tasks (C2), an indicator (M1)."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

from services.app.demo.campus import MAJORS, Course, Person, SchoolClass
from services.app.demo.dates import at
from services.app.demo.scene import Scene
from services.messages import CampusEvent, Text

_DIMENSIONS = {"ideology": "思想政治", "culture": "科学文化", "health": "身心健康", "practice": "实践能力"}
_SETTLED = 10
"""School days after which a month is worth assessing."""


def month_ends(scene: Scene) -> list[date]:
    """The last school days of months in the history on which everybody was assessed."""
    days = [*scene.past, scene.day]
    first = scene.number - len(scene.past)
    return [day for i, (day, after) in enumerate(pairwise(days)) if day.month != after.month and first + i >= _SETTLED]


def _about(student: Person, class_: SchoolClass, zh: str, en: str) -> Text:
    return Text(f"{class_.title}{student.name.written}：{zh}", f"{student.name.latin} ({class_.id}): {en}")


def _assess(scene: Scene, class_: SchoolClass, course: Course, day: date, poor: set[str]) -> None:
    """One teacher's assessment of a class on the evening of a day."""
    if (class_.id, course.id) == scene.unassessed:
        return
    place = class_.courses.index(course)
    for student in class_.students:
        overall = "poor" if student.id in poor else scene.dice.choice(("good", "good", "fair"))
        scene.events.append(
            CampusEvent(
                source="assessment-form",
                id=f"{day:%Y-%m}/{course.id}/{student.id}",
                kind="assessment",
                time=at(day, "18:20", 5 * place),
                term=scene.term,
                data={
                    "period": f"{day:%Y-%m}",
                    "course": course.id,
                    "class": class_.id,
                    "teacher": class_.teachers[place].id,
                    "student": student.id,
                    "overall": overall,
                    "ratings": {
                        "attitude": overall,
                        "skill": overall,
                        "classroom": scene.dice.choice((overall, "fair")),
                    },
                },
            )
        )


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
    why = _about(double, here, "今天两门课程评学均为“差”", "poor in two courses, assessed today")
    scene.expect("assessment-poor-teachers", f"{double.id}/{scene.day:%Y-%m}", 3, "open", "today", why=why)
    for course in (first, second):
        scene.expect("assessment-poor-months", f"{double.id}/{course.id}", 1, "open", "today", why=why)
    rank = 2 if rounds else 1
    why = _about(again, here, f"评学为“差”，连续 {rank} 个月", f"assessed as poor, months running: {rank}")
    scene.expect("assessment-poor-months", f"{again.id}/{first.id}", rank, "open", "today", why=why)
    if rounds:
        why = _about(better, here, "上月评学为“差”，今天已好转", "poor last month, better today")
        scene.expect("assessment-poor-months", f"{better.id}/{first.id}", 1, "resolved", "today", why=why)
        why = _about(once, there, "上月评学为“差”", "assessed as poor last month")
        scene.expect("assessment-poor-months", f"{once.id}/{third.id}", 1, "open", "history", why=why)


def _diagnose(scene: Scene, class_: SchoolClass, day: date, below: set[tuple[str, str]]) -> None:
    """A class assesses itself at noon of a day."""
    for student in class_.students:
        for dimension in _DIMENSIONS:
            target = scene.dice.choice((70, 75, 80))
            short = (student.id, dimension) in below
            score = target - scene.dice.randint(5, 15) if short else target + scene.dice.randint(0, 15)
            scene.events.append(
                CampusEvent(
                    source="assessment-form",
                    id=f"self/{day:%Y-%m}/{student.id}/{dimension}",
                    kind="self_assessment",
                    time=at(day, "12:30"),
                    term=scene.term,
                    data={
                        "period": f"{day:%Y-%m}",
                        "student": student.id,
                        "class": class_.id,
                        "dimension": dimension,
                        "score": score,
                        "target": target,
                    },
                )
            )


def self_assessments(scene: Scene) -> None:
    """Everybody at the end of each month, and one class today."""
    rounds, here = month_ends(scene), scene.cast[5]
    now, again, better = (scene.someone(here) for _ in range(3))
    for day in rounds:
        below = {(again.id, "culture"), (better.id, "practice")} if day == rounds[-1] else set()
        for class_ in scene.campus.classes:
            _diagnose(scene, class_, day, below)
    _diagnose(scene, here, scene.day, {(now.id, "health"), (again.id, "culture")})
    why = _about(now, here, "今天自测身心健康低于目标", "below the own target in health, today")
    scene.expect("self-assessment-below-target", f"{now.id}/health", 1, "open", "today", why=why)
    rank = 2 if rounds else 1
    why = _about(
        again, here, f"自测科学文化连续 {rank} 期低于目标", f"below the own target in culture, periods: {rank}"
    )
    scene.expect("self-assessment-below-target", f"{again.id}/culture", rank, "open", "today", why=why)
    if rounds:
        why = _about(
            better, here, "实践能力上期低于目标，今天已达到", "below target in practice last time, reached today"
        )
        scene.expect("self-assessment-below-target", f"{better.id}/practice", 1, "resolved", "today", why=why)


def _task(scene: Scene, name: str, department: str, due: tuple[int, str], done: tuple[int, str] | None) -> str:
    """A task by days before the demo day (negative: after it); planned five weeks before it is due."""
    due_at = scene.ago(*due)
    task = f"{due_at:%Y}-{name}"
    about = {"task": task, "department": department, "due_at": due_at.isoformat()}
    steps = [("planned", due_at - timedelta(days=35)), *([("done", scene.ago(*done))] if done else [])]
    for action, moment in steps:
        scene.events.append(
            CampusEvent(
                source="task-plan", id=f"{task}/{action}", kind="task", time=moment, data={**about, "action": action}
            )
        )
    return task


def tasks(scene: Scene) -> None:
    """Two in time, one done late, one nearly due, one due today, one two weeks overdue today."""
    _task(scene, "training-rooms", "engineering", (-3, "18:00"), (8, "16:00"))
    _task(scene, "textbook-check", "nursing-health", (2, "18:00"), (11, "15:00"))
    soon = _task(scene, "network-upgrade", "information-centre", (-5, "18:00"), None)
    why = Text("5 天后到期，尚未完成", "Due in five days, not done")
    scene.expect("task-overdue", soon, 1, "open", "history", why=why)
    today = _task(scene, "teaching-plan-review", "academic-affairs", (0, "17:30"), None)
    why = Text("今天 17:30 到期，未完成", "Due today at 17:30, not done")
    scene.expect("task-overdue", today, 2, "open", "today", why=why)
    overdue = _task(scene, "lab-safety-training", "logistics", (14, "12:00"), None)
    why = Text("今天中午逾期满 14 天", "Fourteen days late at noon today")
    scene.expect("task-overdue", overdue, 3, "open", "today", why=why)
    if scene.reaches(19):
        late = _task(scene, "internship-agreements", "nursing-health", (10, "18:00"), (8, "10:00"))
        why = Text("到期两天后完成", "Done two days after it was due")
        scene.expect("task-overdue", late, 2, "resolved", "history", why=why)


def employment(scene: Scene) -> None:
    """The status-data platform reports last year's employment; one major is below 70 %."""
    year = scene.campus.cohort - 1
    for major, value in zip(MAJORS, (93.5, 66.4, 88.2, 84.9), strict=True):
        scene.events.append(
            CampusEvent(
                source="status-data",
                id=f"employment/{year}/{major.id}",
                kind="indicator",
                time=scene.ago(12, "10:00"),
                data={
                    "indicator": "employment_rate",
                    "level": "major",
                    "subject": major.id,
                    "period": str(year),
                    "value": value,
                    "n": scene.dice.randint(60, 110),
                    "table": "8.1",
                },
            )
        )
    why = Text("康复治疗技术专业就业率 66.4%，低于 70%", "Rehabilitation: employment 66.4 %, below 70 %")
    scene.expect("employment-rate", MAJORS[1].id, 1, "open", "history", why=why)


STORIES = (assessments, self_assessments, tasks, employment)
