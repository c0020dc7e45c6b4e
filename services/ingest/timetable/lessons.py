"""The lessons of a term: plan × days, and what changes make of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from services.i18n import say
from services.ingest.timetable.model import Bell, Change, Lesson, Plan, Term
from services.messages import Json, Problem

Lessons = dict[str, Lesson]
"""By id."""


def planned(plans: Iterable[Plan], term: Term, problems: list[Problem]) -> Lessons:
    """The lessons as first published. A class that has two courses at once is a problem; both are there."""
    found: Lessons = {}
    plans = list(plans)
    taken: dict[tuple[str, Any, int], Plan] = {}
    told: set[tuple[str, str]] = set()
    for on, like in term.days():
        week = term.week(like)
        for plan in plans:
            if plan.weekday != like.isoweekday() or week not in plan.weeks:
                continue
            for section in range(plan.first, plan.last + 1):
                other = taken.setdefault((plan.class_, on, section), plan)
                if (problem := _contradiction(plan, other, week)) and (plan.place, other.place) not in told:
                    told.add((plan.place, other.place))
                    problems.append(problem)
            lesson = Lesson(plan.class_, plan.course, on, plan.first, plan.last, _leading(plan, week), plan.room)
            if (same := found.get(lesson.id)) is not None:
                lesson = replace(same, teachers=same.teachers or lesson.teachers, room=same.room or lesson.room)
            found[lesson.id] = lesson
    return found


def _contradiction(plan: Plan, other: Plan, week: int) -> Problem | None:
    """What keeps two blocks of one class from being at the same time; a list and a grid may say the same twice."""
    if plan is other:
        return None
    if (plan.course, plan.first, plan.last) != (other.course, other.first, other.last):
        what = say("ingest.two_lessons_at_once", one=other.course, other=plan.course, week=week)
        return Problem(where=plan.place, what=what, expected=say("ingest.one_lesson_at_a_time"))
    ours, theirs = _leading(plan, week), _leading(other, week)
    if ours and theirs and ours != theirs:
        what = say("ingest.two_teachers", course=plan.course, one=", ".join(ours), other=", ".join(theirs))
        return Problem(where=plan.place, what=what, expected=say("ingest.same_as_in", place=other.place))
    return None


def changed(lessons: Lessons, changes: Iterable[Change], problems: list[Problem]) -> Lessons:
    """What stands after the changes, in the order in which they were applied for."""
    standing = dict(lessons)
    for change in sorted(changes, key=lambda one: one.said.isoformat() if one.said else ""):
        wanted = (change.class_, change.course, change.on, change.first, change.last)
        old = next(
            (
                one
                for one in standing.values()
                if (one.class_, one.course, one.on, one.first, one.last) == wanted and one.status == "planned"
            ),
            None,
        )
        if old is None:
            what = say("ingest.no_such_lesson", class_=change.class_, course=change.course, on=change.on)
            problems.append(Problem(where=change.place, what=what, expected=say("ingest.lesson_of_the_plan")))
        elif change.instead is None:
            standing[old.id] = replace(old, status="cancelled", said=change.said)
        else:
            to = change.instead
            new = replace(
                old,
                on=to.on,
                first=to.first,
                last=to.last,
                room=to.room or old.room,
                teachers=to.teachers or old.teachers,
                said=change.said,
            )
            if new.id != old.id:
                standing[old.id] = replace(old, status="moved", moved_to=new.id, said=change.said)
            standing[new.id] = new
    return standing


def events(
    lessons: Iterable[Lesson],
    bells: Sequence[Bell],
    published: datetime,
    zone: ZoneInfo,
    source: str,
    problems: list[Problem],
) -> list[Json]:
    """CloudEvents of kind `lesson`. Said with the same `published`, the same lesson is the same event.

    A lesson of the plan occurs at `published`, one that was changed when that was applied for.
    """
    made = []
    without: set[int] = set()
    for one in lessons:
        bell = next((bell for bell in bells if bell.rings(one.on) and {one.first, one.last} <= bell.times.keys()), None)
        if bell is None:
            without |= {one.first, one.last}
            continue
        begins, ends = bell.times[one.first][0], bell.times[one.last][1]
        at = one.said.replace(tzinfo=zone) if one.said else published
        data = {
            "lesson": one.id,
            "class": one.class_,
            "course": one.course,
            "teacher": next(iter(one.teachers), None),
            "starts_at": datetime.combine(one.on, begins, zone).isoformat(),
            "ends_at": datetime.combine(one.on, ends, zone).isoformat(),
            "sections": str(one.first) if one.first == one.last else f"{one.first}-{one.last}",
            "hours": one.last - one.first + 1,
            "room": one.room or None,
            "status": one.status,
            "moved_to": one.moved_to,
        }
        named = {name: value for name, value in data.items() if value is not None}
        time = at.isoformat()
        made.append({"specversion": "1.0", "type": "lesson", "source": source, "time": time, "data": named})
    if without:
        what = say("ingest.sections_without_times", sections=", ".join(map(str, sorted(without))))
        problems.append(Problem(where=source, what=what, expected=say("ingest.a_sheet_of_the_sections")))
    return made


def _leading(plan: Plan, week: int) -> tuple[str, ...]:
    return tuple(one.teacher for one in plan.teachers if one.weeks is None or week in one.weeks)
