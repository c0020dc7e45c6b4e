"""Time passes: once a second, what has come due (store/steps.py) is done, and tells people by the pipeline."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

import msgspec

from services.directory import Person
from services.log.heartbeat import Heartbeats
from services.messages import Evidence, to_ms
from services.notify.config import NotifyConfig
from services.notify.loop import Loop
from services.notify.pipeline import UNREACHABLE, Moment
from services.notify.ports import Ports
from services.notify.recipients import STUDENT
from services.notify.referring import NEXT
from services.notify.rows import EscalationRow, WarningRow, decode_context
from services.notify.store import own, referrals, silences, steps, talks, undo
from services.notify.store.engine import Connection, Store
from services.notify.telling import tell_people

_EVERY = 1.0
_EVIDENCE = msgspec.json.Decoder(list[Evidence])


@dataclass(slots=True, kw_only=True)
class Scheduler:
    """Takes the steps of chains, reminds, repeats, marks what is overdue and tells of outcomes."""

    database: Store
    config: NotifyConfig
    ports: Ports
    done: Callable[[set[str]], None]
    """Called with the outbox queues that have something to send, after something was done."""
    heartbeats: Heartbeats
    appeals_go_up: Callable[[Connection, datetime], tuple[int, set[str]]]
    """What becomes of appeals that nobody has decided in time."""

    def loop(self) -> Loop:
        """A thread that does what is due once a second."""
        failed = "escalations and reminders wait; trying again"
        return Loop("scheduler", self._round, failed=failed, heartbeats=self.heartbeats)

    def _round(self) -> float:
        if self.step():
            return 0.0
        self.heartbeats.beat("scheduler", 0)
        return _EVERY

    def step(self) -> int:
        """Does a part of what is due, in one transaction; how much that was."""
        at = self.ports.clock()
        queues: set[str] = set()
        with self.database.writing() as connection:
            undo.clear(connection, to_ms(at))
            gone_up, told = self.appeals_go_up(connection, at)
            queues |= told
            due = steps.steps_due(connection, to_ms(at))
            late = steps.overdue(connection, to_ms(at))
            if due or late:
                cases = silences.cases(connection, {row.subject for row in (*late, *(row for _, row in due))})
                moment = self.config.moment(
                    at, silences.current(connection, to_ms(at)), own.everybody(connection, self.config), cases
                )
                moment = replace(moment, exempt=self.ports.directory().exempt)
                for step, row in due:
                    news, people = self._take(connection, step, row, at)
                    reached, why_not = self._tell(connection, row, news, people, moment)
                    queues |= reached
                    if step.cause == "unacknowledged" and not reached and why_not <= UNREACHABLE:
                        steps.hasten(connection, row.number, to_ms(at))
                for row in late:
                    steps.mark_overdue(connection, row, at)
                    people = self._holder(connection, row, at)
                    queues |= self._tell(connection, row, f"overdue {row.deadline}", people, moment)[0]
        if due or late or gone_up:
            self.done(queues)
        return len(due) + len(late) + gone_up

    def _take(
        self, connection: Connection, step: EscalationRow, row: WarningRow, at: datetime
    ) -> tuple[str, list[Person]]:
        """Takes one step of a chain, or a reminder; what is told to whom."""
        now = to_ms(at)
        match step.cause:
            case "reminder":
                news, people, why = f"reminder {row.deadline}", self._holder(connection, row, at), "deadline_near"
            case "outcome":
                news, people, why = "outcome", self._who_raised(connection, row), "is_over"
            case "look_back":
                news, people, why = f"look_back {step.due_at}", self._who_looks_back(connection, row, at), "measure_day"
            case "repeated":
                news, people, why = f"repeated {step.step}", self._everybody(connection, row), "unacknowledged"
                steps.add(connection, self._again(step, now))
            case referrals.CAUSE:
                people, why = self._unattended(connection, step, row, at), "late"
                news = f"referral_unattended {step.step}"
            case talks.CAUSE:
                news, people, why = f"talk_due {step.step}", self._talker(connection, step, row, at), "next_talk"
            case _:
                return f"escalated {step.step}", self._escalate(connection, step, row, at)
        steps.decide(connection, step, "sent" if people else "vacant", why, now)
        return news, people

    def _again(self, step: EscalationRow, now: int) -> EscalationRow:
        due_at = now + self.config.grouping.repeat_ms
        return msgspec.structs.replace(step, id=None, step=step.step + 1, due_at=due_at)

    def _escalate(self, connection: Connection, step: EscalationRow, row: WarningRow, at: datetime) -> list[Person]:
        asked = step.role != STUDENT or self.config.students
        holders = self.ports.directory().holders(step.role, decode_context(row.context), at) if asked else []
        known = steps.roles(connection, row.number)
        for person in holders:
            if person.id not in known:
                steps.add_recipient(connection, row, person.id, step.role)
        nobody = "nobody_holds_role" if asked else "students_off"
        status, reason = ("sent", step.cause) if holders else ("vacant", nobody)
        steps.decide(connection, step, status, reason, to_ms(at))
        steps.note(connection, row, "escalated" if holders else "escalation_failed", step.role, at)
        return list(holders)

    def _holder(self, connection: Connection, row: WarningRow, at: datetime) -> list[Person]:
        """Who has taken it up, or was handed it; while they are away, whoever stands in, who may see it from now on."""
        holder = row.acknowledged_by or row.handed_to
        people = list(self.ports.directory().instead(holder, at)) if holder else []
        known = steps.roles(connection, row.number)
        for person in people:
            if person.id not in known:
                steps.add_recipient(connection, row, person.id, known.get(holder or "", ""))
        return people

    def _unattended(self, connection: Connection, step: EscalationRow, row: WarningRow, at: datetime) -> list[Person]:
        """Who asked an office where nobody is at it, and who is next and may see the warning from now on."""
        directory, context = self.ports.directory(), decode_context(row.context)
        found = referrals.unattended(connection, step, row, at, lambda one: directory.is_there(one, at))
        if found is None:
            if referrals.is_at_it(connection, step, row):
                due_at = self.config.working.working_days_after(to_ms(at), self.config.referral_days)
                again = msgspec.structs.replace(step, id=None, due_at=due_at)
                steps.add(connection, again)
            return []
        asked = list(directory.instead(found.person, at))
        referrals.let_see(connection, row, asked, found.person)
        for role in NEXT:
            others = [one for one in directory.holders(role, context, at) if one.id != found.person]
            if others:
                referrals.let_see(connection, row, others, found.person, role)
                return list({one.id: one for one in (*asked, *others)}.values())
        return asked

    def _talker(self, connection: Connection, step: EscalationRow, row: WarningRow, at: datetime) -> list[Person]:
        """Who has the next talk, or stands in for them; nobody once the warning is over."""
        person = talks.of_step(connection, step.step) if row.status == "open" else None
        people = list(self.ports.directory().instead(person, at)) if person else []
        referrals.let_see(connection, row, people, person or "")
        return people

    def _who_looks_back(self, connection: Connection, row: WarningRow, at: datetime) -> list[Person]:
        """Whoever has it in hand; if they have left, everybody who may see it.

        Nobody of what is open: its deadline has passed, and that is told. Nobody of what is taken back.
        """
        if row.status not in ("resolved", "closed") or row.measure is None:
            return []
        return self._holder(connection, row, at) or self._everybody(connection, row)

    def _everybody(self, connection: Connection, row: WarningRow) -> list[Person]:
        """Who may see it and is still there."""
        known = (self.ports.directory().person(id_) for id_ in sorted(steps.roles(connection, row.number)))
        return [person for person in known if person is not None]

    def _who_raised(self, connection: Connection, row: WarningRow) -> list[Person]:
        """Whom the evidence names as the one who raised it, once, if the directory knows them by that id."""
        card = self.ports.cards(row.rule_version, row.rule)
        if card is None or card.outcome is None or steps.was_sent(connection, row.number, "outcome"):
            return []
        named = [one.fields[card.outcome] for one in _EVIDENCE.decode(row.evidence) if card.outcome in one.fields]
        person = self.ports.directory().person(str(named[-1])) if named else None
        return [person] if person is not None else []

    def _tell(
        self, connection: Connection, row: WarningRow, news: str, people: list[Person], moment: Moment
    ) -> tuple[set[str], set[str]]:
        """The queues that have something to send now, and why others are told nothing or not yet."""
        card = self.ports.cards(row.rule_version, row.rule)
        return tell_people(connection, row, card, news, people, moment, self.config.mail)
