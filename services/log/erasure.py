"""What the log and the records keep of a person is written anew under a pseudonym.

The rules' states are not rewritten but built anew from the log, as after a change of their form: `RENAMED` before a
signature makes it one that no rule set has, of which only what was published, and its numbers, are taken over.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import msgspec

from services.clock import wall_clock
from services.errors import LogError
from services.log import disk
from services.log.erased import ERASED
from services.log.journal import Journal
from services.log.naming_tables import RECORDS, TOKENS, Row, Table, renamed
from services.log.renaming import Renaming

RENAMED = "renamed-"
_JOURNAL = (
    Table("log", ("offset",), ("offset", "packed")),
    Table("identity", ("ident",), ("ident", "digest")),
    Table("change", ("offset",), ("offset", "packed")),
    Table("late", ("rowid",), ("rowid", "ident")),
    Table("rule_set", ("version",), ("version", "cards")),
    Table("rejected", ("id",), ("id", "origin", "position", "source", "reasons", "raw")),
)


def mentions(path: Path, renaming: Renaming) -> dict[str, int]:
    """In how many rows of each table of a journal somebody is named, states among them. Raises LogError."""
    with _journal(path) as db:
        found = {one.name: sum(1 for _ in renamed(_rows(db, one), one, renaming)) for one in _all_tables()}
        found["state"] = sum(1 for _ in _states(db, renaming))
        return {name: count for name, count in found.items() if count}


def rename(path: Path, renaming: Renaming, kept: str) -> dict[str, int]:
    """Writes a journal anew, in one commit, and lets no byte of what was there before be found in its file.

    `kept`: the value of `ERASED` from then on. Nobody else may have the journal open. Returns rows by table; raises
    LogError.
    """
    with _journal(path) as db:
        db.execute("begin immediate")
        counts = {}
        for one in _all_tables():
            rows = list(renamed(_rows(db, one), one, renaming))
            _replace(db, one, rows)
            counts[one.name] = len(rows)
        counts["state"] = _rename_states(db, renaming)
        db.execute("insert or replace into meta values (?, ?)", (ERASED, kept))
        db.execute("commit")
        db.execute("vacuum")
        db.execute("pragma wal_checkpoint(truncate)")
        return {name: count for name, count in counts.items() if count}


def warnings_of(path: Path) -> list[tuple[str, str, int]]:
    """(rule, subject, number of its last episode) of all that the rules have warned of. Raises LogError."""
    found = []
    with _journal(path) as db:
        for _, _, value in _heads(db):
            state = msgspec.msgpack.decode(value, strict=False)
            found += [(rule, state[0], number) for rule, number in state[1].items()]
    return found


def keep(path: Path, kept: str) -> None:
    """The value of `ERASED` from now on. Raises LogError."""
    with _journal(path) as db:
        db.execute("insert or replace into meta values (?, ?)", (ERASED, kept))


def kept_in(path: Path) -> str:
    """The value of `ERASED` in a journal; empty if there is none. Raises LogError."""
    with _journal(path) as db:
        rows = db.execute("select value from meta where name = ?", (ERASED,)).fetchall()
        return str(rows[0][0]) if rows else ""


@contextmanager
def _journal(path: Path) -> Iterator[sqlite3.Connection]:
    """The file; what it refuses is a LogError, and what was begun is not done."""
    Journal(path, wall_clock).close()  # one of a release before has all tables from now on
    try:
        with closing(sqlite3.connect(path, isolation_level=None, timeout=30)) as db:
            db.execute("pragma secure_delete = on")
            yield db
    except sqlite3.Error as error:
        raise LogError(f"{path}: {disk.reason(path, error)}") from error


def _all_tables() -> tuple[Table, ...]:
    return (*RECORDS, TOKENS, *_JOURNAL)


def _rows(db: sqlite3.Connection, one: Table) -> Iterator[tuple[Any, ...]]:
    yield from db.execute(f"select {', '.join(one.columns)} from {one.name}")  # noqa: S608 - ours


def _replace(db: sqlite3.Connection, one: Table, rows: Sequence[tuple[Row, Row | None]]) -> None:
    where = " and ".join(f"{name} = ?" for name in one.key)
    if len(one.columns) > len(one.key) and set(one.key) <= {"rowid", "offset", "id", "version"}:
        names = [name for name in one.columns if name not in one.key]
        query = f"update {one.name} set {', '.join(f'{name} = ?' for name in names)} where {where}"  # noqa: S608 - ours
        db.executemany(query, [(*new[len(one.key) :], *old[: len(one.key)]) for old, new in rows if new])
        return
    db.executemany(f"delete from {one.name} where {where}", [old[: len(one.key)] for old, _ in rows])  # noqa: S608
    places = ", ".join("?" * len(one.columns))
    query = f"insert or replace into {one.name} ({', '.join(one.columns)}) values ({places})"  # noqa: S608 - ours
    db.executemany(query, [new for _, new in rows if new is not None])


def _states(db: sqlite3.Connection, renaming: Renaming) -> Iterator[tuple[str, str]]:
    for signature, key, value in db.execute("select signature, key, value from state"):
        if renaming.text(key) != key or renaming.names(value):
            yield signature, key


def _heads(db: sqlite3.Connection) -> list[tuple[str, str, bytes]]:
    return db.execute("select signature, key, value from state where instr(key, char(31)) = 0").fetchall()


def _rename_states(db: sqlite3.Connection, renaming: Renaming) -> int:
    """States of rule sets in force become such as are built anew; of all others the texts are replaced."""
    named = list(_states(db, renaming))
    if not named:
        return 0
    row = db.execute("select value from meta where name = 'signatures'").fetchone()
    known = set(str(row[0]).split()) if row else set()
    anew = {signature for signature, _ in named} & known
    for signature in anew:
        # Segments hold entries alone, which nobody reads again.
        db.execute("delete from state where signature = ? and instr(key, char(31)) > 0", (signature,))
    for signature, key, value in db.execute("select signature, key, value from state").fetchall():
        new = (f"{RENAMED}{signature}" if signature in anew else signature, renaming.text(key), renaming.packed(value))
        if new != (signature, key, value):
            db.execute("delete from state where signature = ? and key = ?", (signature, key))
            db.execute("insert or replace into state values (?, ?, ?)", new)
    said = " ".join(sorted(f"{RENAMED}{one}" if one in anew else one for one in known))
    db.execute("insert or replace into meta values ('signatures', ?)", (said,))
    return len(named)
