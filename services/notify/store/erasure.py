"""What the store keeps of a person is written anew under a pseudonym; their account and sessions go."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, Table, Text, and_, delete, insert, or_, select, update

from services.accounts import attempts
from services.log.renaming import Renaming
from services.messages import Json, key_values
from services.notify.rows import ErasureRow, decode_context
from services.notify.store import tables
from services.notify.store.engine import Store, columns_of, insert_or, rows_of, streamed
from services.notify.store.retention import WORDS

_w, _a = tables.warning.c, tables.act.c
_OWN = (
    (tables.session, tables.session.c.person),
    (tables.link, tables.link.c.person),
    (tables.account, tables.account.c.person),
    (tables.check_in, tables.check_in.c.person),
    (tables.contact, tables.contact.c.recipient),
    (tables.own_channel, tables.own_channel.c.person),
    (tables.own_choice, tables.own_choice.c.person),
    (tables.undo, tables.undo.c.person),
    (tables.slip, tables.slip.c.person),
)
"""What goes with its owner; with the column that says whose it is."""


class Named(NamedTuple):
    """A warning, by what its id is made of."""

    rule: str
    subject: str
    id: str


def warnings_about(connection: Connection, id_: str) -> list[Named]:
    """Those whose subject names somebody: by its place in the key, wherever that is."""
    found = streamed(connection, select(_w.rule, _w.subject, _w.id).where(_w.subject.contains(id_, autoescape=True)))
    return [Named(*row) for row in found if id_ in key_values(row.subject)]


def open_about(connection: Connection, id_: str) -> int:
    """How many open warnings are about somebody."""
    query = select(_w.subject).where(_w.status == "open", _w.subject.contains(id_, autoescape=True))
    return sum(1 for row in connection.execute(query) if id_ in key_values(row.subject))


def mentions(connection: Connection, renaming: Renaming) -> dict[str, int]:
    """In how many rows of each table somebody is named."""
    found = {table.name: sum(1 for _ in _renamed(connection, table, renaming)) for table in _tables()}
    return {name: count for name, count in found.items() if count}


def rename(connection: Connection, id_: str, renaming: Renaming) -> dict[str, int]:
    """Writes all rows anew that name somebody, in the caller's transaction; returns how many by table.

    What people wrote about them is taken out, as when its time is over (`retention.py`): a text may name them in ways
    that nobody finds.
    """
    counts: dict[str, int] = {}
    if connection.dialect.name == "sqlite":  # what is deleted is overwritten, too
        connection.exec_driver_sql("PRAGMA secure_delete = ON")
    for table, owner in _OWN:
        counts[table.name] = connection.execute(delete(table).where(owner == id_)).rowcount
    tries = tables.attempt.c.key.in_([attempts.key(kind, id_) for kind in ("account", "code", "check_in")])
    counts["attempt"] = connection.execute(delete(tables.attempt).where(tries)).rowcount
    about = [row.number for row in connection.execute(select(_w.number, _w.subject)) if id_ in key_values(row.subject)]
    for number in about:
        connection.execute(update(tables.act).where(_a.warning == number, _a.person != "").values(text=""))
        connection.execute(update(tables.warning).where(_w.number == number).values(measure=None))
        for table, words in WORDS:
            connection.execute(update(table).where(table.c.warning == number).values(dict.fromkeys(words, "")))
    mine = tables.appeal.c.student == id_
    connection.execute(update(tables.appeal).where(mine).values(text="", answer=""))
    waiting = update(tables.appeal).where(mine, tables.appeal.c.state == "open")
    connection.execute(waiting.values(state="settled", due_at=None))
    for table in _tables():
        rows = list(_renamed(connection, table, renaming))
        counts[table.name] = counts.get(table.name, 0) + len(rows)
        for old, new in rows:
            _replace(connection, table, old, new)
    return {name: count for name, count in counts.items() if count}


def record(connection: Connection, row: ErasureRow) -> None:
    """Writes a line of the audit trail."""
    connection.execute(insert(tables.erasure).values(columns_of(row)))


def erasures(connection: Connection) -> list[ErasureRow]:
    """All of them, the oldest first."""
    return rows_of(connection, select(tables.erasure).order_by(tables.erasure.c.id), ErasureRow)


def clean(database: Store) -> None:
    """Lets no byte of what was there before be found in the file; of a server what it does itself."""
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if connection.dialect.name == "sqlite":
            raw = connection.connection.driver_connection
            assert raw is not None
            raw.execute("vacuum")
            raw.execute("pragma wal_checkpoint(truncate)")
        else:
            for table in _tables():
                connection.exec_driver_sql(f'VACUUM "{table.name}"')


def held(connection: Connection, id_: str) -> dict[str, list[Json]]:
    """All rows that are about somebody, or say what they did, by table; no secrets, and of sessions no digests."""
    numbers = {row.number: row for row in connection.execute(select(tables.warning)).mappings() if _is_about(row, id_)}
    found: dict[str, list[Json]] = {"warning": [_row(row) for row in numbers.values()]}
    for table in _tables():
        if table is tables.warning:
            continue
        mine = [column == id_ for column in table.c if column.name in _WHO]
        if "warning" in table.c and table.c.warning.type.python_type is int:
            mine.append(table.c.warning.in_(list(numbers)))
        found[table.name] = (
            [_row(row) for row in connection.execute(select(table).where(or_(*mine))).mappings()] if mine else []
        )
    for talk in found[tables.talk.name]:
        if talk["visibility"] == "role" and talk["person"] != id_:
            talk["notes"] = "…"  # only whoever has the role reads them
    return {name: rows for name, rows in found.items() if rows}


_WHO = frozenset(
    {"person", "recipient", "whom", "author", "acknowledged_by", "closed_by", "reporter", "handed_to", "taken_by"}
    | {"student", "decided_by"}
)
_SECRET = frozenset(
    {"password", "digest", "lease_owner", "lease_until", "kept", "address", "code", "secret", "device", "other"}
)


def _is_about(row: Any, id_: str) -> bool:
    if id_ in key_values(row.subject):
        return True
    return id_ in (row.acknowledged_by, row.closed_by, row.reporter, row.handed_to)


def _row(row: Mapping[Any, Any]) -> Json:
    found = {name: value for name, value in row.items() if name not in _SECRET and value is not None}
    if "context" in found:
        found["context"] = decode_context(found["context"])
    for name in ("evidence", "event"):
        if name in found:
            found[name] = msgspec.json.decode(found[name])
    if "picture" in found:
        found["picture"] = b64encode(found["picture"]).decode()
    return found


def _tables() -> list[Table]:
    return [one for one in tables.metadata.sorted_tables if one is not tables.erasure]


def _renamed(connection: Connection, table: Table, renaming: Renaming) -> Iterator[tuple[Mapping[str, Any], Json]]:
    """(keys of the row, its new values) of those that name somebody."""
    texts = [column for column in table.c if isinstance(column.type, Text)]
    keys = list(table.primary_key.columns)
    if not texts:
        return
    for row in connection.execute(select(*dict.fromkeys([*keys, *texts]))).mappings():
        new = {one.name: renaming.text(row[one.name]) for one in texts if row[one.name] is not None}
        new = {name: value for name, value in new.items() if value != row[name]}
        if new:
            yield {one.name: row[one.name] for one in keys}, new


def _replace(connection: Connection, table: Table, old: Mapping[str, Any], new: Json) -> None:
    mine = and_(*(table.c[name] == value for name, value in old.items()))
    if not new.keys() & old.keys():
        connection.execute(update(table).where(mine).values(new))
        return
    # The key itself: erased once more, somebody may have a row under the pseudonym already.
    whole = connection.execute(select(table).where(mine)).mappings().one()
    connection.execute(delete(table).where(mine))
    connection.execute(insert_or(connection, table).values({**whole, **new}).on_conflict_do_nothing())
