"""From the rows of a table to records: the fields of an event or of a row of the directory, or what is wrong with them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import product
from typing import Any

from services.i18n import say
from services.ingest.mappings import cells
from services.ingest.mappings.cells import WrongCell, is_blank, plain, word
from services.ingest.mappings.days import Days
from services.ingest.mappings.known import Known, Narrow
from services.ingest.mappings.language import NOT_SAID, Condition, Field, RowSpec, Take
from services.ingest.mappings.lessons import Lesson, Lessons
from services.ingest.mappings.tables import Found, Line
from services.ingest.mappings.targets import HELPERS, Target
from services.ingest.mappings.values import NOTHING, Values, as_data
from services.messages import Problem
from services.tabular.sheets import Cell, CellError, Sheet

_TIMES = ("time", "recorded")
_LATE = {"test", "rollcall"}
"""What is told at the end of its lesson, if the file says no time."""
_FROM_LESSON = {"class": "class_", "course": "course", "teacher": "teacher", "hours": "hours"}


@dataclass(frozen=True)
class World:
    """What records are read by."""

    known: Known
    days: Days
    lessons: Lessons
    file: str
    made: datetime
    """When the file was made, else now."""
    sheets: Sequence[Sheet] = ()


@dataclass
class Record:
    """What one row (or one cell of a wide one) says."""

    data: dict[str, Any]
    position: str
    columns: dict[str, str]
    """Field → column, for what is said of it later."""
    time: datetime | None = None
    recorded: datetime | None = None
    retracted: bool = False
    problems: list[Problem] = field(default_factory=list)
    original: dict[str, str] = field(default_factory=dict)


class _SaidAlready(Exception):  # noqa: N818 - no error of its own
    """A field that another one needs is wrong, which was said."""


Placed = tuple[Cell, int | None]
"""A cell, and its column if it has one."""


class Reader:
    """Reads one table where it was found."""

    def __init__(self, found: Found, target: Target, world: World) -> None:
        self.found, self.target, self.world = found, target, world
        self.values = Values(target.name, world.known, world.days)
        self._places: dict[tuple[str, ...], list[int]] = {}

    def records(self) -> Iterator[Record]:
        """All records, in the order of the rows."""
        table = self.found.table
        for line in self.found.lines():
            for parts in self._parts(line):
                for spec in table.rows or (table.base,):
                    record = _Row(self, line, parts, spec).record()
                    if record is not None:
                        yield record

    def above(self, ways: Field, default: str) -> tuple[Any, list[Problem]]:
        """What the file says outside of its rows (None: nothing), and what is wrong with it."""
        row = _Row(self, Line(0, ()), {}, RowSpec())
        value = row.value_of(ways, default)
        place = self.found.place
        return value, [Problem(where=place, what=one.what, expected=one.expected) for one in row.problems]

    def places(self, words: tuple[str, ...]) -> list[int]:
        """The columns of words of the header."""
        if words not in self._places:
            self._places[words] = self.found.header.find(words)
        return self._places[words]

    def _parts(self, line: Line) -> Iterator[dict[str, Placed | WrongCell]]:
        """What the row stands for: each group of wide columns, each piece of what a cell holds several of."""
        row = _Row(self, line, {}, self.found.table.base)
        groups: list[dict[str, Placed | WrongCell]] = [{}]
        if self.found.table.wide is not None:
            groups = [one for group in self.found.groups if (one := _wide(group.columns, group.said, line)) is not None]
        split = [list(row.pieces(name)) for name in self.found.table.parts]
        for group in groups:
            for each in product(*split):
                merged = dict(group)
                for one in each:
                    merged |= one
                yield merged


def _wide(columns: Mapping[str, int], said: Mapping[str, str], line: Line) -> dict[str, Placed | WrongCell] | None:
    found: dict[str, Placed | WrongCell] = {}
    for name, place in columns.items():
        found[name] = (line.cells[place] if place < len(line.cells) else None), place
    first = next(iter(columns.values()))
    if first >= len(line.cells) or is_blank(line.cells[first]):
        return None
    for name, text in said.items():
        found[name] = text, first
    return found


class _Row:
    """One record while it is read; a field is read when it is asked for, once."""

    def __init__(self, reader: Reader, line: Line, parts: Mapping[str, Placed | WrongCell], spec: RowSpec) -> None:
        self._reader, self._line, self._parts, self._spec = reader, line, parts, spec
        base = reader.found.table.base
        self._fields = {**base.fields, **spec.fields}
        self._read: dict[str, Any] = {}
        self._columns: dict[str, str] = {}
        self.problems: list[Problem] = []
        """What is wrong with it."""
        self._position = reader.found.position(line.number)

    def record(self) -> Record | None:
        """The record; None if the row does not stand for it."""
        table = self._reader.found.table
        try:
            if not all(map(self._holds, (*table.when, *(self._spec.when if self._spec is not table.base else ())))):
                return None
        except WrongCell as wrong:
            self._problem(wrong, "")
        record = Record({}, self._position, self._columns)
        several = bool(table.rows)
        record.time = self._time("time", self._spec.time or table.base.time)
        if record.time is None and several and self._spec.time and not self.problems:
            return None
        for name in self._fields:
            value = self._value(name)
            if value is not NOTHING and name in self._reader.target.readers:
                record.data[name] = as_data(value)
        self._of_lesson(record)
        record.recorded = self._time("recorded", self._spec.recorded or table.base.recorded)
        retracted = self._spec.retracted or table.base.retracted
        record.retracted = self._field("retracted", retracted, "truth") is True if retracted else False
        self._check(record)
        record.problems = self.problems
        if record.problems:
            record.original = self._original()
        return record

    def value_of(self, ways: Field, default: str) -> Any:
        """The value of ways that are no field; None if they find nothing."""
        value = self._field("", ways, default)
        return None if value is NOTHING or isinstance(value, _SaidAlready) else value

    def _original(self) -> dict[str, str]:
        found = self._reader.found
        return {
            found.column(place): cells.written(cell)
            for place, cell in enumerate(self._line.cells)
            if not is_blank(cell)
        }

    def _check(self, record: Record) -> None:
        target = self._reader.target
        said = {one.where for one in self.problems}
        for name in target.required:
            where = self._where(self._columns.get(name, name))
            if name not in record.data and where not in said and not self._is_wrong(name):
                self.problems.append(Problem(where=where, what=say("mapping.blank", field=name)))
        if target.timed and record.time is None and not self.problems:
            self.problems.append(
                Problem(where=self._where(self._columns.get("time", "time")), what=say("mapping.no_time"))
            )

    def _is_wrong(self, name: str) -> bool:
        return isinstance(self._read.get(name), _SaidAlready)

    def _of_lesson(self, record: Record) -> None:
        """What the row leaves to the lesson."""
        lesson = self._read.get("lesson")
        if not isinstance(lesson, Lesson):
            return
        for name, attribute in _FROM_LESSON.items():
            value = getattr(lesson, attribute)
            if name in self._reader.target.readers and name not in self._fields and value:
                record.data[name] = value
        if record.time is None:
            record.time = lesson.ends if self._reader.target.name in _LATE else lesson.begins

    # values, each once

    def _value(self, name: str) -> Any:
        """The value of a field; NOTHING if it has none or is wrong, which is noted."""
        if name not in self._read:
            default = self._reader.target.readers.get(name) or HELPERS.get(name, "text")
            self._read[name] = _SaidAlready()  # what needs itself has no value
            self._read[name] = self._field(name, self._fields.get(name, ()), default)
        value = self._read[name]
        return NOTHING if isinstance(value, _SaidAlready) else value

    def _needed(self, name: str) -> Any:
        """As `_value`; raises _SaidAlready if the field is wrong."""
        value = self._value(name)
        if isinstance(self._read[name], _SaidAlready):
            raise self._read[name]
        return value

    def _field(self, name: str, ways: Field, default: str) -> Any:
        column = ""
        try:
            for take in ways:
                cell, place = self._cell(take)
                column = self._label(take, place) or column
                if column:
                    self._columns[name] = column
                value = self._take(take, cell, name, default)
                if value is not NOTHING:
                    return value
        except WrongCell as wrong:
            self._problem(wrong, wrong.column or column or name)
            return _SaidAlready()
        except _SaidAlready as said:
            return said
        return NOTHING

    def _take(self, take: Take, cell: Cell, name: str, default: str) -> Any:
        if not all(map(self._holds, take.when)):
            return NOTHING
        reader = take.as_ or default
        if take.is_ is not NOT_SAID:
            return NOTHING if take.is_ is None else take.is_
        if take.of[0]:
            return self._of(*take.of)
        if reader == "lesson" and not (take.columns or take.join or take.part or take.text):
            return self._lesson()
        if is_blank(cell):
            return NOTHING if take.blank in (NOT_SAID, None) else take.blank
        if reader == "scope":
            return self._reader.values.scope(str(self._value("scope_kind")), self._patterned(take, cell))
        return self._reader.values.read(take, cell, name, reader, self._narrow(take, name))

    def _patterned(self, take: Take, cell: Cell) -> Cell:
        match = take.pattern.search(plain(cell)) if take.pattern else None
        return cell if match is None else match.group(1 if match.re.groups else 0)

    def _time(self, name: str, ways: Field) -> datetime | None:
        value = self._field(name, ways, "moment")
        if isinstance(value, _SaidAlready) or value is NOTHING:
            return None
        found = self._reader.values.instant(value)
        # A month that is not over yet has no end that has come.
        return min(found, self._reader.world.made) if found and any(one.as_ == "month" for one in ways) else found

    # where values stand

    def _cell(self, take: Take) -> Placed:  # noqa: PLR0911 - one for each place
        found, world = self._reader.found, self._reader.world
        if take.columns:
            return self._first(take.columns)
        if take.join:
            texts = [plain(self._first((name,))[0]) for name in take.join]
            return "/".join(filter(None, texts)), self._first(take.join[:1])[1]
        if take.part:
            cell = self._parts.get(take.part, (None, None))
            if isinstance(cell, WrongCell):
                raise cell
            if cell[1] is not None:
                self._calculated(cell[1])
            return cell
        if take.text:
            return self._composed(take.text), None
        if take.title is not None:
            return _searched(take.title, _around(found)), None
        if take.file is not None:
            return _searched(take.file, [world.file]), None
        if take.cell:
            return self._at(take), None
        if take.sheet is not None:
            return _searched(take.sheet, [found.sheet.name]), None
        return (self._beside(take) if take.beside else None), None

    def _first(self, words: tuple[str, ...]) -> Placed:
        """Of these columns the first that is not blank."""
        row, places = self._line.cells, self._reader.places(words)
        for place in places:
            self._calculated(place)
            if place < len(row) and not is_blank(row[place]):
                return row[place], place
        return None, (places[0] if places else None)

    def _calculated(self, place: int) -> None:
        """Raises WrongCell for a formula that has no value, and for what a spreadsheet shows in place of one."""
        row, sheet = self._line.cells, self._reader.found.sheet
        column = self._reader.found.column(place)
        if place < len(row) and isinstance(error := row[place], CellError):
            raise WrongCell(say("mapping.cell_error", shown=str(error)), say("mapping.a_value"), column=column)
        if (self._line.number, place + 1) in sheet.uncalculated:
            raise WrongCell(say("mapping.never_calculated"), say("mapping.save_it_again"), column=column)

    def _composed(self, text: str) -> str | None:
        parts = []
        for literal, name in re.findall(r"([^{]*)(?:\{(\w+)\})?", text):
            parts.append(literal)
            if name:
                known = name in self._fields or name not in self._parts
                value = as_data(self._needed(name)) if known else plain(self._plain_part(name))
                if value is NOTHING or value == "":
                    return None
                parts.append(str(value))
        return "".join(parts)

    def _plain_part(self, name: str) -> Cell:
        cell = self._parts[name]
        return None if isinstance(cell, WrongCell) else cell[0]

    def _at(self, take: Take) -> Cell:
        sheet = self._reader.found.sheet
        letters, row = take.cell.rstrip("0123456789"), take.cell.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
        place = 0
        for letter in letters:
            place = place * 26 + ord(letter) - ord("A") + 1
        cells_ = sheet.rows[int(row) - 1] if int(row) <= len(sheet.rows) else []
        return cells_[place - 1] if place <= len(cells_) else None

    def _beside(self, take: Take) -> Cell:
        """What stands right of a cell on another sheet."""
        filled = re.sub(r"\{(\w+)\}", lambda one: re.escape(plain(self._plain_part(one[1]))), take.beside)
        wanted = cells.pattern(filled)
        for sheet in self._reader.world.sheets:
            if word(sheet.name) != word(take.on):
                continue
            for row in sheet.rows:
                for place, cell in enumerate(row):
                    if not is_blank(cell) and wanted.fullmatch(plain(cell)):
                        return next((one for one in row[place + 1 :] if not is_blank(one)), None)
        raise WrongCell(say("mapping.not_beside", text=filled, sheet=take.on))

    def _label(self, take: Take, place: int | None) -> str:
        if place is not None:
            return self._reader.found.column(place)
        return (take.columns or take.join or (take.part,))[0]

    # what rows say of others

    def _of(self, root: str, what: str) -> Any:
        if root == "lesson":
            return self._of_a_lesson(what)
        known = self._reader.world.known
        if root == "student":
            student = self._needed("student")
            return (known.class_of(student, self._on()) or NOTHING) if student is not NOTHING else NOTHING
        course, class_ = self._needed("course"), self._needed("class")
        if course is NOTHING:
            return NOTHING
        return known.teacher(course, "" if class_ is NOTHING else class_, self._on()) or NOTHING

    def _of_a_lesson(self, what: str) -> Any:
        lesson = self._needed("lesson")
        if isinstance(lesson, str):
            lesson = self._reader.world.lessons.by_id.get(lesson, NOTHING)
        if not isinstance(lesson, Lesson):
            return NOTHING
        value = getattr(lesson, "class_" if what == "class" else what)
        return NOTHING if value in ("", None) else value

    def _lesson(self) -> Lesson | Any:
        """By class, day and sections; by its begin or its course where the file says no sections."""
        class_, on = self._needed("class"), self._needed("day")
        if class_ is NOTHING or on is NOTHING:
            return NOTHING
        given = {
            name: value for name in ("sections", "begins", "course") if (value := self._optional(name)) is not NOTHING
        }
        return self._reader.world.lessons.find(class_, on, **given)

    def _optional(self, name: str) -> Any:
        return self._needed(name) if name in self._fields else NOTHING

    def _on(self) -> date:
        """The day that the row is about."""
        for name in ("day", "from"):
            if name in self._fields and isinstance(value := self._value(name), date):
                return value.date() if isinstance(value, datetime) else value
        time = self._spec.time or self._reader.found.table.base.time
        if time and not any(one.of[0] for one in time) and (at := self._time("time", time)):
            return at.date()
        return self._reader.world.days.made

    def _narrow(self, take: Take, name: str) -> Narrow | None:
        if not take.within:
            return None
        given = {one: value for one in take.within if (value := self._needed(one)) is not NOTHING}
        if not given:
            return None
        reader = take.as_ or self._reader.target.readers.get(name, "")
        return lambda candidates: [one for one in candidates if self._belongs(one, reader, given)]

    def _belongs(self, one: str, reader: str, given: Mapping[str, str]) -> bool:
        known = self._reader.world.known
        if reader == "student":
            mine = known.class_of(one, self._on())
            classes = {mine} if mine else known.classes_of(one)
            if "class" in given:
                return given["class"] in classes
            return bool({known.department_of(each) for each in classes} & set(given.values()))
        if reader == "class":
            return (
                known.department_of(one) in given.values()
                or known.tables["classes"].ids[one].get("major") in given.values()
            )
        if "course" in given:
            return known.teaches(one, given["course"], given.get("class", ""))
        return bool(known.offices_of(one) & set(given.values()))

    # parts and conditions

    def pieces(self, name: str) -> Iterator[dict[str, Placed | WrongCell]]:
        """The pieces of a part, each with the groups of its pattern."""
        part = self._reader.found.table.parts[name]
        cell, place = self._cell(part.take)
        if is_blank(cell):
            yield {name: (None, place)}
            return
        texts: list[Cell] = [cell]
        if part.split is not None:
            texts = [one for one in part.split.split(plain(cell)) if one.strip()]
        for one in texts:
            if part.take.pattern is None:
                yield {name: (one, place)}
                continue
            match = part.take.pattern.search(plain(one))
            if match is None:
                what = say("mapping.not_like", shown=plain(one), pattern=part.take.pattern.pattern)
                column = self._reader.found.column(place) if place is not None else name
                yield {name: WrongCell(what, column=column)}
                continue
            pieces: dict[str, Placed | WrongCell] = {name: (match.group(1 if match.re.groups else 0), place)}
            for key, text in match.groupdict().items():
                pieces[key] = text, place
            yield pieces

    def _holds(self, condition: Condition) -> bool:
        if condition.part:
            placed = self._parts.get(condition.part, (None, None))
            if isinstance(placed, WrongCell):
                raise placed
            cell = placed[0]
        else:
            cell = self._first(condition.columns)[0]
        if condition.blank:
            return is_blank(cell)
        if condition.not_:
            return word(plain(cell)) not in condition.not_
        if is_blank(cell):
            return False
        if condition.is_:
            return word(plain(cell)) in condition.is_
        return condition.like is None or condition.like.search(plain(cell)) is not None

    def _where(self, column: str) -> str:
        return f"{self._position}, column {column}" if column else self._position

    def _problem(self, wrong: WrongCell, column: str) -> None:
        problem = Problem(where=self._where(column), what=wrong.what, expected=wrong.expected)
        if problem not in self.problems:
            self.problems.append(problem)


def _searched(pattern: re.Pattern[str], texts: Sequence[str]) -> str | None:
    for text in texts:
        if match := pattern.search(cells.half_width(text)):
            return match.group("value") if "value" in match.groupdict() else match.group(1 if match.re.groups else 0)
    return None


def _around(found: Found) -> list[str]:
    """The texts above the header, then those of rows behind it that are no records."""
    top = found.first - found.table.header_rows
    above = [plain(cell) for row in found.sheet.rows[:top] for cell in row if not is_blank(cell)]
    behind = [plain(cell) for row in found.sheet.rows[-8:] for cell in row[:3] if isinstance(cell, str)]
    return above + behind
