"""Runs cases on the engine alone: each with its rule and the rules on whose warnings that one looks.

Changes of warnings come back as events of kind `warning`, as in the running service.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import msgspec

from services.i18n import say
from services.messages import CampusEvent, RuleCard, Text, WarningChange, WarningFacts
from services.operate.rule_tests.cases import Case, Expectation, Wait
from services.rules.engine.engine import Engine
from services.rules.engine.episodes import last_entry
from services.rules.engine.layout import RuleLayout
from services.rules.engine.plan import Plan
from services.rules.engine.subject import Subject
from services.rules.feedback import as_it_is, returned
from services.rules.language.reading import Report
from services.rules.language.strata import looked_at

_CLOSED = {"resolved", "withdrawn"}
_DEADLINES = {"missing", "elapsed"}


@dataclass
class State:
    """What a reader of the changes knows of the newest warning of a subject."""

    subject: str
    status: str
    facts: WarningFacts
    at: dt.datetime
    """Of its last change."""


@dataclass
class Outcome:
    """One case, run."""

    case: Case
    levels: set[str] = field(default_factory=set)
    """Levels that were expected and came."""
    silences: set[str] = field(default_factory=set)
    """Reasons of silence that were expected and held."""
    failed: bool = False


class Told(NamedTuple):
    """Who is told of a warning, and what they read."""

    people: list[str]
    text: Text


Telling = Callable[[RuleCard, State], Told]
"""(rule, where a warning of it stands) → who is told what, by the sample directory."""


class Bench:
    """Runs the cases of one rule set. Without `telling`, nothing is known of people."""

    def __init__(self, plan: Plan, telling: Telling | None = None) -> None:
        self._edges = looked_at(plan.rules)
        self._plan = plan
        self._telling = telling
        self._cards = {rule.id: rule.card for rule in plan.rules}

    def plan_for(self, rule: str) -> Plan:
        """The rule and all that it looks at."""
        needed, waiting = {rule}, [rule]
        while waiting:
            fresh = [one for one in self._edges.get(waiting.pop(), ()) if one not in needed]
            needed |= {*fresh}
            waiting += fresh
        return msgspec.structs.replace(self._plan, rules=tuple(one for one in self._plan.rules if one.id in needed))

    def run(self, case: Case, report: Report) -> Outcome:
        """Runs a case; each expectation that does not hold is in the report, at its place."""
        course, outcome = _Course(self.plan_for(case.rule), case.rule), Outcome(case)
        before = len(report)
        for step in case.steps:
            if isinstance(step, CampusEvent):
                course.send(step)
            elif isinstance(step, Wait):
                course.wait(step.at)
            else:
                self._compare(course, step, outcome, report)
        for ident, error in course.engine.failed:
            report.add(case.place, say("operate.could_not_be_evaluated_for", rule=case.rule, ident=ident, error=error))
        outcome.failed = len(report) > before
        return outcome

    def _compare(self, course: _Course, wanted: Expectation, outcome: Outcome, report: Report) -> None:
        subject = course.subject(wanted.about)
        if subject is None and course.subjects():
            report.add(
                wanted.place,
                say("operate.which_subject"),
                say("operate.about_one_of", subjects=", ".join(course.subjects()[:10])),
            )
            return
        shown = f"{outcome.case.rule} {subject or ''}".strip()
        state = course.states.get(subject or "")
        if state is not None and state.status == "open":
            self._compare_warning(shown, course, state, wanted, outcome, report)
        else:
            _compare_silence(shown, course, subject or "", wanted, outcome, report)

    def _compare_warning(
        self, shown: str, course: _Course, state: State, wanted: Expectation, outcome: Outcome, report: Report
    ) -> None:
        facts = state.facts
        if facts.level != wanted.level:
            late = _late(course.engine)
            report.add(wanted.place, f"{shown}: {facts.level} ({_number(facts.value)}){late}", _wanted(wanted))
            return
        outcome.levels.add(facts.level)
        _compare_numbers(shown, wanted, facts.value, facts.threshold, report)
        if wanted.to is None and wanted.text is None:
            return
        if self._telling is None:
            report.add(
                wanted.place, say("operate.text_need_directory"), say("operate.tests_directory_beside_test_files")
            )
            return
        told = self._telling(self._cards[outcome.case.rule], state)
        if wanted.to is not None and sorted(wanted.to) != sorted(told.people):
            report.add(wanted.place, f"{shown}: told are {', '.join(told.people) or 'nobody'}", ", ".join(wanted.to))
        if wanted.text not in (None, told.text.zh, told.text.en):
            report.add(wanted.place, f"{shown}: the text is {told.text.zh} / {told.text.en}", wanted.text or "")


class _Course:
    """The engine of one case, and what became of the rule's subjects."""

    def __init__(self, plan: Plan, rule: str) -> None:
        self.engine = Engine(plan)
        self._rule = rule
        self._feeds = any("warning" in (gauge.kind, gauge.awaited_kind) for one in plan.rules for gauge in one.gauges)
        self._fields = frozenset(plan.fields["warning"])
        self.states: dict[str, State] = {}

    def wait(self, at: dt.datetime) -> None:
        """Time passes."""
        self._take(self.engine.advance(at))

    def send(self, event: CampusEvent) -> None:
        """Time passes up to the event, then it comes."""
        self.wait(event.time)
        self._take(self._process([event]))
        self.wait(event.time)

    def subject(self, about: str | None) -> str | None:
        """The subject that is meant: the only one there is, if none is named."""
        if about is not None:
            return about
        keys = {key for number, layout in self._layouts() for key in self.engine.subjects(number)} | {*self.states}
        return next(iter(keys)) if len(keys) == 1 else None

    def subjects(self) -> list[str]:
        """All subjects of the rule's `by`."""
        return sorted({key for number, _ in self._layouts() for key in self.engine.subjects(number)} | {*self.states})

    def measured(self, subject: str) -> tuple[float | None, str]:
        """(value of the rule's own measure, why there is no warning)."""
        for number, layout in self._layouts():
            s = self.engine.subjects(number).get(subject)
            if s is not None and s.rows:
                return self._value(s, next(rule for rule in layout.rules if rule.rule.id == self._rule))
        return None, "late" if self.engine.late else "no_record"

    def _value(self, s: Subject, rule: RuleLayout) -> tuple[float | None, str]:
        if rule.gauges[0].gauge.measure in _DEADLINES:
            return None, "not_due"
        value = self.engine.lives.reach(s, rule, 0, 0, last_entry(s, rule)).value
        return value, "no_value" if value is None else "not_reached"

    def _layouts(self) -> Iterable[tuple[int, Any]]:
        for number, layout in enumerate(self.engine.layouts):
            if any(rule.rule.id == self._rule for rule in layout.rules):
                yield number, layout

    def _process(self, events: list[CampusEvent]) -> list[WarningChange]:
        return self.engine.process_many(msgspec.json.encode(events))

    def _take(self, changes: list[WarningChange]) -> None:
        while changes:
            for change in changes:
                if change.rule == self._rule:
                    status = change.change if change.change in _CLOSED else "open"
                    self.states[change.subject] = State(change.subject, status, change.facts, change.at)
            changes = self._process(returned(changes, self._fields, as_it_is)) if self._feeds else []
        for reading in self.engine.readings():
            known = self.states.get(reading.subject)
            if reading.rule == self._rule and known is not None and known.status == "open":
                known.facts = reading.facts


def _wanted(wanted: Expectation) -> str:
    value = "" if wanted.value is None else f" {_number(wanted.value)}"
    return wanted.level + value + (f" ({wanted.because})" if wanted.because else "")


def _number(value: float | None) -> str:
    return "no value" if value is None else f"{value:.10g}"


def _late(engine: Engine) -> str:
    return f"; put aside as late: {', '.join(engine.late)}" if engine.late else ""


def _compare_silence(
    shown: str, course: _Course, subject: str, wanted: Expectation, outcome: Outcome, report: Report
) -> None:
    value, because = course.measured(subject)
    state = course.states.get(subject)
    because = state.status if state is not None and because != "late" else because
    if wanted.level != "silent":
        report.add(wanted.place, f"{shown}: silent ({because}){_late(course.engine)}", _wanted(wanted))
    elif wanted.because not in (None, because):
        report.add(wanted.place, f"{shown}: silent because {because}", wanted.because or "")
    else:
        outcome.silences.add(because)
        _compare_numbers(shown, wanted, value, None, report)


def _compare_numbers(
    shown: str, wanted: Expectation, value: float | None, threshold: float | None, report: Report
) -> None:
    for name, number, expected in (("value", value, wanted.value), ("threshold", threshold, wanted.threshold)):
        if expected is not None and (number is None or not math.isclose(number, expected, abs_tol=1e-6)):
            report.add(wanted.place, f"{shown}: {name} {_number(number)}", _number(expected))
