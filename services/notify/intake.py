"""What a chunk of the warning stream changes in the store. Pure: from what is known and what came to rows to write."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from services.messages import RANK, RuleCard, WarningChange, WarningFacts, WarningReading, from_ms, to_ms
from services.notify.deadlines import to_acknowledge
from services.notify.ports import Cards, Directory, Person
from services.notify.recipients import addresses_of, queue_of, route
from services.notify.stages import Candidate, Stop, Transition, stop_change, stop_recipient
from services.notify.suppression import Case, Hold, Holding, Matter, Quiet, Silence

Row = dict[str, Any]
_UNTOUCHED = {"closed_at": None, "closed_by": None, "closed_reason": None, "measure": None, "due_at": None}
ENDS = ("resolved", "withdrawn")

_json = msgspec.json.Encoder()
_stop_change = lru_cache(maxsize=256)(stop_change)


@dataclass(slots=True)
class Known:
    """What the store says about the warnings of a chunk."""

    offset: int = 0
    number: int = 0
    """The last number that a warning has got."""
    warnings: dict[str, Row] = field(default_factory=dict)
    """Warning → number, sequence, status, level, opened_at, evidence."""
    sequences: set[tuple[int, int]] = field(default_factory=set)
    """(number, sequence) of changes that have been overtaken."""
    people: defaultdict[int, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Who may see it."""
    told: defaultdict[int, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Whom a message has reached, or may have."""
    coming: defaultdict[int, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Whom a message still will reach, unless the warning is taken back."""
    ended: dict[tuple[str, str], str] = field(default_factory=dict)
    """(rule, subject) → the last warning of it that has ended: one that opens now is its relapse."""
    silences: list[Silence] = field(default_factory=list)
    """Those that have not ended."""
    cases: list[Case] = field(default_factory=list)
    """Open ones that warnings of the chunk may be parts of."""


@dataclass(slots=True)
class Plan:
    """The rows to write for a chunk."""

    opened: list[Row] = field(default_factory=list)
    updated: list[Row] = field(default_factory=list)
    """Of each warning that was known: the columns that are new."""
    changes: list[Row] = field(default_factory=list)
    recipients: list[Row] = field(default_factory=list)
    standing: list[Row] = field(default_factory=list)
    """New status, level and opening for all recipients of a warning."""
    deliveries: list[Row] = field(default_factory=list)
    decisions: list[Row] = field(default_factory=list)
    escalations: list[Row] = field(default_factory=list)
    """Steps of the chains that begin."""
    stopped: set[int] = field(default_factory=set)
    """Warnings whose former chains end: they rose, or are over."""
    moved: set[int] = field(default_factory=set)
    """Known warnings that are not what they were."""
    overtaken: set[int] = field(default_factory=set)
    """Warnings whose held messages end with them, or give way to a newer one."""
    settling: dict[int, int] = field(default_factory=dict)
    """Summary → until when (ms) its message waits now that its figures have changed."""
    cases: bool = False
    """Whether cases have opened, ended or changed their level: what is held is looked at anew."""
    taken_back: set[int] = field(default_factory=set)
    """Warnings of which nothing goes out that is not out."""
    counts: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """(rule, level, change) → how many."""

    @property
    def queues(self) -> set[str]:
        """The outbox queues that have something to do."""
        return {row["channel"] for row in self.deliveries if row["status"] == "pending"}


@dataclass(slots=True)
class Planner:
    """Folds a chunk into a plan. `known` is used up."""

    known: Known
    directory: Directory
    cards: Cards
    now: int
    """Milliseconds."""
    push: bool
    mail: str | None = None
    """The college's mail server."""
    quiet: Quiet = field(default_factory=Quiet)
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    """The college's, in which hours are quiet."""
    wait: int = 0
    """Milliseconds for which what is not urgent waits for more."""
    repeat: int = 0
    """Milliseconds after which what nobody has taken up is told again; never if zero."""
    students: bool = False
    """Whether students are told of warnings about them."""
    plan: Plan = field(default_factory=Plan)
    _holding: Holding = field(init=False)
    _news: dict[str, Row] = field(default_factory=dict)
    _fresh: dict[str, dict[str, str]] = field(default_factory=dict)
    _before: dict[str, tuple[int, int, int]] = field(default_factory=dict)
    _chains: dict[int, list[Row]] = field(default_factory=dict)
    _made: dict[int, list[Row]] = field(default_factory=dict)
    """Warning → its messages of this chunk."""

    def take(self, items: Sequence[WarningChange | WarningReading], offset: int) -> Plan:
        """The plan for `items`, which reach up to `offset` of the stream."""
        repeated = offset <= self.known.offset
        local = from_ms(self.now).astimezone(self.zone)
        self._holding = Holding(self.known.silences, self.quiet, local, self.known.cases)
        for item in items:
            if isinstance(item, WarningChange):
                self._change(item)
            elif not repeated:  # what it says was overwritten since by what came after it
                self._reading(item)
        self._settle()
        return self.plan

    def _change(self, change: WarningChange) -> None:
        state = self.known.warnings.get(change.warning_id)
        card = self.cards(change.rule_version, change.rule)
        newest = True
        if state is None:
            self.known.number += 1
            state = self.known.warnings[change.warning_id] = _new(change, self.known.number, card)
            state["predecessor"] = self.known.ended.get((change.rule, change.subject)) if self.push else None
            self.plan.opened.append(state)
        else:
            newest = change.sequence > state["sequence"]
            if not newest and (state["number"], change.sequence) in self.known.sequences:
                return
            if newest:
                self._note(state, _after(change, state))
                self.plan.moved.add(state["number"])
        if newest and change.change == "resolved":
            self.known.ended[change.rule, change.subject] = change.warning_id
        number = state["number"]
        self.known.sequences.add((number, change.sequence))
        least = card.tell_from if card else None
        too_low = least is not None and RANK[change.facts.level] < RANK[least]
        stop = _stop_change(
            Transition(change.change, change.mode, newest, self.push, too_low, change.facts.level == "praise")
        )
        self.plan.cases |= self.push and newest and bool(card and card.mutes)
        if newest and self.push and (change.change in ENDS or stop is None):
            self._overtake(change, number)
        self._recipients(change, number, card, stop)
        if newest and change.change != "lowered":
            self._chain(change, state, card, stop)
        self.plan.changes.append(_history(change, number, self.now, stop.reason if stop else ""))
        self.plan.counts[change.rule, change.facts.level, change.change] += 1

    def _reading(self, reading: WarningReading) -> None:
        state = self.known.warnings.get(reading.facts.warning_id)
        if state is None or state["status"] == "withdrawn":
            return
        news = _facts(reading.facts)
        if reading.facts.closed_at is not None and state["status"] == "resolved":
            news["closed_at"] = to_ms(reading.facts.closed_at)
        self._note(state, news)
        if self.push:
            self._settle_anew(reading, state)

    def _settle_anew(self, reading: WarningReading, state: Row) -> None:
        """A summary waits until nothing more comes, within reason."""
        card = self.cards(state["rule_version"], reading.rule)
        if card is None or card.summary is None:
            return
        wait = _settling(card)
        self.plan.settling[state["number"]] = wait
        for row in self._made.get(state["number"], ()):
            if row["status"] == "pending":
                row["not_before"] = self.now + wait
                row["next_try_at"] = max(row["next_try_at"], row["not_before"])

    def _note(self, state: Row, news: Row) -> None:
        if "rule" not in state:  # one that the store has, not one that this chunk opens
            self._before.setdefault(state["id"], _standing(state))
            self._news.setdefault(state["id"], {"of_warning": state["number"]}).update(news)
        state.update(news)

    def _recipients(self, change: WarningChange, number: int, card: RuleCard | None, stop: Stop | None) -> None:
        if change.change in ENDS:
            if stop is None:
                self._tell_of_the_end(change, number, card)
            return
        if change.change == "lowered":
            return
        if card is None:
            self._decide(change, number, change.rule, Stop("routing", "rule_unknown"))
            return
        routed = route(card, change.facts.context, self.directory, change.at, students=self.students)
        for role in routed.off:
            self._decide(change, number, role, Stop("routing", "students_off"))
        for role in routed.vacant:
            self._decide(change, number, role, Stop("routing", "nobody_holds_role"))
        seen = self.known.people.get(number, ())
        fresh = self._fresh.setdefault(change.warning_id, {})
        for person, role in routed.people:
            if person.id not in seen:
                fresh.setdefault(person.id, role)
            if stop is None:
                self._deliver(change, number, card, person)

    def _chain(self, change: WarningChange, state: Row, card: RuleCard | None, stop: Stop | None) -> None:
        """A warning that begins or rises has a new deadline, and its rule's chain as it is now; one that ends, none."""
        number, level = state["number"], change.facts.level
        self.plan.stopped.add(number)
        begins = change.change not in ENDS and stop is None and change.mode == "live" and level != "praise"
        news = {"deadline": to_acknowledge(card, level, self.now) if begins and card else None}
        self._note(state, news)
        self._chains[number] = steps = [
            due_step(number, change.sequence, "unacknowledged", self.now + int(one.after * 1000), step, one.to)
            for step, one in enumerate(card.escalate if card and begins else (), start=1)
        ]
        if begins and self.repeat:
            steps.append(due_step(number, change.sequence, "repeated", self.now + self.repeat))
        if change.change == "resolved" and stop is None and change.mode == "live" and card and card.outcome:
            steps.append(due_step(number, change.sequence, "outcome", self.now))

    def _tell_of_the_end(self, change: WarningChange, number: int, card: RuleCard | None) -> None:
        for id_ in self.known.people.get(number, set()) | self._fresh.get(change.warning_id, {}).keys():
            person = self.directory.person(id_)
            if person is None:
                self._decide(change, number, id_, Stop("routing", "person_unknown"))
            else:
                self._deliver(change, number, card, person)

    def _deliver(self, change: WarningChange, number: int, card: RuleCard | None, person: Person) -> None:
        queue = queue_of(addresses_of(person, self.mail)[0])
        knows = person.id in self.known.told[number] or person.id in self.known.coming[number]
        if stop := stop_recipient(Candidate(change.change, knows, queue)):
            self._decide(change, number, person.id, stop)
            return
        self.known.coming[number].add(person.id)
        hold = self._hold(change, card)
        if hold is not None:
            self._decide(change, number, person.id, hold)
        urgent = is_urgent(change.facts.level, card)
        wait = _settling(card) if card and card.summary is not None else self.wait
        made = delivery(number, change.sequence, person.id, queue, self.now, hold, wait=wait, urgent=urgent)
        self._made.setdefault(number, []).append(made)
        self.plan.deliveries.append(made)

    def _hold(self, change: WarningChange, card: RuleCard | None) -> Hold | None:
        facts = change.facts
        always = card is not None and card.always
        return self._holding.hold(Matter(change.rule, change.row, change.subject, facts.level, facts.context, always))

    def _overtake(self, change: WarningChange, number: int) -> None:
        """Messages that nobody can have got, of this chunk or held before, give way to this change.

        Those that are held, as if they had come in a chunk of their own; all if the warning is taken back.
        """
        back = change.change == "withdrawn"
        why = "withdrawn_before_sent" if back else "overtaken_while_held"
        (self.plan.taken_back if back else self.plan.overtaken).add(number)
        for row in self._made.get(number, ()):
            if row["status"] == "pending" and (back or row["next_try_at"] > self.now):
                row.update(status="cancelled", next_try_at=None, last_error=why)
                self.known.coming[number].discard(row["recipient"])
        if back:
            self.known.coming.pop(number, None)

    def _decide(self, change: WarningChange, number: int, whom: str, stop: Stop | Hold) -> None:
        self.plan.decisions.append(decision(number, change.sequence, whom, stop))

    def _settle(self) -> None:
        """Rows that depend on where each warning ended up."""
        self.plan.updated += self._news.values()
        self.plan.escalations += chain.from_iterable(self._chains.values())
        for id_, before in self._before.items():
            state = self.known.warnings[id_]
            if (after := _standing(state)) != before:
                self.plan.standing.append({"of_warning": state["number"], **_place(after)})
        for id_, people in self._fresh.items():
            state = self.known.warnings[id_]
            place = _place(_standing(state))
            self.plan.recipients += [
                {"warning": state["number"], "person": person, "role": role, **place} for person, role in people.items()
            ]


def due_step(warning: int, sequence: int, cause: str, due_at: int, step: int = 1, role: str = "") -> Row:
    """Something that time does to a warning at `due_at` (ms), unless somebody acts before."""
    return {
        "warning": warning, "sequence": sequence, "cause": cause, "step": step, "role": role, "due_at": due_at,
        "status": "waiting", "reason": "",
    }  # fmt: skip


def is_urgent(level: str, card: RuleCard | None) -> bool:
    """Whether a message waits for no others."""
    return level == "red" or (card is not None and card.always)


def delivery(
    warning: int, sequence: int, recipient: str, queue: str, now: int, hold: Hold | None,
    *, wait: int = 0, urgent: bool = False, news: str = "",
) -> Row:  # fmt: skip
    """A message that goes into the outbox at `now` (ms), and out when nothing holds it and `wait` (ms) has passed.

    What is urgent does not wait.
    """
    not_before = now if urgent else now + wait
    return {
        "warning": warning, "sequence": sequence, "recipient": recipient, "channel": queue, "news": news,
        "status": "pending", "attempts": 0, "next_try_at": max(not_before, hold.until if hold else 0),
        "not_before": not_before, "urgent": int(urgent), "last_error": None, "possibly_duplicate": 0, "created_at": now,
    }  # fmt: skip


def _settling(card: RuleCard) -> int:
    return int((card.summary or 0) * 1000)


def decision(warning: int, sequence: int, whom: str, stop: Stop | Hold) -> Row:
    """Why somebody, or the holders of a role, are not told, or not yet."""
    return {"warning": warning, "sequence": sequence, "whom": whom, "stage": stop.stage, "reason": stop.reason}


def _new(change: WarningChange, number: int, card: RuleCard | None) -> Row:
    state: Row = {
        "number": number, "id": change.warning_id, "rule": change.rule, "row": change.row, "standard": change.standard,
        "subject": change.subject, "closed_at": None, "evidence": "[]", "status": "", "acknowledged_at": None,
        "acknowledged_by": None, "closed_by": None, "closed_reason": None, "measure": None, "due_at": None,
        "deadline": None, "overdue_at": None, "predecessor": None, "reporter": change.facts.context.get("reporter"),
        "mutes": " ".join(card.mutes) if card and card.mutes else None,
    }  # fmt: skip
    state.update(_after(change, state))
    return state


def _after(change: WarningChange, state: Row) -> Row:
    news = _facts(change.facts)
    news["sequence"] = change.sequence
    news["rule_version"] = change.rule_version
    news["mode"] = change.mode
    news["reason"] = change.reason
    match change.change:
        case "opened":
            news.update(status="open", **_UNTOUCHED)
        case "raised":  # whoever took up or closed the lower level has not seen this one
            news.update(status="open", **_UNTOUCHED)
            news.update(acknowledged_at=None, acknowledged_by=None)
        case "lowered":
            news["status"] = "closed" if state["status"] == "closed" else "open"
        case "resolved":
            news.update(status="resolved", closed_at=to_ms(change.facts.closed_at or change.at))
        case "withdrawn":
            news.update(status="withdrawn", closed_at=to_ms(change.at))
            if not change.facts.evidence:  # people still want to see what it had rested on
                news["evidence"] = state["evidence"]
    return news


def _facts(facts: WarningFacts) -> Row:
    return {
        "level": facts.level, "highest_level": facts.highest_level, "value": facts.value, "threshold": facts.threshold,
        "window": facts.window, "opened_at": to_ms(facts.opened_at), "first_event": facts.first_event,
        "evidence": _json.encode(facts.evidence).decode(), "context": _json.encode(facts.context).decode(),
    }  # fmt: skip


def _history(change: WarningChange, number: int, now: int, not_pushed: str) -> Row:
    facts = change.facts
    return {
        "warning": number, "sequence": change.sequence, "change": change.change, "level": facts.level,
        "value": facts.value, "threshold": facts.threshold, "reason": change.reason, "at": to_ms(change.at),
        "mode": change.mode, "rule_version": change.rule_version, "taken_in_at": now, "not_pushed": not_pushed,
    }  # fmt: skip


def _standing(state: Row) -> tuple[int, int, int]:
    return int(state["status"] == "open"), RANK[state["level"]], state["opened_at"]


def _place(standing: tuple[int, int, int]) -> Row:
    return {"is_open": standing[0], "rank": standing[1], "opened_at": standing[2]}
