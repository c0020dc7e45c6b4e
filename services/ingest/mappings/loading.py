"""From a mapping file to what it says, or to everything that is wrong with it, each with file:line:col."""

from __future__ import annotations

import re
from collections.abc import Mapping as Words
from datetime import date
from pathlib import Path
from typing import Any

from services.directory.records import TABLES
from services.errors import ProblemsError
from services.i18n import say
from services.ingest.mappings import cells
from services.ingest.mappings.cells import word
from services.ingest.mappings.language import Covers, Mapping, Part, RowSpec, SourceRow, Table, Wide, place_of
from services.ingest.mappings.takes import Reading
from services.ingest.mappings.targets import HELPERS, Target
from services.messages import Json
from services.tabular.places import Place, Report, fields, items, known_words, number, read_yaml
from services.tabular.places import word as a_word

MAPPING_KEYS = {
    "mapping": True,
    "title": False,
    "files": False,
    "source": False,
    "exported_at": False,
    "covers": False,
    "term": False,
    "names": False,
    "values": False,
    "tables": True,
}
TABLE_KEYS = {
    "to": True,
    "sheet": False,
    "hidden": False,
    "header": False,
    "header_rows": False,
    "skip": False,
    "fill": False,
    "when": False,
    "wide": False,
    "parts": False,
    "fields": False,
    "time": False,
    "recorded": False,
    "retracted": False,
    "rows": False,
    "source": False,
}
ROW_KEYS = ("when", "fields", "time", "recorded", "retracted")
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")
_COVERS = re.compile(r"(?P<kind>\w+) of its (?P<word>\w+)")
_MOST_HEADER_ROWS = 4


def load_mapping(path: Path, known: Words[str, Target], shown: str = "") -> Mapping:
    """The mapping of a file. Raises ProblemsError with everything that is wrong."""
    report = Report()
    place = read_yaml(path, shown or path.name, report)
    mapping = _Mapping(report, known).read(place) if place is not None else None
    if len(report) or mapping is None:
        raise ProblemsError(report.problems or [])
    return mapping


class _Mapping:
    def __init__(self, report: Report, known: Words[str, Target]) -> None:
        self._report, self._known = report, known
        self._reading = Reading(report, {})

    def read(self, place: Place) -> Mapping:
        report = self._report
        found = fields(place, MAPPING_KEYS, report, say("mapping.a_mapping"))
        name = a_word(found.get("mapping"), report, "mapping")
        if name and not _NAME.fullmatch(name):
            report.add(found["mapping"], say("mapping.not_a_name", name=name), "dingtalk-attendance")
        self._reading = Reading(report, self._tables_of_values(found.get("values")))
        title = fields(found["title"], {"zh": False, "en": False}, report, "title") if "title" in found else {}
        return Mapping(
            name=name,
            title_zh=a_word(title.get("zh"), report, "zh"),
            title_en=a_word(title.get("en"), report, "en"),
            files=self._reading.words(found.get("files"), "files"),
            source=self._source(found.get("source")),
            exported=self._reading.field(found.get("exported_at"), "exported_at", None),
            covers=self._covers(found.get("covers")),
            terms=self._term(found.get("term")),
            names=self._names(found.get("names")),
            tables=tuple(self._table(one, found) for one in items(found.get("tables"), report, "tables")),
        )

    def _tables_of_values(self, place: Place | None) -> dict[str, Json]:
        if place is None:
            return {}
        if not isinstance(place.value, dict):
            self._report.add(place, say("rules.must_be_mapping", what="values"))
            return {}
        return {name: self._reading.value_table(one, name) for name, one in place.value.items()}

    def _source(self, place: Place | None) -> SourceRow:
        if place is None:
            return SourceRow()
        if not isinstance(place.value, dict):
            return SourceRow(id=a_word(place, self._report, "source"))
        found = fields(place, {"id": True, "lists": False, "rank": False}, self._report, "source")
        rank = number(found["rank"], self._report, "rank") if "rank" in found else None
        known = ("all", "exceptions_only")
        return SourceRow(
            id=a_word(found.get("id"), self._report, "id"),
            lists=a_word(found["lists"], self._report, "lists", known) if "lists" in found else "",
            rank=int(rank or 0),
        )

    def _covers(self, place: Place | None) -> Covers | None:
        if place is None:
            return None
        if not isinstance(place.value, dict):
            text = a_word(place, self._report, "covers")
            match = _COVERS.fullmatch(" ".join(text.split()))
            if text and match is None:
                self._report.add(place, say("mapping.not_covers", text=text), "attendance of its lessons")
            return Covers(kind=match["kind"], word=match["word"]) if match else None
        found = fields(place, {"kind": True, "from": True, "to": True}, self._report, "covers")
        kinds = [one for one, target in self._known.items() if target.timed]
        return Covers(
            kind=a_word(found.get("kind"), self._report, "kind", kinds),
            first=self._reading.field(found.get("from"), "from", None),
            last=self._reading.field(found.get("to"), "to", None),
        )

    def _term(self, place: Place | None) -> tuple[tuple[date, date], ...]:
        if place is None:
            return ()
        found = fields(place, {"from": True, "to": True}, self._report, "term")
        ends = [one.value for one in found.values()]
        if len(ends) != len(("from", "to")):
            return ()
        for one in found.values():
            if type(one.value) is not date:
                self._report.add(one, say("mapping.not_a_day", shown=one.text), "2026-08-31")
                return ()
        return ((found["from"].value, found["to"].value),)

    def _names(self, place: Place | None) -> dict[str, dict[str, str]]:
        if place is None:
            return {}
        found = fields(place, dict.fromkeys(TABLES, False), self._report, "names")
        return {
            table: {word(name): one.text for name, one in names.value.items()}
            for table, names in found.items()
            if isinstance(names.value, dict)
        }

    def _table(self, place: Place, mapping: dict[str, Place]) -> Table:
        report, reading = self._report, self._reading
        found = fields(place, TABLE_KEYS, report, say("mapping.a_table"))
        to = a_word(found.get("to"), report, "to", self._known)
        target = self._known.get(to)
        rows = tuple(self._row(one, target) for one in items(found.get("rows"), report, "rows"))
        header = found.get("header")
        numbered = header is not None and isinstance(header.value, int)
        wide = self._wide(found.get("wide"))
        parts = self._parts(found.get("parts"))
        table = Table(
            to=to,
            sheets=reading.words(found.get("sheet"), "sheet"),
            hidden="hidden" in found and found["hidden"].value is True,
            header=() if numbered else reading.words(header, "header"),
            header_row=header.value if numbered and header is not None else 0,
            header_rows=self._header_rows(found.get("header_rows")),
            skip=tuple(_glob(one) for one in reading.words(found.get("skip"), "skip")),
            fill=reading.words(found.get("fill"), "fill"),
            when=reading.conditions(found.get("when")),
            wide=wide,
            parts=parts,
            base=self._spec(found, target),
            rows=rows,
            source=a_word(found.get("source"), report, "source"),
            place=place_of(place),
        )
        if target is not None:
            self._check(place, table, target, mapping)
        return table

    def _row(self, place: Place, target: Target | None) -> RowSpec:
        found = fields(place, dict.fromkeys(ROW_KEYS, False), self._report, "rows")
        spec = self._spec(found, target)
        return RowSpec(
            when=self._reading.conditions(found.get("when")),
            fields=spec.fields,
            time=spec.time,
            recorded=spec.recorded,
            retracted=spec.retracted,
        )

    def _spec(self, found: dict[str, Place], target: Target | None) -> RowSpec:
        reading, given = self._reading, {}
        place = found.get("fields")
        if place is not None and not isinstance(place.value, dict):
            self._report.add(place, say("rules.must_be_mapping", what="fields"), "{student: 学号}")
        elif place is not None:
            for name, one in place.value.items():
                if target is not None and name not in target.readers and name not in HELPERS:
                    what = say("mapping.unknown_field", name=name, target=target.name)
                    self._report.add(one, what, known_words(name, [*target.readers, *HELPERS]))
                given[name] = reading.field(one, name, target)
        return RowSpec(
            fields=given,
            time=reading.field(found.get("time"), "time", None),
            recorded=reading.field(found.get("recorded"), "recorded", None),
            retracted=reading.field(found.get("retracted"), "retracted", None),
        )

    def _header_rows(self, place: Place | None) -> int:
        if place is None:
            return 1
        found = number(place, self._report, "header_rows")
        if found is not None and found not in range(1, _MOST_HEADER_ROWS + 1):
            self._report.add(place, say("mapping.header_rows", text=place.text), "1, 2")
        return int(found or 1)

    def _wide(self, place: Place | None) -> Wide | None:
        if place is None:
            return None
        found = fields(place, {"columns": True, "groups": False}, self._report, "wide")
        columns = found.get("columns")
        if columns is None or not isinstance(columns.value, dict) or not columns.value:
            self._report.add(columns or place, say("rules.must_be_mapping", what="columns"), "{score: 得分}")
            return None
        patterns = {name: self._reading.pattern(one) for name, one in columns.value.items()}
        return Wide(
            columns={name: one for name, one in patterns.items() if one is not None},
            groups=self._reading.pattern(found.get("groups")),
        )

    def _parts(self, place: Place | None) -> dict[str, Part]:
        if place is None:
            return {}
        if not isinstance(place.value, dict):
            self._report.add(place, say("rules.must_be_mapping", what="parts"), '{class: {column: 班级, split: ";"}}')
            return {}
        found = {name: self._reading.part(one, name) for name, one in place.value.items()}
        return {name: one for name, one in found.items() if one is not None}

    def _check(self, place: Place, table: Table, target: Target, mapping: dict[str, Place]) -> None:
        """What the target needs, and the parts that are named."""
        every = [{**table.base.fields, **one.fields} for one in table.rows] or [dict(table.base.fields)]
        lacking = {name for one in every for name in target.required if name not in one}
        for name in sorted(lacking):
            self._report.add(place, say("mapping.lacks_field", target=target.name, name=name), f"{name}: …")
        from_lesson = any("lesson" in one and _finds(one["lesson"]) for one in every)
        untimed = not table.base.time and not (table.rows and all(one.time for one in table.rows))
        if target.timed and untimed and not from_lesson:
            self._report.add(place, say("mapping.lacks_time", target=target.name), "time: …")
        if target.timed and not (table.source or "source" in mapping):
            self._report.add(place, say("mapping.lacks_source", target=target.name), "source: …")
        wide: set[str] = set()
        if table.wide is not None:
            patterns = [*table.wide.columns.values(), table.wide.groups]
            wide = {*table.wide.columns, *(name for one in patterns for name in _groups(one))}
        parts = {*table.parts, *wide, *(name for one in table.parts.values() for name in _groups(one.take.pattern))}
        split = {id(one.take) for one in table.parts.values()}
        named = [(take.part, take.place) for take in table.takes() if take.part and id(take) not in split]
        named += [(one.part, table.place) for one in table.conditions() if one.part]
        for name, where in named:
            if name not in parts:
                self._report.add(_at(place, where), say("mapping.unknown_part", name=name), known_words(name, parts))
        for name, one in table.parts.items():
            if one.take.part and one.take.part not in wide:
                what = say("mapping.splits_no_wide_part", name=name, part=one.take.part)
                right = say("mapping.wide_part_or_column", known=", ".join(sorted(wide)) or "–")
                self._report.add(_at(place, one.take.place), what, right)


def _at(place: Place, where: str) -> Place:
    """The place that `file:line:col` says, in the file of another one."""
    at = Place(None, place.file, None)
    at.line, at.column = map(int, where.rsplit(":", 2)[1:])
    return at


def _finds(field: tuple[Any, ...]) -> bool:
    return any(one.as_ == "lesson" for one in field)


def _groups(found: re.Pattern[str] | None) -> list[str]:
    return list(found.groupindex) if found is not None else []


def _glob(text: str) -> re.Pattern[str]:
    plain = cells.half_width(text)
    return re.compile("".join(".*" if one == "*" else re.escape(one) for one in plain), re.IGNORECASE | re.DOTALL)
