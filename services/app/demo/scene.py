"""Where the scenarios are played: the lessons of the history and the demo day, and all in them that is not plain.

Lessons that a scenario has touched are closed to noise, so that nothing is added to what was planted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random

from services.app.demo.campus import Campus, Person, SchoolClass, build
from services.app.demo.dates import STANDARDS_FROM, at, dice, last_school_day, school_days
from services.app.demo.timetable import Lesson, lessons
from services.app.demo.truth import Planted
from services.messages import CampusEvent, Text

HISTORY_DAYS = 25
"""School days before the demo day of which there are lessons, at most."""


@dataclass
class Booking:
    """What is not plain about one lesson."""

    marks: dict[str, str] = field(default_factory=dict)
    """Student → attendance status at the end, where it is not present."""
    first_marks: dict[str, str] = field(default_factory=dict)
    """Student → status as it was recorded at first, where it was corrected later."""
    corrected_at: datetime | None = None
    outcomes: dict[str, str] = field(default_factory=dict)
    """Student → failed or not_submitted, of the lesson's test."""
    rollcall_at: datetime | None = None
    """When the roll-call came, if not at the end."""
    tested_at: datetime | None = None
    """When the results came, if not at the end."""
    unrecorded: bool = False
    """No roll-call ever came."""
    untested: bool = False
    """No results ever came."""
    cancelled_at: datetime | None = None
    teacher_late: int = 0
    """Minutes that the teacher came late."""
    reserved: bool = False
    """Belongs to one scenario about the whole class."""


class Scene:
    """The stage of one demo day."""

    def __init__(self, day: date, seed: int) -> None:
        self.term, self.day = last_school_day(day)
        days = school_days(self.term)
        self.number = days.index(self.day)
        """School days of the term before the demo day."""
        self.past = days[max(0, self.number - HISTORY_DAYS) : self.number]
        self.campus: Campus = build(seed, self.term)
        self.dice: Random = dice("events", seed, self.day)
        self.midnight = at(self.day, "00:00")
        first = (self.past or [self.day])[0]
        until_today = days[: self.number + 1]
        self.lessons: dict[str, list[Lesson]] = {
            one.id: lessons(one, [day for day in until_today if day >= first]) for one in self.campus.classes
        }
        self.cast = list(self.campus.classes)
        """The classes in the order of their parts: scenarios name them by number and do not meet."""
        self.dice.shuffle(self.cast)
        self.bookings: dict[str, Booking] = {}
        self.busy: set[str] = set()
        self.scores: dict[tuple[str, str], int] = {}
        """(lesson, student) → score of the lesson's test, where it is graded."""
        self.unassessed = ("", "")
        """(class, course) whose teacher makes no assessments."""
        self.to_be_called: Lesson | None = None
        """The lesson of the demo day whose roll whoever looks at the college can call."""
        self.assessed_by: dict[str, tuple[str, datetime]] = {}
        """Lesson → the month of assessment that it belongs to, and when that is due."""
        self.events: list[CampusEvent] = []
        self.scenario = ""
        """The one that is being played."""
        self.planted: list[Planted] = []

    def booking(self, lesson: Lesson) -> Booking:
        """The lesson's page in the book."""
        return self.bookings.setdefault(lesson.id, Booking())

    def is_free(self, lesson: Lesson) -> bool:
        """No scenario has touched it."""
        return lesson.id not in self.bookings

    def reserve(self, lesson: Lesson) -> Booking:
        """The page of a lesson that belongs to one scenario alone."""
        assert self.is_free(lesson), lesson.id
        booking = self.booking(lesson)
        booking.reserved = True
        return booking

    def today(self, class_: SchoolClass) -> list[Lesson]:
        """The lessons of the demo day."""
        return [lesson for lesson in self.lessons[class_.id] if lesson.day == self.day]

    def before(self, class_: SchoolClass) -> list[Lesson]:
        """The lessons of the history."""
        return [lesson for lesson in self.lessons[class_.id] if lesson.day < self.day]

    def run(self, class_: SchoolClass, length: int, *, today: bool) -> list[Lesson]:
        """So many lessons of one course in a row that are free: the last one today, or one more coming after them.

        Empty where there are none.
        """
        for course in self.dice.sample(class_.courses, len(class_.courses)):
            all_ = [lesson for lesson in self.lessons[class_.id] if lesson.course is course]
            for end in range(len(all_) if today else len(all_) - 1, length - 1, -1):
                found = all_[end - length : end]
                if today and found[-1].day != self.day:
                    break
                if (today or found[-1].day < self.day) and all(map(self.is_free, found)):
                    return found
        return []

    def someone(self, class_: SchoolClass) -> Person:
        """A student of the class without a part yet; nothing else will happen to him or her."""
        chosen = self.dice.choice([student for student in class_.students if student.id not in self.busy])
        self.busy.add(chosen.id)
        return chosen

    def reaches(self, days: int) -> bool:
        """Whether a standard was in force so many days ago."""
        return self.day - timedelta(days=days) >= STANDARDS_FROM

    def ago(self, days: int, clock: str, minutes: float = 0) -> datetime:
        """An instant so many calendar days before the demo day."""
        return at(self.day - timedelta(days=days), clock, minutes)

    def record(
        self, source: str, id_: str, kind: str, moment: datetime, data: Mapping[str, object], term: str | None = None
    ) -> None:
        """An event beside those of the lessons."""
        self.events.append(CampusEvent(source=source, id=id_, kind=kind, time=moment, data=dict(data), term=term))

    def plant(self, rule: str, subject: str, zh: str, en: str) -> None:
        """Notes a problem, and the rule that it is a sample of."""
        self.planted.append(Planted(scenario=self.scenario, rule=rule, subject=subject, why=Text(zh, en)))

    def plant_student(self, rule: str, student: Person, class_: SchoolClass, zh: str, en: str, *about: str) -> None:
        """The same of a student; `about` follows in the subject."""
        subject, name = "/".join((student.id, *about)), student.name
        self.plant(rule, subject, f"{class_.title}{name.written}：{zh}", f"{name.latin} ({class_.id}): {en}")
