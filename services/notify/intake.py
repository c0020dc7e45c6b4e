"""Folds a chunk of the warning stream into rows to write, and lets its changes through the pipeline. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from services.directory import Person
from services.messages import RuleCard, WarningChange, WarningFacts, WarningReading, to_ms
from services.notify.chunk import Known, Standing, Writes, matter, standing
from services.notify.deadlines import AroundTheClock, WorkingTime, step_due, to_acknowledge
from services.notify.pipeline import ENDS, UNREACHABLE, Candidate, Moment, decide, not_pushed, settling, tell
from services.notify.ports import Cards, Directory
from services.notify.recipients import route
from services.notify.rows import ChangeRow, DeliveryRow, EscalationRow, RecipientRow, WarningRow

_json = msgspec.json.Encoder()
_OF_THE_PAST = ("too_old", "mode_past")


@dataclass(slots=True, kw_only=True)
class ChunkFold:
    """Folds one chunk. `known` is used up."""

    known: Known
    directory: Directory
    cards: Cards
    moment: Moment
    mail: str | None = None
    """The college's mail server."""
    repeat: int = 0
    """Milliseconds after which what nobody has taken up is told again; never if zero."""
    students: bool = False
    """Whether students are told of warnings about them."""
    working: WorkingTime = field(default_factory=AroundTheClock)
    writes: Writes = field(default_factory=Writes)
    _now: int = field(init=False)
    _last: int = field(init=False)
    """The last warning that the store has."""
    _before: dict[str, Standing] = field(default_factory=dict)
    _roles: dict[str, dict[str, str]] = field(default_factory=dict)
    """Warning → who may see it from now on, as what."""
    _chains: dict[int, list[EscalationRow]] = field(default_factory=dict)
    _deliveries: dict[int, list[DeliveryRow]] = field(default_factory=dict)
    """Warning → its messages of this chunk."""

    def __post_init__(self) -> None:
        self._now, self._last = to_ms(self.moment.now), self.known.number

    def take(self, items: Sequence[WarningChange | WarningReading], offset: int) -> Writes:
        """What to write for `items`, which reach up to `offset` of the stream."""
        repeated = offset <= self.known.offset
        for item in items:
            if isinstance(item, WarningChange):
                self._change(item)
            elif not repeated:  # what it says was overwritten since by what came after it
                self._reading(item)
        self._finish()
        return self.writes

    def _change(self, change: WarningChange) -> None:
        row = self.known.warnings.get(change.warning_id)
        card = self.cards(change.rule_version, change.rule)
        newest = row is None or change.sequence > row.sequence
        if row is None:
            row = self._open(change, card)
        elif not newest and (row.number, change.sequence) in self.known.sequences:
            return
        elif newest:
            self._touch(row)
            _apply(change, row)
            _place(row, card, change.facts.context)
            self.writes.changed.add(row.number)
        if newest and change.change == "resolved":
            self.known.ended[change.rule, change.subject] = change.warning_id
        self.known.sequences.add((row.number, change.sequence))
        candidate = _candidate(change, row.number, card, newest=newest)
        why = not_pushed(candidate, self.moment)
        self.writes.cases |= self.moment.push and newest and bool(card and card.mutes)
        if newest and self.moment.push and (change.change in ENDS or not why):
            self._overtake(change, row.number)
        self._tell(change, candidate, pushed=not why)
        # Whoever was told of a lower level has its chain: a rise that nobody hears of ends none.
        if newest and change.change != "lowered" and not (why in _OF_THE_PAST and change.change == "raised"):
            self._chain(change, row, card, pushed=not why)
        self.writes.changes.append(_history(change, row.number, self._now, why))
        self.writes.counts[change.rule, change.facts.level, change.change] += 1

    def _open(self, change: WarningChange, card: RuleCard | None) -> WarningRow:
        self.known.number += 1
        row = WarningRow(
            number=self.known.number,
            id=change.warning_id,
            rule=change.rule,
            row=change.row,
            standard=change.standard,
            subject=change.subject,
            reporter=change.facts.context.get("reporter"),
            mutes=" ".join(card.mutes) if card and card.mutes else None,
            predecessor=self.known.ended.get((change.rule, change.subject)) if self.moment.push else None,
        )
        _apply(change, row)
        _place(row, card, change.facts.context)
        self.known.warnings[row.id] = row
        self.writes.opened.append(row)
        return row

    def _reading(self, reading: WarningReading) -> None:
        row = self.known.warnings.get(reading.facts.warning_id)
        if row is None or row.status == "withdrawn":
            return
        self._touch(row)
        _apply_facts(reading.facts, row)
        if reading.facts.closed_at is not None and row.status == "resolved":
            row.closed_at = to_ms(reading.facts.closed_at)
        wait = settling(self.cards(row.rule_version, reading.rule))
        if self.moment.push and wait is not None:
            self._settle_anew(row.number, wait)

    def _settle_anew(self, number: int, wait: int) -> None:
        """A figure settles until nothing more comes, within reason."""
        self.writes.settling[number] = wait
        for delivery in self._deliveries.get(number, ()):
            if delivery.status == "pending":
                delivery.not_before = self._now + wait
                delivery.next_try_at = max(delivery.next_try_at or 0, delivery.not_before)

    def _touch(self, row: WarningRow) -> None:
        """Remembers how a warning stood that the store has, before it is changed."""
        if row.number <= self._last:
            self._before.setdefault(row.id, standing(row))
            self.writes.updated[row.number] = row

    def _tell(self, change: WarningChange, candidate: Candidate, *, pushed: bool) -> None:
        """Who may see it from now on; and who is told, if anybody is."""
        if change.change in ENDS:
            if pushed:
                self._tell_of_the_end(change, candidate)
            return
        if change.change == "lowered":
            return
        if candidate.card is None:
            self._route_fails(candidate, change.rule, "rule_unknown")
            return
        routed = route(candidate.card, candidate.context, self.directory, change.at, students=self.students)
        for role in routed.off:
            self._route_fails(candidate, role, "students_off")
        for role in routed.vacant:
            self._route_fails(candidate, role, "nobody_holds_role")
        seen = self.known.people.get(candidate.number, ())
        fresh = self._roles.setdefault(change.warning_id, {})
        for person, role in self._with_holder(routed.people, change):
            if person.id not in seen:
                fresh.setdefault(person.id, role)
            if pushed:
                self._deliver(candidate, person)

    def _with_holder(self, people: list[tuple[Person, str]], change: WarningChange) -> list[tuple[Person, str]]:
        """Whom the rule names, and who was handed the warning, if they are still there."""
        holder = self.known.warnings[change.warning_id].handed_to
        if holder is None or any(person.id == holder for person, _ in people):
            return people
        person = self.directory.person(holder) if self.directory.is_there(holder, self.moment.now) else None
        return people if person is None else [*people, (person, "")]

    def _tell_of_the_end(self, change: WarningChange, candidate: Candidate) -> None:
        for id_ in self.known.people.get(candidate.number, set()) | self._roles.get(change.warning_id, {}).keys():
            person = self.directory.person(id_)
            if person is None:
                self._route_fails(candidate, id_, "person_unknown")
            else:
                self._deliver(candidate, person)

    def _route_fails(self, candidate: Candidate, whom: str, reason: str) -> None:
        self.writes.decisions.append(decide(candidate, whom, "routing", reason))

    def _deliver(self, candidate: Candidate, person: Person) -> None:
        known, number = self.known, candidate.number
        told = person.id in known.told[number] or person.id in known.to_be_told[number]
        delivery, decision = tell(candidate, person, self.moment, self.mail, told=told)
        if decision is not None:
            self.writes.decisions.append(decision)
        if delivery is not None:
            known.to_be_told[number].add(person.id)
            self._deliveries.setdefault(number, []).append(delivery)
            self.writes.deliveries.append(delivery)

    def _chain(self, change: WarningChange, row: WarningRow, card: RuleCard | None, *, pushed: bool) -> None:
        """A warning that begins or rises has a new deadline, and its rule's chain as it is now; one that ends, none."""
        level, live = change.facts.level, pushed and change.mode == "live"
        begins = live and change.change not in ENDS and level != "praise"
        self.writes.chains_over.add(row.number)
        row.deadline = to_acknowledge(card, level, self._now, self.working) if begins and card else None

        def step(cause: str, due_at: int, step: int = 1, role: str = "") -> EscalationRow:
            return EscalationRow(
                warning=row.number, sequence=change.sequence, cause=cause, step=step, role=role, due_at=due_at
            )

        self._chains[row.number] = steps = [
            step("unacknowledged", step_due(one, self._now, self.working), number, one.to)
            for number, one in enumerate(card.escalate if card and begins else (), start=1)
        ]
        if steps and self._reaches_nobody(change, row.number):
            min(steps, key=lambda one: one.due_at).due_at = self._now
        if begins and self.repeat:
            steps.append(step("repeated", self._now + self.repeat))
        if live and change.change == "resolved" and card and card.outcome:
            steps.append(step("outcome", self._now))

    def _reaches_nobody(self, change: WarningChange, number: int) -> bool:
        """Whether all who should be told of it have no address, or nobody holds the roles: nobody will act on it."""
        mine = (number, change.sequence)
        reasons = {one.reason for one in self.writes.decisions if (one.warning, one.sequence) == mine}
        told = any(one.sequence == change.sequence for one in self._deliveries.get(number, ()))
        return not told and not reasons.isdisjoint(UNREACHABLE)

    def _overtake(self, change: WarningChange, number: int) -> None:
        """Messages that nobody can have got, of this chunk or held before, give way to this change.

        Those that are held, as if they had come in a chunk of their own; all if the warning is taken back.
        """
        back = change.change == "withdrawn"
        why = "withdrawn_before_sent" if back else "overtaken_while_held"
        (self.writes.taken_back if back else self.writes.overtaken).add(number)
        for row in self._deliveries.get(number, ()):
            if row.status == "pending" and (back or (row.next_try_at or 0) > self._now):
                row.status, row.next_try_at, row.last_error = "cancelled", None, why
                self.known.to_be_told[number].discard(row.recipient)
        if back:
            self.known.to_be_told.pop(number, None)

    def _finish(self) -> None:
        """Rows that depend on where each warning ended up."""
        for steps in self._chains.values():
            self.writes.escalations += steps
        for id_, before in self._before.items():
            if (after := standing(self.known.warnings[id_])) != before:
                self.writes.standings.append(after)
        for id_, people in self._roles.items():
            mine = standing(self.known.warnings[id_])._asdict()
            self.writes.recipients += [
                RecipientRow(person=person, role=role, **mine) for person, role in people.items()
            ]


def _candidate(change: WarningChange, number: int, card: RuleCard | None, *, newest: bool) -> Candidate:
    return Candidate(
        number=number,
        sequence=change.sequence,
        rule=change.rule,
        row=change.row,
        subject=change.subject,
        level=change.facts.level,
        context=change.facts.context,
        card=card,
        change=change.change,
        mode=change.mode,
        newest=newest,
        at=change.at,
    )


def _apply(change: WarningChange, row: WarningRow) -> None:
    evidence = row.evidence
    _apply_facts(change.facts, row)
    row.sequence, row.rule_version, row.mode = change.sequence, change.rule_version, change.mode
    row.reason = change.reason
    match change.change:
        case "opened" | "raised":  # whoever closed the lower level has not seen this one
            row.status, row.closed_at, row.closed_by, row.closed_reason = "open", None, None, None
            row.measure = row.due_at = row.done_at = None
            if change.change == "raised":  # nor whoever took it up
                row.acknowledged_at = row.acknowledged_by = None
        case "lowered":
            row.status = "closed" if row.status == "closed" else "open"
        case "resolved":
            row.status, row.closed_at = "resolved", to_ms(change.facts.closed_at or change.at)
        case "withdrawn":
            row.status, row.closed_at = "withdrawn", to_ms(change.at)
            if not change.facts.evidence:  # people still want to see what it had rested on
                row.evidence = evidence


def _place(row: WarningRow, card: RuleCard | None, context: Mapping[str, str]) -> None:
    """What the inbox and the figures find it by."""
    row.about, row.class_id, row.department = matter(card.by if card else None, row.subject, context)


def _apply_facts(facts: WarningFacts, row: WarningRow) -> None:
    row.level, row.highest_level = facts.level, facts.highest_level
    row.value, row.threshold, row.window = facts.value, facts.threshold, facts.window
    row.opened_at, row.first_event = to_ms(facts.opened_at), facts.first_event
    row.evidence, row.context = _json.encode(facts.evidence).decode(), _json.encode(facts.context).decode()


def _history(change: WarningChange, number: int, now: int, not_pushed: str) -> ChangeRow:
    return ChangeRow(
        warning=number,
        sequence=change.sequence,
        change=change.change,
        level=change.facts.level,
        value=change.facts.value,
        threshold=change.facts.threshold,
        reason=change.reason,
        at=to_ms(change.at),
        mode=change.mode,
        rule_version=change.rule_version,
        taken_in_at=now,
        not_pushed=not_pushed,
    )
