"""Reads test files: a case is one rule, what every event of it has, and steps: events, corrections, expectations.

Everything that is wrong with a file is told at once, with file:line:col (docs/rules.md, Rule tests).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from services.i18n import say
from services.messages import CampusEvent, Json, Message, nearest
from services.operate.rule_tests.moments import Clock
from services.rules.language.fields import Field
from services.rules.language.reading import Place, Report, fields, items, known_words, number, word
from services.rules.language.thresholds import LEVELS, duration, threshold

REASONS = ("no_record", "no_value", "not_reached", "not_due", "resolved", "withdrawn", "late")
"""Why a rule is silent about a subject."""
_EVENT = ("at", "kind", "id", "source", "times", "every", "correct", "retract")
_STEPS = ("at", "expect", "correct", "retract", "wait")
_EXPECT = {
    "expect": True,
    "about": False,
    "because": False,
    "value": False,
    "threshold": False,
    "at": False,
    "to": False,
    "text": False,
}
_CASE = {"name": False, "rule": True, "about": False, "each": False, "steps": True}
_MOST = 10_000


@dataclass(frozen=True)
class Expectation:
    """What must hold of the rule and the subject now."""

    place: Place
    level: str
    """A level, or silent."""
    about: str | None
    because: str | None
    value: float | None
    threshold: float | None
    to: tuple[str, ...] | None = None
    """Ids of the people who are told."""
    text: str | None = None
    """What they read, in one of the languages."""


@dataclass(frozen=True)
class Wait:
    """Time passes up to an instant."""

    at: dt.datetime


Step = CampusEvent | Expectation | Wait


@dataclass(frozen=True)
class RuleTest:
    """One test of a rule: events, and what they must lead to."""

    name: str
    rule: str
    place: Place
    steps: tuple[Step, ...]


class RuleTestReader:
    """Reads one test from its YAML, with all its errors."""

    def __init__(
        self, clock: Clock, rules: Mapping[str, str], kinds: Mapping[str, Mapping[str, Field]], report: Report
    ) -> None:
        self._clock, self._rules, self._kinds, self._report = clock, rules, kinds, report
        self._each: dict[str, Place] = {}
        self._kind = ""
        self._about: str | None = None
        self._now: dt.datetime | None = None
        self._sent: dict[str, CampusEvent] = {}
        self._count = 0

    def case(self, place: Place) -> RuleTest | None:
        """The case, unless something is wrong with it, which is in the report then."""
        before = len(self._report)
        given = fields(place, _CASE, self._report, say("operate.test"))
        rule = word(given.get("rule"), self._report, "rule", self._rules)
        if not rule:
            return None
        self._kind = self._rules[rule]
        self._about = word(given["about"], self._report, "about") if "about" in given else None
        if "each" in given:
            self._each = self._mapping(given["each"], "each")
        steps: list[Step] = []
        for item in items(given.get("steps"), self._report, "steps"):
            steps += self._step(item)
        if not any(isinstance(step, Expectation) for step in steps) and len(self._report) == before:
            self._report.add(
                place, say("operate.test_without_expectation"), say("operate.expect_yellow_or_expect_silent")
            )
        name = word(given["name"], self._report, "name") if "name" in given else rule
        return RuleTest(name, rule, place, tuple(steps)) if len(self._report) == before else None

    def _mapping(self, place: Place, what: Message | str) -> dict[str, Place]:
        if isinstance(place.value, dict):
            return place.value
        self._report.add(place, say("rules.must_be_mapping", what=what), say("operate.such_as_student_s1"))
        return {}

    def _step(self, place: Place) -> list[Step]:
        given = self._mapping(place, say("operate.step"))
        if "expect" in given:
            return self._expectation(place)
        if "wait" in given:
            fields(place, {"wait": True}, self._report, say("operate.wait"))
            at = self._instant(given["wait"])
            return [] if at is None else [Wait(at)]
        if "correct" in given or "retract" in given:
            return self._correction(given)
        return self._events(place, given)

    def _expectation(self, place: Place) -> list[Step]:
        given = fields(place, _EXPECT, self._report, say("operate.expectation"))
        level = word(given["expect"], self._report, "expectation", (*LEVELS, "silent"))
        because = word(given["because"], self._report, "reason", REASONS) if "because" in given else None
        if because and level != "silent":
            self._report.add(given["because"], say("operate.because_belongs_silence"), "expect: silent")
        for name in {"to", "text"} & {*given} if level == "silent" else ():
            self._report.add(given[name], say("operate.silence_nobody_told_no_here", name=name), say("operate.level"))
        numbers = {name: threshold(given[name], self._report, name) for name in ("value", "threshold") if name in given}
        steps: list[Step] = []
        if "at" in given and (at := self._instant(given["at"])) is not None:
            steps.append(Wait(at))
        about = word(given["about"], self._report, "about") if "about" in given else self._about
        to = None
        if "to" in given:
            to = tuple(word(one, self._report, "person") for one in items(given["to"], self._report, "to"))
        text = word(given["text"], self._report, "text") if "text" in given else None
        expected = Expectation(place, level, about, because, numbers.get("value"), numbers.get("threshold"), to, text)
        return [*steps, expected]

    def _instant(self, place: Place) -> dt.datetime | None:
        at = self._clock.read(place, self._now, self._report)
        self._now = at or self._now
        return at

    def _correction(self, given: Mapping[str, Place]) -> list[Step]:
        taken_back = "retract" in given
        reference = given["retract" if taken_back else "correct"]
        known = self._sent.get(reference.text)
        if known is None:
            self._report.add(
                reference,
                say("operate.no_event_before_this_step", text=reference.text),
                known_words(reference.text, self._sent),
            )
            return []
        kept = {name: value for name, value in known.data.items() if name not in given}
        data = kept | self._data(given, known.kind, known.time, known.id)
        event = msgspec.structs.replace(known, data=data, revision=known.revision + 1, retracted=taken_back)
        self._sent[reference.text] = event
        at = self._instant(given["at"]) if "at" in given else None
        return [event] if at is None else [Wait(at), event]

    def _events(self, place: Place, given: Mapping[str, Place]) -> list[Step]:
        if "at" not in given:
            for name, value in given.items():
                if name not in self._kinds[self._kind] and (near := nearest(name, _STEPS)):
                    self._report.add(value, say("operate.unknown_step", name=name), near)
                    return []
            self._report.add(place, say("operate.step_lacks_at"), say("operate.at_mon_w3_08_00"))
            return []
        full = {**self._each, **given}
        kind = word(full["kind"], self._report, say("rules.event_kind"), self._kinds) if "kind" in full else self._kind
        if "kind" in given:  # what every event has goes for others as far as they have it
            full = {name: one for name, one in full.items() if name in given or name in self._kinds.get(kind, ())}
        times, every = self._repeated(full)
        begin = self._instant(given["at"])
        if begin is None or not kind:
            return []
        found: list[Step] = []
        for i in range(times):
            self._count += 1
            name = str(self._count)
            id_ = _filled(full["id"].text, name) if "id" in full else name
            at = begin + i * every
            source = word(full["source"], self._report, "source") if "source" in full else "test"
            event = CampusEvent(source=source, id=id_, kind=kind, time=at, data=self._data(full, kind, at, name))
            if id_ in self._sent:
                self._report.add(
                    full.get("id", place),
                    say("operate.event_exists_already", id=id_),
                    say("operate.another_id_or_correct", id=id_),
                )
            self._sent[id_] = event
            found.append(event)
            self._now = at
        return found

    def _repeated(self, given: Mapping[str, Place]) -> tuple[int, dt.timedelta]:
        times, every = 1, dt.timedelta()
        if "times" in given:
            amount = number(given["times"], self._report, "times")
            times = int(amount) if amount is not None and 1 <= amount <= _MOST else 1
            if times != amount:
                self._report.add(given["times"], say("operate.times_must_be_whole_number"), f"from 1 to {_MOST}")
        if "every" in given:
            wait = duration(given["every"].text)
            if wait is None:
                self._report.add(
                    given["every"],
                    say("rules.not_duration", text=given["every"].text),
                    say("operate.such_as_30m_24h_7d"),
                )
            every = dt.timedelta(milliseconds=wait or 0)
        return times, every

    def _data(self, given: Mapping[str, Place], kind: str, at: dt.datetime, name: str) -> Json:
        known = self._kinds[kind]
        data = {}
        for field, place in given.items():
            if field in _EVENT:
                continue
            if field not in known:
                self._report.add(place, say("rules.has_no_field", kind=kind, name=field), known_words(field, known))
            elif place.value is not None:
                data[field] = self._value(place, known[field], field, at, name)
        return data

    def _value(self, place: Place, field: Field, what: str, at: dt.datetime, name: str) -> Any:
        if field.type == "date-time":
            moment = self._clock.read(place, at, self._report)
            return None if moment is None else moment.isoformat()
        if field.type in ("integer", "number"):
            if place.text == "{n}":
                return int(name)
            return number(place, self._report, what)
        if field.type == "boolean":
            if not isinstance(place.value, bool):
                self._report.add(place, say("operate.must_be_true_or_false", what=what), say("input.true_or_false"))
            return place.value
        if field.type == "string":
            return _filled(word(place, self._report, what, field.values or None), name)
        return None


def _filled(text: str, name: str) -> str:
    return text.replace("{n}", name)
