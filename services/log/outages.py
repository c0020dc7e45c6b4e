"""How long nothing took events in, and how far each source has come since: kept beside what ingest writes.

Of several processes that take in each may note it at any time, beside the transactions of records; whoever warns reads
it. Times are milliseconds, 0: never.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

from services.log.journal import Journal

_ALIVE, _ENDED, _NEWEST = "alive", "outage_ended", "newest/"


class Noted(NamedTuple):
    """What is known of the last outage."""

    alive: int
    """When something that takes events in was last up."""
    ended: int
    """When the last outage was over."""
    newest: Mapping[str, int]
    """Source → the newest instant that anything from it was about, since then."""


class Database(Protocol):
    """What an outage log asks of its database."""

    def execute(self, query: str, values: Sequence[object], /) -> Any:
        """A cursor, as sqlite3 and psycopg have it. `?` is a value."""


class OutageNotes:
    """The notes. A database says how it is asked; all methods raise LogError."""

    _table = "meta"
    _own: Mapping[str, str] = MappingProxyType({})
    """Columns that say whose the rows are, and their values here."""

    def _transaction(self) -> AbstractContextManager[Database]:
        """All of it or nothing."""
        raise NotImplementedError

    def _reading(self) -> AbstractContextManager[Database]:
        """The database, for one question."""
        raise NotImplementedError

    def noted(self) -> Noted:
        """As of now."""
        query = f"select name, value from {self._table} where {self._mine}(name in (?, ?) or substr(name, 1, 7) = ?)"  # noqa: S608 - ours
        with self._reading() as db:
            found = dict(db.execute(query, [*self._own.values(), _ALIVE, _ENDED, _NEWEST]).fetchall())
        newest = {name.removeprefix(_NEWEST): int(at) for name, at in found.items() if name.startswith(_NEWEST)}
        return Noted(int(found.get(_ALIVE, 0)), int(found.get(_ENDED, 0)), newest)

    def begin(self, now: int, before: int) -> None:
        """Something takes in from now on. If nothing did since `before`, that was an outage, and it is over.

        Of several that begin at once, one ends the outage.
        """
        with self._transaction() as db:
            ended = db.execute(
                f"update {self._table} set value = ? where {self._mine}name = ? and cast(value as bigint) < ?",  # noqa: S608 - ours
                [str(now), *self._own.values(), _ALIVE, before],
            ).rowcount
            if ended:
                forget = f"delete from {self._table} where {self._mine}substr(name, 1, 7) = ?"  # noqa: S608 - ours
                db.execute(forget, [*self._own.values(), _NEWEST])
                self._put(db, _ENDED, now)
            self._put(db, _ALIVE, now)

    def beat(self, now: int) -> None:
        """Notes that something takes events in at this moment."""
        with self._transaction() as db:
            self._put(db, _ALIVE, now)

    def tell(self, newest: Mapping[str, int]) -> None:
        """How far sources have come; another process may have noted a later instant."""
        later = f" where cast({self._table}.value as bigint) < cast(excluded.value as bigint)"
        with self._transaction() as db:
            for source, at in sorted(newest.items()):  # in one order, so that two processes do not wait for each other
                self._put(db, f"{_NEWEST}{source}", at, later)

    @property
    def _mine(self) -> str:
        return "".join(f"{name} = ? and " for name in self._own)

    def _put(self, db: Database, name: str, value: int, condition: str = "") -> None:
        own = "".join(f"{one}, " for one in self._own)
        query = (
            f"insert into {self._table} ({own}name, value) values ({'?, ' * len(self._own)}?, ?)"  # noqa: S608 - ours
            f" on conflict ({own}name) do update set value = excluded.value{condition}"
        )
        db.execute(query, [*self._own.values(), name, str(value)])


class JournalOutages(OutageNotes):
    """Those of one process, in its journal; several processes may share the file."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def _transaction(self) -> AbstractContextManager[Database]:
        return self._journal.transaction()

    def _reading(self) -> AbstractContextManager[Database]:
        return self._journal.reading()
