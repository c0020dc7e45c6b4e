"""Reads the test files of a rule folder: what stands in each, and what is wrong with it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from services.i18n import say
from services.messages import Problem
from services.operate.rule_tests.cases import RuleTest, RuleTestReader
from services.operate.rule_tests.moments import Clock
from services.rules.language.fields import Field
from services.rules.language.load import RuleSet
from services.rules.language.reading import Place, Report, fields, items, read_yaml, word
from services.rules.language.unread_files import report_stray_tests


@dataclass(frozen=True)
class Read:
    """A test as it stands in its file."""

    content: Any
    """The same for the same test, wherever it stands in a file of that name."""
    place: Place
    case: RuleTest | None
    problems: list[Problem]
    """What is wrong with it: then it is no case."""


def read_rule_tests(
    folder: Path, rules: RuleSet, kinds: Mapping[str, Mapping[str, Field]], report: Report
) -> list[RuleTest]:
    """The cases of `tests/*.test.yaml` of a rule folder; what is wrong is in the report."""
    read = read_tests(folder, rules, kinds, report)
    report.problems += [problem for one in read for problem in one.problems if problem not in report.problems]
    return [one.case for one in read if one.case is not None]


def read_tests(
    folder: Path,
    rules: RuleSet,
    kinds: Mapping[str, Mapping[str, Field]],
    report: Report,
    pack: Path | None = None,
) -> list[Read]:
    """All tests of a rule folder; in the report is what is wrong with the files themselves.

    `pack`: rules whose terms are known beside those of the folder.
    """
    terms = (_terms(pack) if pack is not None else {}) | _terms(folder)
    own_kinds = {rule.id: rule.gauges[0].kind for rule in rules.plan.rules}
    found: list[Read] = []
    report_stray_tests(folder, report)
    for path in sorted((folder / "tests").glob("*.test.yaml")):
        content = read_yaml(path, f"tests/{path.name}", report)
        if content is None:
            continue
        top = fields(content, {"term": False, "tests": True}, report, say("operate.test_file"))
        term = word(top["term"], report, "term", terms) if "term" in top else ""
        clock = Clock(rules.zone, terms.get(term))
        for item in items(top.get("tests"), report, "tests"):
            own = Report()
            case = RuleTestReader(clock, own_kinds, kinds, own).case(item)
            found.append(Read((path.name, term, _plain(item)), item, case, own.problems))
    return found


def _plain(place: Place) -> Any:
    """What stands there, without where."""
    if isinstance(place.value, dict):
        return {name: _plain(one) for name, one in place.value.items()}
    return [_plain(one) for one in place.value] if isinstance(place.value, list) else place.text


def _terms(folder: Path) -> dict[str, dt.date]:
    """Id of each term → its first day; calendar.yaml was checked with the rules."""
    content = read_yaml(folder / "calendar.yaml", "calendar.yaml", Report())
    listed = content.value.get("terms") if content is not None and isinstance(content.value, dict) else None
    terms = listed.value if listed is not None and isinstance(listed.value, list) else []
    return {one.value["id"].text: one.value["from"].value for one in terms if {"id", "from"} <= {*one.value}}
