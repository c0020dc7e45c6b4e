"""Somebody in the directory is somebody without a name from now on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import msgspec

from services.directory.records import Enrolment, Person, Tables
from services.messages import Json

_ADDRESSES = ("email", "channel")


def renamed(tables: Tables, id_: str, pseudonym: str, text: Callable[[str], str]) -> Tables:
    """The tables with `pseudonym` for somebody's id and name, and without their addresses.

    Their days, class and roles stay: what was evaluated by them stays right. `text`: what becomes of other texts.
    """
    found: dict[str, list[Json]] = msgspec.to_builtins(tables)
    for name, rows in found.items():
        for row in rows:
            if name in ("people", "students") and row["id"] == id_:
                row["name"] = pseudonym
                for address in _ADDRESSES:
                    row.pop(address, None)
            for column, cell in row.items():
                if isinstance(cell, str):
                    row[column] = pseudonym if cell == id_ else text(cell)
    return msgspec.convert(found, Tables)


def called(tables: Tables, id_: str) -> tuple[set[str], set[str]]:
    """(names, addresses) of somebody; no address that others have, too."""
    mine = [row for row in _everybody(tables) if row.id == id_]
    others = {one for row in _everybody(tables) if row.id != id_ for one in (row.email, row.channel)}
    names = {row.name for row in mine if row.name and row.name != id_}
    return names, {one for row in mine for one in (row.email, row.channel) if one and one not in others}


def last_days(tables: Tables, id_: str) -> list[date | None]:
    """The last day of each of somebody's rows; None: it has no end."""
    return [row.to_day for row in _everybody(tables) if row.id == id_]


def others_called(tables: Tables, id_: str, name: str) -> bool:
    """Whether somebody else bears the name, or one that holds it."""
    return any(name in (row.name or "") for row in _everybody(tables) if row.id != id_)


def _everybody(tables: Tables) -> list[Person | Enrolment]:
    return [*tables.people, *tables.students]


def means_something_else(tables: Tables, id_: str) -> str:
    """What else of the directory has this id: the name of its table; empty if nothing has."""
    kinds = ("departments", "teaching_offices", "majors", "classes", "courses", "sources")
    return next((kind for kind in kinds if any(row.id == id_ for row in getattr(tables, kind))), "")


def rows_of(tables: Tables, id_: str) -> dict[str, list[Json]]:
    """All rows that name somebody, by table."""
    found: dict[str, list[Json]] = msgspec.to_builtins(tables)
    named = {name: [row for row in rows if id_ in row.values()] for name, rows in found.items()}
    return {name: rows for name, rows in named.items() if rows}
