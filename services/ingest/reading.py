"""From bytes to decoded JSON, or to the reason why not."""

from __future__ import annotations

import re
from functools import cached_property
from typing import Any

import msgspec

from services.i18n import say
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
        return Problem(
            where="message", what=say("ingest.cut_off_nothing_there"), expected=say("ingest.json_object_or_array_them")
        )
    if isinstance(error, RecursionError):
        return Problem(
            where="message",
            what=say("ingest.not_json_nested_too_deeply"),
            expected=say("ingest.event_as_in_docs_events"),
        )
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError as wrong:
        return Problem(
            where=f"byte {wrong.start + 1}", what=say("ingest.not_utf_8"), expected=say("ingest.json_in_utf_8")
        )
    number = _NOT_A_NUMBER.search(raw)
    if number:
        where = f"byte {number.start(1) + 1}"
        expected = say("ingest.leave_field_out_when_there", expected=say("input.number"))
        return Problem(where=where, what=say("ingest.not_number", value=number[1].decode()), expected=expected)
    if "truncated" in str(error):
        return Problem(
            where="message", what=say("ingest.cut_off_json_ends_in"), expected=say("ingest.whole_event_on_one_line")
        )
    return Problem(
        where="message", what=say("ingest.not_json", error=error), expected=say("ingest.json_object_or_array_them")
    )
