"""`prewarn rules test` put together: the rules' cases, and the people and texts of the sample directory beside them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from services import directory as directories
from services.directory import Directory
from services.errors import DirectoryError, RuleError
from services.i18n import say
from services.messages import Message, Problem, RuleCard, Text
from services.notify import wording
from services.notify.ports import Ports
from services.notify.recipients import route
from services.notify.texts import Language
from services.notify.wording import Facts, Listener
from services.operate.rule_tests import (
    Coverage,
    Notification,
    Notifier,
    RuleTestResult,
    RuleTestRunner,
    WarningState,
    coverage,
)
from services.operate.rule_tests.files import read_tests
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
    inapplicable: list[Problem] = field(default_factory=list)
    """Tests that came with Prewarn and say nothing of these rules any more, each with why; none of them has failed."""

    @property
    def summary(self) -> str:
        """How many tests passed and failed, in a line."""
        wrong = f", {self.errors} errors in the test files 测试文件有误" if self.errors else ""
        left = f", {len(self.inapplicable)} not applicable 不适用" if self.inapplicable else ""
        return f"{self.tests} tests, {self.failed} failed{wrong}{left}"


def run(folder: Path, schemas: Path, pack: Path | None = None) -> Result:
    """Runs `tests/*.test.yaml` of a rule folder; people are those of `tests/directory`. Raises RuleError.

    `pack`: the rules that come with Prewarn. A test of theirs that holds by their own standards and calendar, and not
    by those of the folder, only says that these are other ones: it is inapplicable, as is one of a rule that
    was left out.
    """
    rules, report = load(folder, schemas), Report()
    runner = RuleTestRunner(rules.plan, _people(folder, rules, report))
    read = read_tests(folder, rules, read_fields(schemas), report, pack)
    errors = len(report)
    shipped: _Shipped | None = None
    results: list[RuleTestResult] = []
    inapplicable: list[Problem] = []
    for one in read:
        own = Report()
        own.problems += one.problems
        result = runner.run(one.case, own) if one.case is not None else None
        if own.problems and pack is not None:
            shipped = shipped or _Shipped(pack, folder, rules, schemas)
            if (why := shipped.why_not(one.content)) is not None:
                inapplicable.append(Problem(where=f"{one.place.file}:{one.place.line}", what=why))
                continue
        errors += len(one.problems)
        results += [result] if result is not None else []
        report.problems += [problem for problem in own.problems if problem not in report.problems]
    failed = sum(result.failed for result in results)
    return Result(report.problems, len(results), failed, coverage(rules.plan, results), errors, inapplicable)


class _Shipped:
    """The tests that come with Prewarn, for a folder's rules by the standards and the calendar of the pack."""

    def __init__(self, pack: Path, folder: Path, rules: RuleSet, schemas: Path) -> None:
        both, ours, report = load(folder, schemas, beside=pack), load(pack, schemas), Report()
        self._left_out = {one.id for one in both.plan.rules} - {one.id for one in rules.plan.rules}
        self._standards = {one for one, said in both.plan.thresholds.items() if rules.plan.thresholds.get(one) != said}
        self._tests = [one for one in read_tests(pack, ours, read_fields(schemas), report) if one.case is not None]
        self._runner = RuleTestRunner(both.plan, _people(pack, both, report))
        self._standard_of = {one.id: one.standard for one in both.plan.rules}

    def why_not(self, content: object) -> Message | None:
        """Why a test says nothing of the folder's rules; None: it is not one of the pack's, or it does."""
        case = next((one.case for one in self._tests if one.content == content), None)
        if case is None or self._runner.run(case, Report()).failed:
            return None
        if case.rule in self._left_out:
            return say("operate.test_of_rule_left_out", name=case.name, rule=case.rule)
        if (standard := self._standard_of[case.rule]) in self._standards:
            return say("operate.test_by_another_standard", name=case.name, standard=standard)
        return say("operate.test_by_another_calendar", name=case.name)


def _people(folder: Path, rules: RuleSet, report: Report) -> Notifier | None:
    """Who is told what in the tests of a folder, if there are people beside them."""
    people = folder / "tests" / "directory"
    if people.is_dir():
        try:
            return _notifier(directories.load(people, rules.zone.key), rules)
        except DirectoryError as error:
            report.problems += error.problems
    return None


def hold(folder: Path, schemas: Path, pack: Path | None = None) -> Result:
    """Raises RuleError with every rule test that does not hold, and with what is wrong in the rules or the tests."""
    result = run(folder, schemas, pack)
    if result.problems:
        what = say("operate.nothing_published", summary=result.summary)
        expected = say("operate.rules_and_tests_agree")
        raise RuleError([*result.problems, Problem(where=str(folder), what=what, expected=expected)])
    return result


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
