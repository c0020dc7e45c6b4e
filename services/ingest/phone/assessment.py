"""A month's assessment of a class in a course: who is assessed, what stands of each, what a teacher's word becomes."""

from __future__ import annotations

import hashlib
from calendar import monthrange
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from services.accounts.asked import Taught
from services.accounts.permissions import teachers
from services.directory import Directory
from services.ingest.moments import read_moment
from services.ingest.phone.lessons import Lesson, lesson_of, students_of
from services.ingest.phone.saving import Typed
from services.ingest.records.keys import Keys
from services.log.records import Record, Records
from services.messages import CampusEvent, to_ms

GRADES: tuple[Literal["good", "fair", "poor"], ...] = ("good", "fair", "poor")
RATINGS = ("attitude", "skill", "classroom")
LONGEST_COMMENT = 4_000
"""As the schema has it."""
OWED, SOON = timedelta(days=14), timedelta(days=10)
"""So long after its due day, and before it, an assessment is owed; later on the warnings say it."""
_BESIDE = timedelta(days=7)
"""A lesson may belong to the month before or after that of its day."""


class Month(NamedTuple):
    """What is assessed: a class in a course, in a month."""

    period: str
    """`2026-11`."""
    course: str
    class_: str

    @property
    def before(self) -> Month:
        """The same, a month earlier."""
        year, month = map(int, self.period.split("-"))
        year, month = (year, month - 1) if month > 1 else (year - 1, 12)
        return self._replace(period=f"{year:04}-{month:02}")

    def days(self, zone: ZoneInfo) -> list[datetime]:
        """Noon of each of its days."""
        year, month = map(int, self.period.split("-"))
        return [datetime(year, month, day, 12, tzinfo=zone) for day in range(1, monthrange(year, month)[1] + 1)]


class Mark(NamedTuple):
    """What a teacher says of a student; empty: nothing yet."""

    overall: str = ""
    ratings: tuple[str, ...] = ("",) * len(RATINGS)
    """In the order of RATINGS."""
    comment: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether nothing of it is filled in."""
        return self == Mark()


class Assessed(NamedTuple):
    """A student of the class."""

    student: str
    mark: Mark
    """What stands."""
    last: Mark
    """The month before."""
    version: str
    """Another one whenever somebody has said something of this student's month."""
    joined: datetime | None = None
    """The first day on which they were of the class, where that is not the first of the month."""
    left: datetime | None = None
    """The last one, where that is not the last of the month."""
    exempt: str = ""
    """Why nothing is said of them."""
    first: datetime | None = None
    """When they were assessed, if they were: a correction does not move it."""


class Facts(NamedTuple):
    """What the timetable and the directory know of a month."""

    taught: Taught
    lessons: Sequence[Lesson]

    @property
    def due(self) -> datetime | None:
        """When the due day is over, the latest that a lesson names: so T3 counts."""
        return max((at for one in self.lessons if (at := due_of(one)) is not None), default=None)


class Assessment(NamedTuple):
    """A class's, as it stands."""

    month: Month
    teacher: str
    """Id of the one in whose name it is made."""
    students: Sequence[Assessed]
    facts: Facts

    @property
    def coming(self) -> list[Assessed]:
        """Who is to be assessed."""
        return [one for one in self.students if not one.exempt]

    @property
    def missing(self) -> int:
        """Of how many nothing is said yet."""
        return sum(one.mark.is_empty for one in self.coming)


def due_of(lesson: Lesson) -> datetime | None:
    """When the assessment of a lesson's month is due; None: the timetable does not say."""
    said = lesson.event.data.get("assessment_due")
    return read_moment(said) if said is not None else None


def month_of(lesson: Lesson, class_: str, zone: ZoneInfo) -> Month | None:
    """Which month a lesson belongs to, as far as one of its classes goes; None where it names no course."""
    data = lesson.event.data
    if data.get("course") is None:
        return None
    return Month(data.get("period") or f"{lesson.begins.astimezone(zone):%Y-%m}", data["course"], class_)


def facts_of(
    records: Records, month: Month, directory: Directory, closed: Callable[[datetime], bool], now: datetime
) -> Facts:
    """The lessons of a month that are not cancelled, and who teaches it: by them, and by the directory."""
    zone = ZoneInfo(directory.time_zone)
    days = month.days(zone)
    found = []
    for record in records.between("lesson", to_ms(days[0] - _BESIDE), to_ms(days[-1] + _BESIDE)):
        if any(one.event.data.get("course") == month.course for one in record.said):
            lesson = lesson_of(record, directory, closed)
            if lesson is not None and not lesson.reason and month.class_ in lesson.classes:
                found += [lesson] if month_of(lesson, month.class_, zone) == month else []
    return facts_from(month, found, now, zone)


def facts_from(month: Month, lessons: Sequence[Lesson], now: datetime, zone: ZoneInfo) -> Facts:
    """Of lessons of the month."""
    about = {"course": month.course, "class": month.class_}
    named = sorted({one.event.data["teacher"] for one in lessons if one.event.data.get("teacher") is not None})
    contexts = [{**about, "teacher": one} for one in named]
    name = f"assessment {month.period} {month.course} {month.class_}"
    return Facts(Taught(name, [about, *contexts], min(month.days(zone)[-1], now)), lessons)


def owed(
    records: Records, keys: Keys, lessons: Iterable[Lesson], person: str, directory: Directory, now: datetime
) -> list[Assessment]:
    """What is due of the months that somebody's lessons belong to, and not made of everybody; the most urgent first."""
    zone = ZoneInfo(directory.time_zone)
    of_months: dict[Month, list[Lesson]] = {}
    for lesson in lessons:
        due = due_of(lesson)
        if due is None or lesson.reason or not now - OWED <= due <= now + SOON:
            continue
        for class_ in lesson.classes:
            if (month := month_of(lesson, class_, zone)) is not None:
                of_months.setdefault(month, []).append(lesson)
    found = []
    for month, some in of_months.items():
        facts = facts_from(month, some, now, zone)
        if person in teachers(facts.taught, directory, now):  # who stood in for a lesson does not owe the month
            found.append(read_assessment(records, keys, month, facts, person, directory, now))
    return sorted((one for one in found if one.missing), key=lambda one: (one.facts.due or now, one.month))


def read_assessment(
    records: Records, keys: Keys, month: Month, facts: Facts, person: str, directory: Directory, now: datetime
) -> Assessment:
    """As it stands, of whoever teaches the class, or of the one whom they stand in for."""
    zone = ZoneInfo(directory.time_zone)
    teacher = _teacher(month, facts, person, directory, now)
    there = _there(month, facts, directory, zone)
    stands = _standing(records, keys, month, teacher, there)
    before = _standing(records, keys, month.before, teacher, there)
    days = month.days(zone)
    students = []
    for student, (first, last) in sorted(there.items()):
        record = stands.get(student)
        event = _event_of(record)
        students.append(
            Assessed(
                student,
                mark_of(event),
                mark_of(_event_of(before.get(student))),
                version_of(record, student),
                first if first != days[0] else None,
                last if last != days[-1] else None,
                directory.exempt(student, "assessment", now) or "",
                event.time if event is not None else None,
            )
        )
    return Assessment(month, teacher, students, facts)


def said(assessment: Assessment, marks: Mapping[str, Mark], typed: Typed) -> list[CampusEvent]:
    """What a teacher's word becomes: an assessment of each student that is named, and of nobody else."""
    month = assessment.month
    facts = {"period": month.period, "course": month.course, "class": month.class_, "teacher": assessment.teacher}
    events = []
    for one in assessment.coming:
        mark = marks.get(one.student)
        if mark is None:
            continue
        ratings = {name: grade for name, grade in zip(RATINGS, mark.ratings, strict=True) if grade}
        data: dict[str, object] = {**facts, "student": one.student, "overall": mark.overall}
        data |= {"ratings": ratings} if ratings else {}
        data |= {"comment": mark.comment} if mark.comment else {}
        events.append(
            CampusEvent(source="", id="", kind="assessment", time=one.first or typed.at, recordedat=typed.at, data=data)
        )
    return events


def versions(records: Records, keys: Keys, assessment: Assessment, students: Sequence[str]) -> str:
    """Of what is said now of some students, in this order."""
    found = _standing(records, keys, assessment.month, assessment.teacher, students)
    return " ".join(version_of(found.get(one), one) for one in students)


def version_of(record: Record | None, student: str) -> str:
    """Of what is said of one student."""
    words = [] if record is None else record.said
    parts = sorted((one.event.source, one.event.revision, one.recorded, one.event.retracted) for one in words)
    return hashlib.sha256(msgspec.json.encode([student, parts])).hexdigest()[:10]


def mark_of(event: CampusEvent | None) -> Mark:
    """What the record of an assessment says; blank of none."""
    if event is None:
        return Mark()
    ratings = event.data.get("ratings", {})
    return Mark(
        event.data["overall"], tuple(ratings.get(one, "") for one in RATINGS), event.data.get("comment", "").strip()
    )


def _teacher(month: Month, facts: Facts, person: str, directory: Directory, now: datetime) -> str:
    """In whose name it is said: their own, unless they stand in. So a class is not assessed twice."""
    named = sorted({one["teacher"] for one in facts.taught.contexts if "teacher" in one})
    if not named:
        enriched, _ = directory.enrich("assessment", {"course": month.course, "class": month.class_}, facts.taught.at)
        named = [enriched["teacher"]] if enriched.get("teacher") is not None else []
    if person in named or not named:
        return person
    moments = (facts.taught.at, now)
    instead = [one for one in named if any(p.id == person for at in moments for p in directory.instead(one, at))]
    return next(iter(instead), person)


def _there(month: Month, facts: Facts, directory: Directory, zone: ZoneInfo) -> dict[str, tuple[datetime, datetime]]:
    """Student → noon of the first and of the last day of the month on which they were of the class.

    Where all lessons are of groups, those who are in one of them.
    """
    found: dict[str, tuple[datetime, datetime]] = {}
    for day in month.days(zone):
        for student in directory.class_members(month.class_, day):
            found[student] = (found[student][0] if student in found else day, day)
    if facts.lessons and all("students" in one.event.data for one in facts.lessons):
        groups = {student for one in facts.lessons for student in students_of(one, directory)}
        return {student: days for student, days in found.items() if student in groups}
    return found


def _standing(records: Records, keys: Keys, month: Month, teacher: str, students: Iterable[str]) -> dict[str, Record]:
    about = {"period": month.period, "course": month.course, "teacher": teacher}
    wanted = [("assessment", keys.made("assessment", {**about, "student": one})) for one in students]
    found = {}
    for record in records.load(wanted):
        student = record.student or next((one.event.data["student"] for one in record.said), "")
        found[student] = record
    return found


def _event_of(record: Record | None) -> CampusEvent | None:
    return record.told.event if record is not None and record.told is not None and record.told.counts else None
