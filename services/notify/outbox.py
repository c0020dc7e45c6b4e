"""Sending what is in the outbox: one thread per queue, so that a dead channel delays nobody else."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4, uuid5
from zoneinfo import ZoneInfo

from services.errors import DeliveryError
from services.messages import to_ms
from services.notify import store_outbox
from services.notify.answers import UnansweredError
from services.notify.ports import Cards, Clock, Directory, Person
from services.notify.routing import SINK
from services.notify.store_engine import Store
from services.notify.store_outbox import Claim
from services.notify.texts import Message, push

_LOG = logging.getLogger(__name__)
Send = Callable[[str, str, Message], None]
"""(address, recipient, message); raises DeliveryError or UnansweredError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How patient the outbox is."""

    first: timedelta = timedelta(seconds=5)
    """Wait after the first failure; it doubles with each further one."""
    longest: timedelta = timedelta(hours=1)
    attempts: int = 10
    """Then the delivery is dead."""
    lease: timedelta = timedelta(seconds=60)
    """Longer than any send takes; until then nobody else touches what is being sent."""
    look_again: timedelta = timedelta(seconds=5)
    """How often a queue looks for rows that another process wrote; our own wake it."""
    stalled: timedelta = timedelta(seconds=90)
    """A queue that has not moved for so long stands still."""

    def delay(self, attempt: int) -> timedelta:
        """The wait after the failure of an attempt, counted from 1."""
        return min(self.first * (1 << min(attempt - 1, 30)), self.longest)


@dataclass(slots=True, kw_only=True)
class Courier:
    """Sends one claimed delivery and says what became of it; the result names columns of the delivery."""

    send: Send
    directory: Callable[[], Directory]
    cards: Cards
    clock: Clock
    base_url: str
    pace: Pace
    zone: ZoneInfo
    """The college's: a person is there until the end of their last day in it."""

    def deliver(self, claim: Claim) -> dict[str, Any]:
        """One attempt. Never raises: whatever goes wrong is a result."""
        person = self.directory().person(claim.recipient)
        if person is None or (person.to_day and person.to_day < self.clock().astimezone(self.zone).date()):
            return _over("cancelled", "person_left")
        if claim.attempt > self.pace.attempts:
            return _over("dead", "given_up")
        try:
            self._send(claim, person)
        except UnansweredError as error:
            again = _over("unknown", str(error)) if error.timed_out else self._again(claim, str(error))
            return again | {"possibly_duplicate": 1}
        except DeliveryError as error:
            return _over("dead", str(error)) if error.permanent else self._again(claim, str(error))
        except Exception as error:  # noqa: BLE001 - a plugin may raise anything; the queue goes on
            _LOG.exception("a channel failed in a way that nobody foresaw")
            return self._again(claim, f"{type(error).__name__} in the channel") | {"possibly_duplicate": 1}
        return {"status": "sent", "next_try_at": None, "last_error": None, "sent_at": to_ms(self.clock())}

    def _send(self, claim: Claim, person: Person) -> None:
        key = str(uuid5(UUID(int=0), f"{claim.sent.warning_id}/{claim.sent.sequence}/{claim.recipient}"))
        card = self.cards(claim.rule_version, claim.sent.rule)
        message = push(claim.sent, card, self.base_url, key, person.language or "zh")
        self.send(person.channel or SINK, claim.recipient, message)

    def _again(self, claim: Claim, error: str) -> dict[str, Any]:
        if claim.attempt >= self.pace.attempts:
            return _over("dead", error)
        due = self.clock() + self.pace.delay(claim.attempt)
        return {"status": "failed", "next_try_at": to_ms(due), "last_error": error}


def _over(status: str, error: str) -> dict[str, Any]:
    return {"status": status, "next_try_at": None, "last_error": error}


@dataclass(slots=True, kw_only=True)
class Outbox:
    """The queues and their threads. Several on one store share the work; none sends what another has claimed."""

    database: Store
    courier: Courier
    on_result: Callable[[str], None]
    """Hears the status that each attempt ended with."""
    slot: str | None = None
    """Names the place that only one living process has; what its former holder left unfinished is taken up at once."""
    owner: str = ""
    _queues: dict[str, _Queue] = field(default_factory=dict)
    stopped: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def start(self) -> None:
        """Takes up what a former process left and starts a thread for each queue."""
        with self.database.writing() as connection:
            if self.slot:
                store_outbox.recover(connection, self.slot, to_ms(self.courier.clock()))
            self.owner = f"{self.slot or 'shared'}:{uuid4()}"
        with self.database.reading() as connection:
            waiting = store_outbox.queues(connection)
        self.wake(waiting)

    def wake(self, queues: Iterable[str]) -> None:
        """There is something to do in these queues. Before the start and after the stop, the store remembers it."""
        with self._lock:
            if not self.owner or self.stopped.is_set():
                return
            for name in queues:
                if name not in self._queues:
                    self._queues[name] = _Queue(name, self)
                    self._queues[name].thread.start()
                self._queues[name].work.set()

    def stop(self, within: float = 1.5) -> None:
        """Ends the threads; a send that takes longer than `within` seconds is left to its lease."""
        self.stopped.set()
        with self._lock:
            queues = list(self._queues.values())
        for queue in queues:
            queue.work.set()
        until = time.monotonic() + within
        for queue in queues:
            queue.thread.join(max(0.0, until - time.monotonic()))

    def stalled(self) -> str | None:
        """Which queue stands still, if one does."""
        with self._lock:
            queues = list(self._queues.values())
        for queue in queues:
            still = time.monotonic() - queue.moved
            if not self.stopped.is_set() and not queue.thread.is_alive():
                return f"queue {queue.name} has ended"
            if still > self.courier.pace.stalled.total_seconds():
                return f"queue {queue.name} stands still since {still:.0f} s"
        return None


class _Queue:
    """One queue's thread: claim, send, record, as long as something is due; then wait to be woken."""

    def __init__(self, name: str, outbox: Outbox) -> None:
        self.name = name
        self.outbox = outbox
        self.work = threading.Event()
        self.moved = time.monotonic()
        self.thread = threading.Thread(target=self._run, name=f"outbox {name}", daemon=True)

    def _run(self) -> None:
        box, pace = self.outbox, self.outbox.courier.pace
        while not box.stopped.is_set():
            self.moved = time.monotonic()
            self.work.clear()
            try:
                self._drain()
                wait = self._until_due()
            except Exception:  # noqa: BLE001 - a full disk passes; a queue that ended would not come back
                _LOG.exception("queue %s: the store failed; trying again", self.name)
                wait = 1.0
            self.work.wait(min(wait, pace.look_again.total_seconds()))

    def _drain(self) -> None:
        box, courier = self.outbox, self.outbox.courier
        claim = self._step(None, {})
        while claim is not None and not box.stopped.is_set():
            self.moved = time.monotonic()
            claim = self._step(claim, courier.deliver(claim))
        if claim is not None:  # claimed, not sent: it goes back untouched
            self._release(claim)

    def _step(self, done: Claim | None, result: dict[str, Any]) -> Claim | None:
        """Records the last send and claims the next, in one transaction."""
        box, pace = self.outbox, self.outbox.courier.pace
        lease = int(pace.lease.total_seconds() * 1000)
        with box.database.writing() as connection:
            if done is not None:
                store_outbox.finish(connection, done, box.owner, result)
            now = to_ms(box.courier.clock())
            claim = store_outbox.claim(connection, self.name, box.owner, now, lease)
        if done is not None:
            box.on_result(result["status"])
        return claim

    def _release(self, claim: Claim) -> None:
        box = self.outbox
        back = {"status": "pending", "attempts": claim.attempt - 1, "next_try_at": to_ms(box.courier.clock())}
        with box.database.writing() as connection:
            store_outbox.finish(connection, claim, box.owner, back)

    def _until_due(self) -> float:
        with self.outbox.database.reading() as connection:
            due = store_outbox.next_due(connection, self.name)
        if due is None:
            return self.outbox.courier.pace.look_again.total_seconds()
        return max(0.0, (due - to_ms(self.outbox.courier.clock())) / 1000)
