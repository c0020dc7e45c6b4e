"""The notes on outages of the cluster mode: in ingest's database, read by notify."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg

from services.errors import LogError
from services.i18n import say
from services.log.outages import OutageNotes
from services.log.postgres_records import make_tables


class PostgresOutages(OutageNotes):
    """Those of one topic prefix; for one thread at a time, on a connection that is kept."""

    _table = "ingest_meta"

    def __init__(self, address: Mapping[str, Any], prefix: str) -> None:
        """Makes the tables if they are not there; raises LogError. `address`: of `address_of`."""
        self._address, self._own = address, {"log": prefix}
        self._db: psycopg.Connection | None = None
        with self._connected() as db:
            make_tables(db)

    def close(self) -> None:
        """Gives the connection back."""
        db, self._db = self._db, None
        if db is not None:
            db.close()

    @contextmanager
    def _transaction(self) -> Iterator[_Asked]:
        with self._connected() as db, db.transaction():
            yield _Asked(db)

    @contextmanager
    def _reading(self) -> Iterator[_Asked]:
        with self._connected() as db:
            yield _Asked(db)

    @contextmanager
    def _connected(self) -> Iterator[psycopg.Connection]:
        try:
            if self._db is None or self._db.closed:
                self._db = psycopg.connect(**self._address, autocommit=True)
            yield self._db
        except psycopg.Error as error:
            self.close()
            raise LogError(say("log.records_cannot_be_kept", error=str(error).strip())) from error


class _Asked:
    def __init__(self, db: psycopg.Connection) -> None:
        self._db = db

    def execute(self, query: str, values: Sequence[object], /) -> psycopg.Cursor:
        """Runs a statement as sqlite3 takes it, with `?` for values."""
        return self._db.execute(query.replace("?", "%s").encode(), values)
