"""CSV and TSV, in whatever encoding and with whatever separator."""

from __future__ import annotations

from collections.abc import Iterator
from io import BufferedReader, BytesIO

from services.i18n import say
from services.messages import Problem
from services.tabular.formats import Table
from services.tabular.lines import Lines
from services.tabular.rows import csv_rows
from services.tabular.sheets import Cell

_LONGEST = 1 << 20
"""Bytes of a line."""


def tables(file: str, name: str, raw: bytes) -> Iterator[Table]:
    """The one table of a text; a row that cannot be read is blank, and a problem."""
    problems: list[Problem] = []
    yield Table(name, file, _rows(file, raw, problems), problems=problems)


def _rows(file: str, raw: bytes, problems: list[Problem]) -> Iterator[list[Cell]]:
    lines = Lines(BufferedReader(BytesIO(raw)), _LONGEST, _too_long)
    for number, (cells, _) in enumerate(csv_rows(lines), start=1):
        if isinstance(cells, Problem):
            problems.append(Problem(where=f"{file} row {number}", what=cells.what, expected=cells.expected))
            yield []
        else:
            yield [cell or None for cell in cells]


def _too_long(size: int) -> Problem:
    what = say("tabular.line_too_long", size=f"{size:,}", most=f"{_LONGEST:,}")
    return Problem(where="line", what=what, expected=say("tabular.formats"))
