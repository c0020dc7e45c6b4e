"""The page that goes with the data which are handed out to a person: every part as a table, in their language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from services.i18n import Language, catalogue, term
from services.messages import from_ms
from services.notify.texts import of
from services.web.frame import templates

_MOST_ROWS = 500
"""Of a part, on the page; its file has all."""
_CSS = Path(__file__).parent / "static" / "prewarn.css"
_INNER = frozenset(
    {"number", "sequence", "warning", "id", "rule_version", "evidence", "specversion", "said", "batch", "rank"}
)
"""What the files have, and nobody reads."""
_TERMS = {"status": ("status", "value"), "level": ("value",), "highest_level": ("value",), "change": ("change",)}
_INSTANTS = ("_at", "_until", "made", "seen", "ends", "begins", "since", "deadline", "at", "not_before")


class Part(NamedTuple):
    """One table of the page."""

    key: str
    title: str
    what: str
    columns: list[str]
    rows: list[list[str]]
    total: int


def html(
    found: Mapping[str, Sequence[dict[str, Any]]],
    id_: str,
    name: str,
    now: datetime,
    language: Language,
    *,
    on_kafka: bool,
) -> str:
    """The page; `found` is what the files hold, by part."""

    def word(key: str, **parts: Any) -> str:
        return catalogue(language, "pages")[key].format(**parts)

    zone = now.tzinfo
    assert isinstance(zone, ZoneInfo)
    parts = [_part(key, rows, word, language, zone) for key, rows in found.items()]
    return templates().get_template("person.html").render(
        w=word, reader=_Reader(language), css=_CSS.read_text("utf-8"), id=id_, name=name, day=f"{now:%Y-%m-%d}",
        parts=parts, on_kafka=on_kafka,
    )  # fmt: skip


class _Reader(NamedTuple):
    language: Language


def _part(key: str, rows: Sequence[dict[str, Any]], word: Any, language: Language, zone: ZoneInfo) -> Part:
    flat = [_flat(row) for row in rows[:_MOST_ROWS]]
    columns = [one for one in dict.fromkeys(name for row in flat for name in row) if one not in _INNER]
    shown = [[_cell(name, row.get(name), language, zone) for name in columns] for row in flat]
    titles = [of(term("field", name), language) for name in columns]
    return Part(key, word(f"person_{key}"), word(f"person_{key}_what"), titles, shown, len(rows))


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    """Of a record what was said of it last; of an event its data."""
    found = dict(row)
    said = found.get("said")
    inner = said[-1] if said else found
    found |= {name: value for name, value in (inner.get("data") or {}).items() if name not in found}
    found |= found.pop("context", None) or {}
    for name in ("data", "event"):
        found.pop(name, None)
    return found


def _cell(name: str, value: Any, language: Language, zone: ZoneInfo) -> str:
    if value is None:
        return ""
    if isinstance(value, int) and not isinstance(value, bool) and value > 10**11 and name.endswith(_INSTANTS):
        return f"{from_ms(value).astimezone(zone):%Y-%m-%d %H:%M}"
    if isinstance(value, str):
        words = (of(term(table, value), language) for table in (*_TERMS.get(name, ()), "value", "reason"))
        return next((one for one in words if one != value), value)
    if isinstance(value, (list, dict)):
        return ", ".join(map(str, value))
    return str(value)
