"""What is wrong with an event, in words: from schema errors to `Problem`.

`what` begins with a named reason ("unknown field: …"), which `reason_name` reads back for counting.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from jsonschema_rs import ValidationError

from services.ingest.moments import lacks_zone
from services.ingest.schemas import Schema
from services.messages import Problem, Rejection, nearest

_SHOWN = 60
_MANY = 8
_UNKNOWN = re.compile(r"is not a known (\w+)$")
_TIME_EXAMPLE = "2026-09-07T08:00:00+08:00"
_TYPES = {
    "string": "a text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "object": "a JSON object",
    "null": "null",
}

Finding = tuple[str, str, str]
"""Path within the value, what is wrong, what would be right."""
Where = Callable[[str], str]
"""From a path within the value to what a person looks for: `data.score`, or `row 17, column score`."""


def find_problems(schema: Schema, value: Any, where: Where) -> list[Problem]:
    """Everything that is wrong with a value, one problem per field."""
    found: dict[str, Problem] = {}
    for error in schema.errors(value):
        explain = _EXPLAIN.get(error.kind.name, _anything_else)
        path = ".".join(str(part) for part in error.instance_path)
        for at, what, expected in explain(error, path, _at(value, error.instance_path), schema):
            found.setdefault(at, Problem(where=where(at), what=what, expected=expected))
    return list(found.values())


def reason_name(rejection: Rejection) -> str:
    """The named reason of a rejection, for counting: its first problem's, such as `unknown_student` or `wrong_type`."""
    what = rejection.reasons[0].what if rejection.reasons else "unknown"
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
        yield _join(path, name), f"unknown field: {shown(name)}", nearest(name, known) or _one_of(known)


def _missing_field(error: ValidationError, path: str, _value: Any, schema: Schema) -> Iterator[Finding]:
    name = error.kind.as_dict()["property"]
    field = schema.properties.get(name, {})
    expected = _one_of(field["enum"]) if "enum" in field else field.get("description", "")
    yield _join(path, name), f"missing field: {name}", expected


def _wrong_type(error: ValidationError, path: str, value: Any, _schema: Schema) -> Iterator[Finding]:
    expected = " or ".join(_TYPES.get(name, name) for name in error.kind.as_dict()["types"])
    if isinstance(value, float) and value - value != 0:
        yield path, f"not a number: {value}", f"{expected}; leave the field out when there is none"
    else:
        yield path, f"wrong type: {shown(value)}", expected


def _not_allowed(error: ValidationError, path: str, value: Any, _schema: Schema) -> Iterator[Finding]:
    details = error.kind.as_dict()
    options = details.get("options") or [details.get("expected_value")]
    near = nearest(value, options) if isinstance(value, str) and all(isinstance(one, str) for one in options) else ""
    expected = near if near and len(options) > _MANY else _one_of(options)
    name = "unknown kind" if path == "type" else "wrong specversion" if path == "specversion" else "not allowed"
    yield path, f"{name}: {shown(value)}", expected


def _limit(name: str, words: str) -> Callable[[ValidationError, str, Any, Schema], Iterator[Finding]]:
    def explain(error: ValidationError, path: str, value: Any, _schema: Schema) -> Iterator[Finding]:
        yield path, f"{name}: {shown(value)}", words.format(error.kind.as_dict()["limit"])

    return explain


def _wrong_text(error: ValidationError, path: str, value: Any, _schema: Schema) -> Iterator[Finding]:
    if value == "":
        yield path, "empty: ''", "a text; leave the field out when there is none"
        return
    words = {
        "source": "no white space and no control characters",
        "period": "a month, such as 2026-09",
    }
    expected = words.get(path, f"no control characters (pattern {error.kind.as_dict()['pattern']})")
    yield path, f"wrong text: {shown(value)}", expected


def _wrong_time(_error: ValidationError, path: str, value: Any, _schema: Schema) -> Iterator[Finding]:
    if isinstance(value, str) and lacks_zone(value):
        zoned = value.replace(" ", "T") + "+08:00" if "T" in value or " " in value else _TIME_EXAMPLE
        yield path, f"time without zone: {shown(value)}", f"a time with its zone, such as {shown(zoned)[1:-1]}"
    else:
        yield path, f"not a time: {shown(value)}", f"an RFC 3339 time, such as {_TIME_EXAMPLE}"


def _anything_else(error: ValidationError, path: str, _value: Any, _schema: Schema) -> Iterator[Finding]:
    yield path, f"invalid: {error.message[:200]}", ""


_EXPLAIN: dict[str, Callable[[ValidationError, str, Any, Schema], Iterator[Finding]]] = {
    "additionalProperties": _unknown_fields,
    "required": _missing_field,
    "type": _wrong_type,
    "enum": _not_allowed,
    "const": _not_allowed,
    "minimum": _limit("too small", "{} or more"),
    "exclusiveMinimum": _limit("too small", "more than {}"),
    "maximum": _limit("too large", "{} or less"),
    "minLength": _limit("empty", "at least {} character; leave the field out when there is none"),
    "maxLength": _limit("too long", "at most {} characters"),
    "pattern": _wrong_text,
    "format": _wrong_time,
}
