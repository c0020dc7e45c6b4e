"""The tables of the log and the records, as far as they may name somebody, and their rows under another name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import msgspec

from services.log.records import said_and_told
from services.log.renaming import Renaming

Row = Sequence[Any]


class Table(NamedTuple):
    """A table with the columns that make a row unique, and all that may name somebody."""

    name: str
    key: tuple[str, ...]
    columns: tuple[str, ...]


RECORDS = (
    Table("record", ("kind", "key"), ("kind", "key", "grp", "student", "lesson", "at", "value")),
    Table("record_id", ("ident",), ("ident", "kind", "key")),
    Table("run", ("id",), ("id", "value")),
    Table("meta", ("name",), ("name", "value")),
)
"""Of both modes."""
TOKENS = Table("source_token", ("id",), ("id", "source"))
"""Whose other columns stay as they are."""
_UNREADABLE = (msgspec.MsgspecError, ValueError, RecursionError)


def renamed(rows: Iterable[Row], table: Table, renaming: Renaming) -> Iterator[tuple[Row, Row | None]]:
    """(the row, the row anew) of those that name somebody; None: it goes.

    A record about them that does not count goes: the next directory, which may know nothing of the pseudonym, would
    otherwise let it count.
    """
    for row in rows:
        new = tuple([_cell(table, name, cell, renaming) for name, cell in zip(table.columns, row, strict=True)])
        if new != tuple(row):
            yield row, None if table is RECORDS[0] and new[3] != row[3] and not _counts(new[6]) else new


def _counts(value: bytes) -> bool:
    told = said_and_told(value)[1]
    return told is not None and told.counts


def _cell(table: Table, name: str, cell: Any, renaming: Renaming) -> Any:
    if isinstance(cell, str):
        return renaming.text(cell)
    if not isinstance(cell, bytes) or name == "digest":
        return cell
    if name == "raw":
        return renaming.raw(cell)
    if (table.name, name) in (("log", "packed"), ("rejected", "reasons")):
        return _json(cell, renaming)
    try:
        return renaming.packed(cell)
    except _UNREADABLE:  # what another version wrote
        return renaming.raw(cell)


def _json(cell: bytes, renaming: Renaming) -> bytes:
    if not renaming.names(cell):
        return cell
    try:
        return msgspec.json.encode(renaming.value(msgspec.json.decode(cell)))
    except _UNREADABLE:
        return renaming.raw(cell)
