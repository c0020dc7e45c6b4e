"""The embedded mode's one SQLite file: log, its offset, rule state, changes of warnings, rejects.

What belongs together is committed together: an append is one transaction (and durable when it returns), an
evaluation step — state, changes, offset — is another. A crash between any two repeats work with the same result.
"""

from __future__ import annotations

import hashlib
import secrets
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from services.errors import DamagedError, LogError
from services.i18n import say
from services.log import disk
from services.log.quota import Quota
from services.messages import UNREADABLE, CampusEvent, Changes, Problem, Rejection, RuleCard, Verdict, to_ms

_FORMAT = 1
_PACK = 2000
"""Events of one log row at most."""
_SCHEMA = """
create table if not exists meta (name text primary key, value text not null) without rowid;
create table if not exists log (
    offset integer primary key, clock integer not null, events integer not null, packed blob not null);
create table if not exists identity (ident text primary key, digest blob not null) without rowid;
create table if not exists state (
    signature text not null, key text not null, value blob not null, primary key (signature, key)) without rowid;
create table if not exists change (offset integer primary key, packed blob not null);
create table if not exists late (offset integer not null, ident text not null);
create table if not exists rule_set (version text primary key, since integer not null, cards blob not null);
create table if not exists rejected (
    id integer primary key, received_at text not null, origin text not null, position text not null, source text,
    reasons blob not null, raw blob not null, done integer not null default 0, tries integer not null default 1);
create index if not exists rejected_of_quota on rejected (source) where origin = 'quota';
create table if not exists record (
    kind text not null, key text not null, grp text not null, student text, lesson text,
    at integer not null, value blob not null, primary key (kind, key)) without rowid;
create index if not exists record_of_group on record (grp);
create index if not exists record_of_student on record (student, at) where student is not null;
create index if not exists record_of_lesson on record (lesson) where kind = 'test';
create table if not exists record_id (ident text primary key, kind text not null, key text not null) without rowid;
create index if not exists record_id_of_key on record_id (kind, key);
create table if not exists run (id integer primary key, value blob not null);
create table if not exists source_token (
    id text primary key, digest blob not null, source text not null, kinds text not null, per_minute integer not null,
    made integer not null, used integer not null, revoked integer not null) without rowid;
"""
_ADDED = frozenset({"department", "major", "cohort", "teaching_office", "planned_hours", "teacher_stage"})
"""Fields that ingest adds: the directory may say something else of the same event tomorrow."""


class _Placed(msgspec.Struct):
    """Of an event, what decides where it stands."""

    time: datetime
    source: str
    id: str
    revision: int = 0


_raws = msgspec.json.Decoder(list[msgspec.Raw]).decode
_IN_ORDER = """
select at, event from (
    select *, max(revision) over same as newest, min(revision) over same as first from unordered
    window same as (partition by source, id))
where revision = newest or first > 0
order by at, source, id, revision"""


def _turn_to_wal(db: sqlite3.Connection) -> None:
    """Waits for others that open the new file at the same time: SQLite itself does not here."""
    for left in reversed(range(100)):
        try:
            db.execute("pragma journal_mode = wal")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or not left:
                raise
            time.sleep(0.1)
        else:
            return


class Journal:
    """The file. One instance may be used by several threads; several processes may share the file."""

    def __init__(self, path: Path, clock: Callable[[], datetime], *, repeatable: bool = False) -> None:
        """`repeatable`: nobody is told yes, so a power cut may take the last commits (a `kill -9` never does)."""
        self.path, self._clock = path, clock
        self._lock = threading.RLock()
        self._quota = Quota()
        self._encode = msgspec.json.Encoder().encode
        self._canonical = msgspec.json.Encoder(order="sorted").encode
        self.decode_changes = msgspec.msgpack.Decoder(Changes).decode
        self.wakeup = threading.Condition()
        """Notified after each append and each evaluation step of this process."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=30)
            _turn_to_wal(self._db)
            self._db.execute(f"pragma synchronous = {'normal' if repeatable else 'full'}")
            self._db.execute("pragma wal_autocheckpoint = 16384")
            self._db.execute("pragma cache_size = -65536")
            self._db.executescript(_SCHEMA)
        except sqlite3.DatabaseError as error:
            if type(error) is sqlite3.DatabaseError:  # no database, or a damaged one; not one that is locked
                raise DamagedError(say("log.file_damaged", path=path, error=error)) from error
            raise LogError(say("log.file_cannot_be_opened", path=path, why=disk.reason(path, error))) from error
        except (sqlite3.Error, OSError) as error:
            raise LogError(say("log.file_cannot_be_opened", path=path, why=disk.reason(path, error))) from error
        found = self.meta("format", str(_FORMAT))
        if found != str(_FORMAT):
            self.close()
            raise LogError(say("log.format_not_one_that_this", path=path, found=found))
        self.set_meta("format", str(_FORMAT))
        with self.transaction() as db:
            db.execute("insert or ignore into meta values ('identity', ?)", (str(secrets.randbits(62)),))
            if "tries" not in {row[1] for row in db.execute("pragma table_info(rejected)")}:  # an older file
                db.execute("alter table rejected add column tries integer not null default 1")

    def close(self) -> None:
        """Closes the file; the journal cannot be used any more."""
        with self._lock:
            self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """One commit, or nothing of it. Raises LogError."""
        with self._lock, disk.transaction(self._db, self.path) as db:
            yield db

    def _rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        with self.reading() as db:
            return db.execute(query, values).fetchall()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """The file, to be read. Raises LogError."""
        with self._lock:
            try:
                yield self._db
            except sqlite3.Error as error:
                raise LogError(say("log.log_cannot_be_read", error=disk.reason(self.path, error))) from error

    def meta(self, name: str, default: str) -> str:
        """A small value that is kept beside the log."""
        rows = self._rows("select value from meta where name = ?", name)
        return str(rows[0][0]) if rows else default

    @property
    def identity(self) -> int:
        """Tells this log from every other one, also from one that takes its place."""
        return int(self.meta("identity", "0"))

    def set_meta(self, name: str, value: str) -> None:
        """Keeps a small value under a name, in place of a former one."""
        with self.transaction() as db:
            db.execute("insert or replace into meta values (?, ?)", (name, value))

    def append(self, events: Sequence[CampusEvent], clocks: Sequence[int] | None = None) -> list[Verdict]:
        """Appends what is new, durably, and says of each event what it was.

        `clocks` (ms): how far time has come with each event; default: this process's clock, now.
        """
        if clocks is None:
            clocks = [to_ms(self._clock())] * len(events)
        with self.transaction() as db:
            verdicts, fresh = self.admit(db, events, clocks)
            self.write(db, fresh)
        self.wake()
        return verdicts

    def admit(
        self, db: sqlite3.Connection, events: Sequence[CampusEvent], clocks: Sequence[int]
    ) -> tuple[list[Verdict], list[tuple[int, CampusEvent]]]:
        """What each event is, and (clock, event) of those that are new, which the caller writes in its transaction."""
        idents = [f"{event.source} {event.id} {event.revision}" for event in events]
        listed = self._encode(idents).decode()
        query = "select ident, digest from identity where ident in (select value from json_each(?))"
        known = dict(db.execute(query, (listed,)))
        verdicts: list[Verdict] = []
        fresh: list[tuple[int, CampusEvent]] = []
        rows = []
        for event, ident, clock in zip(events, idents, clocks, strict=True):
            digest = self._digest(event)
            before = known.get(ident)
            if before is None:
                known[ident] = digest
                rows.append((ident, digest))
                fresh.append((clock, event))
                verdicts.append("accepted")
            else:
                verdicts.append("duplicate" if before == digest else "conflict")
        db.executemany("insert into identity values (?, ?)", rows)
        return verdicts, fresh

    def write(self, db: sqlite3.Connection, events: Sequence[tuple[int, CampusEvent]]) -> None:
        """Puts (clock, event) behind the log's end, in a transaction of the caller; nobody asks whether it is known."""
        encode = self._encode
        for start in range(0, len(events), _PACK):
            pack = events[start : start + _PACK]
            clock = max(clock for clock, _ in pack)
            # What arrived together is quickest to evaluate in its order.
            ordered = sorted(pack, key=lambda one: (one[1].time, one[1].source, one[1].id))
            packed = b"[" + b",".join([encode(event) for _, event in ordered]) + b"]"
            db.execute("insert into log (clock, events, packed) values (?, ?, ?)", (clock, len(pack), packed))

    def put_in_order(self) -> None:
        """Puts what is not evaluated yet in the order of time, as if each event had come when it occurred.

        For the evaluator alone, before it goes on: a file that was sorted otherwise, or another one that came before
        it, makes nothing overdue, opens nothing that is taken back, and makes no relapse that was none. Of what was
        corrected before anybody heard of it the newest word stays. At the end of these rows time has come as far as it
        would have without this.
        """
        behind, last = self.evaluated()[0], 0
        with self.transaction() as db:
            db.execute("create temp table if not exists unordered (at integer, source, id, revision integer, event)")
            for clock, packed in db.execute("select clock, packed from log where offset > ?", (behind,)):
                last = max(last, clock)
                try:
                    found = [(msgspec.json.decode(raw, type=_Placed), bytes(raw)) for raw in _raws(packed)]
                except UNREADABLE:  # what another version wrote stays where it is
                    db.execute("delete from unordered")
                    return
                rows = [(to_ms(one.time), one.source, one.id, one.revision, raw) for one, raw in found]
                db.executemany("insert into unordered values (?, ?, ?, ?, ?)", rows)
            db.execute("delete from log where offset > ?", (behind,))
            ordered = db.execute(_IN_ORDER)
            while pack := ordered.fetchmany(_PACK):
                row = (min(pack[-1][0], last), len(pack), b"[" + b",".join([event for _, event in pack]) + b"]")
                db.execute("insert into log (clock, events, packed) values (?, ?, ?)", row)
            db.execute("delete from unordered")
            if last:
                db.execute("insert into log (clock, events, packed) values (?, 0, '[]')", (last,))

    def tick(self, clock: int) -> None:
        """Writes into the log that time has come to `clock` (ms), so that a replay repeats every deadline."""
        with self.transaction() as db:
            db.execute("insert into log (clock, events, packed) values (?, 0, '[]')", (clock,))
        self.wake()

    def _digest(self, event: CampusEvent) -> bytes:
        data = {name: value for name, value in event.data.items() if name not in _ADDED}
        content = self._canonical((event.kind, event.time, event.retracted, data))
        return hashlib.blake2b(content, digest_size=8).digest()

    def wake(self) -> None:
        """Tells the threads that wait for something new in the file."""
        with self.wakeup:
            self.wakeup.notify_all()

    def read(self, after: int, limit: int = 16) -> list[tuple[int, int, int, bytes]]:
        """(offset, clock, number of events, JSON array) of the rows behind an offset."""
        query = "select offset, clock, events, packed from log where offset > ? order by offset limit ?"
        return [(o, c, n, p if isinstance(p, bytes) else p.encode()) for o, c, n, p in self._rows(query, after, limit)]

    def end(self) -> int:
        """The last offset of the log."""
        return int(self._rows("select coalesce(max(offset), 0) from log")[0][0])

    def evaluated(self) -> tuple[int, int]:
        """(offset up to which the rules have evaluated the log, the time (ms) they had come to)."""
        offset, now = self.meta("evaluated", "0 -1").split()
        return int(offset), int(now)

    def commit(
        self,
        offset: int,
        now: int,
        states: Iterable[tuple[str, str, bytes | None]],
        published: Changes,
        late: Iterable[str] = (),
        *,
        returned: Sequence[CampusEvent] = (),
        drop: Iterable[str] = (),
        meta: dict[str, str] | None = None,
    ) -> None:
        """One evaluation step: state, what it published, and the offset, together.

        A state that is None is deleted; `drop`: signatures that are let go altogether. `returned`: events that the
        step itself made, which follow in the log; they are not looked for among those that are known.
        """
        states = list(states)
        packed = msgspec.msgpack.encode(published) if published.changes or published.readings else None
        following = [self._encode(event) for event in returned]
        with self.transaction() as db:
            for start in range(0, len(following), _PACK):
                pack = following[start : start + _PACK]
                row = (now, len(pack), b"[" + b",".join(pack) + b"]")
                db.execute("insert into log (clock, events, packed) values (?, ?, ?)", row)
            for signature in drop:
                db.execute("delete from state where signature = ?", (signature,))
            last = {(signature, key): state for signature, key, state in states}  # what comes later counts
            kept = [(*place, state) for place, state in last.items() if state is not None]
            db.executemany("insert or replace into state values (?, ?, ?)", kept)
            gone = [place for place, state in last.items() if state is None]
            db.executemany("delete from state where signature = ? and key = ?", gone)
            if packed is not None:
                db.execute("insert into change (packed) values (?)", (packed,))
            db.executemany("insert into late values (?, ?)", [(offset, ident) for ident in late])
            for name, value in {"evaluated": f"{offset} {now}", **(meta or {})}.items():
                db.execute("insert or replace into meta values (?, ?)", (name, value))
        self.wake()

    def late_behind(self, offset: int) -> int:
        """How many records of sources were put aside as late since the log ended at `offset`."""
        query = "select count(distinct ident) from late where offset > ? and ident not like 'prewarn %'"
        return int(self._rows(query, offset)[0][0])

    def put_aside(self, idents: Sequence[str]) -> set[str]:
        """Which of them, as `source id`, some rule has put aside as late."""
        query = "select distinct ident from late where ident in (select value from json_each(?))"
        return {row[0] for row in self._rows(query, self._encode(idents).decode())}

    def states(self) -> Iterator[tuple[str, str, bytes]]:
        """(signature, key, state) of every subject."""
        yield from self._rows("select signature, key, value from state")

    def published(self, after: int, limit: int = 16) -> list[tuple[int, Changes]]:
        """(offset, what was published) behind an offset of the changes. Raises msgspec.MsgspecError."""
        return [(offset, self.decode_changes(packed)) for offset, packed in self.packed(after, limit)]

    def packed(self, after: int, limit: int = 16) -> list[tuple[int, bytes]]:
        """As `published`, as it lies in the file: for `decode_changes`."""
        return self._rows("select offset, packed from change where offset > ? order by offset limit ?", after, limit)

    def last_change(self) -> int:
        """The last offset of what was published."""
        return int(self._rows("select coalesce(max(offset), 0) from change")[0][0])

    def add_rule_set(self, version: str, cards: dict[str, RuleCard]) -> None:
        """Remembers what notify must know of a rule set."""
        with self.transaction() as db:
            packed = msgspec.msgpack.encode(cards)
            db.execute("insert or ignore into rule_set values (?, ?, ?)", (version, self.end(), packed))

    def cards(self, version: str) -> dict[str, RuleCard]:
        """The cards of a rule set that was active once."""
        rows = self._rows("select cards from rule_set where version = ?", version)
        return msgspec.msgpack.decode(rows[0][0], type=dict[str, RuleCard]) if rows else {}

    def reject(self, rejections: Sequence[Rejection], *, whole: bool = False, tries: int = 1) -> None:
        """Keeps what could not be accepted, with its bytes; beyond the quota of a source and day it counts them.

        `whole`: they are ours, and all of them are kept. `tries`: how often each was tried.
        """
        with self.transaction() as db:
            rejections = rejections if whole else self._quota.admit(db, rejections)
            db.executemany(
                "insert into rejected (received_at, origin, position, source, reasons, raw, tries) "
                "values (?, ?, ?, ?, ?, ?, ?)",
                [
                    (r.received_at.isoformat(), r.origin, r.position, r.source, self._encode(r.reasons), r.raw, tries)
                    for r in rejections
                ],
            )

    def list(self) -> Iterator[tuple[int, Rejection]]:
        """(number, reject) of all that wait, oldest first."""
        query = (
            "select id, received_at, origin, position, source, reasons, raw from rejected where done = 0 order by id"
        )
        yield from (self._rejection(row) for row in self._rows(query))

    def rejected_since(self, moment: datetime) -> Iterator[Rejection]:
        """What was rejected since then, whether it waits or not, oldest first."""
        query = (
            "select id, received_at, origin, position, source, reasons, raw from rejected "
            "where id > ? and received_at >= ? order by id limit ?"
        )
        number = 0
        while rows := self._rows(query, number, moment.isoformat(), _PACK):
            number = rows[-1][0]
            yield from (self._rejection(row)[1] for row in rows)

    def get(self, number: int) -> Rejection | None:
        """A reject by its number; None if there is none."""
        query = "select id, received_at, origin, position, source, reasons, raw from rejected where id = ?"
        rows = self._rows(query, number)
        return self._rejection(rows[0])[1] if rows else None

    def waiting(self, origin: str) -> int:
        """How many rejects of an origin wait."""
        return int(self._rows("select count(*) from rejected where done = 0 and origin = ?", origin)[0][0])

    def waiting_of(self, origin: str, most: int) -> Sequence[tuple[int, int, Rejection]]:
        """(number, how often it was tried, reject) of those of an origin that wait: the oldest, and at most so many."""
        query = (
            "select tries, id, received_at, origin, position, source, reasons, raw from rejected "
            "where done = 0 and origin = ? order by id limit ?"
        )
        found = [(tries, *self._rejection(tuple(row))) for tries, *row in self._rows(query, origin, most)]
        return [(number, tries, rejection) for tries, number, rejection in found]

    def tried(self, number: int) -> None:
        """A reject was tried again, in vain."""
        with self.transaction() as db:
            db.execute("update rejected set tries = tries + 1 where id = ?", (number,))

    def done(self, number: int) -> None:
        """A reject was accepted after all."""
        with self.transaction() as db:
            db.execute("update rejected set done = 1 where id = ?", (number,))

    @staticmethod
    def _rejection(row: tuple[Any, ...]) -> tuple[int, Rejection]:
        number, received_at, origin, position, source, reasons, raw = row
        return number, Rejection(
            received_at=datetime.fromisoformat(received_at),
            origin=origin,
            position=position,
            source=source,
            reasons=msgspec.json.decode(reasons, type=list[Problem]),
            raw=raw,
        )
