"""Appeals in the store: asked once about one word, decided once. Instants are milliseconds."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from sqlalchemy import Connection, delete, insert, or_, select, update

from services.notify.appeals import AppealRow, SlipRow
from services.notify.store import tables
from services.notify.store.engine import columns_of, insert_or, rows_of

_a, _s, _w = tables.appeal.c, tables.slip.c, tables.warning.c
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


def resting_on(connection: Connection, record: str) -> str:
    """The open warnings that name a record by its id among their evidence, as `AppealRow.warnings` has them."""
    written = msgspec.json.encode(record).decode()
    mine = select(_w.number).where(_w.status == "open", _w.evidence.contains(f'"id":{written}', autoescape=True))
    return "".join(f" {row.number}" for row in connection.execute(mine.order_by(_w.number))) + " "


def behind(connection: Connection, number: int) -> list[AppealRow]:
    """The appeals that corrected a record on which a warning rested."""
    mine = select(tables.appeal).where(_a.state == "granted", _a.warnings.contains(f" {number} "))
    return rows_of(connection, mine.order_by(_a.decided_at), AppealRow)


def decide(connection: Connection, row: AppealRow) -> None:
    """Writes down how it ended."""
    names = ("state", "decided_by", "answer", "became", "warnings", "decided_at")
    values = {name: getattr(row, name) for name in names}
    connection.execute(update(tables.appeal).where(_a.id == row.id).values(**values, due_at=None))


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
    """Whether an appeal has a picture."""
    return connection.execute(select(_s.appeal).where(_s.appeal == number)).first() is not None
