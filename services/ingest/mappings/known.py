"""Who and what the college knows, found by id or by name. Nothing is guessed: of several that fit, all are named."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import Any

import msgspec

from services.directory.nearest import Nearest
from services.directory.records import Tables
from services.i18n import say
from services.ingest.mappings.cells import WrongCell, half_width, ident, person_name, plain, word, written
from services.messages import Message
from services.tabular.sheets import Cell

Rows = Sequence[Mapping[str, Any]]
Narrow = Callable[[list[str]], list[str]]
"""Of several of one name, those that are of the class, department or course of the row."""

_NOUNS = {
    "people": "directory.noun_person",
    "students": "directory.noun_student",
    "classes": "directory.noun_class",
    "courses": "directory.noun_course",
    "departments": "mapping.noun_department",
    "teaching_offices": "mapping.noun_teaching_office",
    "majors": "mapping.noun_major",
}
_SHOWN = 6
_PARTS = re.compile(r"[/\\>|-]")
_BESIDE = re.compile(r"[()\[\]{}<>/|:,\s]+|-(?=\D)|(?<=[^\x00-\x7f])-")
_CLASS = (
    re.compile(r"(?P<name>\D+?)(?:20)?(?P<cohort>\d\d)-?0?(?P<number>\d{1,2})班?"),
    re.compile(r"(?:20)?(?P<cohort>\d\d)(?:级|届)?(?P<name>\D+?)-?\(?0?(?P<number>\d{1,2})\)?班?"),
)
_SHORTENED = re.compile(r"[1-9]\d{2,5}0{6,}")
"""An id that nobody has and that ends so was shown as 2.02501E+11, and is that number now."""
_CHINESE = {word: str(number) for number, word in enumerate("一二三四五六七八九", 1)}


def rows_of(tables: Tables) -> dict[str, Rows]:
    """The rows of a directory by their table, as plain data with the names of its columns."""
    return {
        name: msgspec.to_builtins(getattr(tables, name), builtin_types=(date,)) for name in Tables.__struct_fields__
    }


class KnownTable:
    """The rows of one table by id and by what they are called."""

    def __init__(self, name: str, rows: Rows, aliases: Mapping[str, str]) -> None:
        self.name, self._noun = name, _NOUNS[name]
        self.ids: dict[str, Mapping[str, Any]] = {}
        self._names: defaultdict[str, dict[str, None]] = defaultdict(dict)
        self._zeros: defaultdict[str, dict[str, None]] = defaultdict(dict)
        self._folded: dict[str, str] = {}
        self._shapes: defaultdict[tuple[str, str, str], dict[str, None]] = defaultdict(dict)
        self._aliases = aliases
        for row in rows:
            id_ = str(row["id"])
            self.ids.setdefault(id_, row)
            self._folded.setdefault(word(id_), id_)
            if id_.startswith("0"):
                self._zeros[id_.lstrip("0")][id_] = None
            for called in self._called(row):
                self._names[word(called)][id_] = None
                if name == "classes" and (shape := class_shape(called)):
                    self._shapes[shape][id_] = None
        self._nearest = Nearest([*self.ids, *(self.label(one) for one in self.ids)])

    @staticmethod
    def _called(row: Mapping[str, Any]) -> Iterable[str]:
        aliases = re.split(r"[;；]", str(row.get("aliases") or ""))
        return [str(one) for one in (row.get("name"), row.get("name_zh"), row.get("name_en"), *aliases) if one]

    def label(self, id_: str) -> str:
        """What a row is called, else its id."""
        row = self.ids[id_]
        return str(row.get("name") or row.get("name_zh") or id_)

    def find(self, cell: Cell, narrow: Narrow | None = None) -> str:
        """The id: as it is written, with zeros that a spreadsheet ate, or by its name.

        What looks like an id and is not known stays as it is, so that whoever takes it says who is meant; where nobody
        is known at all, anything does. Raises WrongCell for a name that nobody, or more than one, has.
        """
        text = plain(cell)
        if found := (isinstance(cell, str) and self._by_id(text)) or self._by_id(ident(cell)):
            return found
        if not self.ids:
            return ident(cell)
        if found := self._by_both(cell):
            return found
        for called in self._forms(cell):
            if candidates := self._named(called):
                return self._one(written(cell), candidates, narrow)
        if _SHORTENED.fullmatch(text) and self.ids:
            raise WrongCell(say("mapping.lost_digits", shown=written(cell)), say("mapping.column_as_text"))
        if re.search(r"[0-9]", text) and (self.name not in ("classes", "courses") or text.isascii()):
            return ident(cell)
        raise WrongCell(say("mapping.nobody_is_called", shown=written(cell), noun=self._say()), self._meant(text))

    def known(self, cell: Cell) -> str | None:
        """The id of what a cell names beyond doubt, or None."""
        text = plain(cell)
        try:
            if found := self._by_id(text):
                return found
            if found := self._by_both(cell):
                return found
        except WrongCell:
            return None
        for called in self._forms(cell):
            candidates = self._named(called)
            if candidates:
                return candidates[0] if len(candidates) == 1 else None
        return None

    def is_called(self, name: str) -> bool:
        """Whether anybody has this name."""
        return word(person_name(name)) in self._names

    def called(self, cell: Cell) -> list[str]:
        """The ids of those who have this id or name; of an id beside its name, that one."""
        try:
            found = self._by_id(plain(cell))
        except WrongCell:
            found = None
        if found or (found := self._by_both(cell)):
            return [found]
        return list(self._names.get(word(person_name(cell)), ()))

    def _by_both(self, cell: Cell) -> str | None:
        """The id that stands beside its own name: 程浩(A0008), A0008/程浩, 程浩[A0008], A0008 程浩."""
        pieces = [one for one in _BESIDE.split(half_width(written(cell))) if one]
        ids = [one for one in pieces if re.search(r"\d", one) and self._by_id(one)]
        if len(pieces) < 2 or len(ids) != 1:  # noqa: PLR2004 - an id and a name
            return None
        id_ = self._by_id(ids[0])
        name = word(person_name(" ".join(one for one in pieces if one != ids[0])))
        return id_ if id_ in self._names.get(name, ()) else None

    def _by_id(self, text: str) -> str | None:
        if text in self.ids:
            return text
        if (alias := self._aliases.get(word(text))) is not None:
            return alias
        if text.isdecimal() and (found := list(self._zeros.get(text.lstrip("0"), ()))):
            if len(found) > 1:
                raise WrongCell(say("mapping.zeros_of_several", shown=text, ids=", ".join(found)), found[0])
            return found[0]
        return self._folded.get(word(text))

    def _forms(self, cell: Cell) -> Iterable[str]:
        """A name, and of a path (系/班) its parts from the last on."""
        text = word(person_name(cell))
        yield text
        if self.name in ("classes", "departments", "teaching_offices", "majors"):
            parts = [one for one in _PARTS.split(text) if one]
            yield from reversed(parts[1:] if len(parts) > 1 else [])

    def _named(self, called: str) -> list[str]:
        if alias := self._aliases.get(called):
            return [alias]
        if called in self.ids:
            return [called]
        found = list(self._names.get(called, ()))
        if self.name != "classes" or found:
            return found
        found = list(self._names.get(called.removesuffix("班"), ()) or self._names.get(f"{called}班", ()))
        shape = class_shape(called)
        return found or (list(self._shapes.get(shape, ())) if shape else [])

    def _one(self, shown: str, candidates: list[str], narrow: Narrow | None) -> str:
        if len(candidates) > 1 and narrow is not None:
            candidates = narrow(candidates) or candidates
        elif len(candidates) == 1 and narrow is not None and not narrow(candidates):
            what = say("mapping.not_of_it", shown=shown, noun=self._say(), id=self._shown(candidates[0]))
            raise WrongCell(what, say("mapping.of_row"))
        if len(candidates) > 1:
            names = ", ".join(map(self._shown, candidates[:_SHOWN]))
            raise WrongCell(
                say("mapping.several_are_called", shown=shown, candidates=names), say("mapping.id_or_within")
            )
        return candidates[0]

    def _shown(self, id_: str) -> str:
        beside = self.ids[id_].get("class") or self.ids[id_].get("department") or self.label(id_)
        return f"{id_} ({beside})" if beside != id_ else id_

    def _meant(self, text: str) -> str:
        return self._nearest(text) or ""

    def _say(self) -> Message:
        return say(self._noun)


@lru_cache(4096)
def class_shape(name: str) -> tuple[str, str, str] | None:
    """(subject, cohort, number) of the forms in which systems call a class: 软件2601, 26软件1班, 2026级软件(1)班."""
    text = re.sub("[一二三四五六七八九](?=班)", lambda one: _CHINESE[one[0]], word(name))
    for form in _CLASS:
        if (match := form.fullmatch(text)) and re.search(r"[^\W\d_]", match["name"]):
            return match["name"], match["cohort"], match["number"]
    return None


class Known:
    """All tables that cells refer to; `aliases` of the mapping first."""

    def __init__(self, tables: Mapping[str, Rows], names: Mapping[str, Mapping[str, str]] | None = None) -> None:
        names = names or {}
        self.tables = {name: KnownTable(name, tables.get(name, ()), names.get(name, {})) for name in _NOUNS}
        self._enrolments: defaultdict[str, list[tuple[date, date, str, bool]]] = defaultdict(list)
        for row in tables.get("students", ()):
            first, last = _span(row)
            self._enrolments[str(row["id"])].append((first, last, str(row["class"]), row.get("status") != "suspended"))
        self._taught: defaultdict[tuple[str, str], list[tuple[date, date, str]]] = defaultdict(list)
        for row in tables.get("roles", ()):
            if row.get("role") == "course_teacher":
                span = *_span(row), str(row["person"])
                self._taught[str(row.get("scope") or ""), str(row.get("class") or "")].append(span)
        self._standing = {
            (str(row["id"]), str(row.get("class") or "")): str(row["teacher"])
            for row in tables.get("courses", ())
            if row.get("teacher")
        }

    def class_of(self, student: str, on: date) -> str | None:
        """The class in which a student is enrolled on a day; of two, the one that began last."""
        rows = [row for row in self._enrolments.get(student, ()) if row[0] <= on <= row[1] and row[3]]
        return max(rows)[2] if rows else None

    def classes_of(self, student: str) -> set[str]:
        """All classes in which a student ever was."""
        return {row[2] for row in self._enrolments.get(student, ())}

    def teacher(self, course: str, class_: str, on: date) -> str | None:
        """Who teaches a course in a class on a day, if it is one."""
        for place in ((course, class_), (course, "")):
            found = {person for first, last, person in self._taught.get(place, ()) if first <= on <= last}
            if len(found) == 1:
                return found.pop()
            if place in self._standing:
                return self._standing[place]
        return None

    def teaches(self, person: str, course: str, class_: str) -> bool:
        """Whether somebody ever teaches a course (in a class, if one is given)."""
        pairs = [*((key, one[2]) for key, spans in self._taught.items() for one in spans), *self._standing.items()]
        return any(who == person and key[0] == course and (not class_ or key[1] in ("", class_)) for key, who in pairs)

    def offices_of(self, person: str) -> set[str]:
        """Departments of the courses that somebody teaches."""
        courses, offices = self.tables["courses"].ids, self.tables["teaching_offices"].ids
        taught = [key[0] for key, who in self._standing.items() if who == person]
        taught += [key[0] for key, spans in self._taught.items() if any(one[2] == person for one in spans)]
        of = {str(courses[one].get("teaching_office") or "") for one in taught if one in courses}
        return of | {str(offices[one]["department"]) for one in of if one in offices}

    def department_of(self, class_: str) -> str | None:
        """The department of a class, or of its major."""
        row = self.tables["classes"].ids.get(class_, {})
        major = self.tables["majors"].ids.get(str(row.get("major") or ""), {})
        found = row.get("department") or major.get("department")
        return str(found) if found else None


def _span(row: Mapping[str, Any]) -> tuple[date, date]:
    first, last = (
        date.fromisoformat(one) if isinstance(one, str) and one else one or None
        for one in (row.get("from"), row.get("to"))
    )
    return first or date.min, last or date.max
