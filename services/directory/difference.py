"""What a new directory would change: a dry run before it is installed."""

from __future__ import annotations

from typing import Literal

import msgspec

from services.directory.records import TABLES
from services.directory.snapshot import Directory
from services.directory.writing import cells_of
from services.i18n import say
from services.messages import Json, Problem

_SUSPICIOUS = 0.2


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """One row that was added, removed or changed."""

    table: str
    change: Literal["added", "removed", "changed"]
    row: str
    """What identifies the row: its id, for enrolments and roles with scope and first day."""
    fields: dict[str, tuple[str | None, str | None]]
    """Column → (before, after). Of a channel, which holds secrets, only that it is another one."""

    def __str__(self) -> str:
        cells = ", ".join(f"{name} {old or '–'} → {new or '–'}" for name, (old, new) in self.fields.items())
        return f"{self.table} {self.row} {self.change}: {cells}"


def difference(old: Directory, new: Directory) -> list[Difference]:
    """The rows in which two directories differ, table by table and sorted by key."""
    return [found for table in TABLES for found in _of_table(table, _rows(old, table), _rows(new, table))]


def shrinkage(old: Directory, new: Directory) -> list[Problem]:
    """Tables of which more than a fifth would go: as like as not, the new directory is half a file."""
    found = []
    for table in TABLES:
        before, after = _held(old, table), _held(new, table)
        gone = len(before - after)
        if gone > len(before) * _SUSPICIOUS:
            what = say("directory.would_go", gone=gone, before=len(before))
            found.append(Problem(where=table, what=what, expected=say("directory.whole_table_or_yes_remove")))
    return found


def _held(directory: Directory, table: str) -> set[tuple[str, ...]]:
    """What should be there again: ids, and of roles what they are held for, whoever holds it now."""
    if table in {"leave", "exemptions"}:  # they pass
        return set()
    columns = ("role", "scope_kind", "scope", "class") if table == "roles" else ("id",)
    rows = (cells_of(table, row) for row in getattr(directory.tables, table))
    return {tuple(cells.get(column, "") for column in columns) for cells in rows}


_Key = tuple[str, ...]


def _rows(directory: Directory, table: str) -> dict[_Key, Json]:
    rows = (msgspec.to_builtins(row) for row in getattr(directory.tables, table))
    return {tuple(str(row.get(column) or "") for column in TABLES[table].key): row for row in rows}


def _of_table(table: str, old: dict[_Key, Json], new: dict[_Key, Json]) -> list[Difference]:
    found = []
    for key in sorted(old.keys() | new.keys()):
        before, after = old.get(key), new.get(key)
        if before != after:
            found.append(
                Difference(
                    table=table,
                    change="added" if before is None else "removed" if after is None else "changed",
                    row="/".join(part for part in key if part),
                    fields=_fields(table, before or {}, after or {}),
                )
            )
    return found


def _fields(table: str, before: Json, after: Json) -> dict[str, tuple[str | None, str | None]]:
    return {
        name: (
            _shown(before.get(name), "a secret", secret=column.secret),
            _shown(after.get(name), "another secret" if before.get(name) else "a secret", secret=column.secret),
        )
        for name, column in TABLES[table].columns.items()
        if before.get(name) != after.get(name)
    }


def _shown(cell: object, instead: str, *, secret: bool) -> str | None:
    if cell is None:
        return None
    return instead if secret else str(cell)
