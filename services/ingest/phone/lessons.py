"""The lessons of the timetable, as whoever teaches them sees them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from services.accounts.asked import Taught
from services.directory import Directory
from services.ingest.records.keys import Keys
from services.ingest.records.resolve import begin_of, end_of, expected_students, not_held, speaking
from services.log.records import Record, Records
from services.messages import CampusEvent

BEFORE = timedelta(minutes=30)
"""So long before it begins a lesson's roll can be called."""
Closed = Callable[[datetime], bool]
"""Whether the college is closed on the day of an instant."""


class Lesson(NamedTuple):
    """One lesson, by the word that speaks for it."""

    id: str
    event: CampusEvent
    begins: datetime
    ends: datetime
    reason: str
    """Why it does not take place: cancelled, moved, closed_day; empty if it does."""

    @property
    def classes(self) -> list[str]:
        """All that are taught together."""
        data = self.event.data
        return sorted({*data.get("classes", ()), data["class"]})

    @property
    def taught(self) -> Taught:
        """By whom it is taught."""
        data = self.event.data
        named = {name: data[name] for name in ("course", "teacher") if data.get(name) is not None}
        return Taught(f"lesson {self.id}", [{**named, "class": one} for one in self.classes], self.begins)

    @property
    def facts(self) -> Mapping[str, str | float]:
        """What a record of the lesson says of it, too. Of which class a student is, the directory knows."""
        data = self.event.data
        names = ("course", "teacher") if len(self.classes) > 1 else ("course", "class", "teacher")
        return {"lesson": self.id} | {name: data[name] for name in names if data.get(name) is not None}


def lesson_of(record: Record | None, directory: Directory, closed: Closed) -> Lesson | None:
    """None if nobody says any more that there is such a lesson."""
    said = speaking(record, directory.source_rank) if record is not None else None
    if said is None:
        return None
    event = said.event
    return Lesson(event.data["lesson"], event, begin_of(event), end_of(event), not_held(event, closed))


def find_lesson(records: Records, keys: Keys, lesson: str, directory: Directory, closed: Closed) -> Lesson | None:
    """One of them, if there is one."""
    found = next(records.load([("lesson", keys.made("lesson", {"lesson": lesson}))]), None)
    return lesson_of(found, directory, closed)


def students_of(lesson: Lesson, directory: Directory) -> list[str]:
    """Who is expected, exempt or not."""
    return expected_students(lesson.event, directory)


def rolled(records: Records, keys: Keys, lessons: Iterable[Lesson]) -> dict[str, CampusEvent]:
    """Lesson → its roll-call that counts, of those that have one."""
    wanted = [("rollcall", keys.made("rollcall", {"lesson": one.id})) for one in lessons]
    told = (one.told for one in records.load(wanted) if one.told is not None and one.told.counts)
    return {one.event.data["lesson"]: one.event for one in told}


def tested(records: Records, lessons: Sequence[Lesson]) -> set[str]:
    """The lessons that somebody was tested in."""
    groups = records.groups_of_lessons([one.id for one in lessons])
    told = (one.told for one in records.of_groups(groups) if one.told is not None and one.told.counts)
    return {one.event.data["lesson"] for one in told if "lesson" in one.event.data}
