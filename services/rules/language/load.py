"""A folder of rule files, standards and calendar → a checked `Plan`, or every problem that is in it."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, replace
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec

from services.errors import RuleError
from services.i18n import say
from services.messages import Message, Problem, RuleCard
from services.rules.engine.plan import Plan
from services.rules.language.calendar import read_calendar
from services.rules.language.dependencies import by_absence, dependencies, refuse_cycles
from services.rules.language.fields import Field, kinds_of_rules, read_fields
from services.rules.language.indicators import indicator_rules
from services.rules.language.reading import Place, Report, known_words, read_yaml
from services.rules.language.rules import Known, Placed, read_rules
from services.rules.language.standards import Standard, read_standards, standard_ids
from services.rules.language.unread_files import STANDARD_LEVELS, report_unread, unread
from services.tabular.files import read_regular, readable_name, shown_name
from services.tabular.places import LARGEST_FILE


@dataclass(frozen=True)
class RuleSet:
    """A checked rule set: the engine's plan, and what people ask about it."""

    plan: Plan
    zone: ZoneInfo
    standards: dict[str, Standard]
    placed: tuple[Placed, ...]
    messages: tuple[Problem, ...] = ()
    """What `check` refuses and older releases did not: messages with fields that may be missing."""

    @property
    def version(self) -> str:
        """Content hash of the files that it was read from."""
        return self.plan.version

    @property
    def cards(self) -> dict[str, RuleCard]:
        """What notify must know of each rule."""
        return {rule.id: rule.card for rule in self.plan.rules}


def fingerprint(folder: Path) -> str:
    """Content hash of the files that `load` reads; changes with any edit, and with each file that it refuses."""
    digest = hashlib.sha256()
    for path in _files(folder):
        digest.update(os.fsencode(path.relative_to(folder)) + b"\0")
        try:
            digest.update(read_regular(path, LARGEST_FILE))
        except OSError as error:
            digest.update(f"{error.errno} {error.strerror}".encode())
    for path in unread(folder):  # one that goes away again makes a set right that was refused for it
        digest.update(os.fsencode(path.relative_to(folder)) + b"\0")
    return digest.hexdigest()[:12]


def _files(folder: Path) -> list[Path]:
    return sorted([*folder.glob("*.yaml"), *folder.glob("standards/*.yaml")])


def load(folder: Path, schemas: Path, *, beside: Path | None = None) -> RuleSet:
    """Reads `*.yaml`, `standards/*.yaml` and `calendar.yaml` of a folder. Raises `RuleError` with every problem.

    `beside`: another folder, whose calendar and standards count where it has them, and whose rules where the folder
    has none of that name: the folder's rules as they would be if it had changed nothing else.

    Of messages that older releases allowed it says nothing: what was accepted then goes on, `check` refuses it.
    """
    rule_set, problems = _read(folder, schemas, beside)
    if rule_set is None:
        raise RuleError(problems)
    return rule_set


def check(folder: Path, schemas: Path) -> tuple[RuleSet | None, list[Problem]]:
    """The rule set, or None, and everything that is wrong."""
    rule_set, problems = _read(folder, schemas)
    if rule_set is None or not rule_set.messages:
        return rule_set, problems
    return None, list(rule_set.messages)


def _read(folder: Path, schemas: Path, beside: Path | None = None) -> tuple[RuleSet | None, list[Problem]]:
    report = Report()
    kinds = read_fields(schemas)
    if not folder.is_dir():
        report.add(Place(None, str(folder), None), say("rules.not_folder"), say("rules.folder_with_rule_files"))
        return None, report.problems
    for path in sorted(one for one in (*folder.glob("*"), *folder.glob("standards/*")) if readable_name(one) is None):
        report.add(Place(None, shown_name(path), None), say("input.name_not_utf_8"), say("input.name_in_utf_8"))
    if report.problems:  # nothing that is found in such a file could be said
        return None, report.problems
    version = fingerprint(folder)
    report_unread(folder, report)
    calendar = read_calendar(beside or folder, report)
    standards, named = _standards(folder, calendar.zone, report)
    if beside is not None:
        others, also_named = _standards(beside, calendar.zone, report)
        standards, named = standards | others, (named or frozenset()) | (also_named or frozenset())
    known = Known(kinds_of_rules(kinds), standards, named)
    placed = _rules(folder, known, report)
    if beside is not None:
        own = {item.rule.id for item in placed}
        placed += [item for item in _rules(beside, known, report) if item.rule.id not in own]
    placed += indicator_rules(standards.values(), placed, known, report)
    _once([(item.rule.id, item.place) for item in placed], say("rules.noun_rule"), report)
    edges = dependencies([item.rule for item in placed])
    refuse_cycles(placed, edges, report)
    if not placed and not report.problems:
        report.add(
            Place(None, str(folder), None), say("rules.holds_no_rule"), say("rules.file_such_as_attendance_yaml")
        )
    if report.problems:
        return None, [*report.problems, *known.messages.problems]
    absent = by_absence([item.rule for item in placed], edges)
    placed = [_by_absence(item) if item.rule.id in absent else item for item in placed]
    plan = Plan(
        version=version,
        rules=tuple(item.rule for item in placed),
        fields={kind: {name: field.type for name, field in known_.items()} for kind, known_ in kinds.items()},
        standards={name: standard.resolver() for name, standard in standards.items()},
        thresholds={name: standard.signature for name, standard in standards.items()},
        periods=calendar.periods(),
        times=calendar,
        calendar=calendar.signature,
    )
    return RuleSet(plan, calendar.zone, standards, tuple(placed), tuple(known.messages.problems)), []


def _rules(folder: Path, known: Known, report: Report) -> list[Placed]:
    placed: list[Placed] = []
    for path in sorted(folder.glob("*.yaml")):
        if path.name != "calendar.yaml" and (content := read_yaml(path, path.name, report)) is not None:
            placed += read_rules(content, known, report)
    return placed


def _by_absence(item: Placed) -> Placed:
    card = msgspec.structs.replace(item.rule.card, by_absence=True)
    return replace(item, rule=msgspec.structs.replace(item.rule, card=card))


def _once(named: list[tuple[str, Place]], what: Message, report: Report) -> None:
    seen: dict[str, Place] = {}
    for name, place in named:
        if name in seen:
            first = seen[name]
            report.add(
                place,
                say("rules.exists_twice", what=what, name=name),
                say("rules.another_id_first_in", file=first.file, line=first.line),
            )
        seen.setdefault(name, place)


def _standards(folder: Path, zone: ZoneInfo, report: Report) -> tuple[dict[str, Standard], frozenset[str] | None]:
    """The sound standards by id, and the ids of all, so that a rule is not blamed for a standard with an error.

    None instead of the ids if a file cannot be read: any standard may be in it.
    """
    named: list[set[str] | None] = []
    found: list[Standard] = []
    for path in sorted(folder.glob("standards/*.yaml")):
        shown = f"standards/{path.name}"
        if path.stem not in STANDARD_LEVELS:
            place = Place(None, shown, None)
            report.add(place, say("rules.not_level_standards", stem=path.stem), known_words(path.stem, STANDARD_LEVELS))
            continue
        content = read_yaml(path, shown, report)
        named.append(None if content is None else standard_ids(content))
        if content is not None:
            found += read_standards(content, zone, report)
    _once([(standard.id, standard.place) for standard in found], say("rules.noun_standard"), report)
    ids = None if None in named else frozenset(id_ for some in named for id_ in some or ())
    return {standard.id: standard for standard in found}, ids


__all__ = ["Field", "RuleSet", "check", "fingerprint", "load"]
