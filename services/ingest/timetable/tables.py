"""The other sheets of a timetable: days off and make-up days, times of the sections, teaching tasks, changes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from services.i18n import say
from services.ingest.timetable import words
from services.ingest.timetable.grid import Names
from services.ingest.timetable.model import Bell, Change, Instead, Term
from services.messages import Problem
from services.tabular.sheets import Cell, Sheet

_DAYS_OFF = ("开始日期", "结束日期", "类型")
_MAKES_UP = "补课"
_FOLLOWS = "按哪天课表上课"
_TASKS = ("课程代码", "课程名称", "教师工号", "教师姓名", "教学班组成")
_CHANGES = ("课程名称", "教学班组成", "原上课时间地点教师", "现上课时间地点教师", "申请时间")
_SINCE = re.compile(r"(\d{1,2})月(\d{1,2})日起")
_UNTIL = re.compile(r"(\d{1,2})月(\d{1,2})日(?:以前|止|前|为止)")
_PLACE = re.compile(r"(周[一二三四五六日天])(第[^{]+)\{第?(\d+)(?:-\d+)?周\}")
_LONGEST = 366
_HEADER_ROWS = 20


def _top(sheet: Sheet, header: tuple[str, ...]) -> int:
    """The row of a header; 0 without one."""
    for number, row in enumerate(sheet.rows[:_HEADER_ROWS], start=1):
        if set(header) <= {words.text(cell) for cell in row}:
            return number
    return 0


def has_days_off(sheet: Sheet) -> bool:
    """Whether it says which days have no lessons."""
    return _top(sheet, _DAYS_OFF) > 0


def has_tasks(sheet: Sheet) -> bool:
    """Whether it says who teaches which course in which classes."""
    return _top(sheet, _TASKS) > 0


def has_changes(sheet: Sheet) -> bool:
    """Whether it says which lessons are moved, cancelled or given by others."""
    return _top(sheet, _CHANGES) > 0


def has_bells(sheet: Sheet) -> bool:
    """Whether it says when sections begin and end."""
    return _top(sheet, ("上课", "下课")) > 0


def with_days_off(sheet: Sheet, term: Term, problems: list[Problem]) -> Term:
    """The term with the days of the sheet."""
    off, follows = set(term.off), dict(term.follows)
    for place, row in _rows(sheet, _DAYS_OFF):
        if row["开始日期"] is None or not words.text(row["类型"]):
            continue
        try:
            first = words.day(row["开始日期"], term.first)
            last = words.day(row["结束日期"] or row["开始日期"], term.first)
            if words.text(row["类型"]) == _MAKES_UP:
                follows[first] = words.day(row.get(_FOLLOWS), term.first)
                continue
        except ValueError as error:
            problems.append(Problem(where=place, what=say("ingest.not_a_day", text=error.args[0])))
            continue
        if not 0 <= (last - first).days < _LONGEST:
            problems.append(Problem(where=place, what=say("ingest.not_a_day", text=f"{first} … {last}")))
            continue
        off |= {first + timedelta(days=one) for one in range((last - first).days + 1)}
    return replace(term, off=frozenset(off), follows=follows)


def bells(sheet: Sheet, term: Term, problems: list[Problem]) -> list[Bell]:
    """The times of each part of the year that the sheet has columns for."""
    top = _top(sheet, ("上课", "下课"))
    filled = sheet.filled()
    header = [words.text(cell) for cell in filled[top - 1]]
    made: list[Bell] = []
    for column in [number for number, name in enumerate(header) if name == "上课"]:
        title = words.text(filled[top - 2][column]) if top > 1 and column < len(filled[top - 2]) else ""
        bell = Bell({}, _said(_SINCE, title, term.first), _said(_UNTIL, title, term.first))
        for number, row in enumerate(sheet.rows[top:], start=top + 1):
            section = _section(row[:column])
            if section is None or len(row) <= column + 1:
                continue
            try:
                bell.times[section] = words.clock(row[column]), words.clock(row[column + 1])
            except ValueError as error:
                what = say("ingest.not_a_time_of_day", text=error.args[0])
                problems.append(Problem(where=f"{sheet.place} row {number}", what=what, expected="8:00"))
        made.append(bell)
    return made


def _section(cells: list[Cell]) -> int | None:
    for cell in cells:
        if found := re.fullmatch(r"第?(\d{1,2})节?", words.text(cell)):
            return int(found[1])
    return None


def _said(form: re.Pattern[str], title: str, near: date) -> date | None:
    found = form.search(title)
    return words.day(f"{found[1]}月{found[2]}日", near) if found else None


@dataclass(frozen=True, slots=True)
class Tasks:
    """Who teaches what to whom, by the tasks of a term."""

    courses: dict[str, set[str]] = field(default_factory=dict)
    """Name → ids."""
    taught: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)
    """Id of a course and name of a class → name of a teacher → id."""

    def teachers(self, name: str, course: str, class_: str) -> list[set[str]]:
        """Ids of that name: who teaches the course in the class, the course, anything."""
        near = {self.taught.get((course, class_), {}).get(name)}
        beside = {names.get(name) for (one, _), names in self.taught.items() if one == course}
        every = {names.get(name) for names in self.taught.values()}
        return [{one for one in some if one} for some in (near, beside, every)]


def read_tasks(sheet: Sheet, tasks: Tasks, problems: list[Problem]) -> None:
    """Adds what a sheet says."""
    for place, row in _rows(sheet, _TASKS, filled=True):
        course, ids = words.text(row["课程代码"]), row["教师工号"]
        if not course or ids is None:
            continue
        tasks.courses.setdefault(words.text(row["课程名称"]), set()).add(course)
        try:
            staff = [(words.teachers(ids)), words.teachers(row["教师姓名"])]
        except ValueError as error:
            problems.append(Problem(where=place, what=say("ingest.not_weeks", text=error.args[0])))
            continue
        named = {re.sub(r"\s", "", name.teacher): one.teacher for one, name in zip(*staff, strict=False)}
        for class_ in re.split("[;,、]", words.text(row["教学班组成"])):
            tasks.taught.setdefault((course, class_.strip()), {}).update(named)


def read_changes(sheet: Sheet, term: Term, names: Names, problems: list[Problem]) -> Iterator[Change]:
    """The changes, one for each class of a row; what cannot be read is a problem with its row."""
    for place, row in _rows(sheet, _CHANGES):
        before, after = words.text(row["原上课时间地点教师"]), words.text(row["现上课时间地点教师"])
        if not before:
            continue
        try:
            course = names.course(words.text(row["课程名称"]))
            said = words.moment(row["申请时间"], term.first)
            for name in words.text(row["教学班组成"]).split(";"):
                class_ = names.class_(name.strip())

                def who(teacher: str, course: str = course, class_: str = class_) -> str:
                    return names.teacher(teacher, course, class_)

                old = _place(before, term, lambda _: "")
                new = _place(after, term, who) if after else None
                yield Change(class_, course, old.on, old.first, old.last, new, said, place)
        except ValueError as error:
            what = say("ingest.not_a_change", text=error.args[0])
            problems.append(Problem(where=place, what=what, expected=say("ingest.a_change")))


def _place(cell: str, term: Term, who: Callable[[str], str]) -> Instead:
    when, room, teacher = [*cell.split("/"), "", ""][:3]
    found = _PLACE.fullmatch(when.replace(" ", ""))
    if not found:
        raise ValueError(cell)
    first, last = words.sections(found[2])
    on = term.day(int(found[3]), words.weekday(found[1]))
    staff = tuple(who(one.teacher) for one in words.teachers(teacher))
    return Instead(on, first, last, room.strip(), staff)


def _rows(sheet: Sheet, header: tuple[str, ...], *, filled: bool = False) -> Iterator[tuple[str, dict[str, Cell]]]:
    """(place, cells by header) of the rows below it, blank ones aside."""
    rows = sheet.filled() if filled else sheet.rows
    top = _top(sheet, header)
    names = [words.text(cell) for cell in rows[top - 1]]
    for number, row in enumerate(rows[top:], start=top + 1):
        if any(cell is not None for cell in row):
            cells = [*row, *[None] * (len(names) - len(row))]
            yield f"{sheet.place} row {number}", dict(zip(names, cells, strict=False))
