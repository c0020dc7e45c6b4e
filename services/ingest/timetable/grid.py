"""Grids with weekdays across, in each cell blocks of lines with a blank one between.

A sheet for each class has the sections down; one of all classes (总课表) has the sections below the weekdays, and a row
for each class.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from services.i18n import say
from services.ingest.timetable import words
from services.ingest.timetable.model import Plan, Teaching, Weeks
from services.messages import Message, Problem
from services.tabular.sheets import Cell, Sheet
from services.tabular.workbook import letters

_FULL_WEEK = 5
_SOME = r"第?[\d,、-]+周(?:\([单双]周?\)|\|[单双]周)?"
_WEEKS = rf"{_SOME}(?:[,、;]\s*{_SOME})*"
"""1-16周, 1-15周(单), and several of them: 1-4周,6-16周."""
_WHEN = (
    re.compile(r"(?P<day>(?:周|星期)[一二三四五六日天])(?P<sections>第[\d,、-]+节)\{(?P<weeks>[^{}]+)\}"),
    re.compile(r"(?P<weeks>第?[\d,-]+\(?[单双]?周\)?(?:\([单双]周?\))?) ?[\[(](?P<sections>第?[\d,-]+小?节?)[\])]节?"),
    re.compile(rf"\((?P<sections>第?[\d,-]+节)\)(?P<weeks>{_WEEKS})"),
    re.compile(rf"(?P<weeks>{_WEEKS}) ?(?P<sections>第?[\d,-]+节)"),
    re.compile(rf"\{{?(?P<weeks>{_WEEKS})\}}?"),
)
"""How colleges write when a block is given; what is left out stands at the edges of the grid."""
_BETWEEN = re.compile(r"\n(?:\s|-{3,}|={3,}|_{3,}|\*{3,})*\n")
"""Blocks of one cell stand apart by a blank line, or a line that is drawn."""
_CALLED = re.compile(r"(?:课程|教师|老师|任课教师|地点|教室|场地|上课地点|周次|节次|时间|周次节次)[::]")


@dataclass(frozen=True, slots=True)
class Names:
    """Who and what the names of a timetable are. What cannot be told raises ValueError, with what it may be."""

    class_: Callable[[str], str]
    course: Callable[[str], str]
    teacher: Callable[[str, str, str], str]
    """Of a name or id, a course and a class."""
    is_teacher: Callable[[str], bool]


class Slot(NamedTuple):
    """A weekday and consecutive sections of it."""

    day: int
    first: int
    last: int


def is_grid(sheet: Sheet) -> bool:
    """Whether it has a row of weekdays."""
    return _header(sheet) is not None


def plans(sheet: Sheet, names: Names, problems: list[Problem]) -> Iterator[Plan]:
    """The blocks of the sheet of one class; what cannot be read is a problem with its cell."""
    header = _header(sheet)
    assert header is not None
    top, days = header
    if slots := _slots(sheet, top, days):
        yield from _of_all_classes(sheet, top, slots, names, problems)
        return
    try:
        class_ = names.class_(_class_name(sheet, top))
    except ValueError as error:
        problems.append(_problem(sheet.place, say("ingest.no_such_class", name=error.args[0])))
        return
    spans = {(row1, column1): (row1, row2) for row1, column1, row2, _ in sheet.merged}
    spread = sheet.filled()
    labels = {
        row: label for row in range(top + 1, len(sheet.rows) + 1) if (label := _label(spread[row - 1], min(days)))
    }
    for row, label in labels.items():
        for column, day in days.items():
            last = spans.get((row, column), (row, row))[1]
            span = label[0], labels.get(last, label)[1]
            yield from _of_cell(sheet, row, column, class_, day, span, names, problems)


def _of_all_classes(
    sheet: Sheet, top: int, slots: dict[int, Slot], names: Names, problems: list[Problem]
) -> Iterator[Plan]:
    """The blocks of a sheet with a row for each class; notes below it have no blocks."""
    spans = {(row1, column1): column2 for row1, column1, _, column2 in sheet.merged}
    spread = sheet.filled()
    first = min(slots)
    heads = [words.text(one) + words.text(two) for one, two in zip(spread[top - 1], spread[top], strict=False)]
    of_class = next((at for at, one in enumerate(heads[: first - 1]) if "班" in one), first - 2)
    for row in range(top + 2, len(sheet.rows) + 1):
        filled = [column for column in slots if words.text(sheet.cell(row, column))]
        if not filled or of_class < 0:
            continue
        try:
            class_ = names.class_(words.text(spread[row - 1][of_class]))
        except ValueError as error:
            place = f"{sheet.place} cell {letters(of_class + 1)}{row}"
            problems.append(_problem(place, say("ingest.no_such_class", name=error.args[0])))
            continue
        for column in filled:
            slot, last = slots[column], slots.get(spans.get((row, column), column), slots[column])
            span = slot.first, last.last if last.day == slot.day else slot.last
            yield from _of_cell(sheet, row, column, class_, slot.day, span, names, problems)


def _of_cell(
    sheet: Sheet,
    row: int,
    column: int,
    class_: str,
    day: int,
    span: tuple[int, int],
    names: Names,
    problems: list[Problem],
) -> Iterator[Plan]:
    cell = words.text(sheet.cell(row, column))
    place = f"{sheet.place} cell {letters(column)}{row}"
    for block in _BETWEEN.split(cell) if cell else ():
        try:
            yield _plan(block, class_, day, span, names, place)
        except ValueError as error:
            problems.append(_problem(place, say("ingest.not_a_block", text=error.args[0])))


def _plan(block: str, class_: str, day: int, span: tuple[int, int], names: Names, place: str) -> Plan:
    lines = [_CALLED.sub("", line.strip()) for line in re.split("[\n◇]", block) if line.strip(" -=_*")]
    found = next(((number, when) for number, line in enumerate(lines) if (when := _when(line))), None)
    if found is None or found[0] == 0:
        raise ValueError(block.replace("\n", " / "))
    number, when = found
    if lines[number][when.end() :].lstrip()[:1] in tuple(",、;"):
        raise ValueError(block.replace("\n", " / "))  # weeks that are not understood: none of them may be lost
    given = when.groupdict()
    weeks: Weeks = words.weeks(
        re.sub(r"\(周\)|\((单|双)周\)", lambda one: f"周({one[1]})" if one[1] else "周", given["weeks"])
    )
    first, last = words.sections(given["sections"]) if given.get("sections") else span
    if given.get("day"):
        day = words.weekday(given["day"])
    course = names.course(lines[0].rstrip("★☆●○◆◇▲△*"))
    # In one line behind the weeks stands the room first; on lines of their own it is the last.
    behind = [one.strip() for one in lines[number][when.end() :].split("/") if one.strip()]
    others = lines[1:number] + lines[number + 1 :]
    who, room = _who_and_where(behind or others, names, in_line=bool(behind))
    taught = tuple(Teaching(names.teacher(one.teacher, course, class_), one.weeks) for one in words.teachers(who))
    return Plan(class_, course, taught, day, first, last, weeks, room, place)


def _who_and_where(given: Sequence[str], names: Names, *, in_line: bool) -> tuple[str, str]:
    """Teachers are whom the college knows, wherever they stand; nobody known stands where they use to."""
    for at, one in enumerate(given):
        if (every := words.teachers(one)) and all(names.is_teacher(each.teacher) for each in every):
            before = at - 1 if in_line or at + 1 == len(given) else at + 1
            return one, given[before] if 0 <= before < len(given) else ""
    first, second, *_ = [*given, "", ""]
    return (second, first) if in_line else (first, second)


def _when(line: str) -> re.Match[str] | None:
    return next((found for form in _WHEN if (found := form.match(line))), None)


def _header(sheet: Sheet) -> tuple[int, dict[int, int]] | None:
    """The row of the weekdays, and which column has which."""
    for number, row in enumerate(sheet.rows[:20], start=1):
        days: dict[int, int] = {}
        for column, cell in enumerate(row, start=1):
            try:
                days[column] = words.weekday(cell)
            except ValueError:
                continue
        if len(days) >= _FULL_WEEK:
            return number, days
    return None


def _slots(sheet: Sheet, top: int, days: dict[int, int]) -> dict[int, Slot]:
    """Column → weekday and sections, where the row below the weekdays has the sections; else nothing."""
    found: dict[int, Slot] = {}
    for column, cell in enumerate(sheet.rows[top] if top < len(sheet.rows) else (), start=1):
        day = next((days[at] for at in sorted(days, reverse=True) if at <= column), None)
        try:
            found |= {column: Slot(day, *words.sections(cell))} if day is not None else {}
        except ValueError:
            continue
    return found if len(found) > len(days) and {one.day for one in found.values()} == set(days.values()) else {}


def _label(row: Sequence[Cell], before: int) -> tuple[int, int] | None:
    """The sections that a row is for."""
    for cell in reversed(row[: before - 1]):
        try:
            return words.sections(cell)
        except ValueError:
            continue
    return None


def _class_name(sheet: Sheet, top: int) -> str:
    """What the title says, else the sheet."""
    for row in sheet.rows[: top - 1]:
        for cell in row:
            if found := re.search(r"(?<!合)班(?:级|名)?(?:名称)?[::]\s*(\S+)", words.text(cell)):
                return found[1]
    return words.text(sheet.name)


def _problem(place: str, what: Message) -> Problem:
    return Problem(where=place, what=what, expected=say("ingest.four_lines"))
