"""One file through one mapping: what it says of itself, and its records."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from services.directory.records import Tables
from services.errors import ProblemsError
from services.i18n import say
from services.ingest.mappings.blocks import begin_of
from services.ingest.mappings.context import Record, World
from services.ingest.mappings.days import Days, Term
from services.ingest.mappings.known import Known, rows_of
from services.ingest.mappings.language import Field, Table
from services.ingest.mappings.language import Mapping as FileMapping
from services.ingest.mappings.lessons import Lessons
from services.ingest.mappings.records import Reader
from services.ingest.mappings.tables import Found, find_tables
from services.ingest.mappings.targets import DIRECTORY, TIMETABLE, Target
from services.messages import CampusEvent, Json, Problem
from services.tabular.sheets import MOST_CELLS_IN_ORDER, SECONDS_IN_ORDER, Heard, Sheet, read_sheets

Wanted = Callable[[Table], bool]
"""Which tables of a mapping are asked for."""


def is_event(table: Table) -> bool:
    """Whether a table becomes events."""
    return not table.to.startswith((TIMETABLE, DIRECTORY))


def is_directory(table: Table) -> bool:
    """Whether a table becomes rows of the directory."""
    return table.to.startswith(DIRECTORY)


def is_plan(table: Table) -> bool:
    """Whether a table is part of a timetable."""
    return table.to.startswith(TIMETABLE)


@dataclass(frozen=True)
class College:
    """What the college is, for whoever reads its files."""

    tables: Mapping[str, Any]
    """Rows of the directory by table."""
    days: Days
    lessons: Lessons
    now: datetime

    @classmethod
    def at(
        cls,
        now: datetime,
        zone: ZoneInfo,
        tables: Tables,
        terms: Sequence[Term],
        lessons: Iterable[tuple[CampusEvent, bool]],
    ) -> College:
        """As of now."""
        days = Days(zone, now.astimezone(zone).date(), terms)
        return cls(rows_of(tables), days, Lessons(lessons, zone), now)


@dataclass
class MappedFile:
    """A file whose tables were found."""

    name: str
    mapping: FileMapping
    readers: list[Reader]
    exported: datetime | None
    covers: str | None
    """As `Coverage` reads it."""

    def records(self) -> Iterator[tuple[Reader, Record]]:
        """All records, table by table."""
        for reader in self.readers:
            for record in reader.records():
                yield reader, record

    def progress(self) -> tuple[int, int]:
        """How many rows of its tables have been read, and of how many."""
        return sum(one.found.read for one in self.readers), sum(one.found.rows for one in self.readers)

    def passed_over(self) -> list[tuple[str, str]]:
        """(place, text) of rows that are no records, and where tables begin that nobody reads; after reading."""
        found = [one.found for one in self.readers]
        read = {(one.sheet.name, begin_of(one.sheet)[0]) for one in found}
        beside = {
            (one.position(row + 1), text): None
            for one in found
            for row, text in one.beside
            if (one.sheet.name, row) not in read
        }
        return [*((one.position(row), text) for one in found for row, text in one.passed_over), *beside]


def open_mapped(
    path: Path,
    mapping: FileMapping,
    targets: Mapping[str, Target],
    college: College,
    wanted: Wanted = is_event,
    sheets: Sequence[Sheet] | None = None,
    heard: Heard = lambda _: None,
) -> MappedFile:
    """Finds the tables of a mapping in a file. Raises ProblemsError with everything that is not where it should be.

    `heard`: told how many more rows have come of the file, where it is read here.
    """
    tables = [one for one in mapping.tables if wanted(one)]
    given = list(_sheets(path, tables, heard)) if sheets is None else sheets
    if not tables:
        what = say("mapping.no_such_tables", mapping=mapping.name)
        raise ProblemsError([Problem(where=path.name, what=what, expected=", ".join(one.to for one in mapping.tables))])
    found: list[Found] = []
    problems: list[Problem] = []
    for table in tables:
        located = find_tables(path.name, given, table)
        found += [one for one in located if isinstance(one, Found)]
        problems += [one for one in located if isinstance(one, Problem) and one not in problems]
    if problems:
        raise ProblemsError(problems)
    days = replace(college.days, terms=mapping.terms or college.days.terms)
    known = Known(college.tables, mapping.names)
    world = World(known, days, college.lessons, path.stem, college.now, given)
    exported = _said_above(mapping.exported, "moment", found[0], world, problems)
    made = exported if isinstance(exported, datetime) else None
    if made is not None:
        world = replace(world, days=replace(days, made=made.date()), made=made)
    covers = _covers(mapping, found[0], world, problems)
    if problems:
        raise ProblemsError(problems)
    readers = [Reader(one, targets[one.table.to], world) for one in found]
    return MappedFile(path.name, mapping, readers, made, covers)


def _sheets(path: Path, tables: Sequence[Table], heard: Heard) -> Iterator[Sheet]:
    """Events are read row by row; people and timetables are put together from all rows."""
    if all(map(is_event, tables)):
        return read_sheets(path, cells=MOST_CELLS_IN_ORDER, seconds=SECONDS_IN_ORDER, heard=heard)
    return read_sheets(path, heard=heard)


_SAID = Target("", {}, (), {})


def _said_above(field: Field, reader: str, found: Found, world: World, problems: list[Problem]) -> Any:
    """What a file says of itself, outside of its rows; None if it says nothing."""
    if not field:
        return None
    value, wrong = Reader(found, _SAID, world).above(field, reader)
    problems += wrong
    return value


def _covers(mapping: FileMapping, found: Found, world: World, problems: list[Problem]) -> str | None:
    covers = mapping.covers
    if covers is None:
        return None
    if covers.word:
        return f"{covers.kind} of its {covers.word}"
    ends = [_said_above(one, "day", found, world, problems) for one in (covers.first, covers.last)]
    if not all(isinstance(one, date) for one in ends):
        return None
    first, last = (one.date() if isinstance(one, datetime) else one for one in ends)
    return f"{covers.kind} of {first} to {last}"


def event_of(record: Record, table: Table, mapped: MappedFile) -> Json:
    """A record as a CloudEvents object, without an id: it gets one of what it is about."""
    value: Json = {
        "specversion": "1.0",
        "type": table.to,
        "source": table.source or mapped.mapping.source.id,
        "time": record.time.isoformat() if record.time else None,
        "data": record.data,
    }
    if recorded := record.recorded or mapped.exported:
        value["recordedat"] = recorded.isoformat()
    return value | ({"retracted": True} if record.retracted else {})


def raw_of(record: Record) -> bytes:
    """The row as it stands in the file, for whoever looks after what was refused."""
    return msgspec.json.encode(record.original)
