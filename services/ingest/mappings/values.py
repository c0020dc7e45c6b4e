"""From a cell to a value of the type that a field has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from services.i18n import say
from services.ingest.mappings import cells, day_formats, days, sections
from services.ingest.mappings.cells import WrongCell, plain, word, written
from services.ingest.mappings.days import Days, Term
from services.ingest.mappings.known import Known, Narrow
from services.ingest.mappings.language import NOT_SAID, Take
from services.ingest.mappings.lessons import Lesson
from services.ingest.mappings.sections import Sections
from services.ingest.mappings.words import TRUTH, words_of
from services.tabular.places import known_words
from services.tabular.sheets import Cell

NOTHING: Any = object()
"""No value."""
_TABLES = {
    "student": "students",
    "person": "people",
    "class": "classes",
    "course": "courses",
    "department": "departments",
    "teaching_office": "teaching_offices",
    "major": "majors",
}
_SOFT = {"department", "teaching_office", "major"}
"""What an event may name that the directory does not have."""
_NOON = time(12)
_WORDS_ONLY = {"text", "id", "word", "truth"}


class Values:
    """Reads cells for one target."""

    def __init__(self, target: str, known: Known, dates: Days) -> None:
        self._target, self._known, self.days = target, known, dates
        self._simple: dict[str, Callable[[Cell], Any]] = {
            "text": cells.free_text,
            "id": cells.ident,
            "name": cells.person_name,
            "number": cells.number,
            "integer": cells.integer,
            "day": lambda cell: days.day(cell, dates),
            "time": lambda cell: days.clock(cell, dates),
            "span": lambda cell: days.span(cell, dates),
            "month": lambda cell: days.month(cell, dates),
            "sections": sections.sections,
            "weeks": sections.weeks,
            "cohort": lambda cell: cells.ident(cell).removesuffix("级").removesuffix("届"),
            "list": lambda cell: [one for one in plain(cell).replace("、", ",").replace(";", ",").split(",") if one],
        }

    def read(self, take: Take, cell: Cell, field: str, reader: str, narrow: Narrow | None) -> Any:
        """The value of a cell that is not blank; NOTHING if a table says that it is none. Raises WrongCell."""
        table = take.values or {}
        found = table.get(word(plain(cell)), NOT_SAID)
        if found is NOT_SAID and take.pattern is not None:
            match = take.pattern.search(plain(cell))
            if match is None:
                return self._otherwise(take, say("mapping.not_like", shown=written(cell), pattern=take.pattern.pattern))
            cell = match.group("value") if "value" in match.groupdict() else match.group(1 if match.re.groups else 0)
            if cells.is_blank(cell):
                return NOTHING if take.blank is NOT_SAID else _said(take.blank)
            found = table.get(word(plain(cell)), NOT_SAID)
        if found is not NOT_SAID:
            return _said(found)
        if take.otherwise is not NOT_SAID:
            return _said(take.otherwise)
        reader = take.as_ or reader
        if table and not take.as_ and reader in _WORDS_ONLY:
            return self._word(cell, field, table)
        return self._finished(take, self._of_reader(take, cell, field, reader, narrow))

    def _of_reader(self, take: Take, cell: Cell, field: str, reader: str, narrow: Narrow | None) -> Any:
        if take.format:
            found = day_formats.by_format(cell, take.format, self.days)
            return found.date() if reader == "day" else found
        if reader == "moment":
            return days.moment(cell, self.days, take.halves)
        if reader == "word":
            return self._word(cell, field, take.values or {})
        if reader == "truth":
            return self._truth(cell)
        if reader in _TABLES:
            return self._looked_up(reader, cell, narrow)
        return self._simple[reader](cell)

    def scope(self, kind: str, cell: Cell) -> str:
        """What a role is held for: of the kind that another field of the row says. Raises WrongCell."""
        return self._looked_up(kind, cell, None) if kind in _TABLES else cells.ident(cell)

    def _looked_up(self, reader: str, cell: Cell, narrow: Narrow | None) -> str:
        table = self._known.tables[_TABLES[reader]]
        if reader not in _SOFT:
            return table.find(cell, narrow)
        return table.known(cell) or cells.half_width(written(cell))

    def _word(self, cell: Cell, field: str, table: Mapping[str, Any]) -> Any:
        words = words_of(self._target, field)
        known = {**words, **table}
        text = cells.without_option(plain(cell))
        found = next((known[one] for one in (word(plain(cell)), word(text)) if one in known), NOT_SAID)
        if found is NOT_SAID:
            said = {known[one]: None for one in map(word, cells.without_remark(text)) if one in known}
            if len(said) > 1:
                raise WrongCell(say("mapping.remark_contradicts", shown=written(cell)), say("mapping.one_word"))
            found = next(iter(said), NOT_SAID)
        if found is NOT_SAID:
            raise WrongCell(say("mapping.unknown_word", shown=written(cell)), known_words(plain(cell), known))
        return _said(found)

    @staticmethod
    def _truth(cell: Cell) -> bool:
        found = TRUTH.get(word(plain(cell)))
        if found is None:
            raise WrongCell(say("mapping.unknown_word", shown=written(cell)), "是 / 否")
        return found

    @staticmethod
    def _otherwise(take: Take, what: Any) -> Any:
        if take.otherwise is NOT_SAID:
            raise WrongCell(what)
        return _said(take.otherwise)

    def _finished(self, take: Take, value: Any) -> Any:
        """With `take` and `plus_days`."""
        if take.take:
            value = self._taken(value, last=take.take in ("last", "ends"))
        if take.plus_days and isinstance(value, date):
            value += timedelta(days=take.plus_days)
        return value

    def _taken(self, value: Any, *, last: bool) -> Any:
        if isinstance(value, Sections):
            return value[last]
        if isinstance(value, tuple) and value and isinstance(value[0], date):
            return value[last]
        if isinstance(value, tuple):  # weeks
            span, term = self.days.week(value[-1] if last else value[0]), self.days.term()
            if span is None or term is None:
                raise WrongCell(say("mapping.no_term"), say("mapping.term_in_calendar"))
            return min(span[1], term[1]) if last else max(span[0], term[0])
        return value

    def instant(self, value: Any) -> datetime | None:
        """The time of a record: of a day alone its noon."""
        if isinstance(value, datetime):
            return value
        return datetime.combine(value, _NOON, self.days.zone) if isinstance(value, date) else None


def _said(value: Any) -> Any:
    return NOTHING if value is None else value


def as_data(value: Any) -> Any:
    """A value as JSON has it."""
    if isinstance(value, Lesson | Sections):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, time):
        return value.isoformat("minutes")
    if isinstance(value, tuple):
        return _period(value)
    return value


def _period(value: tuple[Any, ...]) -> Any:
    if value and isinstance(value[0], date):
        span: Term = value[0], value[1]
        return f"{span[0]:%Y-%m}"
    return list(value)
