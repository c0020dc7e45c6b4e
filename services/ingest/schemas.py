"""The JSON Schemas of the event kinds, loaded and compiled once."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema_rs

from services.errors import ConfigurationError
from services.messages import Json

_SUFFIX = ".v1.json"
_ENVELOPE = "envelope"


@dataclass(frozen=True)
class AtMost:
    """Figures that together cannot be more than another one of the same event."""

    names: tuple[str, ...]
    most: str
    times: float = 1

    @property
    def name(self) -> str:
        """What a doubt is counted as, such as `tested_over_attended`."""
        return f"{'_'.join(self.names)}_over_{self.most}"

    def broken(self, data: Mapping[str, Any]) -> tuple[float, float] | None:
        """(what the figures come to, the most that they can be) where that is more; what is missing breaks nothing."""
        bound: Any = data.get(self.most)
        parts: list[Any] = [data[name] for name in self.names if name in data]
        if not parts or not all(type(one) in (int, float) for one in (*parts, bound)):
            return None
        total, most = sum(parts), self.times * bound
        return (total, most) if total > most else None


@dataclass(frozen=True)
class Schema:
    """One compiled schema, with what Prewarn reads from it beyond validity."""

    document: Json
    properties: dict[str, Json]
    is_valid: Callable[[Any], bool]
    errors: Callable[[Any], Iterable[jsonschema_rs.ValidationError]]
    required: tuple[str, ...]
    moments: tuple[str, ...]
    """Fields that are date-times."""
    ordered: tuple[tuple[str, str], ...]
    """`x-ordered`: pairs of date-times of which the first may not be after the second."""
    at_most: tuple[AtMost, ...]
    """`x-at-most`: what an event is refused for, unless it is taken back."""
    doubtful: tuple[AtMost, ...]
    """`x-doubtful`: what an event is taken with, and counted as doubtful, since it can be so."""
    ours: bool
    """`x-made-by: prewarn`: nobody else may send it."""
    complete: frozenset[str]
    """`x-complete`: fields that a complete record has beyond the required ones; an event without them is valid."""
    key: tuple[tuple[str, ...], ...]
    """`x-key`: what a record is about, field by field; of several names in one place the first that is given counts."""
    names: tuple[str, ...]
    """Fields that name somebody or something: texts that are no moments and not one of a few words."""

    def doubts(self, data: Mapping[str, Any]) -> list[str]:
        """The names of what is doubtful in an event's data."""
        return [one.name for one in self.doubtful if one.broken(data) is not None]


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
    properties: dict[str, Json] = document["properties"]
    return Schema(
        document=document,
        properties=properties,
        is_valid=validator.is_valid,
        errors=validator.iter_errors,
        required=tuple(document.get("required", ())),
        moments=tuple(name for name, field in properties.items() if field.get("format") == "date-time"),
        ordered=tuple((first, second) for first, second in document.get("x-ordered", ())),
        at_most=_at_most(document, "x-at-most"),
        doubtful=_at_most(document, "x-doubtful"),
        ours=document.get("x-made-by") == "prewarn",
        complete=frozenset(document.get("x-complete", ())),
        key=tuple((part,) if isinstance(part, str) else tuple(part) for part in document.get("x-key", ())),
        names=tuple(
            name
            for name, field in properties.items()
            if field.get("type") == "string" and "enum" not in field and field.get("format") != "date-time"
        ),
    )


def _at_most(document: Json, key: str) -> tuple[AtMost, ...]:
    """`[[["present", "late"], "expected"], [["minutes_late"], "hours", 60]]`: sums, and their bounds."""
    return tuple(AtMost(tuple(names), most, *times) for names, most, *times in document.get(key, ()))
