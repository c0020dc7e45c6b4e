"""Which row of a sheet is the header, and in which column a word of it stands."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from services.ingest.mappings.cells import is_blank, plain, word
from services.messages import nearest
from services.tabular.sheets import Cell, Sheet

MOST_ABOVE = 40
"""Rows in which a header is looked for."""
_LANGUAGES = re.compile(r"[^\x00-\x7f][^A-Za-z]*|[A-Za-z][\x00-\x7f]*")
_TAIL = re.compile(r"\([^()]*\)$|[*:]+$|^[*]+")


class Header:
    """The header of a table: for each column its words from the uppermost row of the header to the lowest."""

    def __init__(self, levels: Sequence[Sequence[str]]) -> None:
        width = max(map(len, levels), default=0)
        padded = [[*level, *[""] * (width - len(level))] for level in levels]
        self.texts = [_path(column) for column in zip(*padded, strict=True)]
        """Of each column its own word, without those above it."""
        self._uppers = ["/".join(dict.fromkeys(filter(None, column[:-1]))) for column in zip(*padded, strict=True)]
        self._names = [{word(text), word(f"{upper}/{text}")} - {""} for upper, text in self.pairs()]
        self._shorter = [{_without_tail(name) for name in names} - {""} for names in self._names]

        self._languages = [set(languages_of(text)) for text in self.texts]

    def pairs(self) -> list[tuple[str, str]]:
        """(what stands above a column, its own word), in the order of the columns."""
        return [(upper if upper != text else "", text) for upper, text in zip(self._uppers, self.texts, strict=True)]

    def find(self, words: Iterable[str]) -> list[int]:
        """The columns of these words, in their order; of a word that fits several, all of them."""
        found: list[int] = []
        for one in words:
            found += [place for place in self._of(word(one)) if place not in found]
        return found

    def twice(self, name: str) -> list[int]:
        """The columns of one word, where there is more than one."""
        found = self._of(word(name)) if "*" not in name else []
        return found if len(found) > 1 else []

    def _of(self, name: str) -> list[int]:
        places = range(len(self._names))
        if "*" in name:
            wanted = _like(name)
            return [place for place in places if any(wanted.fullmatch(one) for one in self._names[place])]
        for every in (self._names, self._shorter, self._languages):
            if found := [place for place in places if name in every[place]]:
                return found
        return []

    def meant(self, words: Sequence[str]) -> str:
        """The column that was probably meant, else all of them."""
        texts = list(filter(None, self.texts))
        return next(filter(None, (nearest(one, texts) for one in words)), "") or ", ".join(texts[:20])


@lru_cache(1024)
def _like(name: str) -> re.Pattern[str]:
    return re.compile("".join(".*" if one == "*" else re.escape(one) for one in name))


def languages_of(text: str) -> list[str]:
    """The words of a header in two languages (Class 班级); empty where it is in one."""
    words = [word(str(one)) for one in _LANGUAGES.findall(text)]
    return words if len(words) == 2 and all(words) else []  # noqa: PLR2004 - Chinese and English


def _without_tail(name: str) -> str:
    """A header without the unit or remark in brackets behind it, and without the star of a required one."""
    while (shorter := _TAIL.sub("", name)) != name:
        name = shorter
    return name


def _path(column: Sequence[str]) -> str:
    return next((text for text in reversed(column) if text), "")


def header_at(sheet: Sheet, row: int, count: int) -> Header:
    """The header in `count` rows from `row` (from 0) on; merged cells say the same in all their columns."""
    levels = [[plain(cell) for cell in one] for one in sheet.rows[row : row + count]]
    for first_row, first, last_row, last in sheet.merged:
        top, bottom = max(first_row - 1, row), min(last_row - 1, row + len(levels) - 1)
        if top > bottom or first_row - 1 < row or first > len(levels[first_row - 1 - row]):
            continue
        text = levels[first_row - 1 - row][first - 1]
        for level in range(top, bottom + 1):
            cells = levels[level - row]
            cells += [""] * (last - len(cells))
            cells[first - 1 : last] = [text] * (last - first + 1)
    if not sheet.merged:
        for upper in levels[:-1]:
            _fill_right(upper)
    return Header(levels)


def _fill_right(level: list[str]) -> None:
    for place in range(1, len(level)):
        level[place] = level[place] or level[place - 1]


def rows_above(sheet: Sheet) -> range:
    """The rows (from 0) among which the header is looked for: of another table of the sheet from its begin on."""
    begin = next((at for at, row in enumerate(sheet.rows) if not all(map(is_blank, row))), 0)
    return range(begin, min(len(sheet.rows), begin + MOST_ABOVE))


def best_header(sheet: Sheet, wanted: Sequence[Sequence[str]], count: int) -> tuple[int, Header, int]:
    """(row from 0, header, how many of the wanted columns it has) of the row that has the most of them."""
    best = (0, Header([[]]), -1)
    for row in rows_above(sheet):
        if _filled(sheet.rows[row]) < 2 and _filled_below(sheet, row, count) < 2:  # noqa: PLR2004 - a title
            continue
        header = header_at(sheet, row, count)
        score = sum(bool(header.find(words)) for words in wanted)
        # What a title stands above is no header of two rows, where the rows below it are one as well.
        title = _is_title(sheet.rows[best[0]])
        if score > best[2] or (title and score == best[2] > 0):
            best = row, header, score
        if score == len(wanted) and not _is_title(sheet.rows[row]):
            break
    return best


def _is_title(row: Sequence[Cell]) -> bool:
    return _filled(row) == 1 and not is_blank(row[0])


def _filled(row: Sequence[Cell]) -> int:
    return sum(not is_blank(cell) for cell in row)


def _filled_below(sheet: Sheet, row: int, count: int) -> int:
    return max((_filled(one) for one in sheet.rows[row : row + count]), default=0)
