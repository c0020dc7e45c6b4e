"""The page that goes with the data which are handed out to a person: every part as tables, in their language."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

from services.i18n import Language, catalogue, term
from services.messages import Json, from_ms
from services.notify.texts import of
from services.web.reader import page_text
from services.web.templating import templates

_MOST_ROWS = 500
"""Of a part, on the page; its file has all."""
_CSS = Path(__file__).parent / "static" / "prewarn.css"
_INNER = frozenset(
    [
        "number",
        "sequence",
        "warning",
        "id",
        "rule",
        "rule_version",
        "row",
        "evidence",
        "said",
        "batch",
        "rank",
        "key",
        "mutes",
        "standard",
        "window",
        "revision",
        "table",
        "kind",
        "taken_in_at",
        "mode",
        "value",
        "threshold",
        "reporter",
        "predecessor",
        "subject",
        "first_event",
        "blanked_at",
        "lease_owner",
        "student",
        "specversion",
        "type",
        "recordedat",
        "is_open",
        "urgent",
        "not_before",
        "attempts",
        "possibly_duplicate",
        "term",
    ]
)
"""What the files have, and a person does not read: ids of ours, and what the sentence says already."""
_SPEAKING = ("records", "events", "rejected")
"""Parts whose rows have a kind, or figures of their own."""
_TABLES = {"status": "status", "change": "change", "action": "action", "reason": "reason"}
_OLDEST = 10**11
"""Whole numbers beyond are instants in milliseconds."""

Named = Callable[[str, str], str]
"""(field, value) \u2192 what people call it."""


class Reading(NamedTuple):
    """For whom the page is, and what things are called there."""

    language: Language
    now: datetime
    """In the college's zone."""
    named: Named
    kinds: Mapping[str, str]
    """Event kind \u2192 its title."""
    sentences: Mapping[str, tuple[str, str]]
    """Id of a warning \u2192 its title, and what it says."""


class Table(NamedTuple):
    """One table of a part."""

    title: str
    columns: list[str]
    rows: list[list[str]]


class Part(NamedTuple):
    """One part of what is held."""

    key: str
    title: str
    what: str
    tables: list[Table]
    total: int
    shown: int


def html(found: Mapping[str, Sequence[Json]], id_: str, name: str, to: Reading, *, on_kafka: bool) -> str:
    """The page; `found` is what the files hold, by part."""
    word = partial(page_text, to.language)
    parts = [_part(key, rows, id_, word, to) for key, rows in found.items()]
    template = templates().get_template("person.html")
    return template.render(
        w=word,
        reader=to,
        css=_CSS.read_text("utf-8"),
        id=id_,
        name=name,
        day=f"{to.now:%Y-%m-%d}",
        parts=parts,
        on_kafka=on_kafka,
    )


def _part(key: str, rows: Sequence[Json], id_: str, word: Callable[..., str], to: Reading) -> Part:
    shown = list(rows[:_MOST_ROWS])
    return Part(
        key, word(f"person_{key}"), word(f"person_{key}_what"), [*_tables(key, shown, id_, to)], len(rows), len(shown)
    )


def _tables(key: str, rows: list[Json], id_: str, to: Reading) -> Iterator[Table]:
    """Of records and events a table for each kind, of the directory one for each of its tables."""

    def kind(row: Json) -> str:
        return str(row.get("kind") or row.get("type") or row.get("table") or "")

    for one, group in groupby(sorted(rows, key=kind), key=kind):
        flat = [_flat(key, row, to) for row in group]
        hidden = _INNER - ({"value"} if key in _SPEAKING else set())
        names = [name for name in dict.fromkeys(name for row in flat for name in row) if name not in hidden]
        cells = [[_cell(name, row.get(name), to) for name in names] for row in flat]
        kept = [n for n in range(len(names)) if any(row[n] not in ("", id_) for row in cells)]
        columns = [of(term("field", names[n]), to.language) for n in kept]
        title = to.kinds.get(one) or of(term("field", one), to.language)
        yield Table(title, columns, [[row[n] for n in kept] for row in cells])


def _flat(key: str, row: Json, to: Reading) -> Json:
    """Of a record what was said of it last; of an event its data; of a warning its sentence."""
    found = dict(row)
    if said := found.get("said"):
        found |= {"source": said[-1]["source"]}
    inner = said[-1] if said else found
    found |= {name: value for name, value in (inner.get("data") or {}).items() if name not in found}
    found.pop("context", None)
    for name in ("data", "event"):
        found.pop(name, None)
    if key == "warnings" and row["id"] in to.sentences:
        title, sentence = to.sentences[row["id"]]
        return {"warning_title": title, "sentence": sentence, **found}
    return found


def _cell(name: str, value: Any, to: Reading) -> str:
    if isinstance(value, bool):
        return catalogue(to.language, "pages")["yes" if value else "no"]
    if isinstance(value, dict):
        return ", ".join(f"{_word('field', key, to)} {_cell(key, one, to)}" for key, one in value.items())
    if isinstance(value, list):
        return ", ".join(_cell(name, one, to) for one in value)
    if isinstance(value, str):
        at = _instant(value)
        return _word(name, value, to) if at is None else _time(at, to)
    if isinstance(value, int) and value > _OLDEST:
        return _time(from_ms(value), to)
    return "" if value is None else str(value)


def _instant(value: str) -> datetime | None:
    try:
        return datetime.fromisoformat(value) if "T" in value else None
    except ValueError:
        return None


def _word(name: str, value: str, to: Reading) -> str:
    for table in (_TABLES.get(name, "value"), "value", "not_counted"):
        if (found := of(term(table, value), to.language)) != value:
            return found
    return to.named(name, value)


def _time(at: datetime, to: Reading) -> str:
    return f"{at.astimezone(to.now.tzinfo):%Y-%m-%d %H:%M}"
