"""From a CSV row to a CloudEvents object: columns by name, cells by the schema's types."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from services.bounds import of_nesting
from services.i18n import say
from services.ingest.reading import decode, name_twice
from services.ingest.records.keys import Keys
from services.ingest.schema_errors import shown
from services.ingest.schemas import Schemas
from services.ingest.zones import zoned
from services.messages import Json, Message, Problem, nearest

_ENVELOPE = {
    "source": "source",
    "id": "id",
    "type": "type",
    "kind": "type",
    "time": "time",
    "occurred_at": "time",
    "revision": "revision",
    "retracted": "retracted",
    "recordedat": "recordedat",
    "recorded_at": "recordedat",
    "term": "term",
}
_NEEDS_ID = ("revision", "retracted")
_INTEGER = re.compile(r"[-+]?[0-9]{1,18}(\.0+)?")
_NUMBER = re.compile(r"[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]{1,3})?")
_BOOLEANS = {"true": True, "1": True, "yes": True, "是": True, "false": False, "0": False, "no": False, "否": False}

Read = Callable[[str], Any]
"""A cell's text as the schema's type; text that is not of that type stays text, and the schema says what is wrong."""


class TableOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What the table does not say itself. A cell in its `kind`, `source` or `term` column goes before these."""

    kind: str | None = None
    source: str | None = None
    term: str | None = None
    time_zone: ZoneInfo | None = None
    """The zone of times that are written without one; None: such times are refused."""
    recorded_at: str | None = None
    """When the table was exported (RFC 3339), for rows that do not say when they were recorded."""


_LONGEST_NAME = 64


def _short(name: str) -> str:
    """A column as people are told of it, also if the file is no table at all."""
    return name if name.isprintable() and len(name) <= _LONGEST_NAME else shown(name)


_Column = tuple[int, str]
"""Its place in the row, and its name."""


class Table:
    """The rows of one table, after its header was read."""

    def __init__(self, schemas: Schemas, options: TableOptions, header: list[str]) -> None:
        self._schemas = schemas
        self._keys = Keys(schemas)
        self._options = options
        self._header = [name.strip().lower() for name in header]
        names = [(index, name) for index, name in enumerate(self._header) if name]
        self._envelope = [(index, _ENVELOPE[name]) for index, name in names if name in _ENVELOPE]
        self._data = [(index, name) for index, name in names if name not in _ENVELOPE]
        self._readers: dict[str, list[tuple[int, str, Read]]] = {}
        self._envelope_readers = self._reading(self._envelope, schemas.envelope.properties)

    def header_problems(self) -> list[Problem]:
        """Everything that is wrong with the header; rows are not read then."""
        given = [name for _, name in (*self._envelope, *self._data)]
        kind = self._options.kind
        kinds = [kind] if kind in self._schemas.by_kind and "type" not in given else self._schemas.kinds()
        known = {field for one in kinds for field in self._schemas.by_kind[one].properties}
        problems = [
            Problem(
                where=f"row 1, column {_short(name)}",
                what=say("ingest.unknown_column", name=shown(name)),
                expected=_meant(name, known),
            )
            for name in given
            if name not in known and name not in _ENVELOPE
        ]
        problems += [
            Problem(
                where=f"row 1, column {name}",
                what=say("ingest.duplicate_column", name=name),
                expected=say("ingest.each_column_once"),
            )
            for name in sorted({name for name in given if given.count(name) > 1})
        ]
        needed = {"time": None, "type": kind, "source": self._options.source}
        problems += [
            Problem(
                where="row 1",
                what=say("ingest.missing_column", name=name),
                expected=say("ingest.column_or_option_for_it", name=name),
            )
            for name, option in needed.items()
            if name not in given and option is None
        ]
        problems += [
            Problem(where=f"row 1, column {name}", what=say("ingest.missing_column_id_without_which", name=name))
            for name in _NEEDS_ID
            if name in given and "id" not in given and not all(one in self._keys for one in kinds)
        ]
        return problems

    def value(self, cells: list[str]) -> Json | Problem:
        """The CloudEvents object of a row; blank cells are absent fields. A problem if the row has not its columns."""
        surplus = len(cells) - len(self._header)
        if surplus < 0 or any(cell.strip() for cell in cells[len(self._header) :]):
            what = say("ingest.wrong_length_row_has_cells", cells=len(cells), header=len(self._header))
            return Problem(where="row", what=what, expected=say("ingest.one_cell_for_each_column"))
        cells = [cell.strip() for cell in cells]
        value: Json = {"specversion": "1.0", "type": self._options.kind, "source": self._options.source}
        if self._options.term:
            value["term"] = self._options.term
        value |= {name: read(cells[index]) for index, name, read in self._envelope_readers if cells[index]}
        value["data"] = {name: read(cells[index]) for index, name, read in self._of_kind(value["type"]) if cells[index]}
        if "id" not in value and value["type"] not in self._keys:
            value["id"] = self._row_id(value, cells)
        if self._options.recorded_at is not None:
            value.setdefault("recordedat", self._options.recorded_at)
        return value

    def _of_kind(self, kind: str | None) -> list[tuple[int, str, Read]]:
        key = kind if kind in self._schemas.by_kind else ""
        assert key is not None
        readers = self._readers.get(key)
        if readers is None:
            properties = self._schemas.by_kind[key].properties if key else {}
            readers = self._readers[key] = self._reading(self._data, properties)
        return readers

    def _reading(self, columns: list[_Column], properties: dict[str, Json]) -> list[tuple[int, str, Read]]:
        return [(index, name, self._reader(properties.get(name, {}))) for index, name in columns]

    def _reader(self, field: Json) -> Read:
        types = field.get("type", "string")
        plain = types if isinstance(types, str) else next(one for one in types if one != "null")
        if field.get("format") == "date-time":
            return self._moment
        return _READERS.get(plain, str)

    def _moment(self, cell: str) -> str:
        return zoned(cell, self._options.time_zone)

    def _row_id(self, value: Json, cells: list[str]) -> str:
        """Of what the row says, whatever the order of its columns: the same row again is the same event."""
        said = sorted((name, cells[index]) for index, name in (*self._envelope, *self._data) if cells[index])
        told = msgspec.json.encode([value["source"], value["type"], said])
        return f"row-{hashlib.sha256(told).hexdigest()[:32]}"


def _meant(name: str, known: set[str]) -> Message | str:
    return nearest(name, known | set(_ENVELOPE)) or say("ingest.field_kind_as_in_docs")


def _integer(cell: str) -> int | str:
    return int(cell.partition(".")[0]) if _INTEGER.fullmatch(cell) else cell


def _number(cell: str) -> float | str:
    if not _NUMBER.fullmatch(cell):
        return cell
    number = float(cell)
    return int(number) if number.is_integer() and abs(number) < 2**53 else number


def _boolean(cell: str) -> bool | str:
    return _BOOLEANS.get(cell.lower(), cell)


def _object(cell: str) -> Any:
    value = decode(raw := cell.encode("utf-8", "replace"))
    refused = isinstance(value, Problem) or of_nesting(value) is not None or name_twice(raw, value) is not None
    return cell if refused else value


_READERS: dict[str, Read] = {"integer": _integer, "number": _number, "boolean": _boolean, "object": _object}
