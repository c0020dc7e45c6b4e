"""Several tables below each other in one sheet, each with a header of its own: each is read as a sheet of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from services.ingest.mappings.cells import is_blank, plain, word
from services.ingest.mappings.draft_words import HEADERS, plainer_header
from services.ingest.mappings.summaries import is_summary
from services.tabular.sheets import Cell, Sheet

_LEAST = 2
"""Words of a header that are known, so that a row is one."""


def blocks(sheet: Sheet) -> list[Sheet]:
    """The tables of a sheet, each with its rows where they stand, and blank ones in place of the others.

    Another table begins where behind a blank row or a title stands a header of other words, or the same one behind a
    title that says what is different (班级：…). Large sheets are taken as one table.
    """
    if not isinstance(sheet.rows, list):
        return [sheet]
    begins = [0, *_begins(sheet.rows)]
    if len(begins) == 1:
        return [sheet]
    found: list[Sheet] = []
    for first, after in zip(begins, [*begins[1:], len(sheet.rows)], strict=True):
        rows: list[list[Cell]] = [[] for _ in range(first)]
        merged = [one for one in sheet.merged if first < one[0] <= after]
        found.append(replace(sheet, rows=rows + sheet.rows[first:after], merged=merged))
    return [found[0], *(replace(one, problems=[]) for one in found[1:])]


def begin_of(sheet: Sheet) -> tuple[int, str]:
    """The first row (from 0) of a table among blank ones, and what stands there."""
    found = ((at, texts[0]) for at, row in enumerate(sheet.rows) if (texts := _filled(row)))
    return next(found, (0, ""))


def _begins(rows: Sequence[Sequence[Cell]]) -> Iterator[int]:
    """The first row (from 0) of each table but the first: the uppermost title above its header."""
    headers: list[set[str]] = []
    for at, row in enumerate(rows):
        above = _filled(rows[at - 1]) if at else []
        total = bool(above) and is_summary(above[0])
        if (headers and (total or len(above) > 1)) or not (words := _header(row)):
            continue
        title = at
        while title and len(_filled(rows[title - 1])) == 1:
            title -= 1
        if not headers:
            headers.append(words)
            continue
        told_apart = any(":" in one for each in rows[title:at] for one in _filled(each))
        if words not in headers or told_apart:
            headers.append(words)
            yield title


def _filled(row: Sequence[Cell]) -> list[str]:
    return [plain(cell) for cell in row if not is_blank(cell)]


def _header(row: Sequence[Cell]) -> set[str]:
    """The words of a row that is a header; empty if it is none."""
    texts = [cell for cell in row if not is_blank(cell)]
    if len(texts) < _LEAST or not all(isinstance(one, str) for one in texts):
        return set()
    words = {word(plain(one)) for one in texts}
    known = [one for one in words if one in HEADERS or plainer_header(one) in HEADERS]
    return words if len(known) >= _LEAST and 2 * len(known) >= len(words) else set()
