"""The one reader of tables that somebody else wrote: XLSX, XLS, HTML and XML called .xls, ODS, CSV; gz and zip of them.

A file is opened in a child process of bounded memory and time (`child`), for a few kilobytes may ask for gigabytes, and
a library may end the process that it runs in. What comes over is plain cells; what they mean is said by whoever asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path

from services.messages import Problem

Cell = str | int | float | bool | date | datetime | time | timedelta | None
"""Cells of CSV and HTML are texts. A formula is what it last came to; a day has no time of day at midnight."""

MOST_CELLS_IN_ORDER, SECONDS_IN_ORDER = 20_000_000, 600
"""Of a file whose rows are read one after another, so that they are never all in memory."""

MOST_ROWS = 1_048_575
"""One less than a sheet of Excel can have: what stands in the last is a slip."""

Heard = Callable[[int], None]
"""Is told how many more rows have been read."""

Merged = tuple[int, int, int, int]
"""Row and column of the first cell and of the last, from 1."""


class CellError(str):
    """What a spreadsheet shows in place of a value, such as #N/A: a text that is none."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet of a workbook, a table of a page, or a whole CSV file."""

    name: str
    """Of a CSV file: its own, without its ending."""
    hidden: bool
    rows: Sequence[list[Cell]]
    """All of them, row 1 first; each ends with its last cell that is not blank, the last one is not blank. Of a large
    sheet they lie on the disk: read them in their order."""
    merged: list[Merged]
    """The value stands in the first cell of a range, the others are None."""
    file: str = ""
    """`a.xlsx`; of a member of an archive `all.zip, a.xlsx`."""
    uncalculated: frozenset[tuple[int, int]] = frozenset()
    """Row and column of formulas that no program ever calculated: they have no value."""
    problems: list[Problem] = field(default_factory=list)
    """Rows that could not be read (CSV with a wrong quote, or in another encoding); they are blank in `rows`."""

    @property
    def width(self) -> int:
        """Cells of the longest row."""
        return max(map(len, self.rows), default=0)

    @property
    def place(self) -> str:
        """`college.xlsx sheet People`, for a person who has the file open."""
        return f"{self.file} sheet {self.name}"

    def cell(self, row: int, column: int) -> Cell:
        """From 1; None where nothing stands."""
        cells = self.rows[row - 1] if row <= len(self.rows) else []
        return cells[column - 1] if column <= len(cells) else None

    def filled(self) -> list[list[Cell]]:
        """The rows with the value of a merged range in all its cells, as far as the sheet goes."""
        rows = [list(row) for row in self.rows]
        width = self.width
        for row1, column1, row2, column2 in self.merged:
            value = self.cell(row1, column1)
            if value is None:
                continue
            last = min(column2, width)
            for row in rows[row1 - 1 : row2]:
                row.extend([None] * (last - len(row)))
                row[column1 - 1 : last] = [value] * (last - column1 + 1)
        return rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one file may have, and what reading it may take."""

    rows: int = MOST_ROWS
    """Of a sheet."""
    cells: int = 5_000_000
    """Of all sheets, blank ones in front of others counted."""
    seconds: int = 120
    """On a core."""
    megabytes: int = 1024
    """Of memory, of the process that reads."""


def _unheard(_: int) -> None:
    """Nobody wants to know."""


def read_sheets(
    path: Path,
    *,
    rows: int = MOST_ROWS,
    cells: int = 5_000_000,
    seconds: int = 120,
    megabytes: int = 1024,
    heard: Heard = _unheard,
) -> Iterator[Sheet]:
    """The sheets of a file, hidden ones too, in their order; `heard` is told how many more rows have come.

    Raises ProblemsError, with a sentence that says what to do, for what cannot be read or is larger than the limits.
    """
    from services.tabular.reading import sheets_of  # noqa: PLC0415 - which needs the classes above

    return sheets_of(path, Limits(rows=rows, cells=cells, seconds=seconds, megabytes=megabytes), heard)
