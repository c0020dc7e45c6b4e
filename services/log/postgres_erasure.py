"""What the records in PostgreSQL keep of a person is written anew under a pseudonym."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg

from services.errors import LogError
from services.i18n import say
from services.log.erased import ERASED
from services.log.naming_tables import RECORDS, TOKENS, Row, Table, renamed
from services.log.postgres_records import lock, make_tables
from services.log.renaming import Renaming


class SharedRecords:
    """The records of a topic prefix. All raise LogError."""

    def __init__(self, address: dict[str, Any], prefix: str) -> None:
        self._address, self._prefix = address, prefix

    def mentions(self, renaming: Renaming) -> dict[str, int]:
        """In how many rows of each table somebody is named."""
        return self._each(renaming, None)

    def rename(self, renaming: Renaming, kept: str) -> dict[str, int]:
        """Writes them anew in one commit; `kept`: the value of `ERASED` from then on. Returns rows by table."""
        return self._each(renaming, kept)

    def kept(self) -> str:
        """The value of `ERASED`; empty if there is none."""
        with self._connected() as db:
            query = "select value from ingest_meta where log = %s and name = %s"
            row = db.execute(query, (self._prefix, ERASED)).fetchone()
            return str(row[0]) if row else ""

    def keep(self, kept: str) -> None:
        """The value of `ERASED` from now on."""
        with self._connected() as db:
            self._put(db, RECORDS[-1], [(ERASED, kept)])

    def _each(self, renaming: Renaming, kept: str | None) -> dict[str, int]:
        counts = {}
        with self._connected() as db:
            with db.transaction():
                lock(db, self._prefix)
                for one in (*RECORDS, TOKENS):
                    columns = ", ".join(one.columns)
                    query = f"select {columns} from ingest_{one.name} where log = %s"  # noqa: S608 - ours
                    rows = list(renamed(db.execute(query.encode(), (self._prefix,)), one, renaming))
                    counts[one.name] = len(rows)
                    if kept is not None:
                        self._replace(db, one, rows)
                if kept is not None:
                    self._put(db, RECORDS[-1], [(ERASED, kept)])
            if kept is not None:
                for one in (*RECORDS, TOKENS):
                    db.execute(f"vacuum ingest_{one.name}".encode())
        return {name: count for name, count in counts.items() if count}

    def _replace(self, db: psycopg.Connection, one: Table, rows: Sequence[tuple[Row, Row | None]]) -> None:
        if one is TOKENS:
            query = "update ingest_source_token set source = %s where log = %s and id = %s"
            db.cursor().executemany(query, [(new[1], self._prefix, new[0]) for _, new in rows if new])
            return
        where = " and ".join(f"{name} = %s" for name in one.key)
        query = f"delete from ingest_{one.name} where log = %s and {where}"  # noqa: S608 - ours
        db.cursor().executemany(query.encode(), [(self._prefix, *old[: len(one.key)]) for old, _ in rows])
        self._put(db, one, [new for _, new in rows if new is not None])

    def _put(self, db: psycopg.Connection, one: Table, rows: Sequence[Row]) -> None:
        """Somebody who is erased once more may have a row under the pseudonym already."""
        places, names = ", ".join(["%s"] * (len(one.columns) + 1)), ", ".join(("log", *one.columns))
        new = ", ".join(f"{name} = excluded.{name}" for name in one.columns if name not in one.key)
        key = ", ".join(("log", *one.key))
        query = f"insert into ingest_{one.name} ({names}) values ({places}) on conflict ({key}) do update set {new}"  # noqa: S608 - ours
        db.cursor().executemany(query.encode(), [(self._prefix, *row) for row in rows])

    @contextmanager
    def _connected(self) -> Iterator[psycopg.Connection]:
        try:
            with psycopg.connect(**self._address, autocommit=True) as db:
                make_tables(db)
                yield db
        except psycopg.Error as error:
            raise LogError(say("log.records_cannot_be_kept", error=str(error).strip())) from error
