"""From bytes to decoded JSON, or to the reason why not."""

from __future__ import annotations

import json
import re
from collections import Counter
from functools import cached_property
from typing import Any

import msgspec

from services.i18n import say
from services.messages import Json, Problem

BOM = b"\xef\xbb\xbf"

_AFTER_NAME = re.compile(rb'"[ \t\r\n]*:')
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_SHOWN = 100
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


def events_in(raw: bytes) -> int:
    """How many events a message brings; one that cannot be read is one reject."""
    try:
        return len(msgspec.json.decode(raw.removeprefix(BOM), type=list[msgspec.Raw]))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return 1


def name_twice(raw: bytes, value: Any) -> Problem | None:
    """What is wrong with JSON of which `value` was decoded: an object that has a name twice, of which one is lost.

    Every name in `raw` is a quote and a colon, and so is nothing else but an escaped quote in a text: where there are
    as many as names in `value`, none was lost. Never raises for what is not nested deeply (`of_nesting`).
    """
    if len(_AFTER_NAME.findall(raw)) == _names(value):
        return None
    found: list[str] = []

    def pairs(of: list[tuple[str, Any]]) -> Json:
        if len(names := dict(of)) < len(of):
            found.extend(name for name, count in Counter(name for name, _ in of).items() if count > 1)
        return names

    json.loads(
        raw.decode("utf-8", "replace"), object_pairs_hook=pairs, parse_int=float
    )  # an int may have more digits than Python reads
    if not found:
        return None
    shown = _CONTROL.sub(lambda one: f"U+{ord(one[0]):04X}", found[0][:_SHOWN])
    return Problem(where="message", what=say("ingest.name_twice", name=shown), expected=say("ingest.each_name_once"))


def _names(value: Any) -> int:
    if isinstance(value, dict):
        return len(value) + sum(_names(one) for one in value.values() if isinstance(one, (dict, list)))
    return sum(_names(one) for one in value if isinstance(one, (dict, list))) if isinstance(value, list) else 0


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
