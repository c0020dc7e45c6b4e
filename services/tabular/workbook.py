"""The sheets of a workbook (.xlsx) as rows of text cells; formulas count as what they last came to."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import repeat
from pathlib import Path
from typing import Any

from services.errors import ProblemsError
from services.i18n import say
from services.messages import Message, Problem
from services.tabular.archives import opened

_WIDEST = 64
"""Columns that are looked at: what stands further to the right is no column of a table."""
_MOST_ROWS = 500_000
_EXACT = 10**15
"""A spreadsheet keeps 15 digits of a number."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet of an open workbook; its rows can be read as long as the workbook is open."""

    title: str
    place: str
    """`college.xlsx sheet People`."""
    _values: Any
    _formulas: Any
    """The same sheet with what is behind its values; None if nothing in the workbook is calculated."""

    def is_blank(self) -> bool:
        """Whether nothing stands in it."""
        return all(cell.value is None for row in _cells(self._values) for cell in row)

    def rows(self, problems: list[Problem]) -> Iterator[list[str]]:
        """Its rows as texts, without the blank cells at their ends; cells that nobody could read go to `problems`."""
        beside = _cells(self._formulas) if self._formulas else repeat(())
        return _texts(self.place, _cells(self._values), beside, problems)


@contextmanager
def workbook(path: Path) -> Iterator[list[Sheet]]:
    """Open a workbook. Raises ProblemsError if it is none, also while its sheets are read."""
    import openpyxl  # noqa: PLC0415 - it costs every other command 0.1 s

    with opened(path) as archive:
        parts = [name for name in archive.namelist() if name.startswith("xl/worksheets/")]
        calculated = any(_holds_formula(archive.read(name)) for name in parts)
    try:
        with warnings.catch_warnings(), path.open("rb") as file, path.open("rb") as again:
            warnings.simplefilter("ignore")  # what openpyxl leaves out (charts, validations) is no data
            values = openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)
            formulas = openpyxl.load_workbook(again, read_only=True, keep_links=False) if calculated else None
            yield [
                Sheet(one.title, f"{path.name} sheet {one.title}", one, formulas[one.title] if formulas else None)
                for one in values.worksheets
            ]
    except Exception as error:  # openpyxl raises whatever the XML makes it stumble over
        what = say("directory.not_workbook_that_can_be", error=type(error).__name__)
        expected = say("directory.save_it_anew_as_xlsx")
        raise ProblemsError([Problem(where=path.name, what=what, expected=expected)]) from error


def _holds_formula(sheet: bytes) -> bool:
    return b"<f>" in sheet or b"<f " in sheet


def _cells(sheet: Any) -> Iterator[tuple[Any, ...]]:
    sheet.reset_dimensions()  # what a file says of its own size may be wrong
    rows: Iterator[tuple[Any, ...]] = sheet.iter_rows(max_col=_WIDEST)
    return rows


def _texts(
    place: str, rows: Iterator[tuple[Any, ...]], beside: Iterator[tuple[Any, ...]], problems: list[Problem]
) -> Iterator[list[str]]:
    for number, (row, formulas) in enumerate(zip(rows, beside, strict=False), start=1):
        if number > _MOST_ROWS:
            problems.append(
                Problem(
                    where=place,
                    what=say("directory.has_more_than_rows", most=_MOST_ROWS),
                    expected=say("directory.table_alone"),
                )
            )
            return
        for cell, formula in zip(row, formulas or repeat(None), strict=False):
            if wrong := _wrong(cell, formula):
                problems.append(Problem(where=f"{place} cell {cell.coordinate}", what=wrong[0], expected=wrong[1]))
        texts = [_text(cell.value) for cell in row]
        while texts and not texts[-1]:
            texts.pop()
        yield texts


def _wrong(cell: Any, formula: Any) -> tuple[Message, Message] | None:
    """What is wrong with a cell before anybody reads it as a day or a name, and what would be right."""
    value = cell.value
    if value is None:
        never = formula is not None and getattr(formula, "data_type", "") == "f"
        return (
            (say("directory.holds_formula_that_was_never"), say("directory.open_save_file_or_its")) if never else None
        )
    if cell.data_type == "e":
        return say("directory.holds_error", value=value), say("input.value")
    if isinstance(value, int | float) and abs(value) >= _EXACT:
        return say("directory.number_more_than_15_digits"), say("directory.column_formatted_as_text")
    return None


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
