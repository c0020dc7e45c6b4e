"""What no single cell can show: rows that contradict one another. A visible list of small checks.

A table that cannot be read is None here; whatever refers to it is not checked, so that one fault is told once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from services.directory.nearest import Nearest
from services.directory.reading import Entry, nearest_of
from services.directory.records import TABLES
from services.directory.roles import ASSIGNABLE, ROLES, SCOPE_KINDS
from services.messages import Problem

Entries = dict[str, list[Entry] | None]

SCOPE_TABLES = {
    "department": "departments",
    "teaching_office": "teaching_offices",
    "major": "majors",
    "class": "classes",
    "course": "courses",
    "source": "sources",
}


def inconsistencies(entries: Entries) -> Iterator[Problem]:
    """Everything that is wrong between rows."""
    for check in _CHECKS:
        yield from check(entries)


def _days_in_order(entries: Entries) -> Iterator[Problem]:
    for entry in _all(entries):
        first, last = entry.values.get("from"), entry.values.get("to")
        if first and last and last < first:
            yield Problem(
                where=entry.row.at("to"), what=f"{last} is before {first}", expected="the last day, not before `from`"
            )


def _leave_of_oneself(entries: Entries) -> Iterator[Problem]:
    for entry in entries["leave"] or ():
        if entry.values.get("person") and entry.values["person"] == entry.values.get("substitute"):
            yield Problem(
                where=entry.row.at("substitute"),
                what=f"{entry.values['person']} stands in for oneself",
                expected="somebody else, or nothing",
            )


def _rows_once(entries: Entries) -> Iterator[Problem]:
    for name, table in TABLES.items():
        seen: dict[tuple[Any, ...], Entry] = {}
        for entry in entries[name] or ():
            key = tuple(entry.values[column] for column in table.key)
            if key[0] is None:
                continue
            first = seen.setdefault(key, entry)
            if first is not entry:
                same = ", ".join(str(part) for part in key if part is not None)
                yield Problem(
                    where=entry.row.at(table.key[0]),
                    what=f"{same} is already in {first.row.place}",
                    expected="one row for each " + " and ".join(table.key),
                )


def _rows_of_one_id_agree(entries: Entries) -> Iterator[Problem]:
    for name, table in TABLES.items():
        for column in table.shared:
            said: dict[str, Entry] = {}
            for entry in entries[name] or ():
                id_, value = entry.values["id"], entry.values[column]
                if id_ is None or value is None:
                    continue
                first = said.setdefault(id_, entry)
                if first.values[column] != value:
                    what = f"{id_} has another {column} in {first.row.place}"
                    yield Problem(
                        where=entry.row.at(column), what=what, expected="the same, or blank in all rows but one"
                    )


def _references(entries: Entries) -> Iterator[Problem]:
    known = _known_ids(entries)
    for name, table in TABLES.items():
        for column, spec in table.columns.items():
            if spec.refers:
                cells = [(entry, entry.values[column]) for entry in entries[name] or () if entry.values[column]]
                yield from _unknown(cells, column, spec.refers, known)


def _roles(entries: Entries) -> Iterator[Problem]:
    known = _known_ids(entries)
    scopes: dict[str, list[tuple[Entry, str]]] = {}
    for entry in entries["roles"] or ():
        word, kind, scope = (entry.values[column] for column in ("role", "scope_kind", "scope"))
        if word is not None and word not in ASSIGNABLE:
            yield Problem(
                where=entry.row.at("role"), what=f"there is no role {word!r}", expected=nearest_of(word, ASSIGNABLE)
            )
            continue
        wrong = _wrong_scope(entry, word, kind or "college", scope)
        if wrong:
            yield wrong
        elif scope:
            scopes.setdefault(kind, []).append((entry, scope))
        if entry.values["class"] and word != "course_teacher":
            what = f"{word} has no second scope"
            yield Problem(where=entry.row.at("class"), what=what, expected="scope_kind class and the class in scope")
    for kind, cells in scopes.items():
        yield from _unknown(cells, "scope", SCOPE_TABLES[kind], known)


def _wrong_scope(entry: Entry, word: str | None, kind: str, scope: str | None) -> Problem | None:
    if kind not in SCOPE_KINDS:
        where, expected = entry.row.at("scope_kind"), nearest_of(kind, SCOPE_KINDS)
        return Problem(where=where, what=f"there is no kind of scope {kind!r}", expected=expected)
    if word is not None and kind not in ROLES[word].scopes:
        what = f"{word} is not held for a {kind}"
        return Problem(where=entry.row.at("scope_kind"), what=what, expected=" or ".join(ROLES[word].scopes))
    if kind == "college" and scope:
        return Problem(
            where=entry.row.at("scope"), what="a role of the college has no scope", expected="blank, or a scope_kind"
        )
    if kind != "college" and not scope:
        return Problem(where=entry.row.at("scope"), what="is empty", expected=f"the id of a {kind}")
    return None


def _departments_form_a_tree(entries: Entries) -> Iterator[Problem]:
    rows = {entry.values["id"]: entry for entry in entries["departments"] or ()}
    told: set[str] = set()
    for start in rows:
        path: list[str] = []
        step = start
        while step in rows and step not in path and step not in told:
            path.append(step)
            step = rows[step].values["parent"]
        if step in path:
            loop = path[path.index(step) :]
            what = "a loop: " + " → ".join([*loop, step])
            yield Problem(where=rows[step].row.at("parent"), what=what, expected="a department above it, or blank")
        told.update(path)


def _classes_have_one_department(entries: Entries) -> Iterator[Problem]:
    of_major = {entry.values["id"]: entry.values["department"] for entry in entries["majors"] or ()}
    for entry in entries["classes"] or ():
        said, follows = entry.values["department"], of_major.get(entry.values["major"])
        if said and follows and said != follows:
            what = f"{said!r} is not the department of the major {entry.values['major']}"
            yield Problem(where=entry.row.at("department"), what=what, expected=f"{follows}, or blank")


def _students_are_not_staff(entries: Entries) -> Iterator[Problem]:
    people = {entry.values["id"]: entry for entry in entries["people"] or ()}
    for entry in entries["students"] or ():
        person = people.get(entry.values["id"])
        if entry.values["id"] and person:
            what = f"{entry.values['id']} is already a person in {person.row.place}"
            yield Problem(where=entry.row.at("id"), what=what, expected="different ids for staff and students")


_CHECKS: tuple[Callable[[Entries], Iterator[Problem]], ...] = (
    _days_in_order,
    _leave_of_oneself,
    _rows_once,
    _rows_of_one_id_agree,
    _references,
    _roles,
    _departments_form_a_tree,
    _classes_have_one_department,
    _students_are_not_staff,
)


def _all(entries: Entries) -> Iterator[Entry]:
    for rows in entries.values():
        yield from rows or ()


def _known_ids(entries: Entries) -> dict[str, set[str] | None]:
    return {
        name: None if rows is None else {entry.values["id"] for entry in rows if entry.values["id"]}
        for name, rows in entries.items()
        if "id" in TABLES[name].columns
    }


def _unknown(
    cells: list[tuple[Entry, str]], column: str, table: str, known: dict[str, set[str] | None]
) -> Iterator[Problem]:
    ids = known[table]
    if ids is None or not cells:
        return
    if not ids:
        file = cells[0][0].row.place.split(" row ")[0].split(":")[0]
        what = f"refers to {table}, and the directory has none"
        yield Problem(where=f"{file}, column {column}", what=what, expected=f"a file {table}.csv or {table}.yaml")
        return
    nearest = Nearest(ids)
    for entry, cell in cells:
        if cell not in ids:
            what = f"{cell!r} is not in {table}"
            yield Problem(where=entry.row.at(column), what=what, expected=nearest(cell))
