"""The records of the cluster mode: in PostgreSQL, shared by all ingest processes; what counts goes on to Kafka.

A transaction takes the lock of its topic prefix, so that no two processes decide about one lesson at once. Kafka gets
what counts inside of it, and it is committed once Kafka has that: what was accepted is in both. If Kafka fails, or the
process dies in between, Kafka may have what the records do not know. The sender was not told yes and sends it again,
and the same goes out again under the same revisions (docs/architecture.md says which race stays).
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from itertools import chain
from typing import Any, Protocol

import msgspec
import psycopg
from psycopg.conninfo import conninfo_to_dict

from services.errors import LogError, SettingError
from services.i18n import say
from services.log import postgres_quota
from services.log.records import Clocked, Records
from services.messages import UNREADABLE, CampusEvent, Message, Rejection, Verdict

PATIENCE = 30.0
"""Seconds for which one process, or one thread of it, waits for another's transaction."""
_PARAMETERS = {
    "connect_timeout": "10",
    # Whoever holds the lock and is not heard of any more (frozen, its machine gone) lets it go after a minute; ms.
    "options": f"-clock_timeout={PATIENCE * 1000:.0f} -cstatement_timeout=60000"
    " -cidle_in_transaction_session_timeout=60000",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "30000",
}
"""libpq's parameters, each unless the address has it."""
_LOCK, _MAKING = 0x5072_6577, 0x5072_6578
"""Advisory locks: of those who change the records of a prefix (with its hash), and who make the tables."""
_SCHEMA = """
create table if not exists ingest_record (
    log text collate "C" not null, kind text collate "C" not null, key text collate "C" not null,
    grp text collate "C" not null, student text, lesson text, at bigint not null, value bytea not null,
    primary key (log, kind, key));
create index if not exists ingest_record_of_group on ingest_record (log, grp);
create index if not exists ingest_record_of_student on ingest_record (log, student, at) where student is not null;
create index if not exists ingest_record_of_lesson on ingest_record (log, lesson) where kind = 'test';
create table if not exists ingest_record_id (
    log text collate "C" not null, ident text collate "C" not null, kind text not null, key text not null,
    primary key (log, ident));
create table if not exists ingest_meta (
    log text collate "C" not null, name text collate "C" not null, value text not null, primary key (log, name));
create table if not exists ingest_run (
    log text collate "C" not null, id integer not null, value bytea not null, primary key (log, id));
create table if not exists ingest_source_token (
    log text collate "C" not null, id text collate "C" not null, digest bytea not null, source text not null,
    kinds text not null, per_minute integer not null, made bigint not null, used bigint not null,
    revoked bigint not null, primary key (log, id));
"""
_decode_rejections = msgspec.json.Decoder(list[Rejection]).decode
_TABLES = re.findall(r"create table if not exists (\w+)", _SCHEMA + postgres_quota.SCHEMA)


class Log(Protocol):
    """The way to Kafka (`services/log/kafka/producer.py: Publisher`)."""

    trouble: Message | str | None

    def append(self, events: Sequence[CampusEvent]) -> list[Verdict]:
        """See EventLog."""

    def reject(self, rejections: Sequence[Rejection]) -> None:
        """See EventLog."""

    def past(self) -> Iterator[list[bytes]]:
        """The messages that Kafka has, in portions."""

    def rejected(self) -> Iterator[list[bytes]]:
        """The messages of rejects that Kafka has, in portions."""


class _PostgresRecords(Records):
    """Those of one topic prefix."""

    _tables = "ingest_"

    def __init__(self, db: psycopg.Connection, prefix: str) -> None:
        self._db, self._own = db, {"log": prefix}

    def _read(self, query: str, values: Sequence[object]) -> Iterable[Any]:
        return self._db.execute(query.replace("in ?", "= any(?)").replace("?", "%s").encode(), values)

    def _write(self, query: str, rows: Sequence[tuple[object, ...]]) -> None:
        with self._db.cursor() as cursor:
            cursor.executemany(query.replace("?", "%s").encode(), rows)


class _Commit:
    """A transaction of the records, with what Kafka shall have before it is committed."""

    def __init__(self, records: Records) -> None:
        self.records = records
        self.out: list[CampusEvent] = []

    def admit(self, events: Sequence[CampusEvent], clocks: Sequence[int]) -> tuple[list[Verdict], list[Clocked]]:
        """See Transaction. Kafka does not know what is in it: all are `accepted`; time is its own business."""
        return ["accepted"] * len(events), list(zip(clocks, events, strict=True))

    def tell(self, events: Iterable[Clocked]) -> None:
        """See Transaction."""
        self.out += [event for _, event in events]


class PostgresRecords:
    """A `RecordStore` of one topic prefix; several threads of a process may share it, on one connection."""

    def __init__(
        self, address: Mapping[str, Any], prefix: str, log: Log, reached: Callable[[str], None] = lambda _: None
    ) -> None:
        """Makes the tables if they are not there; raises LogError. `address`: of `address_of`.

        `reached` hears of points in a transaction (tests of crashes).
        """
        self._address, self._prefix, self._log, self._reached = address, prefix, log, reached
        self._turn = threading.Lock()
        self._db: psycopg.Connection | None = None
        self._trouble: Message | None = None
        with self._working() as db:
            make_tables(db)

    @property
    def trouble(self) -> Message | str | None:
        """Why nothing could be kept, or handed over to Kafka, the last time; none if it could."""
        return self._trouble or self._log.trouble

    def close(self) -> None:
        """Gives up what is under way; nobody was told yes for it."""
        db, self._db = self._db, None
        if db is not None:
            db.close()

    @contextmanager
    def transaction(self) -> Iterator[_Commit]:
        """See RecordStore. Kafka's errors go through, as BrokerError; nothing is kept then."""
        with self._working():
            db = self._begun()
            try:
                commit = _Commit(_PostgresRecords(db, self._prefix))
                yield commit
                if commit.out:
                    self._reached("decided")
                    self._log.append(commit.out)
                    self._reached("published")
                db.execute("commit")
            except BaseException:
                with suppress(psycopg.Error):
                    db.execute("rollback")
                raise

    def _begun(self) -> psycopg.Connection:
        """A connection with a transaction that has the lock."""
        db = self._connected()
        try:
            db.execute("begin")
        except psycopg.OperationalError:  # the server was started anew meanwhile, and nothing is lost yet
            db = self._connected()
            db.execute("begin")
        lock(db, self._prefix)
        return db

    @contextmanager
    def reading(self) -> Iterator[Records]:
        """The records as they are, without waiting for who writes. Raises LogError."""
        with self._working() as db:
            yield _PostgresRecords(db, self._prefix)

    def reject(self, rejections: Sequence[Rejection]) -> None:
        """See RecordStore; within the quota, which all processes share. What Kafka does not take counts for nothing."""
        with self._working() as db, db.transaction():
            if kept := postgres_quota.admit(db, self._prefix, rejections):
                self._log.reject(kept)

    def rejected_since(self, moment: datetime) -> Iterator[Rejection]:
        """See RecordStore. What somebody else has written there, and cannot be read, is passed over."""
        for message in chain.from_iterable(self._log.rejected()):
            with suppress(*UNREADABLE):
                yield from (one for one in _decode_rejections(message) if one.received_at >= moment)

    def meta(self, name: str) -> str:
        """See RecordStore."""
        with self._working() as db:
            return _PostgresRecords(db, self._prefix).meta(name)

    def past(self) -> Iterator[list[tuple[int, bytes]]]:
        """See RecordStore. When Kafka took them is not asked: before whatever comes now."""
        for values in self._log.past():
            yield [(0, value) for value in values]

    def wake(self) -> None:
        """See RecordStore: nobody waits here."""

    @contextmanager
    def _working(self) -> Iterator[psycopg.Connection]:
        if not self._turn.acquire(timeout=PATIENCE):
            raise LogError(say("log.records_busy", patience=f"{PATIENCE:g}"))
        try:
            yield self._connected()
            self._trouble = None
        except psycopg.Error as error:
            self._trouble = say("log.records_cannot_be_kept", error=str(error).strip())
            self.close()
            raise LogError(self._trouble) from error
        finally:
            self._turn.release()

    def _connected(self) -> psycopg.Connection:
        if self._db is None or self._db.closed:
            self._db = psycopg.connect(**self._address, autocommit=True)
        return self._db


def lock(db: psycopg.Connection, prefix: str) -> None:
    """Until the transaction ends nobody else changes the records of a prefix."""
    db.execute("select pg_advisory_xact_lock(%s, hashtext(%s))", (_LOCK, prefix))


@contextmanager
def reading(address: Mapping[str, Any], prefix: str) -> Iterator[Records]:
    """The records of a prefix, to be read. Raises LogError."""
    try:
        with psycopg.connect(**address, autocommit=True) as db:
            make_tables(db)
            yield _PostgresRecords(db, prefix)
    except psycopg.Error as error:
        raise LogError(say("log.records_cannot_be_kept", error=str(error).strip())) from error


def make_tables(db: psycopg.Connection) -> None:
    """All of ingest's, unless they are there: then nobody needs the right to make them."""
    if _are_made(db):
        return
    # Several processes may start at once. Only a transaction that begins behind the lock sees what another has made.
    db.execute("select pg_advisory_lock(%s)", (_MAKING,))
    try:
        if not _are_made(db):
            with db.transaction():
                db.execute(_SCHEMA)
                db.execute(postgres_quota.SCHEMA)
    finally:
        db.execute("select pg_advisory_unlock(%s)", (_MAKING,))


def _are_made(db: psycopg.Connection) -> bool:
    query = "select bool_and(to_regclass(name) is not null) from unnest(%s::text[]) name"
    return db.execute(query, (_TABLES,)).fetchone() == (True,)


def address_of(url: str) -> dict[str, Any]:
    """Parameters of libpq. Raises SettingError, which never says the password."""
    plain = re.sub(r"^postgres(ql)?(\+psycopg)?://", "postgresql://", url)
    if not plain.startswith("postgresql://"):
        raise SettingError(say("log.records_need_postgresql"))
    try:
        return {**_PARAMETERS, **conninfo_to_dict(plain)}
    except psycopg.ProgrammingError:
        raise SettingError(say("log.records_need_postgresql")) from None
