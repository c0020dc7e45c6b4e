"""One person gets another name everywhere: in texts, in what was read of JSON or MessagePack, and in bytes of others.

Whoever is erased is a pseudonym afterwards: what is counted and evaluated goes on as if they had always been called so.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

import msgspec

_LETTER = "[A-Za-z0-9]"
_ENCODINGS = ("utf-8", "gb18030", "utf-16-le", "utf-16-be")
"""In which the bytes of a reject may name somebody."""
_FEW = 100
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder().decode


class Renaming:
    """From ids and names to others."""

    def __init__(
        self, ids: Mapping[str, str], names: Mapping[str, str], doubtful: Mapping[str, str] | None = None
    ) -> None:
        """`ids` are whole words: no letter or digit of ASCII stands beside one. `names` may stand anywhere.

        `doubtful`: names that somebody else bears, too: they are replaced only where one of the others stands.
        """
        self._sure = _Words(ids, names)
        self._doubtful = _Words({}, doubtful or {})

    def text(self, text: str) -> str:
        """The text with the other names."""
        found = self._sure.text(text)
        return found if found == text else self._doubtful.text(found)

    def value(self, value: Any) -> Any:
        """Data of dicts, lists and texts with the other names; keys of dicts are texts, too."""
        found = _walked(value, self._sure)
        return value if found == value else _walked(found, self._doubtful)

    def packed(self, packed: bytes) -> bytes:
        """As `value`, of MessagePack. Raises msgspec.DecodeError."""
        if not self._sure.in_bytes(packed):
            return packed
        return _encode(self.value(_decode(packed)))

    def names(self, raw: bytes) -> bool:
        """Whether bytes of JSON or MessagePack name somebody."""
        return self._sure.in_bytes(raw)

    def raw(self, raw: bytes) -> bytes:
        """Bytes of a text in whatever encoding it may have."""
        found = self._sure.raw(raw)
        return raw if found == raw else self._doubtful.raw(found)


class _Words:
    def __init__(self, ids: Mapping[str, str], names: Mapping[str, str]) -> None:
        spelled = {form: to for word, to in {**names, **ids}.items() for form in _spelled(word)}
        self._others: dict[str, str] = spelled
        bounded = {form for word in ids for form in _spelled(word)}
        self._pattern = _pattern(spelled, bounded)
        self._bytes = [
            (
                _pattern_of_bytes(spelled, bounded, one),
                {word.encode(one): to.encode(one) for word, to in spelled.items()},
            )
            for one in _ENCODINGS
        ]

    def text(self, text: str) -> str:
        return self._pattern.sub(lambda found: self._others[found[0]], text) if self._others else text

    def in_bytes(self, raw: bytes) -> bool:
        words = self._bytes[0][1]
        # A few words are found one after the other in a tenth of the time that their pattern takes.
        if len(words) <= _FEW and not any(word in raw for word in words):
            return False
        return bool(words) and self._bytes[0][0].search(raw) is not None

    def raw(self, raw: bytes) -> bytes:
        for pattern, others in self._bytes if self._others else ():
            raw = pattern.sub(partial(_other, others), raw)
        return raw


def _other(others: Mapping[bytes, bytes], found: re.Match[bytes]) -> bytes:
    return others[found[0]]


def _spelled(word: str) -> Iterable[str]:
    """As it is, and as JSON may write it."""
    return {word, json.dumps(word)[1:-1], json.dumps(word, ensure_ascii=False)[1:-1]}


def _pattern(words: Iterable[str], bounded: set[str]) -> re.Pattern[str]:
    parts = [_bound(re.escape(word), word in bounded) for word in sorted(words, key=len, reverse=True)]
    return re.compile("|".join(parts) or "(?!)")


def _pattern_of_bytes(words: Iterable[str], bounded: set[str], encoding: str) -> re.Pattern[bytes]:
    found = []
    for word in sorted(words, key=len, reverse=True):
        inner = re.escape(word.encode(encoding))
        if word in bounded and encoding in ("utf-8", "gb18030"):
            inner = b"(?<!" + _LETTER.encode() + b")" + inner + b"(?!" + _LETTER.encode() + b")"
        found.append(inner)
    return re.compile(b"|".join(found) or b"(?!)", re.DOTALL)


def _bound(inner: str, bounded: bool) -> str:
    return f"(?<!{_LETTER}){inner}(?!{_LETTER})" if bounded else inner


def _walked(value: Any, words: _Words) -> Any:
    if isinstance(value, str):
        return words.text(value)
    if isinstance(value, dict):
        return {_walked(name, words): _walked(one, words) for name, one in value.items()}
    if isinstance(value, list):
        return [_walked(one, words) for one in value]
    if isinstance(value, tuple):
        return tuple([_walked(one, words) for one in value])
    return value
