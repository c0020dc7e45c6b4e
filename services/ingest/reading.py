"""From bytes to decoded JSON, or to the reason why not."""

from __future__ import annotations

import re
from functools import cached_property
from typing import Any

import msgspec

from services.messages import Problem

BOM = b"\xef\xbb\xbf"

_NOT_A_NUMBER = re.compile(rb"[:\[,]\s*([-+]?(?:nan|inf(?:inity)?))\s*[,\]}]", re.IGNORECASE)


class Packed:
    """The original bytes of a message that holds one event or an array of them; split only when somebody asks."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw

    @cached_property
    def _elements(self) -> list[msgspec.Raw] | None:
        return msgspec.json.decode(self._raw, type=list[msgspec.Raw]) if self._raw.lstrip().startswith(b"[") else None

    def __getitem__(self, index: int) -> bytes:
        """The bytes of one event, exactly as they came."""
        return self._raw if self._elements is None else bytes(self._elements[index])


def decode(raw: bytes) -> Any | Problem:
    """Decoded JSON, or why it cannot be decoded. Never raises. NaN and Infinity are not JSON."""
    try:
        return msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return _why(raw, error)


def _why(raw: bytes, error: Exception) -> Problem:
    if not raw.strip():
        return Problem(where="message", what="cut off: nothing is there", expected="a JSON object or an array of them")
    if isinstance(error, RecursionError):
        return Problem(where="message", what="not JSON: nested too deeply", expected="an event as in docs/events.md")
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError as wrong:
        return Problem(where=f"byte {wrong.start + 1}", what="not UTF-8", expected="JSON in UTF-8")
    number = _NOT_A_NUMBER.search(raw)
    if number:
        where = f"byte {number.start(1) + 1}"
        expected = "a number; leave the field out when there is none"
        return Problem(where=where, what=f"not a number: {number[1].decode()}", expected=expected)
    if "truncated" in str(error):
        return Problem(
            where="message", what="cut off: the JSON ends in the middle", expected="the whole event on one line"
        )
    return Problem(where="message", what=f"not JSON: {error}", expected="a JSON object or an array of them")
