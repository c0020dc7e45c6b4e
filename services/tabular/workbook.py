"""The cells of a sheet as the texts that a person would write, for tables whose cells are all read as texts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from operator import itemgetter

from services.i18n import say
from services.messages import Message, Problem
from services.tabular.sheets import Cell, CellError, Sheet

_EXACT = 10**15
"""A spreadsheet keeps 15 digits of a number."""
_LETTERS = 26


def texts(sheet: Sheet, problems: list[Problem]) -> Iterator[list[str]]:
    """Its rows, without the blank cells at their ends; cells that nobody could read go to `problems`."""
    problems += sheet.problems
    never = say("directory.holds_formula_that_was_never"), say("directory.open_save_file_or_its")
    found = dict.fromkeys(sheet.uncalculated, never)
    for row, cells in enumerate(sheet.rows, start=1):
        found |= {(row, column): wrong for column, cell in enumerate(cells, start=1) if (wrong := _wrong(cell))}
    problems += [
        _problem(sheet, row, column, wrong) for (row, column), wrong in sorted(found.items(), key=itemgetter(0))
    ]
    for cells in sheet.rows:
        yield [_text(cell) for cell in cells]


def letters(column: int) -> str:
    """What a spreadsheet calls a column: 1 is A, 27 is AA."""
    name = ""
    while column:
        column, letter = divmod(column - 1, _LETTERS)
        name = chr(ord("A") + letter) + name
    return name


def _problem(sheet: Sheet, row: int, column: int, wrong: tuple[Message, Message]) -> Problem:
    return Problem(where=f"{sheet.place} cell {letters(column)}{row}", what=wrong[0], expected=wrong[1])


def _wrong(cell: Cell) -> tuple[Message, Message] | None:
    """What is wrong with a cell before anybody reads it as a day or a name, and what would be right."""
    if isinstance(cell, CellError):
        return say("directory.holds_error", value=cell), say("input.value")
    if isinstance(cell, int | float) and abs(cell) >= _EXACT:
        return say("directory.number_more_than_15_digits"), say("directory.column_formatted_as_text")
    return None


def _text(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return cell.isoformat(" ")
    return cell.isoformat() if isinstance(cell, date) else str(cell)
