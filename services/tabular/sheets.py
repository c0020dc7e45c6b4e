"""Stand-in: tables of somebody else's as sheets of typed cells."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path

Cell = str | int | float | bool | date | datetime | time | timedelta | None


@dataclass
class Sheet:
    """One sheet."""

    name: str
    rows: list[list[Cell]]
    hidden: bool = False
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)


def read_sheets(path: Path) -> Iterator[Sheet]:
    """The sheets of a file."""
    raw = path.read_bytes()
    if raw[:2] == b"PK" or raw[:4] == b"\xd0\xcf\x11\xe0":
        from python_calamine import CalamineWorkbook, SheetVisibleEnum

        book = CalamineWorkbook.from_path(str(path))
        for meta in book.sheets_metadata:
            sheet = book.get_sheet_by_name(meta.name)
            rows: list[list[Cell]] = [[None if c == "" else c for c in r] for r in sheet.to_python()]
            merged = [(a + 1, b + 1, c + 1, d + 1) for (a, b), (c, d) in sheet.merged_cell_ranges or []]
            yield Sheet(meta.name, rows, meta.visible != SheetVisibleEnum.Visible, merged)
        return
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = raw.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    yield Sheet("", [[c or None for c in r] for r in csv.reader(io.StringIO(text, newline=""))])
