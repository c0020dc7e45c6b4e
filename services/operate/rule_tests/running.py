"""Runs cases on the engine alone: each with its rule and the rules on whose warnings that one looks.

Changes of warnings come back as events of kind `warning`, as in the running service.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec

from services.i18n import say
from services.messages import ENDS, CampusEvent, Message, RuleCard, Text, WarningChange, WarningFacts
from services.operate.rule_tests.cases import Expectation, RuleTest, Wait
from services.rules.engine.engine import Engine
from services.rules.engine.episodes import last_entry
from services.rules.engine.placed import RuleLayout
from services.rules.engine.plan import Plan
from services.rules.language.dependencies import dependencies
from services.rules.language.reading import Report
from services.rules.runner import EngineRunner, Output

_DEADLINES = {"missing", "elapsed"}


@dataclass
class WarningState:
    """What a reader of the changes knows of the newest warning of a subject."""

    subject: str
    status: str
    facts: WarningFacts
    at: dt.datetime
    """Of its last change."""


@dataclass
class RuleTestResult:
    """What a test has led to, and what of that is wrong."""

    case: RuleTest
    levels: set[str] = field(default_factory=set)
    """Levels that were expected and came."""
    silences: set[str] = field(default_factory=set)
    """Reasons of silence that were expected and held."""
    failed: bool = False


class Notification(NamedTuple):
    """Who is told of a warning, and what they read."""

    people: list[str]
    text: Text


Notifier = Callable[[RuleCard, WarningState], Notification]
"""(rule, where a warning of it stands) → who is told what, by the sample directory."""


class RuleTestRunner:
    """Runs the cases of one rule set. Without a `notifier`, nothing is known of people."""

    def __init__(self, plan: Plan, notifier: Notifier | None = None) -> None:
        self._edges = dependencies(plan.rules)
        self._plan = plan
        self._notifier = notifier
        self._cards = {rule.id: rule.card for rule in plan.rules}

    def plan_for(self, rule: str) -> Plan:
        """The rule and all that it looks at."""
        needed, waiting = {rule}, [rule]
        while waiting:
            fresh = [one for one in self._edges.get(waiting.pop(), ()) if one not in needed]
            needed |= {*fresh}
            waiting += fresh
        return msgspec.structs.replace(self._plan, rules=tuple(one for one in self._plan.rules if one.id in needed))

    def run(self, case: RuleTest, report: Report) -> RuleTestResult:
        """Runs a case; each expectation that does not hold is in the report, at its place."""
        rule, result = _RuleUnderTest(self.plan_for(case.rule), case.rule), RuleTestResult(case)
        before = len(report)
        for step in case.steps:
            if isinstance(step, CampusEvent):
                rule.send(step)
            elif isinstance(step, Wait):
                rule.wait(step.at)
            else:
                _Comparison(step, rule, result, report, self._cards[case.rule], self._notifier).compare()
        for ident, error in rule.output.failed:
            report.add(case.place, say("operate.could_not_be_evaluated_for", rule=case.rule, ident=ident, error=error))
        result.failed = len(report) > before
        return result


class _RuleUnderTest:
    """The engine of one case, and what became of the rule's subjects."""

    def __init__(self, plan: Plan, rule: str) -> None:
        self.id = rule
        self.states: dict[str, WarningState] = {}
        self.output = Output()
        """What is late and what failed, from the beginning on."""
        self._engine = Engine(plan)
        self._runner = EngineRunner(self._engine)

    def wait(self, at: dt.datetime) -> None:
        """Lets time pass up to an instant."""
        self._take(self._engine.advance(at))

    def send(self, event: CampusEvent) -> None:
        """Time passes up to the event, then it comes."""
        self.wait(event.time)
        self._take(self._runner.step(msgspec.json.encode([event]), event.time))

    def _take(self, changes: list[WarningChange]) -> None:
        for change in self._runner.hand_back(changes):
            if change.rule == self.id:
                status = change.change if change.change in ENDS else "open"
                self.states[change.subject] = WarningState(change.subject, status, change.facts, change.at)
        self.output.readings = []
        for reading in self._runner.drain(self.output).readings:
            known = self.states.get(reading.subject)
            if reading.rule == self.id and known is not None and known.status == "open":
                known.facts = reading.facts

    def subjects(self) -> list[str]:
        """All subjects of the rule's `by`."""
        return sorted({key for number, _ in self._layouts() for key in self._engine.subjects(number)} | {*self.states})

    def measured(self, subject: str) -> tuple[float | None, str]:
        """(value of the rule's own measure, why there is no warning)."""
        for number, rule in self._layouts():
            s = self._engine.subjects(number).get(subject)
            if s is not None and s.rows:
                if rule.gauges[0].gauge.measure in _DEADLINES:
                    return None, "not_due"
                value = self._engine.transitions.assess(s, rule, 0, 0, last_entry(s, rule)).value
                return value, "no_value" if value is None else "not_reached"
        return None, "late" if self.output.late else "no_record"

    def _layouts(self) -> Iterator[tuple[int, RuleLayout]]:
        for number, layout in enumerate(self._engine.layouts):
            yield from ((number, rule) for rule in layout.rules if rule.rule.id == self.id)


@dataclass
class _Comparison:
    """An expectation beside what is so; what differs is in the report."""

    wanted: Expectation
    rule: _RuleUnderTest
    result: RuleTestResult
    report: Report
    card: RuleCard
    notifier: Notifier | None

    def compare(self) -> None:
        """Looks for the subject that is meant: the only one there is, if none is named."""
        subjects, subject = self.rule.subjects(), self.wanted.about
        if subject is None and len(subjects) > 1:
            self._wrong(say("operate.which_subject"), say("operate.about_one_of", subjects=", ".join(subjects[:10])))
            return
        subject = subject if subject is not None else "".join(subjects)
        self.shown = f"{self.rule.id} {subject}".strip()
        state = self.rule.states.get(subject)
        if state is not None and state.status == "open":
            self._compare_warning(state)
        else:
            self._compare_silence(subject, "" if state is None else state.status)

    def _compare_warning(self, state: WarningState) -> None:
        facts, wanted = state.facts, self.wanted
        if facts.level != wanted.level:
            self._differs(f"{facts.level} ({_number(facts.value)}){self._late()}", self._expected())
            return
        self.result.levels.add(facts.level)
        self._compare_numbers(facts.value, facts.threshold)
        if wanted.to is None and wanted.text is None:
            return
        if self.notifier is None:
            self._wrong(say("operate.text_need_directory"), say("operate.tests_directory_beside_test_files"))
            return
        told = self.notifier(self.card, state)
        if wanted.to is not None and sorted(wanted.to) != sorted(told.people):
            self._differs(f"told are {', '.join(told.people) or 'nobody'}", ", ".join(wanted.to))
        if wanted.text not in (None, told.text.zh, told.text.en):
            self._differs(f"the text is {told.text.zh} / {told.text.en}", wanted.text or "")

    def _compare_silence(self, subject: str, status: str) -> None:
        value, because = self.rule.measured(subject)
        because = status if status and because != "late" else because
        if self.wanted.level != "silent":
            self._differs(f"silent ({because}){self._late()}", self._expected())
        elif self.wanted.because not in (None, because):
            self._differs(f"silent because {because}", self.wanted.because or "")
        else:
            self.result.silences.add(because)
            self._compare_numbers(value, None)

    def _compare_numbers(self, value: float | None, threshold: float | None) -> None:
        wanted = self.wanted
        for name, number, expected in (("value", value, wanted.value), ("threshold", threshold, wanted.threshold)):
            if expected is not None and (number is None or not math.isclose(number, expected, abs_tol=1e-6)):
                self._differs(f"{name} {_number(number)}", _number(expected))

    def _differs(self, what: str, expected: str) -> None:
        self._wrong(f"{self.shown}: {what}", expected)

    def _wrong(self, what: Message | str, expected: Message | str) -> None:
        self.report.add(self.wanted.place, what, expected)

    def _expected(self) -> str:
        value = "" if self.wanted.value is None else f" {_number(self.wanted.value)}"
        return self.wanted.level + value + (f" ({self.wanted.because})" if self.wanted.because else "")

    def _late(self) -> str:
        return f"; put aside as late: {', '.join(self.rule.output.late)}" if self.rule.output.late else ""


def _number(value: float | None) -> str:
    return "no value" if value is None else f"{value:.10g}"
