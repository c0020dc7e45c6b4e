"""A folder of rule files, standards and calendar → a checked `Plan`, or every problem that is in it."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

from services.errors import RuleError
from services.messages import Problem, RuleCard
from services.rules.engine.calendar import Term, periods
from services.rules.engine.plan import Plan
from services.rules.language.fields import Field, read_fields
from services.rules.language.reading import Place, Report, fields, items, nearest, read_yaml, word
from services.rules.language.rules import Known, Placed, read_rules
from services.rules.language.standards import Standard, day, read_standards, standard_ids
from services.rules.language.strata import refuse_circles

_STANDARD_LEVELS = ("college", "major", "course", "teacher", "student")


@dataclass(frozen=True)
class RuleSet:
    """A checked rule set: the engine's plan, and what people ask about it."""

    plan: Plan
    zone: ZoneInfo
    standards: dict[str, Standard]
    placed: tuple[Placed, ...]

    @property
    def version(self) -> str:
        """Content hash."""
        return self.plan.version

    @property
    def cards(self) -> dict[str, RuleCard]:
        """What notify must know of each rule."""
        return {rule.id: rule.card for rule in self.plan.rules}


def fingerprint(folder: Path) -> str:
    """Content hash of the files that `load` reads; changes with any edit."""
    digest = hashlib.sha256()
    for path in _files(folder):
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0")
        try:
            digest.update(path.read_bytes())
        except OSError as error:
            digest.update(str(error).encode())
    return digest.hexdigest()[:12]


def _files(folder: Path) -> list[Path]:
    return sorted([*folder.glob("*.yaml"), *folder.glob("standards/*.yaml")])


def load(folder: Path, schemas: Path) -> RuleSet:
    """Reads `*.yaml`, `standards/*.yaml` and `calendar.yaml` of a folder. Raises `RuleError` with every problem."""
    rule_set, problems = check(folder, schemas)
    if rule_set is None:
        raise RuleError(problems)
    return rule_set


def check(folder: Path, schemas: Path) -> tuple[RuleSet | None, list[Problem]]:
    """The rule set, or None, and everything that is wrong."""
    report = Report()
    kinds = read_fields(schemas)
    if not folder.is_dir():
        report.add(Place(None, str(folder), None), "is not a folder", "a folder with rule files")
        return None, report.problems
    version = fingerprint(folder)
    zone, calendar = _calendar(folder, report)
    standards, named = _standards(folder, zone, report)
    known = Known(kinds, standards, named)
    placed: list[Placed] = []
    for path in sorted(folder.glob("*.yaml")):
        if path.name != "calendar.yaml" and (content := read_yaml(path, path.name, report)) is not None:
            placed += read_rules(content, known, report)
    _once([(item.rule.id, item.place) for item in placed], "rule", report)
    refuse_circles(placed, report)
    if not placed and not report.problems:
        report.add(Place(None, str(folder), None), "holds no rule", "a file such as attendance.yaml with rules:")
    if report.problems:
        return None, report.problems
    terms, starts = calendar
    plan = Plan(
        version=version,
        rules=tuple(item.rule for item in placed),
        fields={kind: {name: field.type for name, field in known_.items()} for kind, known_ in kinds.items()},
        standards={name: standard.resolver() for name, standard in standards.items()},
        periods=periods(zone, terms, starts),
        calendar=f"{zone.key} {terms} {starts}",
    )
    return RuleSet(plan, zone, standards, tuple(placed)), []


def _once(named: list[tuple[str, Place]], what: str, report: Report) -> None:
    seen: dict[str, Place] = {}
    for name, place in named:
        if name in seen:
            first = seen[name]
            report.add(place, f"{what} {name} exists twice", f"another id; the first is in {first.file}:{first.line}")
        seen.setdefault(name, place)


def _standards(folder: Path, zone: ZoneInfo, report: Report) -> tuple[dict[str, Standard], frozenset[str]]:
    """The sound standards by id, and the ids of all, so that a rule is not blamed for a standard with an error."""
    named: set[str] = set()
    found: list[Standard] = []
    for path in sorted(folder.glob("standards/*.yaml")):
        shown = f"standards/{path.name}"
        if path.stem not in _STANDARD_LEVELS:
            place = Place(None, shown, None)
            report.add(place, f"{path.stem} is not a level of standards", nearest(path.stem, _STANDARD_LEVELS))
        elif (content := read_yaml(path, shown, report)) is not None:
            found += read_standards(content, zone, report)
            named |= standard_ids(content)
    _once([(standard.id, standard.place) for standard in found], "standard", report)
    return {standard.id: standard for standard in found}, frozenset(named)


def _calendar(folder: Path, report: Report) -> tuple[ZoneInfo, tuple[list[Term], tuple[int, int]]]:
    default: tuple[ZoneInfo, tuple[list[Term], tuple[int, int]]] = ZoneInfo("Asia/Shanghai"), ([], (9, 1))
    path = folder / "calendar.yaml"
    if not path.exists():
        return default
    content = read_yaml(path, "calendar.yaml", report)
    if content is None:
        return default
    given = fields(content, {"time_zone": True, "school_year_starts": False, "terms": False}, report, "the calendar")
    zone = default[0]
    if "time_zone" in given:
        name = word(given["time_zone"], report, "time zone")
        try:
            zone = ZoneInfo(name)
        except (KeyError, ValueError, OSError):
            report.add(given["time_zone"], f"unknown time zone {name}", "such as Asia/Shanghai")
    placed = [(term, item) for item in items(given.get("terms"), report, "terms") if (term := _term(item, report))]
    placed.sort(key=lambda one: one[0])
    for (before, _), (term, item) in pairwise(placed):
        if term[0] <= before[1]:
            report.add(item, f"the term begins on {term[0]}, before the one before it ends", f"after {before[1]}")
    terms = [term for term, _ in placed]
    return zone, (terms, _starts(given.get("school_year_starts"), report))


def _term(place: Place, report: Report) -> Term | None:
    given = fields(place, {"id": True, "from": True, "to": True}, report, "a term")
    first, last = day(given.get("from"), report), day(given.get("to"), report)
    if first and last and last < first:
        report.add(given["to"], f"the term ends on {last}, before it begins", f"a day after {first}")
    return (first, last) if first and last else None


def _starts(place: Place | None, report: Report) -> tuple[int, int]:
    if place is None:
        return 9, 1
    month, _, day_ = place.text.partition("-")
    if re.fullmatch("[0-9]{1,2}-[0-9]{1,2}", place.text) and 1 <= int(month) <= 12 and 1 <= int(day_) <= 28:  # noqa: PLR2004
        return int(month), int(day_)
    report.add(place, f"{place.text} is not a day of the year", "month-day, such as 09-01")
    return 9, 1


__all__ = ["Field", "RuleSet", "check", "fingerprint", "load"]
