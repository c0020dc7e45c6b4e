"""Times as spreadsheets write them, without a zone, for whoever says which zone is meant."""

from __future__ import annotations

import re
from datetime import date, datetime
from zoneinfo import ZoneInfo

import msgspec

from services.bounds import of_nesting
from services.ingest.mappings.cells import WrongCell
from services.ingest.mappings.days import Days, moment
from services.ingest.reading import BOM, decode, name_twice
from services.ingest.schemas import Schemas
from services.messages import Json, Problem

_ANY_DAY = date(2000, 1, 1)
"""Only days with a year are read here, so it does not matter."""


def zoned(text: str, zone: ZoneInfo | None) -> str:
    """RFC 3339 of 2026-11-16 08:00, 2026/11/18 8:00, 2026年11月18日 8:00, 2026-11-16T08:00+08:00.

    What has no zone is of `zone`. Anything else, and what has no zone where none is given, stays as it is, so that
    whoever checks it says what is wrong.
    """
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None and re.match(r"\s*\d{4}\D", text) and zone is not None:
        try:
            found = moment(text, Days(zone, _ANY_DAY))
        except WrongCell:
            return text
    if found is None or ":" not in text or (found.tzinfo is None and zone is None):
        return text
    return (found if found.tzinfo else found.replace(tzinfo=zone)).isoformat()


def with_zone(raw: bytes, zone: ZoneInfo, schemas: Schemas) -> bytes:
    """A message of one event, or an array of them, with the zone in its times; what is refused stays as it is."""
    value = decode(raw)
    if (
        isinstance(value, Problem)
        or of_nesting(value) is not None
        or name_twice(raw.removeprefix(BOM), value) is not None
    ):
        return raw
    for event in value if isinstance(value, list) else [value]:
        if isinstance(event, dict):
            _fill(event, ("time", "recordedat"), zone)
            schema = schemas.by_kind.get(str(event.get("type")))
            if schema is not None and isinstance(event.get("data"), dict):
                _fill(event["data"], schema.moments, zone)
    return msgspec.json.encode(value)


def _fill(fields: Json, names: tuple[str, ...], zone: ZoneInfo) -> None:
    for name in names:
        if isinstance(fields.get(name), str):
            fields[name] = zoned(fields[name], zone)
