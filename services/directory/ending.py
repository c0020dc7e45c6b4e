"""What a new directory ends: who leaves, whose role is over, which classes close, which courses are no longer there.

A row that ended before the day of the question has ended already, and is not news when it goes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from typing import Literal, NamedTuple, get_args

import msgspec

from services.directory.records import Tables
from services.directory.snapshot import Directory

What = Literal["student", "person", "role", "class", "course"]
KINDS: tuple[What, ...] = get_args(What)


class Ending(msgspec.Struct, frozen=True, kw_only=True):
    """Something of the old directory that ends by the new one, or ends sooner than it would have."""

    what: What
    id: str
    """Of a role, who holds it for what: `class_tutor/anna/class/k1`; of a course in one class `algebra/k1`."""
    name: str
    last: date | None = None
    """Its last day; None: it is not listed any more."""


def endings(old: Directory, new: Directory, day: date) -> list[Ending]:
    """What ends, in the order of `KINDS` and sorted by id; `day` is the present one, in the college's time zone."""
    found = []
    for what in KINDS:
        after = _lasting(what, new.tables)
        for id_, before in sorted(_lasting(what, old.tables).items()):
            there = after.get(id_)
            if before.last >= day and (there is None or there.last < before.last):
                key, named = before.named
                name = old.names({key: named})[key]
                found.append(Ending(what=what, id=id_, name=name, last=there and there.last))
    return found


def concerns(ends: Iterable[Ending]) -> Callable[[Mapping[str, str]], bool]:
    """Whether what a warning is about (its context) is among what ends; roles are held for it, and are not it."""
    ended = {(one.what, one.id) for one in ends}

    def concerned(context: Mapping[str, str]) -> bool:
        course, class_ = context.get("course", ""), context.get("class", "")
        about = (
            ("student", context.get("student", "")),
            ("person", context.get("teacher", "")),
            ("class", class_),
            ("course", course),
            ("course", f"{course}/{class_}"),
        )
        return not ended.isdisjoint(about)

    return concerned


class _Lasting(NamedTuple):
    last: date
    """`date.max` without an end."""
    named: tuple[str, str]
    """A context in which it has a name."""


def _lasting(what: What, tables: Tables) -> dict[str, _Lasting]:
    """Id → the last day of all its rows."""
    found: dict[str, _Lasting] = {}
    for id_, named, last in _ROWS[what](tables):
        one = _Lasting(last or date.max, named)
        found[id_] = max(found.get(id_, one), one)
    return found


_Rows = Iterator[tuple[str, tuple[str, str], date | None]]


def _students(tables: Tables) -> _Rows:
    return ((row.id, ("student", row.id), row.to_day) for row in tables.students)


def _people(tables: Tables) -> _Rows:
    return ((row.id, ("person", row.id), row.to_day) for row in tables.people)


def _roles(tables: Tables) -> _Rows:
    for row in tables.roles:
        parts = (row.role, row.person, row.scope_kind, row.scope, row.class_id)
        yield "/".join(part for part in parts if part), ("person", row.person), row.to_day


def _classes(tables: Tables) -> _Rows:
    return ((row.id, ("class", row.id), row.to_day) for row in tables.classes)


def _courses(tables: Tables) -> _Rows:
    for row in tables.courses:
        yield row.id, ("course", row.id), None
        if row.class_id:
            yield f"{row.id}/{row.class_id}", ("course", row.id), None


_ROWS: dict[What, Callable[[Tables], _Rows]] = {
    "student": _students,
    "person": _people,
    "role": _roles,
    "class": _classes,
    "course": _courses,
}
