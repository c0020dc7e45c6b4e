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


_WORD = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?")
"""Of a text; a dash before it and the full stop of a sentence are no part of one."""
_ESCAPE = re.compile(r"\\u([0-9A-Fa-f]{4})")
_LEAST = 5
"""Letters that an id must have to be seen among others: a year or a room would be taken for a shorter one."""


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
        """As the text that is kept."""
        return msgspec.json.encode(self).decode()

    def pseudonym(self, id_: str) -> str | None:
        """Of somebody who was erased; None of anybody else."""
        return self.people.get(self._hash(id_)) if self.people else None

    def named_in(self, data: Mapping[str, Any]) -> tuple[str, str] | None:
        """(field, pseudonym) of the first value that is, lists or has among its words an id of somebody erased."""
        for name, value in data.items() if self.people else ():
            for one in value if isinstance(value, list) else (value,):
                if isinstance(one, str) and (found := self._named_by(one)) is not None:
                    return name, found
        return None

    def _named_by(self, text: str) -> str | None:
        is_a_word = len(text) <= _LEAST or (text.isascii() and text.isalnum())
        if (found := self.pseudonym(text)) is not None or is_a_word:
            return found
        words = (word for word in _WORD.findall(text) if len(word) >= _LEAST)
        return next((found for word in words if (found := self.pseudonym(word)) is not None), None)

    def named_in_text(self, raw: bytes) -> bool:
        """Whether a word of a text, in whatever encoding of Chinese it may be, is such an id; escapes are JSON's."""
        if not self.people:
            return False
        texts = {raw.decode(encoding, "replace") for encoding in ("utf-8", "gb18030", "utf-16")}
        texts |= {_ESCAPE.sub(lambda found: chr(int(found[1], 16)), one) for one in texts if "\\u" in one}
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
