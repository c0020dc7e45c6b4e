"""What a mapping says, as plain data. docs/mappings.md is its definition, `loading.py` reads it."""

from __future__ import annotations

import re
from collections.abc import Mapping as Words
from datetime import date, time
from typing import Any

import msgspec

from services.tabular.places import Place

NOT_SAID: Any = msgspec.UNSET
"""What a mapping does not say, where `null` says something."""
Pattern = re.Pattern[str]


class Condition(msgspec.Struct, frozen=True, kw_only=True):
    """What a column (or part) must say: one of some words, none of them, what a pattern is like; or anything at all."""

    columns: tuple[str, ...] = ()
    part: str = ""
    is_: tuple[str, ...] = ()
    not_: tuple[str, ...] = ()
    like: Pattern | None = None
    blank: bool = False
    """It must be blank; beside one of the others: the column may be missing, and is blank then."""


class Take(msgspec.Struct, frozen=True, kw_only=True):
    """One way to a value: where it stands, and how it is read."""

    columns: tuple[str, ...] = ()
    """Words of the header; of several columns the first that is not blank."""
    join: tuple[str, ...] = ()
    """Columns whose texts are joined by a slash."""
    part: str = ""
    """A part of the row: of a wide column, or one that `parts` names."""
    is_: Any = NOT_SAID
    of: tuple[str, str] = ("", "")
    """(field, what of it): lesson.begins, student.class, course.teacher."""
    text: str = ""
    """Put together of other fields and parts: `{class}|{day}`."""
    title: Pattern | None = None
    """In the rows above the header, or behind the table."""
    file: Pattern | None = None
    sheet: Pattern | None = None
    cell: str = ""
    beside: str = ""
    """The text of a cell (a pattern, in which `{part}` stands for a part) right of which the value stands …"""
    on: str = ""
    """… on this sheet."""
    pattern: Pattern | None = None
    as_: str = ""
    format: str = ""
    values: Words[str, Any] | None = None
    otherwise: Any = NOT_SAID
    blank: Any = NOT_SAID
    within: tuple[str, ...] = ()
    halves: Words[str, time] | None = None
    plus_days: int = 0
    take: str = ""
    when: tuple[Condition, ...] = ()
    place: str = ""
    """Where it stands in the mapping."""


Field = tuple[Take, ...]
"""Ways to one value; the first that finds something counts."""


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """Something that a cell holds several of: the row stands for each of them."""

    take: Take
    split: Pattern | None = None


class Wide(msgspec.Struct, frozen=True, kw_only=True):
    """Columns that repeat: for each month, test, student or week. The row stands for each group of them."""

    columns: Words[str, Pattern]
    """Part → header of its column; named groups are parts as well. The row stands for nothing where the first is
    blank."""
    groups: Pattern | None = None
    """The header above them; named groups are parts."""


class RowSpec(msgspec.Struct, frozen=True, kw_only=True):
    """One of several records that a row may stand for."""

    when: tuple[Condition, ...] = ()
    fields: Words[str, Field] = {}
    time: Field = ()
    recorded: Field = ()
    retracted: Field = ()


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """Where rows stand, and what becomes of them."""

    to: str
    """An event kind, `directory/TABLE`, or `timetable`."""
    sheets: tuple[str, ...] = ()
    hidden: bool = False
    header: tuple[str, ...] = ()
    header_row: int = 0
    header_rows: int = 1
    skip: tuple[Pattern, ...] = ()
    fill: tuple[str, ...] = ()
    when: tuple[Condition, ...] = ()
    wide: Wide | None = None
    parts: Words[str, Part] = {}
    base: RowSpec = RowSpec()
    rows: tuple[RowSpec, ...] = ()
    source: str = ""
    place: str = ""

    def takes(self) -> list[Take]:
        """Every way in which the table's rows get a value."""
        specs = (self.base, *self.rows)
        fields = [one for spec in specs for one in (*spec.fields.values(), spec.time, spec.recorded, spec.retracted)]
        return [take for field in fields for take in field] + [one.take for one in self.parts.values()]

    def conditions(self) -> list[Condition]:
        """Every condition of the table, its rows and its values."""
        of_rows = [one for spec in (self.base, *self.rows) for one in spec.when]
        return [*self.when, *of_rows, *(one for take in self.takes() for one in take.when)]


class SourceRow(msgspec.Struct, frozen=True, kw_only=True):
    """What a mapping says of its source for the directory's table `sources`."""

    id: str = ""
    lists: str = ""
    rank: int = 0


class Covers(msgspec.Struct, frozen=True, kw_only=True):
    """What the files say all of: `attendance of its lessons`, or of the days from `first` to `last`."""

    kind: str
    word: str = ""
    first: Field = ()
    last: Field = ()


class Mapping(msgspec.Struct, frozen=True, kw_only=True):
    """How the files of one system are read."""

    name: str
    title_zh: str = ""
    title_en: str = ""
    files: tuple[str, ...] = ()
    source: SourceRow = SourceRow()
    exported: Field = ()
    covers: Covers | None = None
    terms: tuple[tuple[date, date], ...] = ()
    names: Words[str, Words[str, str]] = {}
    """Table of the directory → what others call its rows → id."""
    tables: tuple[Table, ...] = ()


class Known(msgspec.Struct, frozen=True):
    """A mapping and where it is."""

    mapping: Mapping
    path: str
    ours: bool


def place_of(place: Place) -> str:
    """Where it stands in the mapping, as `file:line:col`."""
    return f"{place.file}:{place.line}:{place.column}"
