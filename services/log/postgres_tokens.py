"""The tokens of the cluster mode: in ingest's database, shared by all ingest processes of a topic prefix."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg

from services.errors import LogError
from services.i18n import say
from services.log.postgres_records import make_tables
from services.log.tokens import TokenStore


class PostgresTokens(TokenStore):
    """A connection for each call: they are rare (`services/ingest/access.py`), and wait for no transaction."""

    _table = "ingest_source_token"

    def __init__(self, address: Mapping[str, Any], prefix: str) -> None:
        """Makes the tables if they are not there; raises LogError. `address`: of `address_of`."""
        self._address, self._own = address, {"log": prefix}
        with self._connected() as db:
            make_tables(db)

    @contextmanager
    def _connected(self) -> Iterator[psycopg.Connection]:
        try:
            with psycopg.connect(**self._address, autocommit=True) as db:
                yield db
        except psycopg.Error as error:
            raise LogError(say("log.tokens_cannot_be_kept", error=str(error).strip())) from error

    def _read(self, query: str, values: Sequence[object]) -> list[tuple[Any, ...]]:
        with self._connected() as db:
            return db.execute(query.replace("?", "%s").encode(), values).fetchall()

    def _write(self, query: str, values: Sequence[object]) -> int:
        with self._connected() as db:
            return db.execute(query.replace("?", "%s").encode(), values).rowcount
