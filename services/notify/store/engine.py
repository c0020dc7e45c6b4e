"""Opening the store: SQLite or PostgreSQL by its URL, brought to the present schema, with fast bulk writes."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from itertools import islice
from operator import attrgetter
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from sqlalchemy import URL, Connection, Engine, Executable, Select, Table, create_engine, event, inspect, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, DatabaseError, DataError, OperationalError
from sqlalchemy.sql.dml import UpdateBase

from services import shown_again
from services.errors import DamagedError, LogError, SettingError, UnstorableError
from services.i18n import say
from services.log import disk
from services.messages import Message

_MIGRATIONS = Path(__file__).parent / "migrations"
VERSION_TABLE = "notify_schema"
HEAD = "0017"
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
_SLICE = 4000
_Row = TypeVar("_Row")
_Id = TypeVar("_Id")
_MIGRATING = 0x5072_6577_61726E
"""The advisory lock of those who bring one schema up to date."""


class Store:
    """One database. `reading()` and `writing()` give a connection with one transaction around it."""

    def __init__(self, url: str) -> None:
        """Raises SettingError if `url` is no address of a store, LogError if there is none at it now."""
        self.engine = _engine(url)
        self._writer = self.engine.execution_options(writes=True)
        self._reader = self.engine
        if self.engine.dialect.name == "postgresql":  # as SQLite is of its own accord
            self._reader = self.engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        # SQLite admits one writer: the threads of this process queue here instead of polling the file's lock.
        self._turn = threading.Lock() if self.engine.dialect.name == "sqlite" else nullcontext()
        self._compiled: dict[UpdateBase, tuple[str, Sequence[str] | None, list[str]]] = {}
        try:
            if not self._is_present():
                with self.writing() as connection:
                    migrate(connection)
        except DamagedError:
            self.engine.dispose()
            raise
        except LogError as error:
            self.engine.dispose()
            why = self._why(error.__cause__) if isinstance(error.__cause__, OperationalError) else str(error.__cause__)
            raise LogError(say("notify.store_cannot_be_opened", store=self.engine.url, why=why)) from error

    def _why(self, error: OperationalError) -> Message | str:
        file = self.engine.url.database if self.engine.dialect.name == "sqlite" else None
        return disk.reason(Path(file), error.orig) if file else str(error.orig)

    def _damaged(self, error: DatabaseError) -> Exception:
        """What SQLite says of a file that is none of its own, or broken; a server's errors stay what they are."""
        if type(error) is not DatabaseError or self.engine.dialect.name != "sqlite":
            return error
        return DamagedError(say("log.file_damaged", path=self.engine.url.database, error=error.orig))

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
            raise LogError(say("notify.store_cannot_be_read", why=self._why(error))) from error
        except DatabaseError as error:
            raise self._damaged(error) from error

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that may write: committed at the end, rolled back by an exception.

        Raises UnstorableError for a number or a text that the database has no room for, LogError if it is full, locked
        or away: trying again can help; and OnlyShownError where a form that is only shown again would write.
        """
        try:
            with self._turn, self._writer.begin() as connection:
                if shown_again.is_on():
                    event.listen(connection, "before_cursor_execute", _only_read)
                yield connection
        except DataError as error:  # PostgreSQL
            raise UnstorableError(f"the store cannot hold this: {error.orig}") from error
        except OperationalError as error:
            raise LogError(say("notify.store_cannot_be_written", why=self._why(error))) from error
        except DatabaseError as error:
            raise self._damaged(error) from error
        except OverflowError as error:  # SQLite
            raise UnstorableError(f"the store cannot hold this: {error}") from error

    def bulk(
        self, connection: Connection, statement: UpdateBase, rows: Sequence[object], columns: Sequence[str] = ()
    ) -> None:
        """One statement for many rows, past the per-row work of SQLAlchemy (a third of the time of an import).

        Values are those that the driver takes. `columns`: what is written of each row, by default all but a number that
        the database gives. A parameter `of_x` of the statement is the row's `x`.
        """
        if not rows:
            return
        if statement not in self._compiled:
            columns = columns or [one.name for one in statement.table.c if not (one.primary_key and one.name == "id")]
            compiled = statement.compile(dialect=self.engine.dialect, column_keys=list(columns))
            self._compiled[statement] = str(compiled), compiled.positiontup, [*compiled.params]
        sql, order, names = self._compiled[statement]
        values = map(attrgetter(*(name.removeprefix("of_") for name in order or names)), rows)
        named = [dict(zip(names, each, strict=True)) for each in values] if order is None else [*values]
        connection.exec_driver_sql(sql, named)

    def close(self) -> None:
        """Gives the connections back; the store cannot be used any more."""
        self.engine.dispose()


def _only_read(_connection: Connection, _cursor: object, statement: str, *_: object) -> None:
    """Before each statement of a form that is only shown again: it looks, and holds, but does not write."""
    if not statement.lstrip().upper().startswith("SELECT"):
        shown_again.guard()


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


def rows_of(connection: Connection, query: Select[Any], row: type[_Row]) -> list[_Row]:
    """What a query finds, as rows of notify."""
    return [row(**one) for one in connection.execute(query).mappings()]


def insert_or(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An insert that can say what becomes of a row that is there already (`on_conflict_…`), in the database's words."""
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)


def columns_of(row: msgspec.Struct) -> dict[str, Any]:
    """The values of a row to insert; its number is given by the database."""
    return {name: value for name, value in msgspec.structs.asdict(row).items() if name != "id"}


def slices(ids: Iterable[_Id]) -> Iterator[list[_Id]]:
    """Ids in portions of what the databases take in one statement."""
    left = iter(ids)
    while part := list(islice(left, _SLICE)):
        yield part


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
    raise SettingError(
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


__all__ = ["HEAD", "Connection", "Store", "columns_of", "migrate", "rows_of", "slices", "streamed"]
