"""A directory as the files that describe it: what an import installs, whatever it came as."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path

import msgspec

from services.directory.records import TABLES, Tables


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
            with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
                writer = csv.DictWriter(file, list(TABLES[name].columns))
                writer.writeheader()
                writer.writerows(cells_of(name, row) for row in rows)
