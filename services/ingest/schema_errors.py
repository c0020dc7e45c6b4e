"""What is wrong with an event, in words: from schema errors to `Problem`.

`what` begins with a named reason ("unknown field: …"), which `reason_name` reads back for counting.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import reduce
from typing import Any
from zoneinfo import ZoneInfo

from jsonschema_rs import ValidationError

from services.i18n import say
from services.ingest.moments import lacks_zone
from services.ingest.schemas import Schema
from services.ingest.zones import zoned
from services.messages import Message, Problem, Rejection, nearest

_SHOWN = 60
_MANY = 8
_MOST = 20
"""Problems that one event is told of: nobody mends more by hand, and each is kept and answered."""
_UNKNOWN = re.compile(r"is not a known (\w+)$")
_TIME_EXAMPLE = "2026-09-07T08:00:00+08:00"
_ZONE = ZoneInfo("Asia/Shanghai")
"""Of examples."""
_TYPES = {
    "string": "input.text",
    "number": "input.number",
    "integer": "ingest.whole_number",
    "boolean": "input.true_or_false",
    "object": "ingest.json_object",
    "null": "null",
}

_TEXTS = {"source": "ingest.no_white_space_no_control", "period": "ingest.month_such_as_2026_09"}
_NOT_ALLOWED = {"type": "ingest.unknown_kind", "specversion": "ingest.wrong_specversion"}

Finding = tuple[str, Message, Message | str]
"""Path within the value, what is wrong, what would be right."""
Where = Callable[[str], str]
"""From a path within the value to what a person looks for: `data.score`, or `row 17, column score`."""


def find_problems(schema: Schema, value: Any, where: Where) -> list[Problem]:
    """What is wrong with a value, one problem per field; of more than `_MOST` it says that there are more."""
    found: dict[str, Problem] = {}
    for at, what, expected in _findings(schema, value):
        if len(found) == _MOST and at not in found:
            return [*found.values(), Problem(where=where(""), what=say("ingest.and_more", shown=_MOST))]
        found.setdefault(at, Problem(where=where(at), what=what, expected=expected))
    return list(found.values())


def _findings(schema: Schema, value: Any) -> Iterator[Finding]:
    for error in schema.errors(value):
        explain = _EXPLAIN.get(error.kind.name, _anything_else)
        path = ".".join(str(part) for part in error.instance_path)
        yield from explain(error, path, _at(value, error.instance_path), schema)


def reason_name(rejection: Rejection) -> str:
    """The named reason of a rejection, for counting: its first problem's, such as `unknown_student` or `wrong_type`."""
    what = str(rejection.reasons[0].what) if rejection.reasons else "unknown"
    unknown = _UNKNOWN.search(what)
    named = f"unknown {unknown[1]}" if unknown else what.partition(":")[0]
    return re.sub(r"[^a-z0-9]+", "_", named.lower()).strip("_")[:_SHOWN] or "unknown"


def shown(value: Any) -> str:
    """A value as it can stand in a message: short, and on one line."""
    text = repr(value) if isinstance(value, (str, float)) else str(value)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def _at(value: Any, path: list[str | int]) -> Any:
    for part in path:
        value = value[part]
    return value


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _one_of(words: Iterable[Any]) -> str:
    return ", ".join(str(word) for word in words)


def _unknown_fields(error: ValidationError, path: str, _value: Any, schema: Schema) -> Iterator[Finding]:
    known = schema.properties
    for part in path.split(".") if path else ():
        known = known.get(part, {}).get("properties", {})
    for name in sorted(error.kind.as_dict()["unexpected"]):
        yield _join(path, name), say("ingest.unknown_field", name=shown(name)), nearest(name, known) or _one_of(known)


def _missing_field(error: ValidationError, path: str, _value: Any, schema: Schema) -> Iterator[Finding]:
    name = error.kind.as_dict()["property"]
    field = schema.properties.get(name, {})
    expected = _one_of(field["enum"]) if "enum" in field else field.get("description", "")
    yield _join(path, name), say("ingest.missing_field", name=name), expected


def _wrong_type(error: ValidationError, path: str, value: Any, _schema: Schema) -> Iterator[Finding]:
    types: list[Message | str] = [say(_TYPES[one]) if one in _TYPES else one for one in error.kind.as_dict()["types"]]
    expected = reduce(lambda one, other: say("ingest.either", one=one, other=other), types)
    if isinstance(value, float) and value - value != 0:
        yield path, say("ingest.not_number", value=value), say("ingest.leave_field_out_when_there", expected=expected)
    else:
        yield path, say("ingest.wrong_type", value=shown(value)), expected


def _not_allowed(error: ValidationError, path: str, value: Any, _schema: Schema) -> Iterator[Finding]:
    details = error.kind.as_dict()
    options = details.get("options") or [details.get("expected_value")]
    near = nearest(value, options) if isinstance(value, str) and all(isinstance(one, str) for one in options) else ""
    expected = near if near and len(options) > _MANY else _one_of(options)
    yield path, say(_NOT_ALLOWED.get(path, "ingest.not_allowed"), value=shown(value)), expected


def _limit(what: str, expected: str) -> Callable[[ValidationError, str, Any, Schema], Iterator[Finding]]:
    def explain(error: ValidationError, path: str, value: Any, _schema: Schema) -> Iterator[Finding]:
        yield path, say(what, value=shown(value)), say(expected, limit=error.kind.as_dict()["limit"])

    return explain


def _wrong_text(error: ValidationError, path: str, value: Any, _schema: Schema) -> Iterator[Finding]:
    if value == "":
        yield path, say("ingest.empty"), say("ingest.leave_field_out_when_there", expected=say("input.text"))
        return
    pattern = error.kind.as_dict()["pattern"]
    of_path = _TEXTS.get(path)
    expected = say(of_path) if of_path else say("ingest.no_control_characters_pattern", pattern=pattern)
    yield path, say("ingest.wrong_text", value=shown(value)), expected


def _wrong_time(_error: ValidationError, path: str, value: Any, _schema: Schema) -> Iterator[Finding]:
    # Whoever does as the hint says must not be refused again: with seconds, as RFC 3339 has them.
    written = zoned(value, _ZONE) if isinstance(value, str) else value
    example = written if written != value else _TIME_EXAMPLE
    if isinstance(value, str) and (lacks_zone(value) or zoned(value, None) != written):
        expected = say("ingest.time_with_its_zone_such", example=example)
        yield path, say("ingest.time_without_zone", value=shown(value)), expected
    else:
        yield path, say("ingest.not_time", value=shown(value)), say("ingest.rfc_3339_time_such_as", example=example)


def _anything_else(error: ValidationError, path: str, _value: Any, _schema: Schema) -> Iterator[Finding]:
    yield path, say("ingest.invalid", error=error.message[:200]), ""


_EXPLAIN: dict[str, Callable[[ValidationError, str, Any, Schema], Iterator[Finding]]] = {
    "additionalProperties": _unknown_fields,
    "required": _missing_field,
    "type": _wrong_type,
    "enum": _not_allowed,
    "const": _not_allowed,
    "minimum": _limit("ingest.too_small", "ingest.or_more"),
    "exclusiveMinimum": _limit("ingest.too_small", "ingest.more_than"),
    "maximum": _limit("ingest.too_large", "ingest.or_less"),
    "minLength": _limit("ingest.too_short", "ingest.at_least_characters"),
    "maxLength": _limit("ingest.too_long", "ingest.at_most_characters"),
    "pattern": _wrong_text,
    "format": _wrong_time,
}
