"""`prewarn rules test` put together: the rules' cases, and the people and texts of the sample directory beside them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from services import directory as directories
from services.directory import Directory
from services.errors import DirectoryError, RuleError
from services.i18n import say
from services.messages import Problem, RuleCard, Text
from services.notify import wording
from services.notify.ports import Ports
from services.notify.recipients import route
from services.notify.texts import Language
from services.notify.wording import Facts, Listener
from services.operate.rule_tests import CaseRunner, Coverage, Notification, Notifier, WarningState, coverage, read_cases
from services.rules.language.fields import read_fields
from services.rules.language.load import RuleSet, load
from services.rules.language.reading import Report


@dataclass(frozen=True)
class Result:
    """What became of the tests of a rule folder."""

    problems: list[Problem]
    tests: int
    failed: int
    coverage: Coverage
    errors: int = 0
    """What is wrong with the test files themselves; such tests are not among those that were run."""

    @property
    def summary(self) -> str:
        """In a line."""
        wrong = f", {self.errors} errors in the test files 测试文件有误" if self.errors else ""
        return f"{self.tests} tests, {self.failed} failed{wrong}"


def run(folder: Path, schemas: Path) -> Result:
    """Runs `tests/*.test.yaml` of a rule folder; people are those of `tests/directory`. Raises RuleError."""
    rules, report = load(folder, schemas), Report()
    people = folder / "tests" / "directory"
    notifier = None
    if people.is_dir():
        try:
            notifier = _notifier(directories.load(people, rules.zone.key), rules)
        except DirectoryError as error:
            report.problems += error.problems
    cases = read_cases(folder, rules, read_fields(schemas), report)
    errors, runner = len(report), CaseRunner(rules.plan, notifier)
    results = [runner.run(case, report) for case in cases]
    failed = sum(result.failed for result in results)
    return Result(report.problems, len(cases), failed, coverage(rules.plan, results), errors)


def hold(folder: Path, schemas: Path) -> None:
    """Raises RuleError with every rule test that does not hold, and with what is wrong in the rules or the tests."""
    result = run(folder, schemas)
    if result.problems:
        what = say("operate.nothing_published", summary=result.summary)
        expected = say("operate.rules_and_tests_agree")
        raise RuleError([*result.problems, Problem(where=str(folder), what=what, expected=expected)])


def _notifier(directory: Directory, rules: RuleSet) -> Notifier:
    def told(card: RuleCard, state: WarningState) -> Notification:
        now = state.at

        def text(language: Language) -> str:
            ports = Ports(lambda: directory, lambda _version, rule: rules.cards.get(rule), lambda: now, lambda _: None)
            return wording.sentence(
                card, Facts.of(state.subject, state.facts), Listener(language, rules.zone, now, ports)
            )

        people = [person.id for person, _ in route(card, state.facts.context, directory, now).people]
        return Notification(people, Text(text("zh"), text("en")))

    return told
