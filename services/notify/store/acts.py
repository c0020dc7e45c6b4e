"""What people do with a warning: the act, its effect and the event that tells of it in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from services.accounts.asked import Who
from services.directory import Person
from services.messages import to_ms
from services.notify import deadlines, handing_over
from services.notify.config import NotifyConfig
from services.notify.deadlines import CLOSINGS, HELPED, LONGEST_TEXT, VERDICTS
from services.notify.ports import Clock, Ports
from services.notify.referring import ReferralRefusal
from services.notify.store import deliveries, own, silences, steps, undo
from services.notify.store.acting import Acting, version
from services.notify.store.engine import Store
from services.notify.store.sight import Sight
from services.notify.talking import TalkRefusal
from services.notify.telling import tell_taker

Refusal = Literal[
    ReferralRefusal,
    TalkRefusal,
    "not_found",
    "not_open",
    "needs_measure",
    "measure_too_long",
    "needs_due",
    "due_too_far",
    "done_too_long_ago",
    "needs_reason",
    "unknown_verdict",
    "same_verdict",
    "changed_meanwhile",
    "undo_over",
    "undo_changed",
    "changed",
    "taken_already",
    "note_too_long",
    "not_handed",
    "taker_unknown",
    "taker_gone",
    "taker_away",
    "taker_not_allowed",
    "taker_unreachable",
    "needs_helped",
    "withdrawn_meanwhile",
    "nothing_to_look_back_at",
]
"""Why an act is refused; the pages say it to people as `refused_…`."""


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

        def act(on: Acting) -> None:
            if on.row.acknowledged_at is None:
                on.acknowledge()

        return self._act(person, warning_id, act)

    def take_up(self, person: str, warning_id: str, seen: int, note: str = "") -> Refusal | None:
        """As `acknowledge`, of one of many: refused if it has changed since it was `seen` (its sequence), or is taken.

        The note goes into the audit trail.
        """
        note = clean(note)

        def act(on: Acting) -> None:
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
        note = clean(note)

        def act(on: Acting) -> None:
            if on.row.handed_to == to and on.row.acknowledged_by is None:
                return
            if on.row.sequence != seen:
                raise RefusedError("changed")
            matter, directory = self.sight.matter(on.connection, on.row), self.ports.directory()
            if why := handing_over.why_not(person, to, matter, directory, on.at, self.config.mail):
                raise RefusedError(why)
            card = self.ports.cards(on.row.rule_version, on.row.rule)
            on.queues = self._tell_one(on, to, f"handed_over {on.hand_over(to, note, card)}")

        return self._act(person, warning_id, act, note, too_long="note_too_long")

    def _tell_one(self, on: Acting, to: str, news: str) -> set[str]:
        person = self.ports.directory().person(to)
        return set() if person is None else self.tell(on, [person], news)

    def tell(self, on: Acting, people: Sequence[Person], news: str) -> set[str]:
        """Tells people something that was done for them; the queues that have something to send."""
        card = self.ports.cards(on.row.rule_version, on.row.rule)
        current = silences.current(on.connection, to_ms(on.at))
        set_by = own.everybody(on.connection, self.config)
        moment = self.config.moment(on.at, current, set_by, silences.cases(on.connection, {on.row.subject}))
        told = (tell_taker(on.connection, on.row, card, news, one, moment, self.config.mail) for one in people)
        return set().union(*told)

    def improve(self, person: str, warning_id: str, measure: str, due: str, seen: str = "") -> Refusal | None:
        """The person names a measure (改进措施) and its day (YYYY-MM-DD); both can be changed later.

        A day that is past is the one on which it was taken, any other its last one. `seen`: as for `close`.
        """
        measure = clean(measure)

        def act(on: Acting) -> None:
            if not measure:
                raise RefusedError("needs_measure")
            day = deadlines.measure_day(due, on.at, self.config.zone, self.config.working)
            if isinstance(day, str):
                raise RefusedError(day)
            if on.row.acknowledged_at is None:
                on.acknowledge()
            if day.done:  # so long it has to show, as long as somebody has to name one
                until = deadlines.to_name_a_measure(on.row.level, to_ms(on.at), self.config.working)
                on.settle(measure=measure, due_at=None, done_at=day.at, deadline=until)
            else:
                until = day.at
                on.settle(measure=measure, due_at=until, done_at=None, deadline=until)
            on.remind(until)
            on.look_back(until)
            on.record("measure", measure, due.strip(), done=day.done, deadline=until)

        again = ("measure", "measure_done"), measure, due.strip()
        return self._act(person, warning_id, act, measure, seen=seen, again=again)

    def close(self, person: str, warning_id: str, measure: str, reason: str, seen: str = "") -> Refusal | None:
        """The person closes the warning for one of deadlines.CLOSINGS, with the measure unless one was named before.

        `seen`: the version of the warning that they looked at (`version`); empty: whatever it is now.
        """
        measure = clean(measure)

        def act(on: Acting) -> None:
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
            on.later("outcome", to_ms(on.at) + undo.MINUTE)  # nobody is told of what may still be undone
            deliveries.relieve(on.connection, on.row.number, closed=True)
            on.queues = self._hold_anew(on)  # of a case, its parts are told of again

        return self._act(person, warning_id, act, measure, seen=seen, again=(("closed",), measure, reason))

    def look_back(self, person: str, warning_id: str, helped: str, note: str = "", seen: str = "") -> Refusal | None:
        """Whether the measure helped (deadlines.HELPED), also after the end; another answer replaces the former.

        Of what is still open, it is expected to be closed or to get another measure, in the time for naming one.
        `seen`: as for `close`.
        """
        note = clean(note)

        def act(on: Acting) -> None:
            if helped not in HELPED:
                raise RefusedError("needs_helped")
            if on.row.status == "withdrawn":
                raise RefusedError("withdrawn_meanwhile")
            if not on.row.measure:
                raise RefusedError("nothing_to_look_back_at")
            if on.row.status == "open":
                until = deadlines.to_name_a_measure(on.row.level, to_ms(on.at), self.config.working)
                on.settle(deadline=until)
                on.remind(until)
            on.look_back(None)
            on.was.acts.append(on.note("looked_back", note, helped))
            on.tell_state()

        again = ("looked_back",), note, helped
        return self._act(
            person,
            warning_id,
            act,
            note,
            whatever_status=True,
            too_long="note_too_long",
            seen=seen,
            again=again,
        )

    def judge(self, person: str, warning_id: str, verdict: str) -> Refusal | None:
        """Whether the warning was of use to the person; another verdict replaces the former. Also after its end."""

        def act(on: Acting) -> None:
            if verdict not in VERDICTS:
                raise RefusedError("unknown_verdict")
            former, revision = on.verdicts()
            if former == verdict:
                raise RefusedError("same_verdict")
            on.was.former = former
            on.record("verdict", "", verdict, verdict=verdict, revision=revision)

        return self._act(person, warning_id, act, whatever_status=True)

    def undo(self, person: str, warning_id: str, act: int) -> Refusal | None:
        """Takes back what the person did within the last minute, if nothing has happened since; again changes nothing.

        `act`: the number of its line in the audit trail, to which another one is added.
        """
        try:
            with self._on(person, warning_id) as on:
                kept = undo.kept(on.connection, act, on.row, person)
                if kept is None:
                    return None if undo.was_undone(on.connection, act, on.row, person) else "undo_over"
                if to_ms(on.at) - kept.at > undo.MINUTE:
                    return "undo_over"
                if not undo.is_newest(on.connection, kept, on.row):
                    return "undo_changed"
                overdue = on.row.overdue_at
                on.row, acts, queues = undo.put_back(on.connection, kept, on.row)
                for one in acts:
                    on.note(undo.UNDONE, "", one.action)
                if on.row.overdue_at != overdue:
                    steps.tell_state(on.connection, on.row, on.at)
                if acts[0].action == "closed":
                    queues |= self._hold_anew(on)
                if acts[0].action == "handed_over":
                    queues |= self._hand_back(on, acts[0].detail)
        except RefusedError as refused:
            return refused.why
        self.done(queues)
        return None

    def _hand_back(self, on: Acting, taker: str) -> set[str]:
        """Who was handed the warning is not told, or if they may have been, that it is theirs no more."""
        times = on.times_handed_over()
        handed, why = f"handed_over {times}", deliveries.HANDED_BACK
        told = deliveries.tell_no_more(on.connection, on.row.number, taker, handed, why)
        return self._tell_one(on, taker, f"handed_back {times}") if told else set()

    def _hold_anew(self, on: Acting) -> set[str]:
        set_by = own.everybody(on.connection, self.config)
        moment = self.config.moment(on.at, silences.current(on.connection, to_ms(on.at)), set_by)
        return silences.hold_anew(on.connection, moment)

    def _act(
        self,
        person: str,
        warning_id: str,
        act: Callable[[Acting], None],
        text: str = "",
        *,
        whatever_status: bool = False,
        too_long: Refusal = "measure_too_long",
        seen: str = "",
        again: tuple[tuple[str, ...], str, str] | None = None,
    ) -> Refusal | None:
        """`again`: actions, text and detail of the line that this act writes: a second click finds it, and is done."""

        def checked(on: Acting) -> None:
            if again is not None and on.did(*again):
                return
            if not whatever_status and on.row.status != "open":
                raise RefusedError("not_open")
            if seen and seen != version(on.connection, on.row):
                raise RefusedError("changed_meanwhile")
            if len(text) > LONGEST_TEXT:
                raise RefusedError(too_long)
            act(on)

        return self.do(person, warning_id, checked)

    def do(
        self, person: str, warning_id: str, act: Callable[[Acting], None], *, offices: bool = False
    ) -> Refusal | None:
        """Does something to a warning, whatever its status. `offices`: also for who sees it by a referral alone."""
        try:
            with self._on(person, warning_id, offices=offices) as on:
                act(on)
                if on.was.acts:
                    undo.keep(on.connection, on.was, on.row, person, to_ms(on.at))
        except RefusedError as refused:
            return refused.why
        self.done(on.queues)
        return None

    @contextmanager
    def _on(self, person: str, warning_id: str, *, offices: bool = False) -> Iterator[Acting]:
        who = Who(person)
        with self.database.writing() as connection:
            row, decision = self.sight.held(connection, who, warning_id)
            if row is not None:
                if decision is not None and decision.why == "referred" and not offices:
                    raise RefusedError("only_referred")
                was = undo.before(connection, row)
                yield Acting(connection, row, person, self.clock(), self.config.working, was)
                return
        if decision is not None:
            self.sight.write_down(who, f"act on warning {warning_id}", decision)
        raise RefusedError("not_found")


def clean(text: str) -> str:
    """As it can be stored."""
    return text.replace("\0", "").strip()  # PostgreSQL has no text with that
