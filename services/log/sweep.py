"""Takes what is old out of a journal, in small commits, while other processes use the file."""

from __future__ import annotations

import sqlite3
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Any

import msgspec

from services.errors import LogError
from services.i18n import say
from services.log import disk
from services.log.records import decode_run, freed, said_and_told
from services.messages import UNREADABLE, CampusEvent, Changes, WarningChange, WarningReading, to_ms

_ROWS_AT_ONCE = 50


class Sweep:
    """One pass over the file at `path`. Raises LogError if it cannot be read or written.

    The newest row of a table stays whatever its age: SQLite would give its number to the next one.
    """

    def __init__(self, path: Path, *, dry_run: bool) -> None:
        self._dry_run, self._path = dry_run, path
        self._events = msgspec.json.Decoder(list[CampusEvent])
        self._changes = msgspec.msgpack.Decoder(Changes)
        try:
            self._db = sqlite3.connect(path, isolation_level=None, timeout=30)
            self._db.execute("pragma secure_delete = on")  # what is deleted is overwritten, too
        except sqlite3.Error as error:
            raise LogError(f"{path}: {error}") from error

    def close(self) -> None:
        """Closes the file; nothing can be deleted any more."""
        self._db.close()

    def come_to(self) -> int:
        """How far time had come when the rules last evaluated the log (ms); negative if they never have."""
        return self._evaluated()[1]

    def events(self, before: int, named: AbstractSet[str]) -> int:
        """Deletes events that were evaluated and came before an instant (ms), but none that names one of `named`.

        Returns how many. Sent again, such an event is a new one, which the rules put aside as late.
        """
        last, gone, reached = self._evaluated()[0], 0, 0
        query = "select offset, events, packed from log where clock < ? and offset > ? and offset < ? order by offset"
        while rows := self._rows(f"{query} limit {_ROWS_AT_ONCE}", before, reached, last):
            reached = rows[-1][0]
            with disk.transaction(self._db, self._path) as db:
                for offset, count, packed in rows:
                    gone += self._thin_out(db, offset, count, packed, named)
                if not self._dry_run:
                    db.execute("delete from late where offset <= ?", (reached,))
        return gone

    def _thin_out(self, db: sqlite3.Connection, offset: int, count: int, packed: bytes, named: AbstractSet[str]) -> int:
        try:
            events = self._events.decode(packed)
        # A row that the rules could not read either: it stays in the log.
        except UNREADABLE:
            return 0
        kept = [event for event in events if not named.isdisjoint(_names(event))]
        old = [event for event in events if named.isdisjoint(_names(event))]
        if count and not old:
            return 0
        if not self._dry_run:
            if kept:
                left = msgspec.json.encode(kept)
                db.execute("update log set events = ?, packed = ? where offset = ?", (len(kept), left, offset))
            else:
                db.execute("delete from log where offset = ?", (offset,))
            idents = [(f"{one.source} {one.id} {one.revision}",) for one in old]
            db.executemany("delete from identity where ident = ?", idents)
        return len(old)

    def records(self, before: int, named: AbstractSet[str]) -> None:
        """Deletes what sources said, and the log was told, of matters from before an instant (ms), as `events` does."""
        kind, key = "", ""
        query = "select kind, key, at, value from record where (kind, key) > (?, ?) order by kind, key limit 2000"
        while rows := self._rows(query, kind, key):
            kind, key = rows[-1][:2]
            gone = [(row[0], row[1]) for row in rows if row[2] < before and self._is_old(row[3], before, named)]
            if self._dry_run or not gone:
                continue
            with disk.transaction(self._db, self._path) as db:
                db.executemany("delete from record where kind = ? and key = ?", gone)
                db.executemany("delete from record_id where kind = ? and key = ?", gone)

    def runs(self, before: int) -> None:
        """Forgets imports that began before an instant (ms); they cannot be undone any more."""
        old = [
            (one.id,)
            for (value,) in self._rows("select value from run where id < (select max(id) from run)")
            if (one := decode_run(value)).begun < before
        ]
        if not self._dry_run:
            with disk.transaction(self._db, self._path) as db:
                db.execute("delete from record_id where kind = ? and key < ?", freed(0, before))
                db.executemany("delete from run where id = ?", old)

    @staticmethod
    def _is_old(value: bytes, before: int, named: AbstractSet[str]) -> bool:
        said, told = said_and_told(value)
        events = [one.event for one in said] + ([told.event] if told else [])
        return all(one.recorded < before for one in said) and all(named.isdisjoint(_names(one)) for one in events)

    def changes(self, before: int, taken_in: int) -> int:
        """Deletes what the rules published before an instant (ms) and notify has taken in; how many changes."""
        gone, reached = 0, 0
        query = "select offset, packed from change where offset > ? and offset <= ? and offset < (select max(offset)"
        while rows := self._rows(f"{query} from change) order by offset limit {_ROWS_AT_ONCE}", reached, taken_in):
            reached = rows[-1][0]
            with disk.transaction(self._db, self._path) as db:
                for offset, packed in rows:
                    found = self._changes.decode(packed)
                    said: list[WarningChange | WarningReading] = [*found.changes, *found.readings]
                    if any(to_ms(one.at) >= before for one in said):
                        continue
                    gone += len(found.changes)
                    if not self._dry_run:
                        db.execute("delete from change where offset = ?", (offset,))
        return gone

    def rejected(self, before: str) -> int:
        """Deletes rejects that came before an instant (RFC 3339, UTC), with their original bytes; how many."""
        old = "from rejected where received_at < ?"
        if self._dry_run:
            return int(self._rows(f"select count(*) {old}", before)[0][0])
        with disk.transaction(self._db, self._path) as db:
            return db.execute(f"delete {old}", (before,)).rowcount

    def _evaluated(self) -> tuple[int, int]:
        rows = self._rows("select value from meta where name = 'evaluated'")
        offset, now = rows[0][0].split() if rows else ("0", "-1")
        return int(offset), int(now)

    def _rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        try:
            return self._db.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise LogError(say("log.log_cannot_be_read", error=error)) from error


def _names(event: CampusEvent) -> set[str]:
    return {value for value in event.data.values() if isinstance(value, str)}
