"""The queues of the outbox and their threads: each channel has its own, so that a dead one delays nobody else."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import uuid4

from services.log.heartbeat import Heartbeat, Heartbeats
from services.messages import to_ms
from services.notify.delivery import Courier, Way
from services.notify.disabled_channels import keys_of
from services.notify.grouping import AT_ONCE, Grouping
from services.notify.store import disabled_channels, outbox
from services.notify.store.engine import Connection, Store
from services.notify.store.outbox import Claim

_LOG = logging.getLogger(__name__)
_BEHIND = 50
"""Milliseconds: a delivery that has been due for longer shows that one thread is not enough."""


@dataclass(slots=True, kw_only=True)
class Outbox:
    """The queues. Several outboxes on one store share the work; none sends what another has claimed."""

    database: Store
    courier: Courier
    heartbeats: Heartbeats
    on_result: Callable[[str], None]
    """Hears the status that each attempt ended with."""
    grouping: Grouping = AT_ONCE
    slot: str | None = None
    """Names the place that only one living process has; what its former holder left unfinished is taken up at once."""
    owner: str = ""
    stopped: threading.Event = field(default_factory=threading.Event)
    _queues: dict[str, _Queue] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def start(self) -> None:
        """Takes up what a former process left and begins to send."""
        with self.database.writing() as connection:
            if self.slot:
                outbox.recover(connection, self.slot, to_ms(self.courier.clock()))
            self.owner = f"{self.slot or 'shared'}:{uuid4()}"
        with self.database.reading() as connection:
            waiting = outbox.queues(connection)
        self.wake(waiting)

    def wake(self, queues: Iterable[str]) -> None:
        """There is something to do in these queues. Before the start and after the stop, the store remembers it."""
        with self._lock:
            if not self.owner or self.stopped.is_set():
                return
            for name in queues:
                if name not in self._queues:
                    self._queues[name] = _Queue(name, self)
                self._queues[name].wake()

    def stop(self, within: float = 1.5) -> None:
        """Ends the threads; a send that takes longer than `within` seconds is left to its lease."""
        self.stopped.set()
        with self._lock:
            workers = [worker for queue in self._queues.values() for worker in queue.stop()]
        until = time.monotonic() + within
        for worker in workers:
            worker.join(max(0.0, until - time.monotonic()))


class _Queue:
    """One queue: a thread, and some more when it falls behind."""

    def __init__(self, name: str, outbox: Outbox) -> None:
        self.name = name
        self.outbox = outbox
        self.workers: list[_Worker] = []
        self._hints = 0
        self._ready = threading.Condition()
        self._limit = outbox.courier.pace.limits.get(name.partition("://")[0])
        self._turns: deque[float] = deque()
        """When the sends of the last minute began, on the process's steady clock."""

    def wake(self) -> None:
        """There may be something for one worker to do."""
        with self._ready:
            if not self.workers:
                self._hire()
            self._hints = min(self._hints + 1, len(self.workers))
            self._ready.notify()

    def help(self) -> None:
        """One worker more is needed, if there may be one."""
        with self._ready:
            hired = len(self.workers) < self.outbox.courier.pace.hands
            if hired and not self.outbox.stopped.is_set():
                self._hire()
        if not hired:
            self.wake()

    def wait(self, seconds: float) -> None:
        """Until there may be something to do, at most so long."""
        with self._ready:
            if not self._hints and not self.outbox.stopped.is_set():
                self._ready.wait(seconds)
            self._hints = max(0, self._hints - 1)

    def take_turn(self) -> bool:
        """Whether the provider takes one more message now; it then counts as sent."""
        with self._ready:
            if self._pause() > 0:
                return False
            if self._limit is not None:
                self._turns.append(time.monotonic())
            return True

    def give_turn(self) -> None:
        """Nothing was sent."""
        with self._ready:
            if self._turns:
                self._turns.pop()

    def pause(self) -> float:
        """Seconds until the provider takes one more."""
        with self._ready:
            return self._pause()

    def _pause(self) -> float:
        minute, now = self.outbox.courier.pace.minute.total_seconds(), time.monotonic()
        while self._turns and self._turns[0] <= now - minute:
            self._turns.popleft()
        full = self._limit is not None and len(self._turns) >= self._limit
        return self._turns[0] + minute - now if full else 0.0

    def stop(self) -> list[_Worker]:
        """Lets no worker wait; gives them back to be waited for."""
        with self._ready:
            self._ready.notify_all()
            return list(self.workers)

    def _hire(self) -> None:
        worker = _Worker(self)
        self.workers.append(worker)
        worker.start()


class _Task(NamedTuple):
    claim: Claim
    way: Way | None
    stopped: tuple[str, str] | None


class _Worker(threading.Thread):
    """Claim, send, record, as long as something is due; then wait to be woken."""

    def __init__(self, queue: _Queue) -> None:
        super().__init__(name=f"outbox {queue.name}", daemon=True)
        self.queue = queue
        self.outbox = queue.outbox

    def run(self) -> None:
        """Until the outbox is stopped."""
        look_again = self.outbox.courier.pace.look_again.total_seconds()
        heartbeat = self.outbox.heartbeats.watch(f"queue {self.queue.name}", self)
        while not self.outbox.stopped.is_set():
            heartbeat.beat()
            self.queue.wait(min(self._send_due(heartbeat), look_again))
        self.outbox.heartbeats.forget(heartbeat)

    def _send_due(self, heartbeat: Heartbeat) -> float:
        """What is due; the seconds until there may be more."""
        try:
            self._drain(heartbeat)
            return max(self._until_due(), self.queue.pause())
        except Exception:  # noqa: BLE001 - a full disk passes; a queue that ended would not come back
            _LOG.exception("queue %s: the store failed; trying again", self.queue.name)
            return 1.0

    def _drain(self, heartbeat: Heartbeat) -> None:
        task = self._step(None, {})
        while task is not None and not self.outbox.stopped.is_set():
            heartbeat.beat()
            if task.claim.overdue > _BEHIND:
                self.queue.help()
            task = self._step(task.claim, self.outbox.courier.deliver(*task))
        if task is not None:  # claimed, not sent: it goes back untouched
            self._release(task.claim)

    def _step(self, done: Claim | None, result: dict[str, Any]) -> _Task | None:
        """Records the last send and claims the next, in one transaction."""
        box, courier = self.outbox, self.outbox.courier
        if result.get("unsent"):  # the provider did not see it: it takes another one instead
            self.queue.give_turn()
        task = None
        mine = self.queue.take_turn()
        with box.database.writing() as connection:
            if done is not None:
                outbox.finish(connection, done, box.owner, result, to_ms(courier.clock()))
            if mine:
                task = self._claim(connection)
        if mine and task is None:
            self.queue.give_turn()
        if done is not None:
            box.on_result(result["status"])
            box.wake({result["elsewhere"]} if "elsewhere" in result else ())
        return task

    def _claim(self, connection: Connection) -> _Task | None:
        box, courier = self.outbox, self.outbox.courier
        now, lease = to_ms(courier.clock()), int(courier.pace.lease.total_seconds() * 1000)
        claim = outbox.claim(connection, self.queue.name, box.owner, now, lease, box.grouping)
        if claim is None:
            return None
        way = courier.way(claim)
        return _Task(claim, way, way and disabled_channels.first_of(connection, keys_of(way.address).values()))

    def _release(self, claim: Claim) -> None:
        box = self.outbox
        back = {"status": "pending", "attempts": claim.attempt - 1, "next_try_at": to_ms(box.courier.clock())}
        with box.database.writing() as connection:
            outbox.finish(connection, claim, box.owner, back, to_ms(box.courier.clock()))

    def _until_due(self) -> float:
        with self.outbox.database.reading() as connection:
            due = outbox.next_due(connection, self.queue.name)
        if due is None:
            return self.outbox.courier.pace.look_again.total_seconds()
        return max(0.0, (due - to_ms(self.outbox.courier.clock())) / 1000)
