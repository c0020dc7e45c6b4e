"""Where the table of an unknown sheet stands: its header, its values, and columns that repeat."""

from __future__ import annotations

import re

from services.ingest.mappings.cells import is_blank, plain, word
from services.ingest.mappings.draft_words import HEADERS, plainer_header
from services.ingest.mappings.headers import Header, rows_above
from services.ingest.mappings.summaries import is_summary
from services.tabular.sheets import Cell, Sheet

MONTH = re.compile(r"(?:\d{4}年?[-.]?)?(?:\d{1,2}|十?[一二]|[三四五六七八九十])月份?")
_WEEK = re.compile(r"第?\d{1,2}周")
_NUMBERED = re.compile(r"\d+")
_VARIES = re.compile(r"\d+|(?<=周|期)[一二三四五六日天]")
"""What differs from one of repeated columns to the next: 第1周 星期一 第1-2节."""


def header_of(sheet: Sheet) -> tuple[int, int] | None:
    """(row from 0, how many rows) of the header."""
    best, most = None, 0.0
    for row in rows_above(sheet)[: len(sheet.rows) - 1 - (rows_above(sheet).start)]:
        texts = [plain(cell) for cell in sheet.rows[row]]
        filled = [one for one in texts if one]
        if len(set(filled)) < 2 or any(len(one) > 60 for one in filled):  # noqa: PLR2004 - a title, or a text
            continue
        known = sum(_known_header(one) for one in set(filled))
        words = sum(not re.fullmatch(r"[\d./:-]+", one) for one in filled) / len(filled)
        points = 10 * known + (words if len(filled) > 2 else 0) * min(len(filled), 10) / 10  # noqa: PLR2004
        if points > most + (0 if best is None else 0.5):
            best, most = row, points
    if best is None:
        return None
    lower = [plain(cell) for cell in sheet.rows[best] if not is_blank(cell)]
    above = {plain(cell) for cell in sheet.rows[best - 1] if not is_blank(cell)} if best else set()
    if len(set(lower)) < len(lower) and len(above) > 1:
        return best - 1, 2
    below = [plain(cell) for cell in sheet.rows[best + 1] if not is_blank(cell)]
    across = any(one[0] == one[2] == best + 1 and one[3] > one[1] for one in sheet.merged)
    if across and len(set(below)) < len(below) and all(map(_known_header, below)):
        return best, 2
    down = [one for one in sheet.merged if one[0] == best + 1 and one[2] > one[0]]
    return best, (max(one[2] - one[0] for one in down) + 1 if down else 1)


def _known_header(text: str) -> bool:
    return word(text) in HEADERS or plainer_header(text) in HEADERS or bool(MONTH.fullmatch(text))


def values_of(sheet: Sheet, first: int, width: int) -> list[list[Cell]]:
    """What stands in each column below the header, without totals and notes."""
    found: list[list[Cell]] = [[] for _ in range(width)]
    for row in sheet.rows[first:]:
        begin = next((plain(cell) for cell in row if not is_blank(cell)), "")
        if not begin or is_summary(begin):
            continue
        for at, cell in enumerate(row[:width]):
            if not is_blank(cell):
                found[at].append(cell)
    return found


def repeated(header: Header) -> dict[int, tuple[int, int]]:
    """Column → (the first of those that are like it, how many there are)."""
    same: dict[str, list[int]] = {}
    for at, (above, text) in enumerate(header.pairs()):
        if MONTH.fullmatch(text) or _WEEK.fullmatch(text):
            same.setdefault("period", []).append(at)
        elif text and _NUMBERED.search(above or text):
            same.setdefault(_VARIES.sub("#", text), []).append(at)
        elif text:
            same.setdefault(text, []).append(at)
    return {at: (every[0], len(every)) for every in same.values() if len(every) > 1 for at in every}
