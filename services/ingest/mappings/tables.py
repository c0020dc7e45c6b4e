"""The rows of a table in somebody's sheet: behind its header, without titles, totals and notes; wide ones long."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from services.i18n import say
from services.ingest.mappings.blocks import begin_of, blocks
from services.ingest.mappings.cells import is_blank, plain, word
from services.ingest.mappings.headers import Header, best_header, header_at
from services.ingest.mappings.instants import says_a_time
from services.ingest.mappings.language import NOT_SAID, Table, Wide
from services.ingest.mappings.summaries import is_summary
from services.messages import Problem
from services.tabular.sheets import Cell, Sheet

_REPEATED = 3
"""So many cells that say what the header says make a row a header again."""


@dataclass(frozen=True)
class Line:
    """One row of a table."""

    number: int
    """As a spreadsheet counts."""
    cells: Sequence[Cell]
    """With what merged cells and `fill` say."""


@dataclass(frozen=True)
class WideGroup:
    """One group of repeated columns."""

    columns: dict[str, int]
    """Part → column."""
    said: dict[str, str]
    """Part → what the headers say."""


@dataclass
class Found:
    """A table where it was found."""

    file: str
    sheet: Sheet
    table: Table
    header: Header
    first: int
    """Index of its first row behind the header."""
    groups: list[WideGroup] = field(default_factory=list)
    passed_over: list[tuple[int, str]] = field(default_factory=list)
    """Rows that are no records: totals, notes, headers again."""
    named: bool = True
    """Whether the file has sheets that are told apart."""
    read: int = 0
    """How many of its rows have been read, those that are no records too."""
    beside: list[tuple[int, str]] = field(default_factory=list)
    """Where the tables of its sheet begin, this one too, if they are several: row from 0, and what stands there."""
    _times: dict[int, bool] = field(default_factory=dict)

    @property
    def place(self) -> str:
        """File and sheet for a person: `students.xlsx sheet 学生信息`."""
        return f"{self.file} {self.within}".strip()

    @property
    def within(self) -> str:
        """`sheet 学生信息`; empty if the file has no sheets."""
        return f"sheet {self.sheet.name}" if self.named and self.sheet.name else ""

    @property
    def rows(self) -> int:
        """How many rows stand behind the header."""
        return len(self.sheet.rows) - self.first

    def position(self, number: int) -> str:
        """A row for a person: `sheet 学生信息 row 7`."""
        return f"{self.within} row {number}".strip()

    def column(self, place: int) -> str:
        """What a column is called, for people."""
        text = self.header.texts[place] if place < len(self.header.texts) else ""
        return text.replace("\n", " ") or letters(place)

    def lines(self) -> Iterator[Line]:
        """The records, from top to bottom."""
        filled = _Filled(self.sheet, self.header.find(self.table.fill))
        for index in range(self.first, len(self.sheet.rows)):
            row = self.sheet.rows[index]
            self.read = index + 1 - self.first
            if all(map(is_blank, row)):
                continue
            why = self._no_record(row)
            if why:
                self.passed_over.append((index + 1, why))
                continue
            yield Line(index + 1, filled.cells(index))

    def _no_record(self, row: Sequence[Cell]) -> str:
        """What stands in a row that is none; empty for a record."""
        first = plain(next(cell for cell in row if not is_blank(cell)))
        if is_summary(first) or any(one.fullmatch(first) for one in self.table.skip):
            return first
        used = self.used_columns()
        if all(place >= len(row) or is_blank(row[place]) for place in used):
            return first
        same = sum(
            place < len(row) and not is_blank(row[place]) and word(plain(row[place])) == word(self.header.texts[place])
            for place in used
        )
        return first if same >= min(_REPEATED, len(used)) else ""

    def has_times(self, place: int) -> bool:
        """Whether a column is one of instants, so that a day in it is that day's midnight."""
        if place not in self._times:
            rows = islice(iter(self.sheet.rows), self.first, None)
            self._times[place] = any(place < len(row) and says_a_time(row[place]) for row in rows)
        return self._times[place]

    def used_columns(self) -> list[int]:
        """The columns that the mapping reads, without those that are filled down."""
        if not hasattr(self, "_used"):
            words = [one for take in self.table.takes() for one in (*take.columns, *take.join)]
            words += [one for condition in self.table.conditions() for one in condition.columns]
            filled = self.header.find(self.table.fill)
            found = [one for one in self.header.find(words) if one not in filled]
            found += [one for group in self.groups for one in group.columns.values()]
            self._used = found or list(range(len(self.header.texts)))
        return self._used


class _Filled:
    """Rows with what stands above them in merged cells and in columns that are filled down."""

    def __init__(self, sheet: Sheet, columns: list[int]) -> None:
        self._sheet, self._columns = sheet, columns
        self._last: dict[int, Cell] = {}
        self._merged: dict[int, dict[int, Cell]] = {}
        """Row → column → what stands in the first cell of a range there; a row may end before it."""
        for first_row, first, last_row, _ in sheet.merged:
            if last_row > first_row and first_row <= len(sheet.rows) and first <= len(sheet.rows[first_row - 1]):
                value = sheet.rows[first_row - 1][first - 1]
                for row in range(first_row, last_row):
                    self._merged.setdefault(row, {})[first - 1] = value

    def cells(self, index: int) -> Sequence[Cell]:
        row = self._sheet.rows[index]
        if not self._merged and not self._columns:
            return row
        cells = list(row)
        for place, value in self._merged.get(index, {}).items():
            cells += [None] * (place + 1 - len(cells))
            if is_blank(cells[place]):
                cells[place] = value
        for place in self._columns:
            cells += [None] * (place + 1 - len(cells))
            if is_blank(cells[place]):
                cells[place] = self._last.get(place)
            self._last[place] = cells[place]
        return cells


def letters(place: int) -> str:
    """A column as a spreadsheet calls it: A, B … AA."""
    text, place = "", place + 1
    while place:
        place, rest = divmod(place - 1, 26)
        text = chr(ord("A") + rest) + text
    return text


def needed_columns(table: Table) -> list[tuple[str, ...]]:
    """Words of which one must stand in the header: of each field that cannot do without."""
    needed: list[tuple[str, ...]] = []
    specs = (table.base, *table.rows)
    fields = [one for spec in specs for one in (*spec.fields.values(), spec.time, spec.recorded, spec.retracted)]
    for one in [*fields, *((part.take,) for part in table.parts.values())]:
        if one and all((take.columns or take.join) and take.blank is NOT_SAID for take in one):
            needed += (
                [take.columns + take.join for take in one[:1]]
                if len(one) == 1
                else [tuple(name for take in one for name in take.columns + take.join)]
            )
            needed += [(name,) for take in one for name in take.join[1:]] if len(one) == 1 else []
    needed += [condition.columns for condition in table.conditions() if condition.columns and not condition.blank]
    needed += [(name,) for name in table.header]
    return list(dict.fromkeys(needed))


def find_tables(file: str, sheets: Sequence[Sheet], table: Table) -> list[Found] | list[Problem]:
    """Where a table stands in a file: in the sheets that it names, else in all that have its columns."""
    candidates = _candidates(sheets, table)
    if not candidates:
        shown = ", ".join(one.name for one in sheets if not one.hidden)
        what = say("mapping.no_such_sheet", name=", ".join(table.sheets))
        return [Problem(where=file, what=what, expected=shown)]
    found: list[Found] = []
    wrong: list[tuple[int, list[Problem]]] = []
    for sheet in candidates:
        every = blocks(sheet)
        located = [_locate(file, one, table, len(sheets) > 1) for one in every]
        there = [one for one in located if isinstance(one, Found)]
        found += there
        if len(every) > 1 and there:
            there[0].beside = [begin_of(one) for one in every]
        wrong += [] if there else [one for one in located if not isinstance(one, Found)]
    exact = [name for name in table.sheets if "*" not in name]
    if found and not (exact and wrong and len(sheets) > 1):
        return found
    return max(wrong, key=lambda one: one[0])[1]


def _candidates(sheets: Sequence[Sheet], table: Table) -> list[Sheet]:
    seen = [one for one in sheets if table.hidden or not one.hidden]
    if not table.sheets or len(sheets) == 1:
        return seen
    wanted = [re.compile("".join(".*" if c == "*" else re.escape(c) for c in word(name))) for name in table.sheets]
    return [one for one in seen if any(each.fullmatch(word(one.name)) for each in wanted)]


def _locate(file: str, sheet: Sheet, table: Table, named: bool) -> Found | tuple[int, list[Problem]]:
    """The table in a sheet; or (how many of its columns are there, what is missing)."""
    wanted = needed_columns(table)
    if table.header_row:
        row, header = table.header_row - 1, header_at(sheet, table.header_row - 1, table.header_rows)
        score = sum(bool(header.find(words)) for words in wanted)
    else:
        row, header, score = best_header(sheet, wanted, table.header_rows)
    found = Found(file, sheet, table, header, row + table.header_rows, named=named)
    place = f"{found.place} row {row + 1}"
    if score < 1 and wanted:
        what = say("mapping.no_header", words=", ".join(words[0] for words in wanted))
        return score, [Problem(where=found.place, what=what, expected=say("mapping.header_words"))]
    problems = [
        Problem(where=place, what=say("mapping.no_such_column", name=" / ".join(words)), expected=header.meant(words))
        for words in wanted
        if not header.find(words)
    ]
    for name in sorted({name for words in wanted for name in words}):
        if places := header.twice(name):
            what = say("mapping.column_twice", name=name, places=", ".join(map(letters, places)))
            problems.append(Problem(where=place, what=what, expected=say("mapping.each_column_once")))
    if table.wide is not None:
        found.groups = _wide_groups(header, table.wide, found)
        if not found.groups:
            first = next(iter(table.wide.columns.values()))
            what = say("mapping.no_wide_columns", pattern=(table.wide.groups or first).pattern)
            problems.append(Problem(where=place, what=what, expected=header.meant([first.pattern])))
    return (score, problems) if problems else found


def _says_more(match: re.Match[str], said: dict[str, str]) -> bool:
    return any(key in said and said[key] != (value or "") for key, value in match.groupdict().items())


def _wide_groups(header: Header, wide: Wide, found: Found) -> list[WideGroup]:
    fixed = set(header.find([name for take in found.table.takes() for name in take.columns + take.join]))
    first = next(iter(wide.columns))
    groups: list[WideGroup] = []
    last: str | None = None
    for place, (upper, text) in enumerate(header.pairs()):
        if place in fixed:
            last = None
            continue
        said: dict[str, str] = {}
        if wide.groups is not None:
            match = wide.groups.search(upper)
            if match is None:
                last = None
                continue
            said = {name: value or "" for name, value in match.groupdict().items()}
        same = wide.groups is not None and upper == last
        if not same:
            groups.append(WideGroup({}, said))
        last = upper
        for name, pattern in wide.columns.items():
            match = pattern.search(text)
            # Below one word each column may be a record of its own: a day with two lessons.
            if match and name in groups[-1].columns and _says_more(match, groups[-1].said):
                groups.append(WideGroup({}, dict(said)))
            if name not in groups[-1].columns and match:
                groups[-1].columns[name] = place
                groups[-1].said.update({key: value or "" for key, value in match.groupdict().items()})
                break
    return [one for one in groups if first in one.columns]
