"""`prewarn rules test` put together: the rules' cases, and the people and texts of the sample directory beside them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from services import directory as directories
from services.directory import Directory
from services.errors import DirectoryError
from services.messages import Problem, RuleCard, Text
from services.notify.routing import route
from services.notify.texts import message
from services.rules.language.fields import read_fields
from services.rules.language.lint import lint
from services.rules.language.load import RuleSet, load
from services.rules.language.reading import Report
from services.rules.testing import Bench, Coverage, State, Telling, Told, coverage, read_cases


@dataclass(frozen=True)
class Result:
    """What became of the tests of a rule folder."""

    problems: list[Problem]
    tests: int
    failed: int
    coverage: Coverage


def run(folder: Path, schemas: Path) -> Result:
    """Runs `tests/*.test.yaml` of a rule folder; people are those of `tests/directory`. Raises RuleError."""
    rules, report = load(folder, schemas), Report()
    people = folder / "tests" / "directory"
    telling = None
    if people.is_dir():
        try:
            telling = _telling(directories.load(people, rules.zone.key))
        except DirectoryError as error:
            report.problems += error.problems
    cases = read_cases(folder, rules, read_fields(schemas), report)
    bench = Bench(rules.plan, telling)
    outcomes = [bench.run(case, report) for case in cases]
    failed = sum(outcome.failed for outcome in outcomes)
    return Result(report.problems, len(cases), failed, coverage(rules.plan, outcomes))


def doubts(
    folder: Path, rules: RuleSet, schemas: Path, directory: Directory | None = None, at: datetime | None = None
) -> list[Problem]:
    """What is allowed and probably not meant: a level that no value reaches, a rule without a test, and so on.

    Rules without a test are told of where the folder has tests; roles that nobody in the `directory` holds on the day
    of `at` where one is given.
    """
    found = lint(rules)
    if directory is not None and at is not None:
        found += _vacant(rules, directory, at)
    if (folder / "tests").is_dir():
        tested = {case.rule for case in read_cases(folder, rules, read_fields(schemas), Report())}
        found += [
            Problem(
                where=f"{placed.place.file}:{placed.place.line}:{placed.place.column}",
                what=f"{placed.rule.id} has no test", expected=f"tests/….test.yaml with rule: {placed.rule.id}",
            )
            for placed in rules.placed
            if placed.rule.id not in tested
        ]  # fmt: skip
    return found


def _vacant(rules: RuleSet, directory: Directory, at: datetime) -> Iterator[Problem]:
    for placed in rules.placed:
        card = placed.rule.card
        for role in dict.fromkeys((*card.to, *(step.to for step in card.escalate))):
            if directories.vacant(directory, role, at):
                yield Problem(
                    where=f"{placed.place.file}:{placed.place.line}:{placed.place.column}",
                    what=f"{placed.rule.id} tells {role}, and nobody in the directory holds that role",
                    expected=f"a row of roles with role {role} (prewarn directory check says for what)",
                )


def _telling(directory: Directory) -> Telling:
    def told(card: RuleCard, state: State) -> Told:
        facts, names = state.facts, directory.names(state.facts.context)
        shown = {"value": facts.value, "threshold": facts.threshold, "level": facts.level, "subject": state.subject}
        people = [person.id for person, _ in route(card, facts.context, directory, state.at).people]
        text = Text(message(card.message, shown, names, "zh"), message(card.message, shown, names, "en"))
        return Told(people, text)

    return told
