"""What the store has about students: their warnings, with what became of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, select

from services.notify.rows import ActRow, ChangeRow, WarningRow
from services.notify.store import tables, undo
from services.notify.store.engine import rows_of, slices

_w, _c, _a, _r = tables.warning.c, tables.change.c, tables.act.c, tables.recipient.c


class Told(NamedTuple):
    """What became of some warnings."""

    changes: Sequence[ChangeRow]
    acts: Sequence[ActRow]
    """Without those that were undone."""


def about(student: str) -> str:
    """What the warnings about a student are kept under (`chunk.matter`)."""
    return f"student/{student}"


def student_of(row: WarningRow) -> str:
    """The student that a warning is about; empty if it is about none."""
    return of_about(row.about)


def of_about(kept_under: str) -> str:
    """The student of `about`; empty: it is something else."""
    kind, _, student = kept_under.partition("/")
    return student if kind == "student" else ""


def warnings_about(connection: Connection, students: Iterable[str], *, are_open: bool = False) -> list[WarningRow]:
    """All warnings about some students, or those that are open, the oldest first."""
    found: list[WarningRow] = []
    for part in slices([about(one) for one in students]):
        mine = select(tables.warning).where(_w.about.in_(part))
        found += rows_of(connection, mine.where(_w.status == "open") if are_open else mine, WarningRow)
    return sorted(found, key=lambda one: (one.opened_at, one.number))


def told_of(connection: Connection, numbers: Sequence[int]) -> dict[int, set[str]]:
    """Warning → whoever was told of it."""
    found: dict[int, set[str]] = {number: set() for number in numbers}
    for part in slices(numbers):
        for number, person in connection.execute(select(_r.warning, _r.person).where(_r.warning.in_(part))):
            found[number].add(person)
    return found


def what_became(connection: Connection, numbers: Sequence[int], begin: int, end: int) -> Told:
    """Changes and acts from `begin` to before `end` (ms)."""
    changes: list[ChangeRow] = []
    acts: list[ActRow] = []
    for part in slices(numbers):
        changed = select(tables.change).where(_c.warning.in_(part), _c.at >= begin, _c.at < end)
        changes += rows_of(connection, changed.order_by(_c.warning, _c.sequence), ChangeRow)
        acted = select(tables.act).where(_a.warning.in_(part), _a.at >= begin, _a.at < end)
        acts += rows_of(connection, acted.order_by(_a.id), ActRow)
    of_each = {number: [one for one in acts if one.warning == number] for number in {one.warning for one in acts}}
    return Told(changes, [act for mine in of_each.values() for act in undo.standing(mine)])
