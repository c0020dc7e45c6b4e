"""The tokens of sources as they are kept: hashed, beside what ingest writes.

They are asked for and changed at any time, beside the transactions in which events are taken in; each change is one
statement, so that of two processes neither undoes what the other has done. Times are milliseconds, 0: never.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import msgspec

from services.log.journal import Journal


class SourceToken(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a token; the token itself nobody has but its source."""

    id: str
    """By which it is listed and revoked; it stands in the token, too."""
    digest: bytes
    """SHA-256 of the token."""
    source: str
    kinds: tuple[str, ...] = ()
    """Event kinds that it may send; none: all."""
    per_minute: int = 0
    """Events; 0: as many as come."""
    made: int
    used: int = 0
    """The last time, to the minute."""
    revoked: int = 0


_COLUMNS = ("id", "digest", "source", "kinds", "per_minute", "made", "used", "revoked")


class TokenStore:
    """The rows. A database says how it is asked; all methods raise LogError."""

    _table = "source_token"
    _own: Mapping[str, str] = MappingProxyType({})
    """Columns that say whose the rows are, and their values here."""

    def _read(self, query: str, values: Sequence[object]) -> list[tuple[Any, ...]]:
        """The rows that a query finds. `?` is a value."""
        raise NotImplementedError

    def _write(self, query: str, values: Sequence[object]) -> int:
        """Does it, durably; how many rows it was."""
        raise NotImplementedError

    def tokens(self) -> list[SourceToken]:
        """All that were ever made, oldest first."""
        own = " and ".join(f"{name} = ?" for name in self._own) or "true"
        query = f"select {', '.join(_COLUMNS)} from {self._table} where {own} order by made, id"  # noqa: S608 - ours
        rows = self._read(query, [*self._own.values()])
        return [
            SourceToken(
                id=id_,
                digest=bytes(digest),
                source=source,
                kinds=tuple(kinds.split()),
                per_minute=per_minute,
                made=made,
                used=used,
                revoked=revoked,
            )
            for id_, digest, source, kinds, per_minute, made, used, revoked in rows
        ]

    def add(self, token: SourceToken) -> None:
        """Keeps a new token, of which only the hash is known."""
        names, row = [*self._own, *_COLUMNS], msgspec.structs.asdict(token) | {"kinds": " ".join(token.kinds)}
        query = f"insert into {self._table} ({', '.join(names)}) values ({', '.join('?' * len(names))})"  # noqa: S608 - ours
        self._write(query, [*self._own.values(), *(row[name] for name in _COLUMNS)])

    def revoke(self, id_: str, at: int) -> bool:
        """From `at` on (ms) it is none any more; False: there is none of this id that was valid."""
        return self._set("revoked", at, id_, "revoked = ?", 0) > 0

    def used(self, id_: str, at: int) -> None:
        """Something came with it (ms); another process may have noted a later time."""
        self._set("used", at, id_, "used < ?", at)

    def _set(self, column: str, value: int, id_: str, condition: str, bound: int) -> int:
        own = "".join(f"{name} = ? and " for name in self._own)
        query = f"update {self._table} set {column} = ? where {own}id = ? and {condition}"  # noqa: S608 - ours
        return self._write(query, [value, *self._own.values(), id_, bound])


class JournalTokens(TokenStore):
    """Those of one process, in its journal; several processes may share the file."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def _read(self, query: str, values: Sequence[object]) -> list[tuple[Any, ...]]:
        with self._journal.reading() as db:
            return db.execute(query, values).fetchall()

    def _write(self, query: str, values: Sequence[object]) -> int:
        with self._journal.transaction() as db:
            return db.execute(query, values).rowcount
