"""Takes what is old out of the store, a few hundred rows in a transaction, while the service goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import ColumnElement, Connection, Select, Table, delete, func, insert, or_, select, update

from services.notify.rows import decode_context
from services.notify.store import tables
from services.notify.store.engine import Store, slices
from services.notify.store.outbox import WAITING

_AT_ONCE = 400
_w, _a, _d = tables.warning.c, tables.act.c, tables.delivery.c
_p, _s = tables.appeal.c, tables.slip.c
_UNDECIDED = 365 * 86_400_000
"""So long (ms) a picture is kept of which nobody has decided."""
_Due = tuple[ColumnElement[bool], ...]
_Work = Callable[[Connection, list[int]], Any]
WORDS = (
    (tables.referral, ("note", "answer")),
    (tables.talk, ("place", "agreed", "notes")),
)
"""What people wrote of a warning beside the audit trail: table, columns."""
_NOBODY = frozenset({"department", "teaching_office", "major", "cohort", "period", "indicator", "source_name"})
"""What a context says of nobody: it stays, for the report by department."""


class Applied(NamedTuple):
    """One application of the policy, as the audit trail has it."""

    at: int
    """Milliseconds."""
    policy: dict[str, int | None]
    deleted: dict[str, int]


class StoreSweep:
    """One pass over the store. Instants are milliseconds; only warnings that ended before one are touched."""

    def __init__(self, database: Store, *, dry_run: bool) -> None:
        self._database, self._dry_run = database, dry_run

    def open_names(self) -> set[str]:
        """Whom and what open warnings are about: the first name of their subjects."""
        with self._database.reading() as connection:
            found = connection.execute(select(_w.subject).where(_w.status == "open").distinct())
            return {row.subject.partition("/")[0] for row in found}

    def warnings(self, before: int, now: int) -> int:
        """Blanks evidence and context; rule, subject, level, figures and times stay."""
        filled = or_(_w.blanked_at.is_(None), _w.evidence != "[]", _w.first_event.is_not(None))
        due = (*_ended(before), filled)  # one that had risen again meanwhile has both anew

        def blank(connection: Connection, numbers: list[int]) -> None:
            rows = connection.execute(select(_w.number, _w.context).where(_w.number.in_(numbers))).all()
            for row in rows:
                context = {name: value for name, value in decode_context(row.context).items() if name in _NOBODY}
                values = {"evidence": "[]", "first_event": None, "reporter": None, "blanked_at": now}
                mine = update(tables.warning).where(_w.number == row.number)
                connection.execute(mine.values(**values, context=msgspec.json.encode(context).decode(), class_id=""))
            r = tables.recipient
            connection.execute(update(r).where(r.c.warning.in_(numbers)).values(class_id=""))

        return self._each(tables.warning, _w.number, due, blank)

    def texts(self, before: int) -> int:
        """Blanks what people wrote: measures, their words in the audit trail, of referrals and talks; rows stay."""
        mine = select(_w.number).where(*_ended(before))
        acts = (_a.warning.in_(mine), _a.person != "", _a.text != "")

        def blank_acts(connection: Connection, ids: list[int]) -> None:
            connection.execute(update(tables.act).where(_a.id.in_(ids)).values(text=""))

        def blank_measures(connection: Connection, numbers: list[int]) -> None:
            connection.execute(update(tables.warning).where(_w.number.in_(numbers)).values(measure=None))

        def blank_appeals(connection: Connection, ids: list[int]) -> None:
            connection.execute(update(tables.appeal).where(_p.id.in_(ids)).values(text="", answer=""))

        measures = self._each(tables.warning, _w.number, (*_ended(before), _w.measure.is_not(None)), blank_measures)
        beside = sum(self._blank(table, words, mine) for table, words in WORDS)
        of_appeals = (_p.decided_at < before, or_(_p.text != "", _p.answer != ""))
        appeals = self._each(tables.appeal, _p.id, of_appeals, blank_appeals)
        return measures + beside + self._each(tables.act, _a.id, acts, blank_acts) + appeals

    def _blank(self, table: Table, words: tuple[str, ...], of: Select[tuple[int]]) -> int:
        due = (table.c.warning.in_(of), or_(*(table.c[name] != "" for name in words)))

        def blank(connection: Connection, ids: list[int]) -> None:
            connection.execute(update(table).where(table.c.id.in_(ids)).values(dict.fromkeys(words, "")))

        return self._each(table, table.c.id, due, blank)

    def slips(self, before: int) -> int:
        """Deletes pictures of appeals that were decided, and those that nobody has decided in a year."""
        decided = select(_p.id).where(_p.decided_at < before)
        due = or_(_s.appeal.in_(decided), _s.at < before - _UNDECIDED, _s.appeal.not_in(select(_p.id)))
        return self._delete(tables.slip, _s.appeal, (due,))

    def messages(self, before: int) -> int:
        """Deletes deliveries that are over, and decisions not to tell somebody."""
        mine = select(_w.number).where(*_ended(before))
        x = tables.decision.c
        deliveries = (_d.warning.in_(mine), _d.status.not_in(WAITING))
        of_appeals = (_d.warning.is_(None), _d.created_at < before, _d.status.not_in(WAITING))
        return (
            self._delete(tables.delivery, _d.id, deliveries)
            + self._delete(tables.delivery, _d.id, of_appeals)
            + self._delete(tables.decision, x.id, (x.warning.in_(mine),))
        )

    def silences(self, before: int) -> int:
        """Deletes silences that have ended."""
        s = tables.silence.c
        return self._delete(tables.silence, s.id, (s.ends < before,))

    def own(self, has_left: Callable[[str, int], bool]) -> int:
        """Deletes what people have set for themselves who have left; asked of a person and when they set it (ms)."""
        tables_of = (tables.own_channel, tables.own_choice)
        with self._database.reading() as connection:
            found = [row for one in tables_of for row in connection.execute(select(one.c.person, one.c.at))]
        newest: dict[str, int] = {}
        for person, at in found:
            newest[person] = max(at, newest.get(person, at))
        gone = {person for person, at in newest.items() if has_left(person, at)}
        if not self._dry_run:
            for part in slices(gone):
                with self._writing() as connection:
                    for one in tables_of:
                        connection.execute(delete(one).where(one.c.person.in_(part)))
        return sum(person in gone for person, _ in found)

    def record(self, applied: Applied) -> None:
        """Writes into the audit trail what was done."""
        policy, deleted = (msgspec.json.encode(one).decode() for one in (applied.policy, applied.deleted))
        with self._database.writing() as connection:
            connection.execute(insert(tables.retention).values(at=applied.at, policy=policy, deleted=deleted))

    def _delete(self, table: Table, key: ColumnElement[int], due: _Due) -> int:
        return self._each(table, key, due, lambda c, ids: c.execute(delete(table).where(key.in_(ids))))

    def _each(self, table: Table, key: ColumnElement[int], due: _Due, work: _Work) -> int:
        if self._dry_run:
            with self._database.reading() as connection:
                return int(connection.execute(select(func.count()).select_from(table).where(*due)).scalar_one())
        return sum(self._portions(key, due, work))

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with self._database.writing() as connection:
            if connection.dialect.name == "sqlite":  # what is deleted is overwritten, too
                connection.exec_driver_sql("PRAGMA secure_delete = ON")
            yield connection

    def _portions(self, key: ColumnElement[int], due: _Due, work: _Work) -> Iterator[int]:
        while True:
            with self._writing() as connection:
                ids = [row[0] for row in connection.execute(select(key).where(*due).order_by(key).limit(_AT_ONCE))]
                if not ids:
                    return
                work(connection, ids)
            yield len(ids)


def history(connection: Connection) -> list[Applied]:
    """Every application there ever was, the oldest first."""
    rows = connection.execute(select(tables.retention).order_by(tables.retention.c.id))
    return [Applied(row.at, msgspec.json.decode(row.policy), msgspec.json.decode(row.deleted)) for row in rows]


def _ended(before: int) -> _Due:
    return _w.status != "open", _w.closed_at < before
