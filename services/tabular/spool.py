"""Rows of a large sheet: they lie on the disk, and only some of them are in memory at a time."""

from __future__ import annotations

import tempfile
import weakref
from collections.abc import Iterable, Iterator, Sequence
from typing import overload

from services.tabular import frames
from services.tabular.sheets import Cell

IN_MEMORY = 500_000
"""Cells of a sheet; of one that has more, the rows are spooled."""
_AT_ONCE = 1000
"""Rows in a block."""


class Spooled(Sequence[list[Cell]]):
    """Rows that are added in their order and read mostly in it. The file is gone with the object."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the rows
        weakref.finalize(self, self._file.close)
        self._places: list[int] = []
        """Where each block begins in the file."""
        self._tail: list[list[Cell]] = []
        """The rows that make no whole block yet."""
        self._at, self._block = -1, self._tail
        """The block that was asked for last."""

    def extend(self, rows: Iterable[list[Cell]]) -> None:
        """Adds rows behind the others."""
        for row in rows:
            self._tail.append(row)
            if len(self._tail) == _AT_ONCE:
                self._places.append(self._file.seek(0, 2))
                frames.write(self._file, frames.Rows([frames.packed(one) for one in self._tail]))
                self._tail = []

    def __len__(self) -> int:
        return len(self._places) * _AT_ONCE + len(self._tail)

    @overload
    def __getitem__(self, index: int) -> list[Cell]: ...

    @overload
    def __getitem__(self, index: slice) -> list[list[Cell]]: ...

    def __getitem__(self, index: int | slice) -> list[Cell] | list[list[Cell]]:
        if isinstance(index, slice):
            return [self[place] for place in range(*index.indices(len(self)))]
        block, place = divmod(range(len(self))[index], _AT_ONCE)
        return self._rows(block)[place]

    def __iter__(self) -> Iterator[list[Cell]]:
        for block in range(len(self._places) + 1):
            yield from self._rows(block)

    def _rows(self, block: int) -> list[list[Cell]]:
        if block == len(self._places):
            return self._tail
        if block != self._at:
            self._file.seek(self._places[block])
            frame = next(frames.frames(self._file))
            assert isinstance(frame, frames.Rows)
            self._at, self._block = block, frame.rows
        return self._block
