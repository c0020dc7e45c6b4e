"""What people do with a warning: the act, its effect and the event that tells of it in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

import msgspec
from sqlalchemy import Connection, func, insert, select, update

from services.accounts.permissions import Who
from services.messages import RuleCard, to_ms
from services.notify import deadlines, handing_over
from services.notify.config import NotifyConfig
from services.notify.deadlines import CLOSINGS, LONGEST_TEXT, VERDICTS
from services.notify.feedback import of_act
from services.notify.ports import Clock, Ports
from services.notify.rows import ActRow, EscalationRow, WarningRow
from services.notify.store import deliveries, feedback, silences, steps, tables
from services.notify.store.engine import Store, columns_of
from services.notify.store.sight import Sight
from services.notify.telling import tell_taker

Refusal = Literal[
    "not_found",
    "not_open",
    "needs_measure",
    "measure_too_long",
    "needs_due",
    "due_past",
    "due_too_far",
    "needs_reason",
    "unknown_verdict",
    "same_verdict",
    "changed",
    "taken_already",
    "note_too_long",
    "not_handed",
    "taker_unknown",
    "taker_gone",
    "taker_away",
    "taker_not_allowed",
    "taker_unreachable",
]
"""Why an act is refused; the pages say it to people as `refused_…`."""
_w, _a = tables.warning.c, tables.act.c


class RefusedError(Exception):
    """Ends the transaction of an act that cannot be."""

    def __init__(self, why: Refusal) -> None:
        self.why: Refusal = why
        super().__init__(why)


@dataclass(frozen=True, slots=True)
class Acts:
    """The acts of people over one store; each returns why it was refused, if it was."""

    database: Store
    config: NotifyConfig
    clock: Clock
    sight: Sight
    ports: Ports
    done: Callable[[set[str]], None]
    """Called with the outbox queues that have something to send, after something was done."""

    def acknowledge(self, person: str, warning_id: str) -> Refusal | None:
        """The person has taken the warning up: the escalation ends, a measure is expected. Again changes nothing."""

        def act(on: _On) -> None:
            if on.row.acknowledged_at is None:
                on.acknowledge()

        return self._act(person, warning_id, act)

    def take_up(self, person: str, warning_id: str, seen: int, note: str = "") -> Refusal | None:
        """As `acknowledge`, of one of many: refused if it has changed since it was `seen` (its sequence), or is taken.

        The note goes into the audit trail.
        """
        note = _clean(note)

        def act(on: _On) -> None:
            if on.row.acknowledged_by == person:
                return
            if on.row.sequence != seen:
                raise RefusedError("changed")
            if on.row.acknowledged_at is not None:
                raise RefusedError("taken_already")
            on.acknowledge(note)

        return self._act(person, warning_id, act, note, too_long="note_too_long")

    def hand_over(self, person: str, warning_id: str, to: str, seen: int, note: str = "") -> Refusal | None:
        """Somebody else becomes accountable, who is told; who may, says permissions.may_take. Again changes nothing."""
        note = _clean(note)

        def act(on: _On) -> None:
            if on.row.handed_to == to and on.row.acknowledged_by is None:
                return
            if on.row.sequence != seen:
                raise RefusedError("changed")
            matter, directory = self.sight.matter(on.connection, on.row), self.ports.directory()
            if why := handing_over.why_not(person, to, matter, directory, on.at, self.config.mail):
                raise RefusedError(why)
            card = self.ports.cards(on.row.rule_version, on.row.rule)
            number = on.hand_over(to, note, card)
            taker = directory.person(to)
            assert taker is not None
            current = silences.current(on.connection, to_ms(on.at))
            moment = self.config.moment(on.at, current, silences.cases(on.connection, {on.row.subject}))
            news = f"handed_over {number}"
            on.queues = tell_taker(on.connection, on.row, card, news, taker, moment, self.config.mail)

        return self._act(person, warning_id, act, note, too_long="note_too_long")

    def improve(self, person: str, warning_id: str, measure: str, due: str) -> Refusal | None:
        """The person names a measure (改进措施) and its last day (YYYY-MM-DD); both can be changed later."""
        measure = _clean(measure)

        def act(on: _On) -> None:
            if not measure:
                raise RefusedError("needs_measure")
            until = deadlines.due_at(due, on.at, self.config.zone, self.config.working)
            if isinstance(until, str):
                raise RefusedError(until)
            if on.row.acknowledged_at is None:
                on.acknowledge()
            on.settle(measure=measure, due_at=until, deadline=until)
            on.remind(until)
            on.record("measure", measure, due.strip(), deadline=until)

        return self._act(person, warning_id, act, measure)

    def close(self, person: str, warning_id: str, measure: str, reason: str = "fixed") -> Refusal | None:
        """The person closes the warning for one of deadlines.CLOSINGS, with the measure unless one was named before."""
        measure = _clean(measure)

        def act(on: _On) -> None:
            if reason not in CLOSINGS:
                raise RefusedError("needs_reason")
            if not measure and not on.row.measure:
                raise RefusedError("needs_measure")
            on.settle(
                status="closed",
                closed_at=to_ms(on.at),
                closed_by=person,
                closed_reason=reason,
                measure=measure or on.row.measure,
                deadline=None,
            )
            on.record("closed", measure, reason)
            steps.stop(on.connection, [on.row.number], "closed", to_ms(on.at))
            on.later("outcome", to_ms(on.at))
            deliveries.relieve(on.connection, on.row.number, closed=True)
            # Of a case, its parts are told of again.
            moment = self.config.moment(on.at, silences.current(on.connection, to_ms(on.at)))
            on.queues = silences.hold_anew(on.connection, moment)

        return self._act(person, warning_id, act, measure)

    def judge(self, person: str, warning_id: str, verdict: str) -> Refusal | None:
        """Whether the warning was of use to the person; another verdict replaces the former. Also after its end."""

        def act(on: _On) -> None:
            if verdict not in VERDICTS:
                raise RefusedError("unknown_verdict")
            before = on.verdicts()
            if before and before[-1] == verdict:
                raise RefusedError("same_verdict")
            on.record("verdict", "", verdict, verdict=verdict, revision=len(before))

        return self._act(person, warning_id, act, whatever_status=True)

    def _act(
        self,
        person: str,
        warning_id: str,
        act: Callable[[_On], None],
        text: str = "",
        *,
        whatever_status: bool = False,
        too_long: Refusal = "measure_too_long",
    ) -> Refusal | None:
        try:
            with self._on(person, warning_id) as on:
                if not whatever_status and on.row.status != "open":
                    return "not_open"
                if len(text) > LONGEST_TEXT:
                    return too_long
                act(on)
        except RefusedError as refused:
            return refused.why
        self.done(on.queues)
        return None

    @contextmanager
    def _on(self, person: str, warning_id: str) -> Iterator[_On]:
        who = Who(person)
        with self.database.writing() as connection:
            row, decision = self.sight.held(connection, who, warning_id)
            if row is not None:
                yield _On(connection, row, person, self.clock(), self.config.working)
                return
        if decision is not None:
            self.sight.write_down(who, f"act on warning {warning_id}", decision)
        raise RefusedError("not_found")


@dataclass(slots=True)
class _On:
    """One warning in the transaction of an act; its row is held until the end."""

    connection: Connection
    row: WarningRow
    person: str
    at: datetime
    working: deadlines.WorkingTime
    queues: set[str] = field(default_factory=set)
    """Of messages that are held no more."""
    was_overdue: bool = False
    """And the rules have not been told yet that it is so no more."""

    def acknowledge(self, note: str = "") -> None:
        now = to_ms(self.at)
        deadline = deadlines.to_name_a_measure(self.row.level, now, self.working)
        self.settle(acknowledged_at=now, acknowledged_by=self.person, deadline=deadline)
        self.record("acknowledged", note, deadline=deadline)
        steps.stop(self.connection, [self.row.number], "acknowledged", now)
        self.remind(deadline)

    def hand_over(self, to: str, note: str, card: RuleCard | None) -> int:
        """Makes somebody else accountable; how often the warning has been handed over by now."""
        now, was = to_ms(self.at), self.row
        if was.acknowledged_at is not None:
            steps.stop(self.connection, [was.number], "handed_over", now)
        for step in handing_over.chain(was, card, self.at, self.working):
            steps.add(self.connection, step)
        until = handing_over.deadline(was, card, now, self.working)
        self.settle(handed_to=to, acknowledged_at=None, acknowledged_by=None, deadline=until)
        known = steps.roles(self.connection, was.number)
        if to not in known:
            steps.add_recipient(self.connection, self.row, to, known.get(self.person, ""))
        self.record("handed_over", note, to, deadline=until)
        mine = (_a.warning == was.number, _a.action == "handed_over")
        return int(self.connection.execute(select(func.count()).where(*mine)).scalar_one())

    def remind(self, deadline: int | None) -> None:
        """The person is reminded a working day before; a reminder of an earlier deadline goes."""
        now = to_ms(self.at)
        steps.stop(self.connection, [self.row.number], "acted_on", now)
        at = None if deadline is None else deadlines.to_remind(deadline, now, self.working)
        if at is not None:
            self.later("reminder", at)

    def later(self, cause: str, due_at: int) -> None:
        """Something that time does to the warning at `due_at` (ms)."""
        step = EscalationRow(warning=self.row.number, sequence=self.row.sequence, cause=cause, due_at=due_at)
        steps.add(self.connection, step)

    def settle(self, **effect: Any) -> None:
        """Changes the warning; whoever acts on an overdue one has a new deadline. Nobody is pressed any more."""
        deliveries.relieve(self.connection, self.row.number)
        self.was_overdue = self.was_overdue or self.row.overdue_at is not None
        self.row = msgspec.structs.replace(self.row, **effect, overdue_at=None)
        mine = update(tables.warning).where(_w.number == self.row.number)
        self.connection.execute(mine.values(**effect, overdue_at=None))
        steps.restand(self.connection, self.row)

    def record(self, action: str, text: str = "", detail: str = "", **more: Any) -> None:
        """A line of the audit trail, and what the rules hear of it: the act, and that nothing is overdue any more."""
        now, number = to_ms(self.at), self.row.number
        act = ActRow(warning=number, at=now, person=self.person, action=action, text=text, detail=detail)
        self.connection.execute(insert(tables.act).values(columns_of(act)))
        feedback.add(self.connection, [of_act(self.row, action, self.at, person=self.person, **more)])
        if self.was_overdue:
            steps.tell_state(self.connection, self.row, self.at)
            self.was_overdue = False

    def verdicts(self) -> list[str]:
        """What the person has said so far."""
        mine = (_a.warning == self.row.number, _a.person == self.person, _a.action == "verdict")
        return [row[0] for row in self.connection.execute(select(_a.detail).where(*mine).order_by(_a.id))]


def _clean(text: str) -> str:
    return text.replace("\0", "").strip()  # PostgreSQL has no text with that
