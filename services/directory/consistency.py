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
from services.i18n import say
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
                where=entry.row.at("to"),
                what=say("directory.before", last=last, first=first),
                expected=say("directory.last_day_not_before_from"),
            )


def _leave_of_oneself(entries: Entries) -> Iterator[Problem]:
    for entry in entries["leave"] or ():
        if entry.values.get("person") and entry.values["person"] == entry.values.get("substitute"):
            yield Problem(
                where=entry.row.at("substitute"),
                what=say("directory.stands_in_for_oneself", person=entry.values["person"]),
                expected=say("directory.somebody_else_or_nothing"),
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
                    what=say("directory.already_in", key=same, place=first.row.place),
                    expected=say("directory.one_row_for_each", columns=" and ".join(table.key)),
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
                    what = say("directory.has_another_in", id=id_, column=column, place=first.row.place)
                    yield Problem(where=entry.row.at(column), what=what, expected=say("directory.same_or_blank_in_all"))


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
                where=entry.row.at("role"),
                what=say("directory.there_no_role", word=repr(word)),
                expected=nearest_of(word, ASSIGNABLE),
            )
            continue
        wrong = _wrong_scope(entry, word, kind or "college", scope)
        if wrong:
            yield wrong
        elif scope:
            scopes.setdefault(kind, []).append((entry, scope))
        if entry.values["class"] and word != "course_teacher":
            what = say("directory.has_no_second_scope", word=word)
            yield Problem(where=entry.row.at("class"), what=what, expected=say("directory.scope_kind_class_class_in"))
    for kind, cells in scopes.items():
        yield from _unknown(cells, "scope", SCOPE_TABLES[kind], known)


def _wrong_scope(entry: Entry, word: str | None, kind: str, scope: str | None) -> Problem | None:
    if kind not in SCOPE_KINDS:
        where, expected = entry.row.at("scope_kind"), nearest_of(kind, SCOPE_KINDS)
        return Problem(where=where, what=say("directory.there_no_kind_scope", kind=repr(kind)), expected=expected)
    if word is not None and kind not in ROLES[word].scopes:
        what = say("directory.not_held_for", word=word, kind=kind)
        return Problem(where=entry.row.at("scope_kind"), what=what, expected=" or ".join(ROLES[word].scopes))
    if kind == "college" and scope:
        return Problem(
            where=entry.row.at("scope"),
            what=say("directory.role_college_has_no_scope"),
            expected=say("directory.blank_or_scope_kind"),
        )
    if kind != "college" and not scope:
        return Problem(
            where=entry.row.at("scope"), what=say("directory.empty"), expected=say("directory.id", kind=kind)
        )
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
            what = say("directory.loop", loop=" → ".join([*loop, step]))
            yield Problem(
                where=rows[step].row.at("parent"), what=what, expected=say("directory.department_above_it_or_blank")
            )
        told.update(path)


def _classes_have_one_department(entries: Entries) -> Iterator[Problem]:
    of_major = {entry.values["id"]: entry.values["department"] for entry in entries["majors"] or ()}
    for entry in entries["classes"] or ():
        said, follows = entry.values["department"], of_major.get(entry.values["major"])
        if said and follows and said != follows:
            what = say("directory.not_department_major", department=repr(said), major=entry.values["major"])
            yield Problem(
                where=entry.row.at("department"), what=what, expected=say("directory.or_blank", follows=follows)
            )


def _students_are_not_staff(entries: Entries) -> Iterator[Problem]:
    people = {entry.values["id"]: entry for entry in entries["people"] or ()}
    for entry in entries["students"] or ():
        person = people.get(entry.values["id"])
        if entry.values["id"] and person:
            what = say("directory.already_person_in", id=entry.values["id"], place=person.row.place)
            yield Problem(
                where=entry.row.at("id"), what=what, expected=say("directory.different_ids_for_staff_students")
            )


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
        what = say("directory.refers_directory_has_none", table=table)
        yield Problem(
            where=f"{file}, column {column}", what=what, expected=say("directory.file_csv_or_yaml", table=table)
        )
        return
    nearest = Nearest(ids)
    for entry, cell in cells:
        if cell not in ids:
            what = say("directory.not_in", cell=repr(cell), table=table)
            yield Problem(where=entry.row.at(column), what=what, expected=nearest(cell))
