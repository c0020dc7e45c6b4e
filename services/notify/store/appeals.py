"""Appeals in the store: asked once about one word, decided once. Instants are milliseconds."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from sqlalchemy import Connection, delete, insert, or_, select, tuple_, update

from services.notify.appeals import AppealRow, SlipRow, State
from services.notify.store import appeal_tables as tables
from services.notify.store.engine import columns_of, insert_or, rows_of, slices

_a, _s = tables.appeal.c, tables.slip.c
_NEWEST = (_a.asked_at.desc(), _a.id.desc())
MOST = 200
"""Appeals that one list shows of what is decided."""


def add(connection: Connection, row: AppealRow) -> int | None:
    """Keeps an appeal; its number, or None if there is one against the same word already."""
    new = insert_or(connection, tables.appeal).values(columns_of(row)).on_conflict_do_nothing()
    return connection.execute(new.returning(_a.id)).scalar()


def one(connection: Connection, number: int, *, held: bool = False) -> AppealRow | None:
    """An appeal; `held` until the transaction ends."""
    mine = select(tables.appeal).where(_a.id == number)
    return next(iter(rows_of(connection, mine.with_for_update() if held else mine, AppealRow)), None)


def of_record(connection: Connection, kind: str, key: str, version: str) -> AppealRow | None:
    """What stands in the way of another appeal against a record: one that is open, or one against the same word."""
    mine = select(tables.appeal).where(_a.kind == kind, _a.key == key).order_by(*_NEWEST)
    found = rows_of(connection, mine, AppealRow)
    return next((row for row in found if row.state == "open" or row.version == version), None)


def of_records(connection: Connection, keys: Collection[tuple[str, str]]) -> list[AppealRow]:
    """All against some records (kind, key), the newest first."""
    found = []
    for part in slices(keys):
        mine = select(tables.appeal).where(tuple_(_a.kind, _a.key).in_(part)).order_by(*_NEWEST)
        found += rows_of(connection, mine, AppealRow)
    return found


def open_ones(connection: Connection) -> list[AppealRow]:
    """All that are open, the oldest first."""
    return rows_of(connection, select(tables.appeal).where(_a.state == "open").order_by(_a.asked_at, _a.id), AppealRow)


def of_person(connection: Connection, person: str) -> list[AppealRow]:
    """What somebody has asked for, or was asked for them, or they have decided; the newest first."""
    mine = or_(_a.student == person, _a.person == person, _a.decided_by == person)
    return rows_of(connection, select(tables.appeal).where(mine).order_by(*_NEWEST).limit(MOST), AppealRow)


def due(connection: Connection, now: int) -> list[AppealRow]:
    """Those whose time is over, held until the transaction ends."""
    mine = select(tables.appeal).where(_a.state == "open", _a.due_at <= now).order_by(_a.due_at, _a.id).limit(MOST)
    return rows_of(connection, mine.with_for_update(skip_locked=True), AppealRow)


def go_on(connection: Connection, row: AppealRow, step: int, due_at: int | None) -> None:
    """It has come to somebody else, who has until then."""
    connection.execute(update(tables.appeal).where(_a.id == row.id).values(step=step, due_at=due_at))


def decide(connection: Connection, number: int, state: State, person: str, answer: str, became: str, now: int) -> None:
    """Writes down how it ended."""
    values = {"state": state, "decided_by": person, "answer": answer, "became": became, "decided_at": now}
    connection.execute(update(tables.appeal).where(_a.id == number).values(**values, due_at=None))


def asked_between(connection: Connection, begin: int, end: int, departments: Iterable[str] | None) -> list[AppealRow]:
    """Those that were asked from `begin` to before `end`; of these departments alone, if any are named."""
    mine = select(tables.appeal).where(_a.asked_at >= begin, _a.asked_at < end)
    if departments is not None:
        mine = mine.where(_a.department.in_(sorted(departments)))
    return rows_of(connection, mine.order_by(_a.id), AppealRow)


def keep_slip(connection: Connection, row: SlipRow) -> None:
    """The picture of an appeal, in place of a former one."""
    connection.execute(delete(tables.slip).where(_s.appeal == row.appeal))
    connection.execute(insert(tables.slip).values(columns_of(row)))


def slip(connection: Connection, number: int) -> SlipRow | None:
    """The picture of an appeal."""
    return next(iter(rows_of(connection, select(tables.slip).where(_s.appeal == number), SlipRow)), None)


def has_slip(connection: Connection, number: int) -> bool:
    """Whether there is one."""
    return connection.execute(select(_s.appeal).where(_s.appeal == number)).first() is not None
