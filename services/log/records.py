"""What sources say, kept by natural key: for each, who said what, and what the log was told of it.

`RecordStore` is the port: the embedded mode keeps the records in its journal (`journal_records.py`), the cluster mode
in PostgreSQL (`postgres_records.py`). What a transaction writes and what it tells the log is one commit. The statements
are the same for both.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from types import MappingProxyType
from typing import Any, Literal, Protocol

import msgspec

from services.log import leave_news
from services.messages import CampusEvent, Rejection, Verdict

Key = tuple[str, str]
"""(kind, natural key)."""


FREE = "-"
"""The kind of what an id is about once the import that brought it was undone: nothing."""


def freed(heard: int, at: int) -> Key:
    """What an id is about that was freed at an instant (ms); `heard`: the newest revision that the log has of it."""
    return FREE, f"{at:015} {heard}"


def heard_of(key: str) -> int:
    """The revision that `freed` was told."""
    return int(key.split()[1])


class Said(msgspec.Struct, array_like=True):
    """The newest that one source says about a key."""

    event: CampusEvent
    """As it was sent: without what the directory adds."""
    recorded: int
    """When the source recorded it (ms), else when it came."""
    dated: bool
    """Whether the source said when."""
    by: list[tuple[int, int]] = []
    """The runs that said it, and when (ms); run 0: somebody who was no import. Empty: nobody else did."""


class Told(msgspec.Struct, array_like=True):
    """The newest that the log was told of a key."""

    event: CampusEvent
    """With its `revision` of the log, which rises with everything that is told of the key."""
    counts: bool
    """False: it was taken back."""


class Record(msgspec.Struct):
    """All about one natural key."""

    kind: str
    key: str
    group: str
    """Records of one group decide together what counts: those of a lesson, the attempts at a test, a ticket's steps."""
    student: str | None = None
    lesson: str | None = None
    at: int = -1
    """When what it is about takes place (ms): a lesson's begin, a leave's begin, else when the record occurred."""
    said: list[Said] = []
    """By source."""
    told: Told | None = None
    reason: str = ""
    """Why it does not count: not_enrolled, cancelled, closed_day …; empty if it does."""
    earlier: list[Said] = []
    """What counts again of a source once imports are undone, newest first (`services/ingest/records/words.py`)."""


class Run(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One import of files, which can be undone as a whole."""

    id: int = 0
    """0: it has brought nothing yet."""
    begun: int
    heard: int
    """When it began, and when it was last heard of (ms)."""
    files: list[str]
    digest: str
    """Of the files and of how they are read; the same ones given again go on with a run that was interrupted."""
    mapping: str = ""
    sources: list[str] = []
    host: str
    pid: int
    """The process that is at it."""
    counts: dict[str, int] = {}
    """accepted, replaced, retracted, unchanged, refused, late → how many records; without `late`: not known."""
    state: Literal["open", "done", "undoing", "undone"] = "open"
    resumed: bool = False
    refused_before: int = 0
    """How many rows it had refused when it was interrupted."""
    covered: str = ""
    """JSON array of what other files covered and these cover anew: it holds again once these are undone."""


class _Value(msgspec.Struct, array_like=True):
    said: list[Said]
    told: Told | None
    reason: str
    earlier: list[Said] = []


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Value).decode
decode_run = msgspec.msgpack.Decoder(Run).decode
_COLUMNS = ("kind", "key", "grp", "student", "lesson", "at", "value")


class Records:
    """The rows, read and written in a transaction. A database says how it is asked; what it raises goes through."""

    _tables = ""
    """What the names of the tables begin with."""
    _own: Mapping[str, str] = MappingProxyType({})
    """Columns that say whose the rows are, and their values here."""

    def _read(self, query: str, values: Sequence[object]) -> Iterable[Any]:
        """The rows that a query finds. `?` is a value; behind `in` a list of them."""
        raise NotImplementedError

    def _write(self, query: str, rows: Sequence[tuple[object, ...]]) -> None:
        """Does it for each row of values."""
        raise NotImplementedError

    def load(self, keys: Iterable[Key]) -> Iterator[Record]:
        """The records of these keys, as far as they exist."""
        wanted: dict[str, list[str]] = {}
        for kind, key in keys:
            wanted.setdefault(kind, []).append(key)
        for kind, ones in wanted.items():
            yield from self._find("kind = ? and key in ?", kind, ones)

    def of_groups(self, groups: Iterable[str]) -> Iterator[Record]:
        """All records of these groups."""
        yield from self._find("grp in ?", list(groups))

    def of_students(self, kind: str, students: Iterable[str]) -> Iterator[Record]:
        """The records of one kind about these students."""
        yield from self._find("student in ? and kind = ?", list(students), kind)

    def about(self, student: str | None, lesson: str | None, ticket: str | None) -> Iterator[Record]:
        """The records about a student, or of a lesson or ticket."""
        if student is not None:
            yield from self._find("student = ?", student)
        else:
            yield from self.of_groups([f"lesson/{lesson}", f"ticket/{ticket}"])

    def of_student(self, student: str, begin: int, end: int) -> Iterator[Record]:
        """The records about a student that take place from `begin` to before `end` (ms)."""
        yield from self._find("student = ? and at >= ? and at < ?", student, begin, end)

    def first_of_student(self, student: str) -> int | None:
        """When the earliest record about a student takes place (ms); None if there is none."""
        return next((at for (at,) in self._ask("min(at)", "record", "student = ? and at >= 0", student)), None)

    def between(self, kind: str, begin: int, end: int) -> Iterator[Record]:
        """The records of a kind that take place from `begin` to `end` (ms)."""
        yield from self._find("kind = ? and at >= ? and at <= ?", kind, begin, end)

    def groups_of_student(self, student: str, begin: int, end: int) -> list[str]:
        """Groups with a record about a student that takes place from `begin` to before `end` (ms)."""
        return self._groups("student = ? and at >= ? and at < ?", student, begin, end)

    def groups_of_lessons(self, lessons: Iterable[str]) -> list[str]:
        """Groups of the tests that belong to these lessons."""
        return self._groups("kind = 'test' and lesson in ?", list(lessons))

    def groups_after(self, group: str, limit: int) -> list[str]:
        """The next groups in the order of their names."""
        return self._groups("grp > ? order by grp limit ?", group, limit)

    def behind(self, key: Key, limit: int) -> list[Record]:
        """The next records in the order of their keys."""
        return list(self._find("(kind, key) > (?, ?) order by kind, key limit ?", *key, limit))

    def keys_of(self, idents: Iterable[str]) -> dict[str, Key]:
        """`source id` → what it was about."""
        rows = self._ask("ident, kind, key", "record_id", "ident in ?", list(idents))
        return {ident: (kind, key) for ident, kind, key in rows}

    def any_of(self, kind: str) -> bool:
        """Whether there is a record of a kind."""
        return any(True for _ in self._ask("1", "record", "kind = ? limit 1", kind))

    def save(self, records: Iterable[Record], idents: Iterable[tuple[str, str, str]]) -> None:
        """Writes records, and (`source id`, kind, key) of ids that were not known, or are about something else now."""
        rows = [(one.kind, one.key, one.group, one.student, one.lesson, one.at, _packed(one)) for one in records]
        self._put("record", _COLUMNS, 2, rows)
        if on_leave := [student for kind, _, _, student, *_ in rows if kind == "leave" and student]:
            self.set_meta(leave_news.NAME, leave_news.further(self.meta(leave_news.NAME), on_leave))
        self._put("record_id", ("ident", "kind", "key"), 1, list(idents))

    def runs(self) -> list[Run]:
        """All runs that are kept, oldest first."""
        return [decode_run(value) for (value,) in self._ask("value", "run", "id > ? order by id", 0)]

    def run(self, number: int) -> Run | None:
        """A run by its number; None if there is none."""
        return next((decode_run(value) for (value,) in self._ask("value", "run", "id = ?", number)), None)

    def save_run(self, run: Run) -> None:
        """Keeps a run; one that is new gets the next number."""
        if not run.id:
            run.id = max((one.id for one in self.runs()), default=0) + 1
        self._put("run", ("id", "value"), 1, [(run.id, _encode(run))])

    def meta(self, name: str) -> str:
        """A small value that is kept beside the records; empty if there is none."""
        return next((str(value) for (value,) in self._ask("value", "meta", "name = ?", name)), "")

    def set_meta(self, name: str, value: str) -> None:
        """Keeps a small value under a name, in place of a former one."""
        self._put("meta", ("name", "value"), 1, [(name, value)])

    def _groups(self, condition: str, *values: object) -> list[str]:
        return [grp for (grp,) in self._ask("distinct grp", "record", condition, *values)]

    def _find(self, condition: str, *values: object) -> Iterator[Record]:
        rows = self._ask(", ".join(_COLUMNS), "record", condition, *values)
        for kind, key, group, student, lesson, at, value in rows:
            found = _decode(value)
            yield Record(kind, key, group, student, lesson, at, found.said, found.told, found.reason, found.earlier)

    def _ask(self, columns: str, table: str, condition: str, *values: object) -> Iterable[Any]:
        own = "".join(f"{name} = ? and " for name in self._own)
        query = f"select {columns} from {self._tables}{table} where {own}{condition}"  # noqa: S608 - ours
        return self._read(query, [*self._own.values(), *values])

    def _put(self, table: str, columns: Sequence[str], keys: int, rows: Iterable[tuple[object, ...]]) -> None:
        """Inserts rows, or overwrites what there is of their keys, which are the first columns."""
        names, places = ", ".join([*self._own, *columns]), ", ".join("?" * (len(self._own) + len(columns)))
        key, new = ", ".join([*self._own, *columns[:keys]]), ", ".join(f"{n} = excluded.{n}" for n in columns[keys:])
        query = f"insert into {self._tables}{table} ({names}) values ({places}) on conflict ({key}) do update set {new}"  # noqa: S608 - ours
        self._write(query, [(*self._own.values(), *row) for row in rows])


Clocked = tuple[int, CampusEvent]
"""How far time has come (ms) with an event, and the event."""


class Transaction(Protocol):
    """One commit of records and of what the log is told."""

    @property
    def records(self) -> Records:
        """The records, as this transaction sees them; nobody else changes them meanwhile."""

    def admit(self, events: Sequence[CampusEvent], clocks: Sequence[int]) -> tuple[list[Verdict], list[Clocked]]:
        """What events without a natural key are, and those that are new; `clocks` as in `RecordLog.append`."""

    def tell(self, events: Iterable[Clocked]) -> None:
        """What the log is told in the same commit."""


class RecordStore(Protocol):
    """Where the records are, and the way from them to the log. All raise LogError."""

    def transaction(self) -> AbstractContextManager[Transaction]:
        """Committed at the end, records and log together, or nothing of it. One at a time, of all processes."""

    def reading(self) -> AbstractContextManager[Records]:
        """The records as they are, without waiting for who writes."""

    def meta(self, name: str) -> str:
        """As `Records.meta`, outside of any transaction."""

    def past(self) -> Iterator[list[tuple[int, bytes]]]:
        """(clock in ms, JSON array) of all that stands in the log already, in portions."""

    def reject(self, rejections: Sequence[Rejection]) -> None:
        """Keeps inputs that did not become events."""

    def rejected_since(self, moment: datetime) -> Iterator[Rejection]:
        """What was kept of them since then, also what has become an event after all meanwhile."""

    def wake(self) -> None:
        """Tells whoever waits for the log in this process that there is more."""


def said_and_told(value: bytes) -> tuple[list[Said], Told | None]:
    """What the column `value` of a row holds."""
    found = _decode(value)
    return [*found.said, *found.earlier], found.told


def _packed(one: Record) -> bytes:
    return _encode(_Value(one.said, one.told, one.reason, one.earlier))
