"""Tables as a workbook that people open, sort and print."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter

_HEAD = PatternFill("solid", fgColor="DDE7E9")
_NARROWEST, _WIDEST = 10, 48


class Sheet(NamedTuple):
    """A table with the row above it; whoever makes it takes care that no text is a formula."""

    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[Any]]


def written(sheets: Iterable[Sheet]) -> bytes:
    """As XLSX."""
    book = Workbook()
    first = book.active
    assert first is not None
    book.remove(first)
    for one in sheets:
        _add(book, one)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _add(book: Workbook, given: Sheet) -> None:
    sheet = book.create_sheet(given.title)
    sheet.append(list(given.heads))
    for row in given.rows:
        sheet.append(list(row))
    for cell in sheet[1]:
        cell.font, cell.fill, cell.alignment = Font(bold=True), _HEAD, Alignment(wrap_text=True, vertical="top")
    for number, column in enumerate(sheet.iter_cols(), start=1):
        longest = max(sum(2 if ord(letter) > 0x2E80 else 1 for letter in str(cell.value or "")) for cell in column)  # noqa: PLR2004
        sheet.column_dimensions[get_column_letter(number)].width = min(max(longest + 2, _NARROWEST), _WIDEST)
        for cell in column[1:]:
            if isinstance(cell.value, float):
                cell.number_format = "0.0"
    sheet.freeze_panes = "B2"
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", sheet.PAPERSIZE_A4
    sheet.page_setup.fitToHeight = False
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.print_title_rows = "1:1"
