"""An export on top of the directory in use: what OneRoster tells is taken over, what it cannot tell stays as it was.

Only rows that came by OneRoster go when they are in it no more; what the college has entered itself stays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from services.directory.consistency import SCOPE_TABLES
from services.directory.oneroster.deriving import Derived, derive
from services.directory.oneroster.files import Export
from services.directory.records import TABLES, Tables
from services.directory.writing import cells_of
from services.messages import Problem
from services.tabular.rows import Row

Rows = dict[str, list[Row]]


def merged(before: Export, export: Export, known: Tables) -> tuple[Rows, list[Problem]]:
    """The rows of the new directory, each with its place, and what of the export it has no place for.

    `before` is what was imported the last time, `known` the directory in use.
    """
    old, new = derive(before, known), derive(export, known)
    in_use = {
        name: [
            Row(cells, f"{name} of the directory in use, {_shown(name, cells)}") for cells in _all_cells(name, known)
        ]
        for name in TABLES
    }
    rows = {name: _MERGE.get(name, _by_key)(name, in_use[name], _kept_out(name, old, new), new) for name in TABLES}
    _follow(rows, {name: _ids(in_use[name]) - _ids(rows[name]) for name in TABLES})
    return rows, new.left_out


def _all_cells(name: str, known: Tables) -> Iterable[dict[str, str]]:
    return (cells_of(name, row) for row in getattr(known, name))


def _shown(name: str, cells: Mapping[str, str]) -> str:
    return "/".join(part for column in TABLES[name].key if (part := cells.get(column, "")))


def _key(name: str, row: Row) -> tuple[str, ...]:
    return tuple(row.cells.get(column, "") for column in TABLES[name].key)


def _ids(rows: list[Row]) -> set[str]:
    return {row.cells["id"] for row in rows if "id" in row.cells}


def _kept_out(name: str, old: Derived, new: Derived) -> set[tuple[str, ...]]:
    """Keys of rows that OneRoster told of the last time, and does not any more."""
    return {_key(name, row) for row in old.rows[name]} - {_key(name, row) for row in new.rows[name]}


def _by_key(name: str, in_use: list[Row], gone: set[tuple[str, ...]], new: Derived) -> list[Row]:
    """What is told of a row goes over what it was."""
    known = {_key(name, row): row for row in in_use if _key(name, row) not in gone}
    told = {_key(name, row): row for row in new.rows[name]}
    both = {
        key: Row({**known[key].cells, **row.cells}, row.place, row.marks) for key, row in told.items() if key in known
    }
    # Rows of one key twice in the export are kept, so that whoever reads them next can tell it.
    again = [row for row in new.rows[name] if told[_key(name, row)] is not row]
    return [*(known | told | both).values(), *again]


def _by_id(name: str, in_use: list[Row], gone: set[tuple[str, ...]], new: Derived) -> list[Row]:
    """As by key; what all rows of an id must agree on is as the export tells it, in all of them."""
    shared = TABLES[name].shared
    said = {
        row.cells["id"]: {column: cell for column in shared if (cell := row.cells.get(column))}
        for row in new.rows[name]
    }
    rows = _by_key(name, in_use, gone, new)
    return [Row({**row.cells, **said.get(row.cells["id"], {})}, row.place, row.marks) for row in rows]


def _students(name: str, in_use: list[Row], gone: set[tuple[str, ...]], new: Derived) -> list[Row]:
    """All enrolments of a student are the export's, once it tells one; that they are suspended it cannot tell."""
    told, keys = _ids(new.rows[name]), {_key(name, row) for row in new.rows[name]}
    channels = {row.cells["id"]: {"channel": channel} for row in in_use if (channel := row.cells.get("channel"))}
    suspended = {_key(name, row): row for row in in_use if row.cells.get("status") == "suspended"}
    stay = [row for row in in_use if row.cells["id"] not in told and _key(name, row) not in gone]
    stay += [_span_alone(row) for key, row in suspended.items() if row.cells["id"] in told and key not in keys]
    come = [
        Row({**channels.get(row.cells["id"], {}), **row.cells, **_status(suspended, row)}, row.place, row.marks)
        for row in new.rows[name]
    ]
    return [*stay, *come]


def _span_alone(row: Row) -> Row:
    """An enrolment without what all rows of a student must agree on."""
    kept = {column: cell for column, cell in row.cells.items() if column not in TABLES["students"].shared}
    return Row(kept, row.place, row.marks)


def _status(suspended: Mapping[tuple[str, ...], Row], row: Row) -> dict[str, str]:
    return {"status": "suspended"} if _key("students", row) in suspended else {}


def _roles(name: str, in_use: list[Row], gone: set[tuple[str, ...]], new: Derived) -> list[Row]:
    """Who holds a role for something is as the export tells it, where it tells anybody."""
    told = {_post(row) for row in new.rows[name]}
    stay = [row for row in in_use if _post(row) not in told and _key(name, row) not in gone]
    return [*stay, *new.rows[name]]


def _post(row: Row) -> tuple[str, ...]:
    return tuple(row.cells.get(column, "") for column in ("role", "scope_kind", "scope", "class"))


_MERGE: dict[str, Callable[[str, list[Row], set[tuple[str, ...]], Derived], list[Row]]] = {
    "courses": _by_id,
    "students": _students,
    "roles": _roles,
}


def _follow(rows: Rows, gone: dict[str, set[str]]) -> None:
    """What was in use and refers to something that went goes with it, or loses the reference where it may be blank."""
    while any(gone.values()):
        lost = {name: _ids(rows[name]) for name in TABLES}
        for name in TABLES:
            rows[name] = [kept for row in rows[name] if (kept := _without(name, row, gone))]
        gone = {name: lost[name] - _ids(rows[name]) for name in TABLES}


def _without(name: str, row: Row, gone: Mapping[str, set[str]]) -> Row | None:
    cells = dict(row.cells)
    for column, spec in TABLES[name].columns.items():
        if spec.refers and cells.get(column) in gone[spec.refers]:
            if spec.required or column == "class":
                return None
            del cells[column]
    if name == "roles" and cells.get("scope") in gone.get(SCOPE_TABLES.get(cells.get("scope_kind", ""), ""), ()):
        return None
    return Row(cells, row.place, row.marks)
