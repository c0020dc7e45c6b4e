"""Whom an operator means: `s1`, `s1/algebra`, `teacher:dai`, `college`, and the instant that is asked about."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from services.directory import Directory
from services.errors import ProblemsError
from services.i18n import say
from services.messages import Problem, key_value, near_words, to_ms
from services.rules.language.load import RuleSet
from services.rules.language.rules import Placed
from services.rules.language.standards import SCOPES

COLLEGE = "college"
_NEAREST = 3
_KINDS: dict[str, Callable[[Directory], Iterable[str]]] = {
    "student": lambda directory: (row.id for row in directory.tables.students),
    "teacher": lambda directory: (row.id for row in directory.tables.people),
    "class": lambda directory: (row.id for row in directory.tables.classes),
    "course": lambda directory: (row.id for row in directory.tables.courses),
    "major": lambda directory: (row.id for row in directory.tables.majors),
    "department": lambda directory: (row.id for row in directory.tables.departments),
    "teaching_office": lambda directory: (row.id for row in directory.tables.teaching_offices),
    "source_name": lambda directory: (row.id for row in directory.tables.sources),
    "cohort": lambda directory: (row.cohort for row in directory.tables.classes if row.cohort),
}


@dataclass(frozen=True)
class AskedAbout:
    """Whom a question is about."""

    said: str
    fields: dict[str, str]
    """Field of an event → the id that it must have; empty: the college."""
    unknown: tuple[str, ...] = ()
    """Parts that the directory does not have; the log may."""

    def attributes(self, directory: Directory, at: dt.datetime, given: Mapping[str, str]) -> dict[str, str]:
        """What rules and standards can know of the subject: what is said, and what the directory adds as of `at`."""
        full, _ = directory.enrich("", {**self.fields, **given}, at)
        return {name: str(value) for name, value in full.items() if value is not None}


def ids_of(directory: Directory) -> set[str]:
    """Every id of whatever kind that the directory has."""
    return {id_ for kind in _KINDS.values() for id_ in kind(directory)}


def find_subject(said: str, directory: Directory, rules: RuleSet) -> AskedAbout:
    """Reads a subject. Raises ProblemsError for an id that stands for several things and does not say which."""
    if said.strip() == COLLEGE:
        return AskedAbout(COLLEGE, {})
    allowed = {*_KINDS, *SCOPES, *(name for rule in rules.plan.rules for name in rule.by)}
    known = {kind: {*ids(directory)} for kind, ids in _KINDS.items()}
    found: dict[str, str] = {}
    unknown: list[str] = []
    for part in said.strip().split("/"):
        kind, colon, id_ = part.partition(":")
        if colon and kind in allowed:
            found[kind] = key_value(id_)
            continue
        kinds = [one for one, ids in known.items() if part in ids and one not in found]
        if len(kinds) > 1:
            expected = " or ".join(f"{one}:{part}" for one in kinds)
            raise ProblemsError(
                [
                    Problem(
                        where=said, what=say("operate.ambiguous", id=part, kinds=" and ".join(kinds)), expected=expected
                    )
                ]
            )
        if kinds:
            found[kinds[0]] = part
        else:
            unknown.append(key_value(part))
    if not said.strip():
        raise _nobody(said, "", directory, ())
    return AskedAbout(said.strip(), found, tuple(unknown))


def refuse_unknown(subject: AskedAbout, directory: Directory, seen: Iterable[str] = ()) -> None:
    """Raises ProblemsError if a part of the subject is nowhere to be found, with what is nearest."""
    if subject.unknown:
        raise _nobody(subject.said, subject.unknown[0], directory, seen)


def _nobody(said: str, part: str, directory: Directory, seen: Iterable[str]) -> ProblemsError:
    ids = ids_of(directory) | {*seen}
    tables = directory.tables
    named = {
        name: row.id for rows in (tables.students, tables.people, tables.classes) for row in rows if (name := row.name)
    } | {
        name: row.id
        for rows in (tables.courses, tables.majors, tables.departments)
        for row in rows
        for name in (row.name_zh, row.name_en)
        if name
    }
    close = near_words(part, sorted(ids | {*named}), _NEAREST, 0.5)
    near = [f"{named[one]} ({one})" if one in named and one not in ids else one for one in close]
    expected = ", ".join(near) or say("operate.any_id")
    problem = Problem(where=said or "SUBJECT", what=say("operate.not_known", id=part or "nothing"), expected=expected)
    return ProblemsError([problem])


def find_rule(name: str, rules: RuleSet) -> Placed:
    """A rule by its id. Raises ProblemsError with the nearest ids."""
    known = {placed.rule.id: placed for placed in rules.placed}
    if name in known:
        return known[name]
    rows = [placed.rule.id for placed in rules.placed if placed.rule.card.row == name]
    close = rows or near_words(name, sorted(known), _NEAREST, 0.4)
    expected = ", ".join(close) or "prewarn rules list"
    raise ProblemsError([Problem(where=name, what=say("operate.no_such_rule"), expected=expected)])


def instant(said: str | None, zone: ZoneInfo, default: dt.datetime) -> dt.datetime:
    """An instant in the college's zone; a day alone is its end. Raises ProblemsError."""
    if said is None:
        return default.astimezone(zone)
    try:
        found = dt.datetime.fromisoformat(said.strip())
    except ValueError:
        expected = say("operate.dates")
        problem = Problem(where="--at", what=say("operate.not_a_date", text=said), expected=expected)
        raise ProblemsError([problem]) from None
    if len(said.strip()) <= len("2026-10-01"):
        found = dt.datetime.combine(found.date(), dt.time.max)
    moment = found if found.tzinfo is not None else found.replace(tzinfo=zone)
    try:
        to_ms(moment)
        return moment.astimezone(zone)
    except OverflowError:
        problem = Problem(where="--at", what=say("operate.beyond_calendar", text=said), expected="2026-10-01")
        raise ProblemsError([problem]) from None
