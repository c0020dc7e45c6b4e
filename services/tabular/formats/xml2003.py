"""XML Spreadsheet 2003, which reporting servers call .xls; read as it streams, without entities."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from io import BytesIO
from typing import Any
from xml.etree.ElementTree import Element

from services.tabular.formats import Table
from services.tabular.sheets import Cell, CellError, Merged

_NAMES = "{urn:schemas-microsoft-com:office:spreadsheet}"
_MOST_COLUMNS, _MOST_ROWS = 16_384, 1_048_576


def tables(file: str, raw: bytes) -> Iterator[Table]:
    """The sheets of a workbook of Excel 2003 in XML."""
    from defusedxml.ElementTree import iterparse  # noqa: PLC0415 - where it is needed

    name, rows = "", list[list[Cell]]()
    merged: list[Merged] = []
    for event, element in iterparse(BytesIO(raw), events=("start", "end"), forbid_dtd=True):
        tag = element.tag.removeprefix(_NAMES)
        if event == "start" and tag == "Worksheet":
            name, rows, merged = element.get(f"{_NAMES}Name", ""), [], []
        elif event == "end" and tag == "Row":
            index = _number(element, "Index", len(rows) + 1, _MOST_ROWS)
            rows += [[] for _ in range(index - 1 - len(rows))]
            rows.append(_row(element, index, merged))
            element.clear()
        elif event == "end" and tag == "Worksheet":
            hidden = element.findtext(".//{urn:schemas-microsoft-com:office:excel}Visible", "") != ""
            yield Table(name, file, rows, hidden, merged)
            element.clear()


def _row(element: Element, number: int, merged: list[Merged]) -> list[Cell]:
    row: list[Cell] = []
    for cell in element.iterfind(f"{_NAMES}Cell"):
        column = _number(cell, "Index", len(row) + 1, _MOST_COLUMNS)
        across, down = _number(cell, "MergeAcross", 0, _MOST_COLUMNS), _number(cell, "MergeDown", 0, _MOST_ROWS)
        row += [None] * (column - 1 - len(row))
        row.append(_value(cell.find(f"{_NAMES}Data")))
        row += [None] * across
        if across or down:
            merged.append((number, column, number + down, column + across))
    return row


def _number(element: Element, name: str, default: int, most: int) -> int:
    text: Any = element.get(f"{_NAMES}{name}", "")
    return min(int(text), most) if text.isascii() and text.isdigit() else default


def _value(data: Element | None) -> Cell:
    text = "" if data is None else "".join(data.itertext())
    kind = "" if data is None else data.get(f"{_NAMES}Type", "String")
    if text == "":
        return None
    if kind == "Number":
        return float(text)
    if kind == "Boolean":
        return text == "1"
    if kind == "DateTime":
        return datetime.fromisoformat(text)
    return CellError(text) if kind == "Error" else text
