"""A college that begins with every rule on trial, and the record of which rules were put live, by whom and why."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import msgspec

_FILE = "live-rules.ndjson"


class Switch(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the record."""

    at: datetime
    rules: list[str]
    author: str
    reason: str


class Trial:
    """Which rules are on trial: all of them, until somebody puts them live. Processes of one home share the record."""

    def __init__(self, home: Path) -> None:
        self._path = home / _FILE
        self._read: tuple[int, int] | None = None
        self._live: frozenset[str] = frozenset()

    def holds(self, rule: str) -> bool:
        """Whether a rule is on trial now."""
        return rule not in self.live()

    def live(self) -> frozenset[str]:
        """The rules that are not on trial any more. Raises OSError, msgspec.MsgspecError."""
        try:
            status = self._path.stat()
        except FileNotFoundError:
            return frozenset()
        if (seen := (status.st_size, status.st_mtime_ns)) != self._read:
            self._live = frozenset(rule for one in self.record() for rule in one.rules)
            self._read = seen
        return self._live

    def record(self) -> list[Switch]:
        """Who put what live, when and why. Raises OSError, msgspec.MsgspecError."""
        if not self._path.exists():
            return []
        return msgspec.json.Decoder(Switch).decode_lines(self._path.read_bytes())

    def put_live(self, rules: Sequence[str], author: str, reason: str, at: datetime) -> None:
        """Adds a line, durably. Raises OSError."""
        line = msgspec.json.encode(Switch(at=at, rules=[*rules], author=author, reason=reason))
        with self._path.open("ab") as file:
            file.write(line + b"\n")
            file.flush()
            os.fsync(file.fileno())
