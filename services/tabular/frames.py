"""How the child that reads a file tells what it read: MessagePack, each frame behind its length, in four bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, time, timedelta
from typing import IO, Any

import msgspec

from services.messages import Problem
from services.tabular.sheets import Cell, CellError, Merged

_DATETIME, _DATE, _TIME, _SPAN, _ERROR = range(1, 6)
_DECODED: dict[int, Callable[[str], Any]] = {
    _DATETIME: datetime.fromisoformat,
    _DATE: date.fromisoformat,
    _TIME: time.fromisoformat,
    _SPAN: lambda text: timedelta(microseconds=int(text)),
    _ERROR: CellError,
}
_EXACT = 1 << 63
"""MessagePack has no larger whole number."""


class Begins(msgspec.Struct, frozen=True, tag=True):
    """A sheet begins: its name, and whether it is hidden."""

    name: str
    hidden: bool
    file: str


class Rows(msgspec.Struct, frozen=True, tag=True):
    """The next rows of the sheet that has begun."""

    rows: list[list[Any]]


class Ends(msgspec.Struct, frozen=True, tag=True):
    """It was read to its end."""

    merged: list[Merged]
    uncalculated: list[tuple[int, int]]
    problems: list[Problem]


class Refused(msgspec.Struct, frozen=True, tag=True):
    """The file cannot be read, or not any further."""

    problems: list[Problem]


class Done(msgspec.Struct, frozen=True, tag=True):
    """There is no more: without it the child has died."""


Frame = Begins | Rows | Ends | Refused | Done


def _decoded(code: int, data: memoryview) -> Any:
    return _DECODED[code](str(data, "utf-8"))


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Frame, ext_hook=_decoded).decode


def write(out: IO[bytes], frame: Frame) -> None:
    """Writes one frame behind its length."""
    raw = _encode(frame)
    out.write(len(raw).to_bytes(4, "big") + raw)
    out.flush()


def frames(source: IO[bytes]) -> Iterator[Frame]:
    """What the child tells, until it ends or dies; half a frame is none."""
    while len(head := source.read(4)) == 4:  # noqa: PLR2004 - bytes of a length
        length = int.from_bytes(head, "big")
        raw = source.read(length)
        if len(raw) < length:
            return
        yield _decode(raw)


def packed(cells: Iterable[Cell]) -> list[Any]:
    """Cells as MessagePack takes them, without the blank ones at the end of the row."""
    row = [_packed(cell) for cell in cells]
    while row and row[-1] is None:
        row.pop()
    return row


def _packed(cell: Cell) -> Any:
    if isinstance(cell, str):
        return _extension(_ERROR, cell) if isinstance(cell, CellError) else cell
    if cell is None or isinstance(cell, bool):
        return cell
    if isinstance(cell, int):
        return cell if -_EXACT <= cell < _EXACT else float(cell)
    if isinstance(cell, float):
        return int(cell) if cell.is_integer() and abs(cell) < 1e15 else cell  # noqa: PLR2004 - digits that are kept
    return _moment(cell)


def _moment(cell: date | time | timedelta) -> Any:
    if isinstance(cell, datetime):
        midnight = cell.time() == time()
        return _extension(_DATE, cell.date().isoformat()) if midnight else _extension(_DATETIME, cell.isoformat())
    if isinstance(cell, date):
        return _extension(_DATE, cell.isoformat())
    if isinstance(cell, time):
        return _extension(_TIME, cell.isoformat())
    return _extension(_SPAN, str(cell // timedelta(microseconds=1)))


def _extension(code: int, text: str) -> msgspec.msgpack.Ext:
    return msgspec.msgpack.Ext(code, text.encode())
