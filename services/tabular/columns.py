"""Some columns of a CSV file of some hundred thousand rows, which nobody trusts.

One line is one row, also when its quotes are wrong: a slip spoils a row, never the rows after it.
"""

import csv
import gzip
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from operator import itemgetter
from pathlib import Path
from typing import TextIO

from services.errors import ConfigurationError, ProblemsError
from services.i18n import say
from services.messages import Problem, nearest


class Columns:
    """One CSV file (`.gz`: compressed) and those of its columns that are needed, in the order that is asked for.

    Raises ConfigurationError if the file is not there, ProblemsError if it has not these columns.
    """

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        self.path = path
        with self._lines() as file:
            header = [name.strip() for name in _cells(file.readline().rstrip("\r\n"))]
        wrong = list(_missing_columns(f"{path.name} row 1", header, columns))
        if wrong:
            raise ProblemsError(wrong)
        self._width = len(header)
        self._pick = itemgetter(*(header.index(name) for name in columns))

    def place(self, number: int, column: str) -> str:
        """Where a cell stands, for a person who has the file open."""
        return f"{self.path.name} row {number}, column {column}"

    def rows(self, problems: list[Problem]) -> Iterator[tuple[int, tuple[str, ...]]]:
        """Row number (the header is row 1) and cells; a row of another width is put into `problems`.

        Raises ProblemsError if the file cannot be read to its end.
        """
        width, pick = self._width, self._pick
        with self._lines() as file:
            next(file, None)
            for number, line in enumerate(file, start=2):
                text = line.rstrip("\r\n")
                cells = text.split(",") if '"' not in text else _cells(text)
                if " " in text:
                    cells = [cell.strip() for cell in cells]
                if len(cells) == width:
                    yield number, pick(cells)
                elif text.strip():
                    what = say("input.has_cells_but_header_has", cells=len(cells), header=width)
                    problems.append(Problem(where=f"{self.path.name} row {number}", what=what))

    @contextmanager
    def _lines(self) -> Iterator[TextIO]:
        name = self.path.name
        try:
            opened = gzip.open if self.path.suffix == ".gz" else open
            with opened(self.path, "rt", encoding="utf-8-sig", errors="replace", newline="\n") as file:
                yield file
        except FileNotFoundError:
            raise ConfigurationError(say("ingest.there_no_file", path=self.path)) from None
        except EOFError:
            wrong = Problem(
                where=name, what=say("ingest.ends_in_middle"), expected=say("input.whole_file_copy_it_again")
            )
            raise ProblemsError([wrong]) from None
        except (gzip.BadGzipFile, zlib.error) as error:
            wrong = Problem(
                where=name,
                what=say("ingest.not_readable_gzip", error=error),
                expected=say("ingest.csv_compressed_with_gzip"),
            )
            raise ProblemsError([wrong]) from None
        except OSError as error:
            raise ConfigurationError(
                say("ingest.cannot_be_read", path=self.path, reason=error.strerror or error)
            ) from error


def _cells(line: str) -> list[str]:
    # An unclosed quote ends with its line; what is no CSV at all is one cell, which is too few.
    try:
        return next(csv.reader([line]), [])
    except csv.Error:
        return [line]


def _missing_columns(where: str, header: list[str], columns: Sequence[str]) -> Iterator[Problem]:
    for name in columns:
        if name not in header:
            near = nearest(name, [other for other in header if other not in columns])
            what = say("ingest.there_no_column", name=name)
            if near:
                what = say("ingest.no_column_but", name=name, near=near)
            yield Problem(where=where, what=what, expected=", ".join(columns))
