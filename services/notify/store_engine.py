"""Opening the store: SQLite or PostgreSQL by its URL, brought to the present schema, with fast bulk writes."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from operator import itemgetter
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Executable, create_engine, event, inspect
from sqlalchemy.sql.dml import UpdateBase

_MIGRATIONS = Path(__file__).parent / "migrations"
VERSION_TABLE = "notify_schema"
HEAD = "0001"
"""The newest migration."""
_SQLITE = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=NORMAL",  # kill -9 loses nothing; after a power cut rows and offset step back together
    "PRAGMA busy_timeout=30000",
    "PRAGMA foreign_keys=ON",
    "PRAGMA cache_size=-65536",
    "PRAGMA wal_autocheckpoint=8000",
)


class Store:
    """One database. `reading()` and `writing()` give a connection with one transaction around it."""

    def __init__(self, url: str) -> None:
        self.engine = _engine(url)
        self._writer = self.engine.execution_options(writes=True)
        # SQLite admits one writer: the threads of this process queue here instead of polling the file's lock.
        self._turn = threading.Lock() if self.engine.dialect.name == "sqlite" else nullcontext()
        self._compiled: dict[tuple[UpdateBase, frozenset[str]], tuple[str, Sequence[str] | None]] = {}
        if not self._is_present():
            with self.writing() as connection:
                migrate(connection)

    def _is_present(self) -> bool:
        """Whether the schema is this version's already: then nothing waits for a writer, and alembic is not loaded."""
        with self.reading() as connection:
            if not inspect(connection).has_table(VERSION_TABLE):
                return False
            return connection.exec_driver_sql(f"SELECT version_num FROM {VERSION_TABLE}").scalar() == HEAD  # noqa: S608

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A consistent view; it takes no lock that a writer waits for."""
        with self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that may write: committed at the end, rolled back by an exception."""
        with self._turn, self._writer.begin() as connection:
            yield connection

    def bulk(self, connection: Connection, statement: UpdateBase, rows: Sequence[Mapping[str, Any]]) -> None:
        """One statement for many rows, past the per-row work of SQLAlchemy (a third of the time of an import).

        Every row has the same keys; values are those that the driver takes.
        """
        if not rows:
            return
        key = statement, frozenset(rows[0])
        if key not in self._compiled:
            columns = [name for name in rows[0] if name in statement.table.c]
            compiled = statement.compile(dialect=self.engine.dialect, column_keys=columns)
            self._compiled[key] = str(compiled), compiled.positiontup
        sql, order = self._compiled[key]
        if order is None:
            connection.exec_driver_sql(sql, list(rows))
        else:
            connection.exec_driver_sql(sql, list(map(itemgetter(*order), rows)))

    def close(self) -> None:
        """Gives the connections back."""
        self.engine.dispose()


def migrate(connection: Connection) -> None:
    """Brings the schema up to date, inside the caller's transaction."""
    from alembic import command  # noqa: PLC0415 - half a second that only a new schema costs
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def streamed(connection: Connection, statement: Executable) -> Iterator[Any]:
    """The rows of a long answer, a thousand at a time."""
    yield from connection.execution_options(yield_per=1000).execute(statement)


def _engine(url: str) -> Engine:
    engine = create_engine(url, pool_size=20, max_overflow=20)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _connected)
        event.listen(engine, "begin", _begun)
    return engine


def _connected(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # the driver must not begin transactions of its own; `_begun` does
    for pragma in _SQLITE:
        connection.execute(pragma)


def _begun(connection: Connection) -> None:
    # A transaction that reads first and writes later can be refused half-way; one that will write says so at once.
    writes = connection.get_execution_options().get("writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
