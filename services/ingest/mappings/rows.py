"""One record while it is read: its fields, each when it is asked for, once; or what is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from services.i18n import say
from services.ingest.mappings import cells
from services.ingest.mappings.cells import WrongCell, is_blank
from services.ingest.mappings.context import Context, Placed, Record
from services.ingest.mappings.finding import Finding
from services.ingest.mappings.instants import at_midnight, is_a_day
from services.ingest.mappings.known import Narrow
from services.ingest.mappings.language import NOT_SAID, Field, RowSpec, Take
from services.ingest.mappings.lessons import Lesson
from services.ingest.mappings.tables import Line
from services.ingest.mappings.targets import HELPERS
from services.ingest.mappings.values import NOTHING, as_data
from services.messages import Json, Problem
from services.tabular.sheets import Cell

_LATE = {"test", "rollcall"}
"""What is told at the end of its lesson, if the file says no time."""
_FROM_LESSON = {"class": "class_", "course": "course", "teacher": "teacher", "hours": "hours"}


class _SaidAlready(Exception):  # noqa: N818 - no error of its own
    """A field that another one needs is wrong, which was said."""


class Row:
    """One record while it is read; a field is read when it is asked for, once."""

    def __init__(self, context: Context, line: Line, parts: Mapping[str, Placed | WrongCell], spec: RowSpec) -> None:
        self._context, self._line, self._spec = context, line, spec
        base = context.found.table.base
        self._fields = {**base.fields, **spec.fields}
        self.finding = Finding(context, line, parts, self._fields, self._needed)
        self._read: Json = {}
        self._columns: dict[str, str] = {}
        self.problems: list[Problem] = []
        """What is wrong with it."""
        self._position = context.found.position(line.number)

    def record(self) -> Record | None:
        """The record; None if the row does not stand for it."""
        table = self._context.found.table
        try:
            if not all(
                map(self.finding.holds, (*table.when, *(self._spec.when if self._spec is not table.base else ())))
            ):
                return None
        except WrongCell as wrong:
            self._note(wrong, "")
        record = Record({}, self._position, self._columns)
        several = bool(table.rows)
        record.time = self._time("time", self._spec.time or table.base.time)
        if record.time is None and several and self._spec.time and not self.problems:
            return None
        for name in self._fields:
            value = self._value(name)
            if value is not NOTHING and name in self._context.target.readers:
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
        found = self._context.found
        return {
            found.column(place): cells.written(cell)
            for place, cell in enumerate(self._line.cells)
            if not is_blank(cell)
        }

    def _check(self, record: Record) -> None:
        target = self._context.target
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
            if name in self._context.target.readers and name not in self._fields and value:
                record.data[name] = value
        if record.time is None:
            record.time = lesson.ends if self._context.target.name in _LATE else lesson.begins

    def _value(self, name: str) -> Any:
        """The value of a field; NOTHING if it has none or is wrong, which is noted."""
        if name not in self._read:
            default = self._context.target.readers.get(name) or HELPERS.get(name, "text")
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
                cell, place = self.finding.cell(take)
                column = self.finding.label(take, place) or column
                if column:
                    self._columns[name] = column
                value = self._take(take, cell, place, name, default)
                if value is not NOTHING:
                    return value
        except WrongCell as wrong:
            self._note(wrong, wrong.column or column or name)
            return _SaidAlready()
        except _SaidAlready as said:
            return said
        return NOTHING

    def _take(self, take: Take, cell: Cell, place: int | None, name: str, default: str) -> Any:
        if not all(map(self.finding.holds, take.when)):
            return NOTHING
        reader = take.as_ or default
        if take.is_ is not NOT_SAID:
            return NOTHING if take.is_ is None else take.is_
        found = reader == "lesson" and not (take.columns or take.join or take.part or take.text)
        if take.of[0] or found:
            return self._of(*take.of) if take.of[0] else self._lesson()
        if is_blank(cell):
            return NOTHING if take.blank in (NOT_SAID, None) else take.blank
        if reader == "scope":
            return self._context.values.scope(str(self._value("scope_kind")), self.finding.patterned(take, cell))
        if reader == "moment" and place is not None and is_a_day(cell) and "" not in (take.halves or {}):
            cell = at_midnight(cell, self._context.world.days) if self._context.found.has_times(place) else cell
        return self._context.values.read(take, cell, name, reader, self._narrow(take, name))

    def _time(self, name: str, ways: Field) -> datetime | None:
        value = self._field(name, ways, "moment")
        if isinstance(value, _SaidAlready) or value is NOTHING:
            return None
        found = self._context.values.instant(value)
        # A month that is not over yet has no end that has come.
        return min(found, self._context.world.made) if found and any(one.as_ == "month" for one in ways) else found

    # what rows say of others

    def _of(self, root: str, what: str) -> Any:
        if root == "lesson":
            return self._of_a_lesson(what)
        known = self._context.world.known
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
            lesson = self._context.world.lessons.by_id.get(lesson, NOTHING)
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
        return self._context.world.lessons.find(class_, on, **given)

    def _optional(self, name: str) -> Any:
        return self._needed(name) if name in self._fields else NOTHING

    def _on(self) -> date:
        """The day that the row is about."""
        for name in ("day", "from"):
            if name in self._fields and isinstance(value := self._value(name), date):
                return value.date() if isinstance(value, datetime) else value
        time = self._spec.time or self._context.found.table.base.time
        if time and not any(one.of[0] for one in time) and (at := self._time("time", time)):
            return at.date()
        return self._context.world.days.made

    def _narrow(self, take: Take, name: str) -> Narrow | None:
        if not take.within:
            return None
        given = {one: value for one in take.within if (value := self._needed(one)) is not NOTHING}
        if not given:
            return None
        reader = take.as_ or self._context.target.readers.get(name, "")

        def narrow(candidates: list[str]) -> list[str]:
            found = [one for one in candidates if self._belongs(one, reader, given)]
            if not found and reader == "person" and len(candidates) == 1 and [*given] == ["department"]:
                return candidates  # who teaches nothing is of no department that is known
            # A list that is exported later names the class of that day.
            return found or [one for one in candidates if reader == "student" and self._ever(one, given)]

        return narrow

    def _ever(self, student: str, given: Mapping[str, str]) -> bool:
        """Whether a student ever was of the class that the row names."""
        return given.get("class") in self._context.world.known.classes_of(student)

    def _belongs(self, one: str, reader: str, given: Mapping[str, str]) -> bool:
        known = self._context.world.known
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

    def _where(self, column: str) -> str:
        return f"{self._position}, column {column}" if column else self._position

    def _note(self, wrong: WrongCell, column: str) -> None:
        problem = Problem(where=self._where(column), what=wrong.what, expected=wrong.expected)
        if problem not in self.problems:
            self.problems.append(problem)
