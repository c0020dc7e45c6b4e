"""Rows of a CSV file: read to the end past what is wrong, or strictly, for a file that is taken whole or not at all."""

from __future__ import annotations

import csv
import io
import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from services.errors import ProblemsError
from services.i18n import say
from services.messages import Problem
from services.tabular.lines import Line, Lines, utf_16

_SEPARATOR = re.compile(rb"\"?sep=(\\t|[\t-~])\"?,*\r?(\n|\r|\Z)", re.IGNORECASE)
"""The first line that Excel writes, or is told, where the separator is not that of its country. It is no row."""
_DELIMITERS = (b",", b";", b"\t", b"|")
_TITLES = 20


@dataclass(frozen=True, slots=True)
class Row:
    """The cells of one row; a column that is absent or blank is an empty text."""

    cells: dict[str, str]
    place: str
    """`people.csv row 7` or `people.yaml:7:3`."""
    marks: dict[str, str] = field(default_factory=dict)
    """Where a cell stands, if it has a place of its own (YAML)."""

    def at(self, column: str) -> str:
        """Where a cell stands, for a person who has the file open."""
        return self.marks.get(column) or f"{self.place}, column {column}"


def write_csv(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, str]]) -> None:
    """Writes rows under their header, in UTF-8."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)


def decoded(file: str, raw: bytes, problems: list[Problem]) -> str | None:
    """The text of a file in UTF-8, UTF-16 or GB18030; what is none of them is a problem."""
    # Chinese Windows writes GB18030; hardly any text in it is valid UTF-8 by chance.
    for encoding in filter(None, (utf_16(raw), "utf-8-sig", "gb18030")):
        try:
            return raw.decode(encoding).removeprefix("\ufeff")
        except UnicodeDecodeError:
            continue
    problems.append(Problem(where=file, what=say("directory.neither_utf_8_nor_gb18030"), expected="UTF-8"))
    return None


def strict_rows(file: str, text: str, *, counts_lines: bool = False) -> Iterator[list[str]]:
    """The rows of a text that must be CSV from end to end. Raises ProblemsError at the first row, or line, that is not.

    The caller numbers them: the header is row 1.
    """
    said = _SEPARATOR.match(text.encode())
    text = text[said.end() :] if said else text
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_separator(said) if said else ",", strict=True)
    row = line = 0
    try:
        for row, cells in enumerate(reader, start=1):  # noqa: B007 - told when the next one cannot be read
            line = reader.line_num
            yield cells
    except csv.Error as error:
        place = f"{file} line {line + 1}" if counts_lines else f"{file} row {row + 1}"
        raise ProblemsError([Problem(where=place, what=say("directory.not_csv", error=error))]) from error


def csv_rows(lines: Lines) -> Iterator[tuple[list[str] | Problem, bytes]]:
    """The rows of a CSV file with their original text, and the lines in between that could not be read."""
    said = _SEPARATOR.match(lines.head)
    feed = _Feed(islice(lines, 1, None) if said else lines)
    reader = csv.reader(feed, delimiter=_separator(said) if said else _delimiter(lines.head), strict=True)
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            what, expected = say("ingest.not_csv", error=error), say("ingest.quotes_in_pairs_for_one")
            problem = Problem(where="row", what=what, expected=expected)
            yield problem, feed.first_line()
            continue
        yield from feed.unreadable()
        yield cells, feed.lines_of_row()
    yield from feed.unreadable()


def _separator(said: re.Match[bytes]) -> str:
    return "\t" if said[1] == b"\\t" else said[1].decode()


def _delimiter(head: bytes) -> str:
    """The one that the first line which has any has most of: above a header may be a title."""
    for line in head.splitlines()[:_TITLES]:
        best = max(_DELIMITERS, key=line.count)
        if best in line:
            return best.decode()
    return ","


class _Feed:
    """Lines for the csv reader, which remembers those of the present row.

    A quote that opens and never closes would swallow the rows after it: on an error all lines but the first are read
    again.
    """

    def __init__(self, lines: Iterable[Line]) -> None:
        self._lines = iter(lines)
        self._again: deque[str] = deque()
        self._row: list[str] = []
        self._bad: list[tuple[Problem, bytes]] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        text = self._again.popleft() if self._again else self._next()
        self._row.append(text)
        return text + "\n"

    def _next(self) -> str:
        for line in self._lines:
            if line.problem is None:
                return line.raw.decode()
            self._bad.append((line.problem, line.raw))
        raise StopIteration

    def lines_of_row(self) -> bytes:
        """The text of the row that was read, in UTF-8."""
        row, self._row = self._row, []
        return "\n".join(row).encode()

    def first_line(self) -> bytes:
        """The line at which a row that is none began; the lines after it come again."""
        first, *others = self._row
        self._row = []
        self._again.extendleft(reversed(others))
        return first.encode()

    def unreadable(self) -> Iterator[tuple[Problem, bytes]]:
        """The lines that were passed over."""
        bad, self._bad = self._bad, []
        yield from bad
