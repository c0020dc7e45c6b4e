"""Opening the store: SQLite or PostgreSQL by its URL, brought to the present schema, with fast bulk writes."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from operator import itemgetter
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, Executable, create_engine, event, inspect, make_url
from sqlalchemy.exc import ArgumentError, DataError, OperationalError
from sqlalchemy.sql.dml import UpdateBase

from services.errors import ConfigurationError, LogError, UnstorableError

_MIGRATIONS = Path(__file__).parent / "migrations"
VERSION_TABLE = "notify_schema"
HEAD = "0006"
"""The newest migration."""
_SQLITE = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=NORMAL",  # kill -9 loses nothing; after a power cut rows and offset step back together
    "PRAGMA busy_timeout=30000",
    "PRAGMA foreign_keys=ON",
    "PRAGMA cache_size=-65536",
    "PRAGMA wal_autocheckpoint=8000",
)
_POSTGRESQL = {
    "connect_timeout": "10",
    "options": "-clock_timeout=30000 -cstatement_timeout=60000",  # as long as SQLite waits; ms
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "30000",  # a server whose machine has gone answers nothing, not even that it is gone; ms
}
"""libpq's parameters, each unless the address has it."""
_MIGRATING = 0x5072_6577_61726E
"""The advisory lock of those who bring one schema up to date."""


class Store:
    """One database. `reading()` and `writing()` give a connection with one transaction around it."""

    def __init__(self, url: str) -> None:
        """Raises ConfigurationError if `url` is no address of a store, LogError if there is none at it now."""
        self.engine = _engine(url)
        self._writer = self.engine.execution_options(writes=True)
        self._reader = self.engine
        if self.engine.dialect.name == "postgresql":  # as SQLite is of its own accord
            self._reader = self.engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        # SQLite admits one writer: the threads of this process queue here instead of polling the file's lock.
        self._turn = threading.Lock() if self.engine.dialect.name == "sqlite" else nullcontext()
        self._compiled: dict[tuple[UpdateBase, frozenset[str]], tuple[str, Sequence[str] | None]] = {}
        try:
            if not self._is_present():
                with self.writing() as connection:
                    migrate(connection)
        except LogError as error:
            self.engine.dispose()
            raise LogError(f"notify's store {self.engine.url} cannot be opened: {error.__cause__}") from error

    def _is_present(self) -> bool:
        """Whether the schema is this version's already: then nothing waits for a writer, and alembic is not loaded."""
        with self.reading() as connection:
            if not inspect(connection).has_table(VERSION_TABLE):
                return False
            return connection.exec_driver_sql(f"SELECT version_num FROM {VERSION_TABLE}").scalar() == HEAD  # noqa: S608

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A consistent view; it takes no lock that a writer waits for. Raises LogError if nothing answers."""
        try:
            with self._reader.connect() as connection, connection.begin():
                yield connection
        except OperationalError as error:
            raise LogError(f"notify's store cannot be read: {error.orig}") from error

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that may write: committed at the end, rolled back by an exception.

        Raises UnstorableError for a number or a text that the database has no room for, LogError if it is full, locked
        or away: trying again can help.
        """
        try:
            with self._turn, self._writer.begin() as connection:
                yield connection
        except DataError as error:  # PostgreSQL
            raise UnstorableError(f"the store cannot hold this: {error.orig}") from error
        except OperationalError as error:
            raise LogError(f"notify's store cannot be written: {error.orig}") from error
        except OverflowError as error:  # SQLite
            raise UnstorableError(f"the store cannot hold this: {error}") from error

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

    if connection.dialect.name == "postgresql":  # several processes may start for the first time at once
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_MIGRATING})")
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def streamed(connection: Connection, statement: Executable) -> Iterator[Any]:
    """The rows of a long answer, a thousand at a time."""
    yield from connection.execution_options(yield_per=1000).execute(statement)


def _engine(url: str) -> Engine:
    address = _address(url)
    if address.get_backend_name() == "sqlite":
        engine = create_engine(address, pool_size=20, max_overflow=20)
        event.listen(engine, "connect", _connected)
        event.listen(engine, "begin", _begun)
        return engine
    parameters = {name: value for name, value in _POSTGRESQL.items() if name not in address.query}
    # Asked before each use: connections that a restart of the server has broken are replaced without an error.
    return create_engine(address, pool_size=20, max_overflow=20, pool_pre_ping=True, connect_args=parameters)


def _address(url: str) -> URL:
    try:
        address = make_url(url)
    except ArgumentError:
        address = None
    if address is not None and address.drivername in ("postgresql", "postgres", "postgresql+psycopg"):
        return address.set(drivername="postgresql+psycopg")
    if address is not None and address.drivername in ("sqlite", "sqlite+pysqlite"):
        return address
    found = f"a store of {address.drivername}" if address is not None else "not an address"  # never the password
    raise ConfigurationError(
        f"PREWARN_DATABASE_URL or DATABASE_URL is {found} (expected: postgresql://user:password@host/name, sqlite:///path)"
    )


def _connected(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # the driver must not begin transactions of its own; `_begun` does
    for pragma in _SQLITE:
        connection.execute(pragma)


def _begun(connection: Connection) -> None:
    # A transaction that reads first and writes later can be refused half-way; one that will write says so at once.
    writes = connection.get_execution_options().get("writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


__all__ = ["HEAD", "Connection", "Store", "migrate", "streamed"]
