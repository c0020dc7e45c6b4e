"""The attendance of a class at the lessons of a week."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

from services.directory import Directory
from services.ingest.phone.lessons import Lesson, students_of
from services.log.records import Records

Cell = Literal["present", "late", "early_leave", "leave", "absent", "exempt", "unsaid", "elsewhere"]
"""unsaid: expected, and nobody has said anything; elsewhere: not of the class then, or of another group."""


class OfLesson(NamedTuple):
    """A lesson of the class."""

    lesson: Lesson
    cells: Mapping[str, Cell]
    """Of every student who is expected; whoever is not there is elsewhere."""
    is_rolled: bool
    """Whether its roll was called."""


class ClassWeek(NamedTuple):
    """In the order of the lessons' begins."""

    lessons: Sequence[OfLesson]
    """All that take place."""

    @property
    def students(self) -> set[str]:
        """Whoever was expected at one of them."""
        return {student for one in self.lessons for student in one.cells}


def read_class_week(records: Records, class_: str, lessons: Sequence[Lesson], directory: Directory) -> ClassWeek:
    """As of each lesson: whoever has moved to the class, or away, is in it from that day on, or until then."""
    held = [one for one in lessons if not one.reason]
    said: dict[str, dict[str, Cell]] = {one.id: {} for one in held}
    rolled = set()
    for record in records.of_groups([f"lesson/{one.id}" for one in held]):
        told = record.told
        if told is None or not told.counts:
            continue
        data = told.event.data
        if record.kind == "rollcall":
            rolled.add(data["lesson"])
        elif record.kind == "attendance":
            said.setdefault(data["lesson"], {})[data["student"]] = data["status"]
    found = []
    for one in held:
        mine = {*directory.class_members(class_, one.begins)}.intersection(students_of(one, directory))
        cells: dict[str, Cell] = {}
        for student in mine:
            status = said[one.id].get(student)
            is_exempt = status is None and directory.exempt(student, "attendance", one.begins) is not None
            cells[student] = status or ("exempt" if is_exempt else "unsaid")
        found.append(OfLesson(one, cells, one.id in rolled))
    return ClassWeek(found)
