"""The lessons of a term: four a day for each class, in one grid that repeats every week."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from services.app.demo.campus import Course, Person, SchoolClass
from services.app.demo.dates import SLOTS, at

HOURS = 2


@dataclass(frozen=True)
class Lesson:
    """One class is taught one course once."""

    id: str
    day: date
    slot: int
    class_: SchoolClass
    course: Course
    teacher: Person
    starts: datetime
    ends: datetime
    plan_hours: int

    @property
    def test(self) -> str:
        """Id of the lesson's test."""
        return f"{self.id}-test"


def lessons(class_: SchoolClass, days: Iterable[date]) -> list[Lesson]:
    """The lessons of a class on these school days of a term; the teaching plan begins with the first of them.

    A course comes at most once a day, and never at the same time in the two classes of its teacher.
    """
    held: Counter[str] = Counter()
    found = []
    for day in days:
        for slot, (begin, end) in enumerate(SLOTS):
            place = (day.weekday() * len(SLOTS) + slot + class_.number) % len(class_.courses)
            course, teacher = class_.courses[place], class_.teachers[place]
            held[course.id] += HOURS
            found.append(
                Lesson(
                    id=f"{class_.id}-{day:%Y%m%d}-{slot + 1}",
                    day=day,
                    slot=slot,
                    class_=class_,
                    course=course,
                    teacher=teacher,
                    starts=at(day, begin),
                    ends=at(day, end),
                    plan_hours=held[course.id],
                )
            )
    return found
