"""The JSON Schemas of the event kinds, loaded and compiled once."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema_rs

from services.errors import ConfigurationError

_SUFFIX = ".v1.json"
_ENVELOPE = "envelope"


@dataclass(frozen=True)
class Schema:
    """One compiled schema, with what Prewarn reads from it beyond validity."""

    properties: dict[str, dict[str, Any]]
    is_valid: Callable[[Any], bool]
    errors: Callable[[Any], Iterable[jsonschema_rs.ValidationError]]
    moments: tuple[str, ...]
    """Fields that are date-times."""
    ordered: tuple[tuple[str, str], ...]
    """`x-ordered`: pairs of date-times of which the first may not be after the second."""
    ours: bool
    """`x-made-by: prewarn`: nobody else may send it."""
    complete: frozenset[str]
    """`x-complete`: fields that a complete record has beyond the required ones; an event without them is valid."""


@dataclass(frozen=True)
class Schemas:
    """The envelope and the `data` of each kind."""

    envelope: Schema
    by_kind: dict[str, Schema]

    def kinds(self) -> tuple[str, ...]:
        """The names of all event kinds, sorted."""
        return tuple(sorted(self.by_kind))


def load_schemas(folder: Path) -> Schemas:
    """Compile `<kind>.v1.json` and `envelope.v1.json` of a folder.

    Raises ConfigurationError for a folder without them and for a file that is not a JSON Schema.
    """
    schemas = {path.name.removesuffix(_SUFFIX): _compile(path) for path in sorted(folder.glob(f"*{_SUFFIX}"))}
    envelope = schemas.pop(_ENVELOPE, None)
    if envelope is None:
        raise ConfigurationError(
            f"{folder}: no {_ENVELOPE}{_SUFFIX} there (expected: the folder with the event schemas)"
        )
    named = set(envelope.properties["type"]["enum"])
    if named != set(schemas):
        different = ", ".join(sorted(named ^ set(schemas)))
        raise ConfigurationError(
            f"{folder}: {_ENVELOPE}{_SUFFIX} and the files beside it differ in the kinds {different}"
        )
    return Schemas(envelope, schemas)


def _compile(path: Path) -> Schema:
    try:
        document = json.loads(path.read_text("utf-8"))
        validator = jsonschema_rs.validator_for(document, validate_formats=True)
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{path}: not a JSON Schema: {error}") from error
    properties: dict[str, dict[str, Any]] = document["properties"]
    return Schema(
        properties=properties,
        is_valid=validator.is_valid,
        errors=validator.iter_errors,
        moments=tuple(name for name, field in properties.items() if field.get("format") == "date-time"),
        ordered=tuple((first, second) for first, second in document.get("x-ordered", ())),
        ours=document.get("x-made-by") == "prewarn",
        complete=frozenset(document.get("x-complete", ())),
    )
