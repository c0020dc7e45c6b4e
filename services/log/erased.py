"""Who was erased, so that they are known should somebody name them again: a keyed hash of the id, and the pseudonym.

The hash says nothing to whoever does not have the id already; whoever has it, and this file, can find the pseudonym.
"""

from __future__ import annotations

import hashlib
import secrets

import msgspec


class Erased(msgspec.Struct):
    """All that are erased in one home, or under one topic prefix."""

    key: str = ""
    """Of the hash, in hexadecimal; made with the first of them."""
    people: dict[str, str] = {}
    """Hash of the id → pseudonym."""

    @classmethod
    def read(cls, kept: str) -> Erased:
        """From what `written` gave; nobody from an empty text. Raises msgspec.MsgspecError."""
        return msgspec.json.decode(kept, type=cls) if kept else cls()

    def written(self) -> str:
        """As a text."""
        return msgspec.json.encode(self).decode()

    def pseudonym(self, id_: str) -> str | None:
        """Of somebody who was erased; None of anybody else."""
        return self.people.get(self._hash(id_)) if self.people else None

    def add(self, id_: str) -> str:
        """The pseudonym of somebody who is erased now; the same again for the same id."""
        self.key = self.key or secrets.token_hex(16)
        return self.people.setdefault(self._hash(id_), f"gone-{secrets.token_hex(5)}")

    def _hash(self, id_: str) -> str:
        return hashlib.blake2b(id_.encode(), key=bytes.fromhex(self.key), digest_size=16).hexdigest()
