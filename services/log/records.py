"""Where the journal keeps what sources say: a row for each natural key, with who said what and what the log was told.

It is written in the transactions of the log, so that both always agree.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from services.messages import CampusEvent

Key = tuple[str, str]
"""(kind, natural key)."""

SCHEMA = """
create table if not exists record (
    kind text not null, key text not null, grp text not null, student text, class text, lesson text,
    at integer not null, value blob not null, primary key (kind, key)) without rowid;
create index if not exists record_of_group on record (grp);
create index if not exists record_of_student on record (student, at) where student is not null;
create index if not exists record_of_class on record (class, at) where kind in ('lesson', 'rollcall');
create index if not exists record_of_lesson on record (lesson) where kind = 'test';
create table if not exists record_id (ident text primary key, kind text not null, key text not null) without rowid;
create index if not exists record_id_of_key on record_id (kind, key);
"""
_COLUMNS = "kind, key, grp, student, class, lesson, at, value"


class Said(msgspec.Struct, array_like=True):
    """The newest that one source says about a key."""

    event: CampusEvent
    """As it was sent: without what the directory adds."""
    recorded: int
    """When the source recorded it (ms), else when it came."""
    dated: bool
    """Whether the source said when."""


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
    class_: str | None = None
    lesson: str | None = None
    at: int = -1
    """When what it is about takes place (ms): a lesson's begin, a leave's begin, else when the record occurred."""
    said: list[Said] = []
    """By source."""
    told: Told | None = None
    reason: str = ""
    """Why it does not count: not_enrolled, cancelled, closed_day …; empty if it does."""


class _Value(msgspec.Struct, array_like=True):
    said: list[Said]
    told: Told | None
    reason: str


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Value).decode


class Records:
    """The rows, read and written in a transaction of the journal. Raises what SQLite raises."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def load(self, keys: Iterable[Key]) -> Iterator[Record]:
        """The records of these keys, as far as they exist."""
        wanted: dict[str, list[str]] = {}
        for kind, key in keys:
            wanted.setdefault(kind, []).append(key)
        for kind, ones in wanted.items():
            yield from self._find("kind = ? and key in (select value from json_each(?))", kind, _listed(ones))

    def of_groups(self, groups: Iterable[str]) -> Iterator[Record]:
        """All records of these groups."""
        yield from self._find("grp in (select value from json_each(?))", _listed(groups))

    def of_students(self, kind: str, students: Iterable[str]) -> Iterator[Record]:
        """The records of one kind about these students."""
        yield from self._find("student in (select value from json_each(?)) and kind = ?", _listed(students), kind)

    def about(self, student: str | None, lesson: str | None, ticket: str | None) -> Iterator[Record]:
        """The records about a student, or of a lesson or ticket."""
        if student is not None:
            yield from self._find("student = ?", student)
        else:
            yield from self.of_groups([f"lesson/{lesson}", f"ticket/{ticket}"])

    def between(self, kind: str, begin: int, end: int) -> Iterator[Record]:
        """The records of a kind that take place from `begin` to `end` (ms)."""
        yield from self._find("kind = ? and at >= ? and at <= ?", kind, begin, end)

    def groups_of_student(self, student: str, begin: int, end: int) -> list[str]:
        """Groups with a record about a student that takes place from `begin` to before `end` (ms)."""
        query = "select distinct grp from record where student = ? and at >= ? and at < ?"
        return [grp for (grp,) in self._db.execute(query, (student, begin, end))]

    def groups_of_class(self, class_: str, begin: int, end: int) -> list[str]:
        """Groups with a lesson or roll-call of a class that takes place from `begin` to before `end` (ms)."""
        query = (
            "select distinct grp from record where class = ? and at >= ? and at < ? and kind in ('lesson', 'rollcall')"
        )
        return [grp for (grp,) in self._db.execute(query, (class_, begin, end))]

    def groups_of_lessons(self, lessons: Iterable[str]) -> list[str]:
        """Groups of the tests that belong to these lessons."""
        query = "select distinct grp from record where kind = 'test' and lesson in (select value from json_each(?))"
        return [grp for (grp,) in self._db.execute(query, (_listed(lessons),))]

    def groups_after(self, group: str, limit: int) -> list[str]:
        """The next groups in the order of their names."""
        query = "select distinct grp from record where grp > ? order by grp limit ?"
        return [grp for (grp,) in self._db.execute(query, (group, limit))]

    def keys_of(self, idents: Iterable[str]) -> dict[str, Key]:
        """`source id` → what it was about."""
        query = "select ident, kind, key from record_id where ident in (select value from json_each(?))"
        return {ident: (kind, key) for ident, kind, key in self._db.execute(query, (_listed(idents),))}

    def any_of(self, kind: str) -> bool:
        """Whether there is a record of a kind."""
        return self._db.execute("select 1 from record where kind = ? limit 1", (kind,)).fetchone() is not None

    def save(self, records: Iterable[Record], idents: Sequence[tuple[str, str, str]]) -> None:
        """Writes records, and (`source id`, kind, key) of ids that were not known."""
        self._db.executemany(
            "insert or replace into record values (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (one.kind, one.key, one.group, one.student, one.class_, one.lesson, one.at, _packed(one))
                for one in records
            ],
        )
        self._db.executemany("insert or replace into record_id values (?, ?, ?)", idents)

    def _find(self, condition: str, *values: str | int) -> Iterator[Record]:
        query = f"select {_COLUMNS} from record where {condition}"  # noqa: S608 - ours
        for kind, key, group, student, class_, lesson, at, value in self._db.execute(query, values):
            found = _decode(value)
            yield Record(kind, key, group, student, class_, lesson, at, found.said, found.told, found.reason)


def said_and_told(value: bytes) -> tuple[list[Said], Told | None]:
    """What the column `value` of a row holds."""
    found = _decode(value)
    return found.said, found.told


def _packed(one: Record) -> bytes:
    return _encode(_Value(one.said, one.told, one.reason))


def _listed(values: Iterable[str]) -> str:
    return msgspec.json.encode(list(values)).decode()
