"""The records in the journal: one file holds them and the log, so that one commit is both."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import msgspec

from services.log.journal import Journal
from services.log.records import Clocked, Records
from services.messages import CampusEvent, Verdict


class _SqliteRecords(Records):
    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def _read(self, query: str, values: Sequence[object]) -> Iterable[Any]:
        listed = query.replace("in ?", "in (select value from json_each(?))")
        return self._db.execute(listed, [_listed(one) if isinstance(one, list) else one for one in values])

    def _write(self, query: str, rows: Sequence[tuple[object, ...]]) -> None:
        self._db.executemany(query, rows)


class _Commit:
    """A transaction of the journal."""

    def __init__(self, journal: Journal, db: sqlite3.Connection) -> None:
        self._journal, self._db = journal, db
        self.records = _SqliteRecords(db)

    def admit(self, events: Sequence[CampusEvent], clocks: Sequence[int]) -> tuple[list[Verdict], list[Clocked]]:
        """See Transaction."""
        return self._journal.admit(self._db, events, clocks)

    def tell(self, events: Iterable[Clocked]) -> None:
        """See Transaction: in the order of their clocks, so that no deadline passes before what comes in time."""
        self._journal.write(self._db, sorted(events, key=lambda one: one[0]))


class JournalRecords:
    """A `RecordStore` over a journal; several threads and processes may share it."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self.reject, self.wake = journal.reject, journal.wake
        self.rejected_since = journal.rejected_since

    @contextmanager
    def transaction(self) -> Iterator[_Commit]:
        """See RecordStore."""
        with self._journal.transaction() as db:
            yield _Commit(self._journal, db)

    @contextmanager
    def reading(self) -> Iterator[Records]:
        """The records, to be read."""
        with self._journal.reading() as db:
            yield _SqliteRecords(db)

    def meta(self, name: str) -> str:
        """See RecordStore."""
        return self._journal.meta(name, "")

    def past(self) -> Iterator[list[tuple[int, bytes]]]:
        """See RecordStore."""
        offset, end = 0, self._journal.end()
        while rows := [row for row in self._journal.read(offset) if row[0] <= end]:
            offset = rows[-1][0]
            yield [(clock, packed) for _, clock, _, packed in rows]


def _listed(values: list[object]) -> str:
    return msgspec.json.encode(values).decode()
