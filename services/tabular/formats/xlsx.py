"""XLSX, by openpyxl, row by row: a cell in the last corner costs no more than its row."""

from __future__ import annotations

import re
import warnings
import zipfile
from collections.abc import Iterator
from io import BytesIO
from itertools import repeat
from typing import Any

from services.errors import ProblemsError
from services.i18n import say
from services.messages import Problem
from services.tabular.archives import read
from services.tabular.formats import Table
from services.tabular.sheets import Cell, CellError, Merged

_CHUNK = 1 << 20
_END_OF_ROWS = re.compile(rb"</(?:\w+:)?sheetData>|<(?:\w+:)?sheetData\s*/>")
_MERGED = re.compile(rb"""<(?:\w+:)?mergeCell\s[^>]*?ref=["']([A-Z]{1,3})(\d{1,7})(?::([A-Z]{1,3})(\d{1,7}))?["']""")
_LIST = "xl/workbook.xml"
_A_SHEET = re.compile(rb"<(?:\w+:)?sheet\s")
_A_FORMULA = re.compile(rb"<(?:\w+:)?f[ >/]")


def tables(file: str, raw: bytes, archive: zipfile.ZipFile) -> Iterator[Table]:
    """Its sheets; charts are none."""
    import openpyxl  # noqa: PLC0415 - where it is needed

    warnings.simplefilter("ignore")  # what openpyxl leaves out (charts, validations) is no data
    values = openpyxl.load_workbook(BytesIO(raw), read_only=True, data_only=True, keep_links=False)
    if len(_A_SHEET.findall(read(archive, _LIST))) != len(values.sheetnames) or not values.sheetnames:
        what = say("tabular.a_sheet_is_missing")  # openpyxl passes over what is listed and not there
        raise ProblemsError([Problem(where=file, what=what, expected=say("input.whole_file_copy_it_again"))])
    formulas = None
    for sheet in values.worksheets:
        path: str = vars(sheet)["_worksheet_path"]  # nothing else says which part it is
        calculated, merged = _beside(archive, path)
        if calculated and formulas is None:
            formulas = openpyxl.load_workbook(BytesIO(raw), read_only=True, keep_links=False)
        never: list[tuple[int, int]] = []
        beside = _rows(formulas[sheet.title]) if formulas is not None and calculated else repeat(())
        rows = _cells(_rows(sheet), beside, never)
        yield Table(sheet.title, file, rows, sheet.sheet_state != "visible", merged, never)


def _rows(sheet: Any) -> Iterator[tuple[Any, ...]]:
    sheet.reset_dimensions()  # what a file says of its own size may be wrong
    rows: Iterator[tuple[Any, ...]] = sheet.iter_rows()
    return rows


def _cells(
    rows: Iterator[tuple[Any, ...]], beside: Iterator[tuple[Any, ...]], never: list[tuple[int, int]]
) -> Iterator[list[Cell]]:
    for number, (row, formulas) in enumerate(zip(rows, beside, strict=False), start=1):
        cells = [_cell(cell) for cell in row]
        for column, formula in enumerate(formulas, start=1):
            if cells[column - 1] is None and getattr(formula, "data_type", "") == "f":
                never.append((number, column))
        yield cells


def _cell(cell: Any) -> Cell:
    value: Cell = cell.value
    if value is None or value == "":
        return None
    return CellError(value) if cell.data_type == "e" else value


def _beside(archive: zipfile.ZipFile, part: str) -> tuple[bool, list[Merged]]:
    """Whether anything in a sheet is calculated, and its merged ranges, which openpyxl leaves out where it streams."""
    calculated, tail, behind = False, b"", False
    with archive.open(part) as source:
        while chunk := source.read(_CHUNK):
            tail += chunk
            calculated = calculated or bool(_A_FORMULA.search(tail))
            if not behind and (end := _END_OF_ROWS.search(tail)):
                behind, tail = True, tail[end.end() :]
            elif not behind:
                tail = tail[-64:]
    found = [match.groups() for match in _MERGED.finditer(tail)] if behind else []
    return calculated, sorted(
        (int(row1), _number(column1), int(row2 or row1), _number(column2 or column1))
        for column1, row1, column2, row2 in found
    )


def _number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = 26 * number + letter - 64
    return number
