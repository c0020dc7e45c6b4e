"""The fields of each event kind, read from schemas/: what expressions are checked against."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from services.messages import ENDING, Json


@dataclass(frozen=True)
class Field:
    """One field of an event kind."""

    type: str
    """string, integer, number, boolean, date-time or any."""
    nullable: bool
    """May be absent or null."""
    values: tuple[str, ...] = ()
    least: float = -math.inf
    """The least number that it can be."""


def read_fields(folder: Path) -> dict[str, dict[str, Field]]:
    """Kind → field → what it is, from `<kind>.v1.json`."""
    kinds = {}
    for path in sorted(folder.glob("*.v1.json")):
        schema = json.loads(path.read_text("utf-8"))
        kind = path.name.removesuffix(".v1.json")
        if kind != "envelope":
            required = set(schema.get("required", ()))
            kinds[kind] = {name: _field(one, name in required) for name, one in schema["properties"].items()}
    return kinds


def kinds_of_rules(kinds: Mapping[str, Mapping[str, Field]]) -> dict[str, dict[str, Field]]:
    """The kinds that a rule can be on: of an ending every rule knows already."""
    return {kind: dict(known) for kind, known in kinds.items() if kind != ENDING}


def _field(schema: Json, required: bool) -> Field:
    types = schema.get("type", "any")
    listed = [types] if isinstance(types, str) else list(types)
    nullable = not required or "null" in listed
    plain = [one for one in listed if one != "null"]
    name = plain[0] if len(plain) == 1 else "any"
    if name == "any" and "enum" in schema and all(isinstance(value, (str, type(None))) for value in schema["enum"]):
        name = "string"
    if name == "string" and schema.get("format") == "date-time":
        name = "date-time"
    values = tuple(value for value in schema.get("enum", ()) if isinstance(value, str))
    least = schema["minimum"] if "minimum" in schema else schema.get("exclusiveMinimum", -math.inf)
    return Field(
        name if name in ("string", "integer", "number", "boolean", "date-time") else "any", nullable, values, least
    )
