"""Time passes: steps of escalation, reminders and deadlines come due (store_life.py), once a second."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from services.messages import to_ms
from services.notify import store_life, store_silences
from services.notify.holding import Holding, Matter, Quiet
from services.notify.intake import RANK
from services.notify.ports import Cards, Directory, Person
from services.notify.routing import addresses_of, queue_of
from services.notify.store_engine import Connection, Store

_LOG = logging.getLogger(__name__)
_EVERY = 1.0
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
    wake: Callable[[set[str]], None]
    told: Callable[[], None]
    """Called after something was done, so that the rules hear of it."""
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
            except Exception:  # noqa: BLE001 - a full disk passes; nothing of it was done by halves
                _LOG.exception("escalations wait: the store failed; trying again")

    def step(self) -> int:
        """Does a part of what is due, in one transaction; how much that was."""
        at = self.clock()
        queues: set[str] = set()
        with self.database.writing() as connection:
            due = store_life.steps_due(connection, to_ms(at))
            late = store_life.overdue(connection, to_ms(at))
            if due or late:
                local = at.astimezone(self.zone)
                holding = Holding(store_silences.current(connection, to_ms(at)), self.quiet, local)
                for step, row in due:
                    queues |= self._take(connection, step, row, at, holding)
                for row in late:
                    store_life.mark_overdue(connection, row, at)
                    queues |= self._tell(connection, row, "overdue", self._holder(row), at, holding)
        if due or late:
            self.wake(queues)
            self.told()
        return len(due) + len(late)

    def _take(self, connection: Connection, step: Row, row: Row, at: datetime, holding: Holding) -> set[str]:
        """One step of a chain, or a reminder."""
        now = to_ms(at)
        if step["cause"] == "reminder":
            people = self._holder(row)
            store_life.decide(connection, step, "sent" if people else "vacant", "deadline_near", now)
            return self._tell(connection, row, "reminder", people, at, holding)
        holders = self.directory().holders(step["role"], _CONTEXT.decode(row["context"]), at)
        known = store_life.recipients(connection, row["number"])
        for person in holders:
            if person.id not in known:
                store_life.add_recipient(connection, row, RANK[row["level"]], person.id, step["role"])
        status, reason = ("sent", step["cause"]) if holders else ("vacant", "nobody_holds_role")
        store_life.decide(connection, step, status, reason, now)
        store_life.note(connection, row, "escalated" if holders else "escalation_failed", step["role"], at)
        return self._tell(connection, row, f"escalated {step['step']}", list(holders), at, holding)

    def _holder(self, row: Row) -> list[Person]:
        """Who has taken it up, if they are still there."""
        person = self.directory().person(row["acknowledged_by"]) if row["acknowledged_by"] else None
        return [person] if person is not None else []

    def _tell(
        self, connection: Connection, row: Row, news: str, people: list[Person], at: datetime, holding: Holding
    ) -> set[str]:
        card = self.cards(row["rule_version"], row["rule"])
        context = _CONTEXT.decode(row["context"])
        always = card is not None and card.always
        hold = holding.hold(Matter(row["rule"], row["subject"], row["level"], context, always))
        now = to_ms(at)
        made = [
            {
                "warning": row["number"], "sequence": row["sequence"], "recipient": person.id,
                "channel": queue_of(addresses_of(person, self.mail)[0]), "news": news, "status": "pending",
                "attempts": 0, "next_try_at": now if hold is None else hold.until, "last_error": None,
                "possibly_duplicate": 0, "created_at": now,
            }
            for person in people
        ]  # fmt: skip
        made = [one for one in made if one["channel"]]
        store_life.send(connection, made)
        return {str(one["channel"]) for one in made}
