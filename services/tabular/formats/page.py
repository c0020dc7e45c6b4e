"""HTML pages, which many systems call .xls: each outermost table is a sheet."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from html.parser import HTMLParser

from services.errors import ProblemsError
from services.i18n import say
from services.messages import Problem
from services.tabular.formats import Table
from services.tabular.sheets import Cell, Merged

_WIDEST, _TALLEST = 1000, 65_534
"""A colspan and a rowspan have no more (HTML Living Standard, 4.9.11)."""
_MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_SKIPPED = ("script", "style", "title")
_BREAKS = ("br", "p", "div", "li")


def tables(file: str, raw: bytes) -> Iterator[Table]:
    """The tables of a page. Raises ProblemsError if it has none."""
    page = _Page()
    page.feed(_text(raw))
    page.close()
    page.end_cell()
    if not page.tables:
        raise ProblemsError(
            [Problem(where=file, what=say("tabular.page_without_table"), expected=say("tabular.formats"))]
        )
    for number, grid in enumerate(page.tables, start=1):
        yield Table(f"table {number}", file, grid.rows, merged=grid.merged)


def _text(raw: bytes) -> str:
    for mark, encoding in _MARKS.items():
        if raw.startswith(mark):
            return raw.decode(encoding, "replace")
    for encoding in ("utf-8", "gb18030"):  # who says gb2312 means the larger one
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return raw.decode("gb18030", "replace")


class _Grid:
    """The cells of one table, where they stand."""

    def __init__(self) -> None:
        self.rows: list[list[Cell]] = []
        self.merged: list[Merged] = []
        self._taken: dict[int, int] = {}
        """Column → the last row that a cell from above takes there."""

    def add(self, text: str, across: int, down: int) -> None:
        """The next cell of the last row."""
        if not self.rows:
            self.rows.append([])
        row, number = self.rows[-1], len(self.rows)
        while self._taken.get(len(row), 0) >= number:
            row.append(None)
        column = len(row)
        row.append(text.strip() or None)
        row += [None] * (across - 1)
        if down > 1:
            self._taken |= dict.fromkeys(range(column, column + across), number + down - 1)
        if across > 1 or down > 1:
            self.merged.append((number, column + 1, number + down - 1, column + across))


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tables: list[_Grid] = []
        self._depth = self._skipped = 0
        self._cell: list[str] | None = None
        self._span = 1, 1

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SKIPPED:
            self._skipped += 1
        elif tag == "table":
            self._depth += 1
            if self._depth == 1:
                self.tables.append(_Grid())
        elif tag in _BREAKS and self._cell:
            self._cell.append("\n")
        elif self._depth == 1 and tag == "tr":
            self.end_cell()
            self.tables[-1].rows.append([])
        elif self._depth == 1 and tag in ("td", "th"):
            self.end_cell()
            given = dict(attrs)
            self._span = _number(given.get("colspan"), _WIDEST), _number(given.get("rowspan"), _TALLEST)
            self._cell = []

    def handle_endtag(self, tag: str) -> None:
        if tag in _SKIPPED:
            self._skipped = max(0, self._skipped - 1)
        elif tag == "table":
            if self._depth == 1:
                self.end_cell()
            self._depth = max(0, self._depth - 1)
        elif self._depth == 1 and tag in ("td", "th", "tr"):
            self.end_cell()

    def handle_data(self, data: str) -> None:
        if self._cell is not None and not self._skipped:
            # White space of the source is one blank; a break is said by a tag.
            self._cell.append(" ".join(data.replace("\xa0", " ").split()) or " ")

    def end_cell(self) -> None:
        """What was begun as a cell is one, also where nothing ends it."""
        if self._cell is not None:
            self.tables[-1].add("".join(self._cell), *self._span)
            self._cell = None


def _number(text: str | None, most: int) -> int:
    digits = (text or "").strip()
    return min(max(1, int(digits[:7])), most) if digits.isascii() and digits.isdigit() else 1
