"""The lessons that the college has published, found by class, day and sections."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, time
from typing import NamedTuple
from zoneinfo import ZoneInfo

from services.i18n import say
from services.ingest.mappings.cells import WrongCell
from services.ingest.mappings.sections import Sections
from services.ingest.moments import read_moment
from services.messages import CampusEvent

_SECTIONS = re.compile(r".*\|(\d{1,2})-(\d{1,2})")
"""The end of an id that tells the sections, as lessons made of a timetable have it."""


class Lesson(NamedTuple):
    """One lesson of one class."""

    id: str
    class_: str
    course: str
    teacher: str
    begins: datetime
    ends: datetime
    hours: float | None
    room: str
    stands: bool
    """It takes place: neither cancelled nor moved to another time."""
    sections: Sections | None

    def __str__(self) -> str:
        return self.id


class Lessons:
    """All that are known; of each what counts."""

    def __init__(self, lessons: Iterable[tuple[CampusEvent, bool]] = (), zone: ZoneInfo | None = None) -> None:
        """`lessons`: events of kind `lesson`, and whether each counts."""
        self._zone = zone or ZoneInfo("UTC")
        self._of_day: defaultdict[tuple[str, date], list[Lesson]] = defaultdict(list)
        self.by_id: dict[str, Lesson] = {}
        for event, counts in lessons:
            one = self._lesson(event, counts=counts)
            if one is None:
                continue
            self.by_id[one.id] = one
            classes = event.data.get("classes")
            for class_ in dict.fromkeys([one.class_, *(classes if isinstance(classes, list) else [])]):
                self._of_day[class_, one.begins.date()].append(one._replace(class_=class_))

    def _lesson(self, event: CampusEvent, *, counts: bool) -> Lesson | None:
        data = event.data
        begins, ends = (read_moment(str(data.get(name))) for name in ("starts_at", "ends_at"))
        if begins is None or ends is None:
            return None
        found = _SECTIONS.fullmatch(str(data["lesson"]))
        return Lesson(
            id=str(data["lesson"]),
            class_=str(data["class"]),
            course=str(data.get("course") or ""),
            teacher=str(data.get("teacher") or ""),
            begins=begins.astimezone(self._zone),
            ends=ends.astimezone(self._zone),
            hours=data.get("hours"),
            room=str(data.get("room") or ""),
            stands=counts and data.get("status") not in ("cancelled", "moved"),
            sections=Sections(int(found[1]), int(found[2])) if found else None,
        )

    def find(
        self, class_: str, on: date, sections: Sections | None = None, begins: time | None = None, course: str = ""
    ) -> Lesson:
        """The lesson of a class on a day; what is given of the rest must agree. `begins`: or a time within it.

        One that takes place goes before one that was cancelled or moved. Raises WrongCell if there is none, or more
        than one.
        """
        every = self._of_day.get((class_, on), [])
        found = [one for one in every if _fits(one, sections, begins)]
        if not found and begins is not None and sections is None:
            found = [one for one in every if one.begins.time() <= begins < one.ends.time()]
        if course and sections is None and begins is None:
            found = [one for one in every if one.course == course]
        standing = [one for one in found if one.stands] or found
        if len(standing) > 1 and course:
            standing = [one for one in standing if one.course == course] or standing
        if not standing:
            at = str(sections or (begins and begins.isoformat("minutes")) or course)
            what = say("mapping.no_lesson", group=class_, day=on, at=at)
            raise WrongCell(what, self._there(every) if self.by_id else say("mapping.timetable_first"))
        if len(standing) > 1:
            what = say("mapping.several_lessons", group=class_, day=on, lessons=", ".join(map(str, standing)))
            raise WrongCell(what, say("mapping.sections_and_course"))
        if course and standing[0].course and standing[0].course != course:
            what = say("mapping.lesson_of_another_course", lesson=standing[0].id, course=course)
            raise WrongCell(what, standing[0].course)
        return standing[0]

    def _there(self, every: list[Lesson]) -> str:
        return ", ".join(one.id for one in every if one.stands)


def _fits(lesson: Lesson, sections: Sections | None, begins: time | None) -> bool:
    if sections is not None and lesson.sections is not None:
        return lesson.sections == sections
    return begins is None or lesson.begins.time() == begins
