"""Runs cases on the engine alone: each with its rule and the rules on whose warnings that one looks.

Changes of warnings come back as events of kind `warning`, as in the running service.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from services.messages import CampusEvent, WarningChange, WarningReading
from services.rules.engine.engine import Engine
from services.rules.engine.layout import RuleLayout
from services.rules.engine.lives import last_entry
from services.rules.engine.plan import Plan
from services.rules.engine.subject import Subject
from services.rules.language.reading import Report
from services.rules.language.strata import looked_at
from services.rules.returning import as_it_is, returned
from services.rules.testing.cases import Case, Expectation, Wait

_CLOSED = {"resolved", "withdrawn"}
_DEADLINES = {"missing", "elapsed"}


@dataclass
class State:
    """What a reader of the changes knows of the newest warning of a subject."""

    status: str
    level: str
    value: float | None
    threshold: float | None


@dataclass
class Outcome:
    """One case, run."""

    case: Case
    levels: set[str] = field(default_factory=set)
    """Levels that were expected and came."""
    silences: set[str] = field(default_factory=set)
    """Reasons of silence that were expected and held."""
    failed: bool = False


class Bench:
    """Runs the cases of one rule set."""

    def __init__(self, plan: Plan) -> None:
        self._edges = looked_at(plan.rules)
        self._plan = plan

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
                _compare(course, step, outcome, report)
        for ident, error in course.engine.failed:
            report.add(case.place, f"{case.rule} could not be evaluated for {ident}: {error}")
        outcome.failed = len(report) > before
        return outcome


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

    def state(self, subject: str) -> State | None:
        """Where its newest warning stands."""
        return self.states.get(subject)

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
                    facts = change.facts
                    self.states[change.subject] = State(status, facts.level, facts.value, facts.threshold)
            changes = self._process(returned(changes, self._fields, as_it_is)) if self._feeds else []
        for reading in self.engine.readings():
            self._read(reading)

    def _read(self, reading: WarningReading) -> None:
        known = self.states.get(reading.subject)
        if reading.rule == self._rule and known is not None and known.status == "open":
            known.level, known.value, known.threshold = (
                reading.facts.level, reading.facts.value, reading.facts.threshold,
            )  # fmt: skip


def _compare(course: _Course, wanted: Expectation, outcome: Outcome, report: Report) -> None:
    rule = outcome.case.rule
    subject = course.subject(wanted.about)
    if subject is None and course.subjects():
        report.add(wanted.place, "which subject?", "about: one of " + ", ".join(course.subjects()[:10]))
        return
    state = course.state(subject) if subject is not None else None
    found, because, value = "silent", "", None
    if state is not None and state.status == "open":
        found, value = state.level, state.value
    else:
        value, because = course.measured(subject or "")
        because = state.status if state is not None and because != "late" else because
    shown = f"{rule} {subject or ''}".strip()
    if found != wanted.level:
        late = f"; put aside as late: {', '.join(course.engine.late)}" if course.engine.late else ""
        said = f"{found} ({because or _number(value)}){late}"
        report.add(wanted.place, f"{shown}: {said}", _wanted(wanted))
    elif wanted.because is not None and wanted.because != because:
        report.add(wanted.place, f"{shown}: silent because {because}", wanted.because)
    else:
        threshold = state.threshold if state is not None and found != "silent" else None
        for name, number, expected in (("value", value, wanted.value), ("threshold", threshold, wanted.threshold)):
            if expected is not None and (number is None or not math.isclose(number, expected, abs_tol=1e-6)):
                report.add(wanted.place, f"{shown}: {name} {_number(number)}", _number(expected))
        (outcome.silences if found == "silent" else outcome.levels).add(because or found)


def _wanted(wanted: Expectation) -> str:
    value = "" if wanted.value is None else f" {_number(wanted.value)}"
    return wanted.level + value + (f" ({wanted.because})" if wanted.because else "")


def _number(value: float | None) -> str:
    return "no value" if value is None else f"{value:.10g}"
