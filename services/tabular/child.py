"""The process that reads one file for `reading`: whatever becomes of it, nothing else is lost."""

from __future__ import annotations

import resource
import sys
from itertools import islice
from pathlib import Path
from typing import IO

from services.errors import ProblemsError
from services.i18n import say
from services.messages import Problem
from services.tabular import frames
from services.tabular.formats import Table
from services.tabular.formats.opening import tables
from services.tabular.sheets import Limits

_AT_ONCE = 1000
"""Rows in a frame."""


def main() -> None:
    """Reads the file of the arguments within their limits, and tells its sheets on standard output."""
    path, *numbers = sys.argv[1:]
    rows, cells, seconds, megabytes = map(int, numbers)
    limits = Limits(rows=rows, cells=cells, seconds=seconds, megabytes=megabytes)
    for kind, most in (
        (resource.RLIMIT_AS, megabytes << 20),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (most, most))
    out = sys.stdout.buffer
    try:
        told = _Told(out, limits)
        for table in tables(Path(path)):
            told.tell(table)
    except ProblemsError as error:
        frames.write(out, frames.Refused(list(error.problems)))
    except MemoryError:
        sys.exit(1)
    except Exception as error:  # noqa: BLE001 - libraries raise whatever a file makes them stumble over
        what = say("tabular.cannot_be_read_as_what_it_is", error=type(error).__name__)
        expected = say("tabular.save_it_anew")
        frames.write(out, frames.Refused([Problem(where=Path(path).name, what=what, expected=expected)]))
    frames.write(out, frames.Done())


class _Told:
    """What was told of all tables, counted."""

    def __init__(self, out: IO[bytes], limits: Limits) -> None:
        self._out, self._limits, self._cells = out, limits, 0

    def tell(self, table: Table) -> None:
        """Hands over one table, without the blank rows at its end. Raises ProblemsError if it is too large."""
        frames.write(self._out, frames.Begins(table.name, table.hidden, table.file))
        rows = iter(table.rows)
        told = 0
        blank = 0
        while some := list(islice(rows, _AT_ONCE)):
            filled: list[list[object]] = []
            for row in map(frames.packed, some):
                if not row:
                    blank += 1
                    continue
                filled += [[] for _ in range(blank)]
                told += blank + 1
                blank = 0
                filled.append(row)
                self._cells += len(row)
                if told > self._limits.rows or self._cells > self._limits.cells:
                    raise self._too_large(table, told)
            if filled:
                frames.write(self._out, frames.Rows(filled))
        frames.write(self._out, frames.Ends(table.merged, table.uncalculated, table.problems))

    def _too_large(self, table: Table, told: int) -> ProblemsError:
        what = say("tabular.more_cells", most=f"{self._limits.cells:,}")
        if told > self._limits.rows:
            what = say("tabular.more_rows", most=f"{self._limits.rows:,}")
        return ProblemsError(
            [Problem(where=f"{table.file} sheet {table.name}", what=what, expected=say("tabular.part"))]
        )


if __name__ == "__main__":
    main()
