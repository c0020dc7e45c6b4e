"""Who was erased, so that they are known should somebody name them again: a keyed hash of the id, and the pseudonym.

The hash says nothing to whoever does not have the id already; whoever has it, and this file, can find the pseudonym.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import msgspec

ERASED = "erased"
"""Name of the small value beside the records that holds them."""


_WORD = re.compile(r"[A-Za-z0-9_.-]+")


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

    def named_in(self, data: Mapping[str, Any]) -> tuple[str, str] | None:
        """(field, pseudonym) of the first value that is the id of somebody who was erased."""
        for name, value in data.items() if self.people else ():
            if isinstance(value, str) and (found := self.pseudonym(value)) is not None:
                return name, found
        return None

    def named_in_text(self, raw: bytes) -> bool:
        """Whether a word of a text, in whatever encoding of Chinese it may be, is such an id."""
        if not self.people:
            return False
        texts = {raw.decode(encoding, "replace") for encoding in ("utf-8", "gb18030", "utf-16")}
        return any(self.pseudonym(word) is not None for text in texts for word in _WORD.findall(text))

    def forget(self, id_: str) -> None:
        """Somebody is back, and is known by their id from now on."""
        self.people.pop(self._hash(id_), None)

    def add(self, id_: str) -> str:
        """The pseudonym of somebody who is erased now; the same again for the same id."""
        self.key = self.key or secrets.token_hex(16)
        return self.people.setdefault(self._hash(id_), f"gone-{secrets.token_hex(5)}")

    def _hash(self, id_: str) -> str:
        return _hashed(self.key, id_)


@lru_cache(65_536)
def _hashed(key: str, id_: str) -> str:
    return hashlib.blake2b(id_.encode(), key=bytes.fromhex(key), digest_size=16).hexdigest()
