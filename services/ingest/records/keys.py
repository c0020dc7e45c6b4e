"""Natural keys: what a record is about decides what it is. Each kind names its key in its schema (`x-key`)."""

from __future__ import annotations

import hashlib
from typing import Any

from services.ingest.schemas import Schemas
from services.messages import CampusEvent, Json, joined_key, to_ms

TIME = "time"
"""Stands in a key for the instant at which the record occurred."""
_LONGEST_ID = 200


class Keys:
    """The natural keys of all kinds; a kind without one (what Prewarn itself makes) is known by (source, id) alone."""

    def __init__(self, schemas: Schemas) -> None:
        self._parts = {kind: schema.key for kind, schema in schemas.by_kind.items() if schema.key}
        self._defaults = {
            kind: {name: field["default"] for name, field in schema.properties.items() if "default" in field}
            for kind, schema in schemas.by_kind.items()
        }
        self._timed = {kind for kind, parts in self._parts.items() if any(TIME in names for names in parts)}
        self._names = {kind: schema.names for kind, schema in schemas.by_kind.items()}

    def __contains__(self, kind: object) -> bool:
        return isinstance(kind, str) and kind in self._parts

    def fields(self, kind: str) -> tuple[tuple[str, ...], ...]:
        """The fields of a kind's key, place by place; of several in one place the first that is given counts."""
        return self._parts[kind]

    def of(self, event: CampusEvent) -> str:
        """The key of an event whose kind has one, however its values are written."""
        return self.made(event.kind, event.data, str(to_ms(event.time)) if event.kind in self._timed else "")

    def made(self, kind: str, data: Json, time: str = "") -> str:
        """The key of data; `time` in milliseconds."""
        values = []
        for names in self._parts[kind]:
            value = data.get(names[0])
            if value is None:
                value = self._otherwise(kind, names, data, time)
            values.append(value if type(value) is str else _text(value))
        return joined_key(values)

    def _otherwise(self, kind: str, names: tuple[str, ...], data: Json, time: str) -> Any:
        defaults = self._defaults[kind]
        found = (time if name == TIME else data.get(name, defaults.get(name)) for name in names)
        return next((value for value in found if value is not None), "")

    def moved(self, kind: str, before: Json, after: Json) -> bool:
        """Whether data names somebody or something else than before, so that other subjects are concerned."""
        return any(before.get(name) != after.get(name) for name in self._names[kind])


def id_of(kind: str, key: str) -> str:
    """The id of a record of a source that has no ids of its own."""
    plain = f"{kind}/{key}"
    return plain if len(plain) <= _LONGEST_ID else f"{kind}/{hashlib.sha256(key.encode()).hexdigest()[:32]}"


def _text(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value)
