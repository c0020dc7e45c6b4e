"""A week of a class in front of whoever looks after or teaches it: who needs a talk, and all attendance. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import groupby
from typing import NamedTuple

from services.ingest.phone.class_week import ClassWeek, OfLesson
from services.messages import LEVELS
from services.notify import wording
from services.notify.ports import Cards
from services.notify.rows import WarningRow
from services.notify.store import of_students
from services.web.phone.lesson_words import day_of, numbers
from services.web.reader import Level, Reader
from services.web.student import warning_lines

_MOST_TALKS = 12
"""Students of the list; the table has all of them."""
_LETTERS = ("present", "late", "early_leave", "leave", "absent")
_CELLS = (*_LETTERS, "exempt", "unsaid", "elsewhere")


class Cell(NamedTuple):
    """One student at one lesson."""

    status: str
    letter: str


class Row(NamedTuple):
    """One student in the week."""

    id: str
    name: str
    number: str
    """What tells them apart from who has the same name."""
    can_open: bool
    """Whether whoever looks may open the student's page."""
    levels: Sequence[tuple[Level, int]]
    """What is open about them, the gravest first."""
    absent: int
    """Lessons of the week without leave."""
    late: int
    """Or left early."""
    cells: Sequence[Cell]


class Column(NamedTuple):
    """One lesson, as a column of the week."""

    when: str
    """`1-2`, else the time at which it begins."""
    course: str
    says: str
    """Day, sections and course."""


class WeekOfClass(NamedTuple):
    """What the page of a class shows of a week."""

    talks: Sequence[Row]
    """Who needs a talk first."""
    more: int
    """Further ones."""
    days: Sequence[tuple[str, int]]
    """A day and how many lessons it has."""
    columns: Sequence[Column]
    rows: Sequence[Row]
    legend: Sequence[Cell]
    """The signs that the table has; `letter` is followed by their word."""


def students_with(open_rows: Iterable[WarningRow], cards: Cards) -> int:
    """How many students have something open that asks for a talk."""
    found = _by_student(open_rows)
    return sum(bool(warning_lines.open_levels(rows, cards).keys() - {"praise"}) for rows in found.values())


def legend_word(status: str, reader: Reader) -> str:
    """What a sign of the table means."""
    return reader.word(f"classes_{status}") if status not in _LETTERS else reader.term("value", status)


def week_of_class(
    week: ClassWeek | None,
    students: Iterable[str],
    open_rows: Sequence[WarningRow],
    can_open: Collection[str],
    cards: Cards,
    reader: Reader,
) -> WeekOfClass:
    """`students`: of the class now; whoever was expected in the week joins them. `week`: None: nothing is known."""
    lessons = week.lessons if week is not None else []
    everybody = sorted({*students, *(week.students if week is not None else ())})
    names = {one: reader.person(one) for one in everybody}
    same = Counter(names.values())
    told_apart = numbers(names)
    about = _by_student(open_rows)
    rows = []
    levels: dict[str, Mapping[str, int]] = {}
    for one in everybody:
        cells = [_cell(one, lesson, reader) for lesson in lessons]
        said = Counter(cell.status for cell in cells)
        levels[one] = warning_lines.open_levels(about.get(one, ()), cards)
        number = (told_apart[one] or one) if same[names[one]] > 1 else ""
        shown = warning_lines.chips(levels[one], reader)
        late = said["late"] + said["early_leave"]
        rows.append(Row(one, names[one], number, one in can_open, shown, said["absent"], late, cells))
    talks = sorted((one for one in rows if one.levels or one.absent), key=lambda one: _urgent(one, levels[one.id]))
    there = {cell.status: cell for row in rows for cell in row.cells}
    return WeekOfClass(
        talks[:_MOST_TALKS],
        max(0, len(talks) - _MOST_TALKS),
        [(day, len(list(some))) for day, some in groupby(_days(lessons, reader))],
        [_column(one, reader) for one in lessons],
        rows,
        [there[one] for one in _CELLS if one in there],
    )


def _by_student(rows: Iterable[WarningRow]) -> dict[str, list[WarningRow]]:
    found: dict[str, list[WarningRow]] = {}
    for one in rows:
        found.setdefault(of_students.student_of(one), []).append(one)
    return found


def _urgent(row: Row, levels: Mapping[str, int]) -> tuple[object, ...]:
    """What is gravest first, then what is most, then who was away most."""
    return (*(-levels.get(one, 0) for one in reversed(LEVELS[1:])), -row.absent, -row.late, row.id)


def _cell(student: str, of: OfLesson, reader: Reader) -> Cell:
    status = of.cells.get(student, "elsewhere")
    if status in _LETTERS:
        return Cell(status, reader.term("attendance", status))
    return Cell(status, reader.word(f"classes_letter_{status}"))


def _days(lessons: Sequence[OfLesson], reader: Reader) -> list[str]:
    return [wording.day(one.lesson.begins, reader.listener) for one in lessons]


def _column(of: OfLesson, reader: Reader) -> Column:
    data = of.lesson.event.data
    course = reader.named("course", data["course"]) if data.get("course") else reader.word("lesson_without_course")
    begins = of.lesson.begins.astimezone(reader.zone)
    when = str(data.get("sections", "")).replace("-", "–") or f"{begins:%H:%M}"
    return Column(when, course, f"{day_of(of.lesson, reader)} {course}")
