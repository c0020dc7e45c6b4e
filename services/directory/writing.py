"""A directory as the files that describe it: what an import installs, whatever it came as."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import msgspec

from services.directory.records import TABLES, Tables
from services.tabular.rows import write_csv


def cells_of(table: str, row: msgspec.Struct) -> dict[str, str]:
    """A row as cells that read back as the same; blank ones are left out."""
    written = {name: str(value) for name, value in msgspec.to_builtins(row).items()}
    if "expected_interval" in written:
        written["expected_interval"] += "s"
    return {name: written[name] for name in TABLES[table].columns if name in written}


def write(tables: Tables, folder: Path) -> None:
    """Writes `people.csv`, … in UTF-8 into a folder; a table without rows is left out."""
    for name in TABLES:
        rows: Iterable[msgspec.Struct] = getattr(tables, name)
        if rows:
            write_csv(folder / f"{name}.csv", list(TABLES[name].columns), (cells_of(name, row) for row in rows))
