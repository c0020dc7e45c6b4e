"""Time passes: steps of escalation, reminders and deadlines come due (due_steps.py), once a second."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from services.messages import RANK, Evidence, to_ms
from services.notify.intake import decision, delivery, is_urgent
from services.notify.ports import Cards, Directory, Person
from services.notify.recipients import STUDENT, addresses_of, queue_of
from services.notify.stages import Candidate, stop_recipient
from services.notify.store import due_steps, silences
from services.notify.store.engine import Connection, Store
from services.notify.suppression import Holding, Matter, Quiet

_LOG = logging.getLogger(__name__)
_EVERY = 1.0
_EVIDENCE = msgspec.json.Decoder(list[Evidence])
_CONTEXT = msgspec.json.Decoder(dict[str, str])
Row = dict[str, Any]


@dataclass(slots=True, kw_only=True)
class Passing:
    """A thread that does what is due. `wake` is told of the queues that have something to send."""

    database: Store
    directory: Callable[[], Directory]
    cards: Cards
    clock: Callable[[], datetime]
    zone: ZoneInfo
    mail: str | None
    quiet: Quiet
    wait: int
    """Milliseconds for which what is not urgent waits for more."""
    repeat: int
    """Milliseconds after which what nobody has taken up is told again."""
    students: bool
    """Whether students are told of warnings about them."""
    wake: Callable[[set[str]], None]
    told: Callable[[], None]
    """Called after something was done, so that the rules hear of it."""
    beat: Callable[[str, int], None]
    """Hears of each round that was gone."""
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """From here on."""
        self._thread = threading.Thread(target=self._run, name="passing", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ends the thread behind what it is doing."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(5)

    def _run(self) -> None:
        while not self._stop.wait(_EVERY):
            try:
                while self.step() and not self._stop.is_set():
                    pass
                self.beat("passing", 0)
            except Exception:  # noqa: BLE001 - a full disk passes; nothing of it was done by halves
                _LOG.exception("escalations and reminders wait; trying again")

    def step(self) -> int:
        """Does a part of what is due, in one transaction; how much that was."""
        at = self.clock()
        queues: set[str] = set()
        with self.database.writing() as connection:
            due = due_steps.steps_due(connection, to_ms(at))
            late = due_steps.overdue(connection, to_ms(at))
            if due or late:
                local = at.astimezone(self.zone)
                cases = silences.cases(connection, {row["subject"] for row in (*late, *(row for _, row in due))})
                holding = Holding(silences.current(connection, to_ms(at)), self.quiet, local, cases)
                for step, row in due:
                    queues |= self._take(connection, step, row, at, holding)
                for row in late:
                    due_steps.mark_overdue(connection, row, at)
                    queues |= self._tell(
                        connection, row, f"overdue {row['deadline']}", self._holder(connection, row, at), at, holding
                    )
        if due or late:
            self.wake(queues)
            self.told()
        return len(due) + len(late)

    def _take(self, connection: Connection, step: Row, row: Row, at: datetime, holding: Holding) -> set[str]:
        """One step of a chain, or a reminder."""
        now = to_ms(at)
        match step["cause"]:
            case "reminder":
                people, news, why = self._holder(connection, row, at), f"reminder {row['deadline']}", "deadline_near"
            case "outcome":
                people, news, why = self._who_raised(connection, row), "outcome", "is_over"
            case "repeated":
                people, news, why = self._everybody(connection, row), f"repeated {step['step']}", "unacknowledged"
                due_steps.repeat(connection, step, now + self.repeat)
            case _:
                return self._escalate(connection, step, row, at, holding)
        due_steps.decide(connection, step, "sent" if people else "vacant", why, now)
        return self._tell(connection, row, news, people, at, holding)

    def _escalate(self, connection: Connection, step: Row, row: Row, at: datetime, holding: Holding) -> set[str]:
        now = to_ms(at)
        asked = step["role"] != STUDENT or self.students
        holders = self.directory().holders(step["role"], _CONTEXT.decode(row["context"]), at) if asked else []
        known = due_steps.recipients(connection, row["number"])
        for person in holders:
            if person.id not in known:
                due_steps.add_recipient(connection, row, RANK[row["level"]], person.id, step["role"])
        nobody = "nobody_holds_role" if asked else "students_off"
        status, reason = ("sent", step["cause"]) if holders else ("vacant", nobody)
        due_steps.decide(connection, step, status, reason, now)
        due_steps.note(connection, row, "escalated" if holders else "escalation_failed", step["role"], at)
        return self._tell(connection, row, f"escalated {step['step']}", list(holders), at, holding)

    def _holder(self, connection: Connection, row: Row, at: datetime) -> list[Person]:
        """Who has taken it up; while they are away, whoever stands in, who may see it from now on."""
        holder = row["acknowledged_by"]
        people = list(self.directory().instead(holder, at)) if holder else []
        known = due_steps.roles(connection, row["number"])
        for person in people:
            if person.id not in known:
                due_steps.add_recipient(connection, row, RANK[row["level"]], person.id, known.get(holder, ""))
        return people

    def _everybody(self, connection: Connection, row: Row) -> list[Person]:
        """Who may see it and is still there."""
        known = (self.directory().person(id_) for id_ in sorted(due_steps.recipients(connection, row["number"])))
        return [person for person in known if person is not None]

    def _who_raised(self, connection: Connection, row: Row) -> list[Person]:
        """Whom the evidence names as the one who raised it, once, if the directory knows them by that id."""
        card = self.cards(row["rule_version"], row["rule"])
        if card is None or card.outcome is None or due_steps.was_sent(connection, row["number"], "outcome"):
            return []
        named = [one.fields[card.outcome] for one in _EVIDENCE.decode(row["evidence"]) if card.outcome in one.fields]
        person = self.directory().person(str(named[-1])) if named else None
        return [person] if person is not None else []

    def _tell(
        self, connection: Connection, row: Row, news: str, people: list[Person], at: datetime, holding: Holding
    ) -> set[str]:
        card = self.cards(row["rule_version"], row["rule"])
        context = _CONTEXT.decode(row["context"])
        always = card is not None and card.always
        hold = holding.hold(Matter(row["rule"], row["row"], row["subject"], row["level"], context, always))
        urgent = is_urgent(row["level"], card)
        number, sequence, made, stopped = row["number"], row["sequence"], [], []
        for person in people:
            queue = queue_of(addresses_of(person, self.mail)[0])
            stop = stop_recipient(Candidate("raised", told=True, channel=queue))
            if stop is None:
                made.append(
                    delivery(
                        number, sequence, person.id, queue, to_ms(at), hold, wait=self.wait, urgent=urgent, news=news
                    )
                )
            if why := stop or hold:
                stopped.append(decision(number, sequence, person.id, why))
        due_steps.send(connection, made, stopped)
        return {str(one["channel"]) for one in made}
