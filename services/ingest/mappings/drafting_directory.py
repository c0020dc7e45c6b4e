"""A directory out of the files of other systems: all their rows, in the order in which they need each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from services.directory.records import TABLES
from services.errors import ProblemsError
from services.i18n import say
from services.ingest.mappings.context import Record
from services.ingest.mappings.enrolments import CHANGES, Change, RowAt, change_of, with_changes
from services.ingest.mappings.language import Mapping as FileMapping
from services.ingest.mappings.language import SourceRow, Table
from services.ingest.mappings.reading import College, open_mapped
from services.ingest.mappings.targets import DIRECTORY, Target
from services.messages import Problem
from services.tabular.rows import Row
from services.tabular.sheets import Sheet

ORDER = (
    "departments",
    "teaching_offices",
    "people",
    "majors",
    "classes",
    "courses",
    "roles",
    "students",
    "leave",
    "exemptions",
    "sources",
)


@dataclass(frozen=True)
class Given:
    """A file, and the mapping that reads it."""

    path: Path
    mapping: FileMapping
    sheets: Sequence[Sheet]


@dataclass
class Drafted:
    """The rows of every table, as `directory_of` takes them."""

    rows: dict[str, list[Row]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    """Rows of each table that the files give."""
    kept: list[str] = field(default_factory=list)
    """Tables that no file gives, so that they stay as they are."""


def draft_directory(files: Sequence[Given], targets: Mapping[str, Target], college: College) -> Drafted:
    """The directory that files describe; tables that none of them gives stay those of the college.

    What is wrong is in `problems`, all of it; a row that is wrong is left out.
    """
    drafted = Drafted()
    tables: dict[str, list[Mapping[str, Any]]] = {name: list(college.tables.get(name, ())) for name in ORDER}
    for name in ORDER:
        of_files = [one for one in files if any(table.to == DIRECTORY + name for table in one.mapping.tables)]
        rows = _Rows(name)
        if name == "sources":
            rows.start_with(tables[name])
            for one in files:
                rows.source(one)
        world = replace(college, tables=tables)
        for one in of_files:
            _read(one, name, targets, world, rows, drafted)
        if name == "students":
            _change(files, targets, replace(college, tables=tables | {name: rows.cells()}), rows, drafted)
        drafted.problems += rows.problems
        if of_files or (name == "sources" and rows.rows):
            tables[name] = rows.cells()
            drafted.counts[name] = len(tables[name])
            drafted.rows[name] = [Row(_texts(cells), place) for cells, place in rows.rows.values()]
        else:
            drafted.kept += [name] if tables[name] else []
            drafted.rows[name] = [Row(_texts(cells), f"{name} row {n}") for n, cells in enumerate(tables[name], 2)]
    return drafted


def _change(
    files: Sequence[Given], targets: Mapping[str, Target], world: College, rows: _Rows, drafted: Drafted
) -> None:
    """Splits enrolments at what lists of changes say."""
    changes: list[Change] = []
    for one in files:
        if not any(table.to == DIRECTORY + CHANGES for table in one.mapping.tables):
            continue
        for record, place in _records(one, CHANGES, targets, world, drafted):
            changes.append(change_of(record.data, place))
    of_student: dict[str, list[RowAt]] = {}
    for row in rows.rows.values():
        of_student.setdefault(str(row.cells["id"]), []).append(row)
    found = with_changes(of_student, changes, drafted.problems)
    rows.rows = {rows.key_of(row.cells): row for every in found.values() for row in every}


def _read(one: Given, name: str, targets: Mapping[str, Target], world: College, rows: _Rows, drafted: Drafted) -> None:
    for record, place in _records(one, name, targets, world, drafted):
        rows.add(record, place)


def _records(
    one: Given, name: str, targets: Mapping[str, Target], world: College, drafted: Drafted
) -> Iterator[tuple[Record, str]]:
    """(record, place) of what is right in the tables of a file for one target; the rest are problems."""

    def wanted(table: Table) -> bool:
        return table.to == DIRECTORY + name

    try:
        mapped = open_mapped(one.path, one.mapping, targets, world, wanted, one.sheets)
    except ProblemsError as error:
        drafted.problems += error.problems
        return
    for _, record in mapped.records():
        if record.problems:
            drafted.problems += [_in_file(problem, mapped.name) for problem in record.problems]
        else:
            yield record, f"{mapped.name} {record.position}"


def _in_file(problem: Problem, file: str) -> Problem:
    return Problem(where=f"{file} {problem.where}", what=problem.what, expected=problem.expected)


class _Rows:
    """Rows of one table by their key; what several rows say of one key must agree."""

    def __init__(self, name: str) -> None:
        self._key, self._name = TABLES[name].key, name
        self.rows: dict[tuple[str, ...], RowAt] = {}
        self.problems: list[Problem] = []

    def start_with(self, rows: Sequence[Mapping[str, Any]]) -> None:
        for row in rows:
            self.rows[self.key_of(row)] = RowAt(dict(row), self._name)

    def source(self, given: Given) -> None:
        """What a mapping says of its source."""
        source: SourceRow = given.mapping.source
        if source.id and (source.lists or source.rank):
            before = self.rows.get((source.id,), RowAt({"id": source.id}, "")).cells
            said = {"lists": source.lists or None, "rank": source.rank or None}
            told = before | {name: value for name, value in said.items() if value and not before.get(name)}
            self.rows[source.id,] = RowAt(told, given.mapping.name)

    def cells(self) -> list[Mapping[str, Any]]:
        """The rows without their places."""
        return [row.cells for row in self.rows.values()]

    def add(self, record: Record, place: str) -> None:
        key = self.key_of(record.data)
        if key not in self.rows:
            self.rows[key] = RowAt(dict(record.data), place)
            return
        before = self.rows[key].cells
        for name, value in record.data.items():
            if before.setdefault(name, value) != value:
                what = say("mapping.rows_contradict", id=" ".join(filter(None, key)), other=f"{name} {before[name]}")
                column = record.columns.get(name, name)
                where = f"{place}, column {column}"
                self.problems.append(Problem(where=where, what=what, expected=say("mapping.same_in_all")))

    def key_of(self, row: Mapping[str, Any]) -> tuple[str, ...]:
        """What makes a row unique."""
        return tuple(str(row.get(name) or "") for name in self._key)


def _texts(cells: Mapping[str, Any]) -> dict[str, str]:
    return {
        name: f"{value}s" if name == "expected_interval" else str(value)
        for name, value in cells.items()
        if value is not None
    }
