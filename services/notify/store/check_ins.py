"""Windows in which students check in, and who did by which phone, in the store. Instants are milliseconds."""

from __future__ import annotations

from sqlalchemy import Connection, delete, insert, select, update

from services.accounts.rows import CheckInRow, CheckInWindowRow
from services.notify.store import tables
from services.notify.store.engine import columns_of, insert_or, rows_of

KEPT = 24 * 3_600_000
"""So long after its end a window is known still, with who was refused; who came is in the records."""
_w, _c = tables.check_in_window.c, tables.check_in.c


def open_window(connection: Connection, row: CheckInWindowRow) -> None:
    """The one of its lesson: a former one ends. Those that are over for good are cleared away."""
    over = select(_w.window_id).where(_w.ends < row.opened - KEPT)
    connection.execute(delete(tables.check_in).where(_c.window_id.in_(over)))
    connection.execute(delete(tables.check_in_window).where(_w.ends < row.opened - KEPT))
    end_window(connection, row.lesson, row.opened)
    connection.execute(insert(tables.check_in_window).values(columns_of(row)))


def end_window(connection: Connection, lesson: str, now: int) -> None:
    """No code of the lesson counts from `now` on."""
    mine = update(tables.check_in_window).where(_w.lesson == lesson, _w.ends > now)
    connection.execute(mine.values(ends=now))


def newest(connection: Connection, lesson: str) -> CheckInWindowRow | None:
    """The newest window of a lesson, open or over."""
    mine = select(tables.check_in_window).where(_w.lesson == lesson).order_by(_w.opened.desc(), _w.ends.desc()).limit(1)
    return next(iter(rows_of(connection, mine, CheckInWindowRow)), None)


def windows(connection: Connection, now: int) -> list[CheckInWindowRow]:
    """All check-in windows that are open."""
    mine = select(tables.check_in_window).where(_w.ends > now).order_by(_w.window_id)
    return rows_of(connection, mine, CheckInWindowRow)


def check_in(connection: Connection, window: str, person: str, device: str, now: int) -> str:
    """Keeps that somebody came by a phone; empty, or who had come by it before, so that it is refused.

    Of two at once, the second finds the first.
    """
    connection.execute(select(_w.window_id).where(_w.window_id == window).with_for_update())
    by_it = select(_c.person).where(_c.window_id == window, _c.device == device, _c.other == "", _c.person != person)
    other = connection.execute(by_it).scalar() or ""
    row = CheckInRow(window_id=window, person=person, other=other, device=device, at=now)
    connection.execute(insert_or(connection, tables.check_in).values(columns_of(row)).on_conflict_do_nothing())
    return other


def refused(connection: Connection, window: str) -> list[CheckInRow]:
    """Who was, in the order of time."""
    mine = select(tables.check_in).where(_c.window_id == window, _c.other != "").order_by(_c.at, _c.person)
    return rows_of(connection, mine, CheckInRow)


def of_person(connection: Connection, person: str, since: int) -> list[tuple[str, int]]:
    """(lesson, when) of somebody's check-ins that count, the newest first."""
    joined = select(_w.lesson, _c.at).join(tables.check_in_window, _w.window_id == _c.window_id)
    mine = joined.where(_c.person == person, _c.other == "", _c.at >= since).order_by(_c.at.desc())
    return [(row.lesson, row.at) for row in connection.execute(mine)]
