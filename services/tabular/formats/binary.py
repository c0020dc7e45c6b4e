"""XLS (BIFF), XLSB and ODS, by calamine: dense, so only where the format or the memory of the child bounds it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from io import BytesIO

from services.errors import ProblemsError
from services.i18n import say
from services.messages import Problem
from services.tabular.formats import Table
from services.tabular.sheets import Cell, Merged


def tables(file: str, raw: bytes) -> Iterator[Table]:
    """Its sheets. Raises ProblemsError."""
    from python_calamine import (  # noqa: PLC0415 - where it is needed
        CalamineError,
        CalamineSheet,
        CalamineWorkbook,
        PasswordError,
        SheetTypeEnum,
        SheetVisibleEnum,
    )

    def merged(sheet: CalamineSheet) -> list[Merged]:
        ranges = sorted(sheet.merged_cell_ranges or [])
        return [(row1 + 1, column1 + 1, row2 + 1, column2 + 1) for (row1, column1), (row2, column2) in ranges]

    try:
        book = CalamineWorkbook.from_filelike(BytesIO(raw))
        for number, about in enumerate(book.sheets_metadata):
            if about.typ is not SheetTypeEnum.WorkSheet:
                continue
            sheet = book.get_sheet_by_index(number)
            hidden = about.visible is not SheetVisibleEnum.Visible
            rows = map(_cells, sheet.to_python(skip_empty_area=False))
            yield Table(about.name, file, rows, hidden, merged(sheet))
    except PasswordError:
        what, expected = say("tabular.has_a_password"), say("tabular.without_password")
        raise ProblemsError([Problem(where=file, what=what, expected=expected)]) from None
    except CalamineError as error:
        what = say("tabular.cannot_be_read_as_what_it_is", error=error)
        raise ProblemsError([Problem(where=file, what=what, expected=say("tabular.save_it_anew"))]) from error


def _cells(row: Iterable[Cell]) -> list[Cell]:
    return [None if cell == "" else cell for cell in row]
