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
from services.messages import in_key

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


_WHAT: dict[str, What] = {"student": "student", "teacher": "person", "class": "class", "course": "course"}
"""Field of the context of a warning → what it names."""


def concerns(ends: Iterable[Ending]) -> Callable[[str, Mapping[str, str]], bool]:
    """Whether a warning, of a subject and with a context, is about something that ends; roles are held for it only."""
    ended = {(one.what, one.id) for one in ends}

    def concerned(subject: str, context: Mapping[str, str]) -> bool:
        # Whom the newest record names beside, the warning is not about.
        about = {(what, context[name]) for name, what in _WHAT.items() if in_key(context.get(name), subject)}
        if {"course", "class"} <= {what for what, _ in about}:
            about.add(("course", f"{context['course']}/{context['class']}"))
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
