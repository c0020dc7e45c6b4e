"""Fakes for tests and for trying out: a log and a store of rejections in memory."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from services.errors import LogError
from services.i18n import say
from services.log.tokens import SourceToken, TokenStore
from services.messages import CampusEvent, Json, Problem, Rejection, Verdict


class MemoryLog:
    """An `EventLog` that keeps everything in lists. Set `broken` to have it raise LogError."""

    def __init__(self) -> None:
        self.events: list[CampusEvent] = []
        self.rejections: list[Rejection] = []
        self.broken = False
        self._known: dict[tuple[str, str, int], CampusEvent] = {}

    def append(self, events: Sequence[CampusEvent]) -> list[Verdict]:
        """See EventLog."""
        self._check()
        return [self._append(event) for event in events]

    def reject(self, rejections: Sequence[Rejection]) -> None:
        """See EventLog."""
        self._check()
        self.rejections += rejections

    def _append(self, event: CampusEvent) -> Verdict:
        identity = (event.source, event.id, event.revision)
        known = self._known.get(identity)
        if known is None:
            self._known[identity] = event
            self.events.append(event)
            return "accepted"
        return "duplicate" if known == event else "conflict"

    def _check(self) -> None:
        if self.broken:
            raise LogError("the log in memory was told to be broken")


class MemoryRejectedStore:
    """A `RejectedStore` in memory, numbered from 1."""

    def __init__(self, rejections: Iterable[Rejection] = ()) -> None:
        self.open = dict(enumerate(rejections, 1))
        self.tries = dict.fromkeys(self.open, 1)

    def list(self) -> Iterable[tuple[int, Rejection]]:
        """See RejectedStore."""
        return iter(self.open.items())

    def get(self, number: int) -> Rejection | None:
        """See RejectedStore."""
        return self.open.get(number)

    def tried(self, number: int) -> None:
        """See RejectedStore."""
        self.tries[number] += 1

    def done(self, number: int) -> None:
        """See RejectedStore."""
        del self.open[number]


class MemoryTokens(TokenStore):
    """Tokens in a list. Set `broken` to have it raise LogError."""

    def __init__(self) -> None:
        self.kept: dict[str, SourceToken] = {}
        self.broken = False
        self.looks = 0

    def tokens(self) -> list[SourceToken]:
        """See TokenStore."""
        self.looks += 1
        if self.broken:
            raise LogError("the tokens in memory were told to be broken")
        return list(self.kept.values())

    def add(self, token: SourceToken) -> None:
        """See TokenStore."""
        self.kept[token.id] = token

    def revoke(self, id_: str, at: int) -> bool:
        """See TokenStore."""
        found = self.kept.get(id_)
        if found is None or found.revoked:
            return False
        self.kept[id_] = msgspec.structs.replace(found, revoked=at)
        return True

    def used(self, id_: str, at: int) -> None:
        """See TokenStore."""
        self.kept[id_] = msgspec.structs.replace(self.kept[id_], used=at)


class KnownPeople:
    """A `Directory` that knows some ids per field and adds the same fields to every event."""

    def __init__(self, known: dict[str, set[str]] | None = None, adds: Json | None = None) -> None:
        self.known = known or {}
        self.adds = adds or {}

    def enrich(self, kind: str, data: Json, at: datetime) -> tuple[Json, list[Problem]]:
        """See Directory."""
        del kind, at
        problems = [
            Problem(where=f"data.{field}", what=say("directory.not_known", value=repr(data[field]), noun=field))
            for field, ids in self.known.items()
            if field in data and data[field] not in ids
        ]
        return ({**self.adds, **data} if self.adds else data), problems
