"""From the YAML of one field to the ways to its value."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import time
from typing import Any

from services.i18n import say
from services.ingest.mappings import cells, days
from services.ingest.mappings.cells import WrongCell, word
from services.ingest.mappings.language import NOT_SAID, Condition, Field, Part, Pattern, Take, place_of
from services.ingest.mappings.targets import READERS, Target
from services.messages import Json
from services.tabular.places import Place, Report, fields, items, known_words, number
from services.tabular.places import word as a_word

TAKE_KEYS = (
    "column",
    "join",
    "part",
    "is",
    "of",
    "text",
    "title",
    "file",
    "sheet",
    "cell",
    "beside",
    "on_sheet",
    "pattern",
    "as",
    "format",
    "values",
    "otherwise",
    "blank",
    "within",
    "halves",
    "plus_days",
    "take",
    "when",
)
CONDITION_KEYS = ("column", "part", "is", "not", "like", "blank")
PART_KEYS = (*TAKE_KEYS, "split")
SOURCES = ("column", "join", "part", "is", "of", "text", "title", "file", "sheet", "cell", "beside")
"""Of these each way has one, besides `sheet` beside `cell`."""
TAKES = ("first", "last", "begins", "ends")
_CELL = re.compile(r"[A-Za-z]{1,3}[1-9]\d{0,6}")
OF = {
    "lesson": ("id", "class", "course", "teacher", "begins", "ends", "hours", "room"),
    "student": ("class",),
    "course": ("teacher",),
}


class Reading:
    """What is known while a mapping is read."""

    def __init__(self, report: Report, tables: Mapping[str, Mapping[str, Any]]) -> None:
        self.report, self.tables = report, tables
        """The mapping's own value tables by name."""

    def field(self, place: Place | None, name: str, target: Target | None) -> Field:
        """The ways to one value: a column, several of them, or mappings."""
        if place is None:
            return ()
        several = isinstance(place.value, list) and any(isinstance(one.value, dict) for one in place.value)
        ones = place.value if several else [place]
        return tuple(take for one in ones if (take := self.take(one, name, target)) is not None)

    def take(self, place: Place, name: str, target: Target | None) -> Take | None:
        """Reads one way to a value; None where it is wrong, which is reported."""
        if not isinstance(place.value, dict):
            columns = self.words(place, name)
            return Take(columns=columns, place=place_of(place)) if columns else None
        found = fields(place, dict.fromkeys(TAKE_KEYS, False), self.report, name)
        return self._take(place, found, name, target)

    def _take(self, place: Place, found: dict[str, Place], name: str, target: Target | None) -> Take | None:
        report = self.report
        given = [one for one in SOURCES if one in found and not (one == "sheet" and "cell" in found)]
        found_lesson = "as" in found and found["as"].value == "lesson"
        if len(given) != 1 and not (found_lesson and not given):
            what = say("mapping.one_source", name=name) if not given else say("mapping.two_sources", name=name)
            report.add(place, what, say("mapping.one_of_sources", known=", ".join(SOURCES)))
            return None
        if "beside" in found and "on_sheet" not in found:
            report.add(found["beside"], say("mapping.beside_without_on"), "on_sheet: …")
        is_ = found["is"].value if "is" in found else NOT_SAID
        if isinstance(is_, dict | list):
            report.add(found["is"], say("mapping.value_is_no_list", name=name), say("mapping.one_value"))
            return None
        self._check_value(found.get("is"), name, target)
        take = Take(
            columns=self.words(found.get("column"), name),
            join=self.words(found.get("join"), name),
            part=a_word(found.get("part"), report, "part"),
            is_=is_ if not isinstance(is_, float) or not is_.is_integer() else int(is_),
            of=self._of(found.get("of")),
            text=a_word(found.get("text"), report, "text"),
            title=self.pattern(found.get("title")),
            file=self.pattern(found.get("file")),
            sheet=self.pattern(found.get("sheet")),
            cell=self._cell(found.get("cell")),
            beside=self._checked_pattern(found.get("beside")),
            on=a_word(found.get("on_sheet"), report, "on_sheet"),
            pattern=self.pattern(found.get("pattern")),
            as_=a_word(found.get("as"), report, "as", READERS) if "as" in found else "",
            format=a_word(found.get("format"), report, "format"),
            values=self._values(found.get("values"), name, target),
            otherwise=self._default(found.get("otherwise"), name, target),
            blank=self._default(found.get("blank"), name, target),
            within=self.words(found.get("within"), "within"),
            halves=self._halves(found.get("halves")),
            plus_days=self._days(found.get("plus_days")),
            take=a_word(found.get("take"), report, "take", TAKES) if "take" in found else "",
            when=self.conditions(found.get("when")),
            place=place_of(place),
        )
        return take if len(found) else None

    def part(self, place: Place, name: str) -> Part | None:
        """A part of a row, with what it is split at."""
        if not isinstance(place.value, dict):
            take = self.take(place, name, None)
            return Part(take=take) if take else None
        found = fields(place, dict.fromkeys(PART_KEYS, False), self.report, name)
        split = self.pattern(found.pop("split", None))
        take = self._take(place, found, name, None)
        return Part(take=take, split=split) if take else None

    def conditions(self, place: Place | None) -> tuple[Condition, ...]:
        """All of which must hold; a column alone must not be blank."""
        if place is None:
            return ()
        ones = place.value if isinstance(place.value, list) else [place]
        return tuple(one for each in ones if (one := self._condition(each)) is not None)

    def _condition(self, place: Place) -> Condition | None:
        if not isinstance(place.value, dict):
            columns = self.words(place, "when")
            return Condition(columns=columns) if columns else None
        found = fields(place, dict.fromkeys(CONDITION_KEYS, False), self.report, "when")
        if ("column" in found) == ("part" in found):
            self.report.add(place, say("mapping.condition_without_column"), say("mapping.column_or_part"))
            return None
        return Condition(
            columns=self.words(found.get("column"), "when"),
            part=a_word(found.get("part"), self.report, "part"),
            is_=tuple(map(word, self.words(found.get("is"), "is"))),
            not_=tuple(map(word, self.words(found.get("not"), "not"))),
            like=self.pattern(found.get("like")),
            blank="blank" in found and found["blank"].value is True,
        )

    def words(self, place: Place | None, what: str) -> tuple[str, ...]:
        """One word or several, as they are written: 01 stays 01."""
        found = []
        for one in items(place, self.report, what):
            if isinstance(one.value, dict | list) or not one.text.strip():
                self.report.add(one, say("rules.must_be_word", what=what))
            else:
                found.append(one.text.strip())
        return tuple(found)

    def pattern(self, place: Place | None) -> Pattern | None:
        """A regular expression, for half-width text."""
        text = a_word(place, self.report, say("mapping.a_pattern")) if place is not None else ""
        if not text or place is None:
            return None
        try:
            return cells.pattern(text)
        except re.error as error:
            self.report.add(place, say("mapping.not_a_pattern", error=error), say("mapping.regular_expression"))
            return None

    def _checked_pattern(self, place: Place | None) -> str:
        text = a_word(place, self.report, "beside") if place is not None else ""
        if text and place is not None:
            try:
                cells.pattern(re.sub(r"\{[a-z_]+\}", "x", text))
            except re.error as error:
                self.report.add(place, say("mapping.not_a_pattern", error=error), say("mapping.regular_expression"))
        return text

    def _of(self, place: Place | None) -> tuple[str, str]:
        text = a_word(place, self.report, "of") if place is not None else ""
        root, _, what = text.partition(".")
        if place is not None and text and what not in OF.get(root, ()):
            known = [f"{one}.{each}" for one, each_of in OF.items() for each in each_of]
            self.report.add(place, say("rules.unknown", what="of", value=text), known_words(text, known))
        return root, what

    def _cell(self, place: Place | None) -> str:
        text = a_word(place, self.report, "cell") if place is not None else ""
        if place is not None and text and not _CELL.fullmatch(text):
            self.report.add(place, say("mapping.not_a_cell", text=text), "B2")
            return ""
        return text.upper()

    def _days(self, place: Place | None) -> int:
        found = number(place, self.report, "plus_days") if place is not None else None
        return int(found or 0)

    def _halves(self, place: Place | None) -> dict[str, time] | None:
        if place is None:
            return None
        if not isinstance(place.value, dict):
            self.report.add(place, say("rules.must_be_mapping", what="halves"), '{上午: "08:00", 下午: "14:00"}')
            return None
        found = {}
        for name, at in place.value.items():
            try:
                found["" if name == "day" else cells.half_width(name)] = days.clock(at.text)
            except WrongCell as wrong:
                self.report.add(at, wrong.what, wrong.expected)
        return found

    def _values(self, place: Place | None, name: str, target: Target | None) -> Mapping[str, Any] | None:
        if place is None:
            return None
        if isinstance(place.value, str):
            if place.value not in self.tables:
                what = say("mapping.unknown_values", name=place.value)
                self.report.add(place, what, known_words(place.value, self.tables))
            return self.tables.get(place.value, {})
        return self.value_table(place, name, target)

    def value_table(self, place: Place, name: str, target: Target | None = None) -> Json:
        """Word → value; `null` is no value."""
        if not isinstance(place.value, dict):
            self.report.add(place, say("rules.must_be_mapping", what="values"), "{旷课: absent}")
            return {}
        found = {}
        for each, value in place.value.items():
            if isinstance(value.value, dict | list):
                self.report.add(value, say("mapping.value_is_no_list", name=each), say("mapping.one_value"))
                continue
            self._check_value(value, name, target)
            found[word(each)] = value.value
        return found

    def _default(self, place: Place | None, name: str, target: Target | None) -> Any:
        if place is None:
            return NOT_SAID
        if isinstance(place.value, dict | list):
            self.report.add(place, say("mapping.value_is_no_list", name=name), say("mapping.one_value"))
            return NOT_SAID
        self._check_value(place, name, target)
        return place.value

    def _check_value(self, place: Place | None, name: str, target: Target | None) -> None:
        known: Iterable[str] = target.values.get(name, ()) if target else ()
        if place is not None and known and place.value is not None and place.value not in known:
            self.report.add(place, say("rules.unknown", what=name, value=place.text), known_words(place.text, known))
