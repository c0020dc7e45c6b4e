"""The queues of the outbox and their threads: each channel has its own, so that a dead one delays nobody else."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import uuid4

from services.log.heartbeat import Heartbeats
from services.messages import to_ms
from services.notify.claims import Claim, Result
from services.notify.disabled_channels import keys_of
from services.notify.loop import Loop
from services.notify.sender import Destination, Nowhere, Sender
from services.notify.store import disabled_channels, outbox, own
from services.notify.store.engine import Connection, Store

_BEHIND = 50
"""Milliseconds: a delivery that has been due for longer shows that one thread is not enough."""


@dataclass(slots=True, kw_only=True)
class Outbox:
    """The queues. Several outboxes on one store share the work; none sends what another has claimed."""

    database: Store
    sender: Sender
    heartbeats: Heartbeats
    on_result: Callable[[str], None]
    """Hears the status that each attempt ended with."""
    slot: str | None = None
    """Names the home that only one living process has; what its former holder left unfinished is taken up at once."""
    owner: str = ""
    stopped: threading.Event = field(default_factory=threading.Event)
    _queues: dict[str, _Queue] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def start(self) -> None:
        """Takes up what a former process left and begins to send."""
        with self.database.writing() as connection:
            if self.slot:
                outbox.recover(connection, self.slot, self.now())
            self.owner = f"{self.slot or 'shared'}:{uuid4()}"
        with self.database.reading() as connection:
            waiting = outbox.queues(connection)
        self.wake(waiting)

    def now(self) -> int:
        """The present instant in milliseconds."""
        return to_ms(self.sender.ports.clock())

    def wake(self, queues: Iterable[str]) -> None:
        """There is something to do in these queues. Before the start and after the stop, the store remembers it."""
        with self._lock:
            if not self.owner or self.stopped.is_set():
                return
            for name in queues:
                if name not in self._queues:
                    self._queues[name] = _Queue(name, self)
                self._queues[name].wake()

    def without_thread(self, queues: Iterable[str]) -> list[str]:
        """Those that have no thread yet; each of the others looks by itself."""
        with self._lock:
            return [name for name in queues if name not in self._queues]

    def stop(self, within: float = 1.5) -> None:
        """Ends the threads; a send that takes longer than `within` seconds is left to its lease."""
        self.stopped.set()
        loops = self.loops()
        until = time.monotonic() + within
        for loop in loops:
            loop.stop(0)
        for loop in loops:
            loop.stop(max(0.0, until - time.monotonic()))

    def loops(self) -> list[Loop]:
        """The threads of all queues."""
        with self._lock:
            return [loop for queue in self._queues.values() for loop in queue.loops]


class _Queue:
    """One queue: a thread, and some more when it falls behind."""

    def __init__(self, name: str, outbox: Outbox) -> None:
        self.name = name
        self.outbox = outbox
        self.loops: list[Loop] = []
        self._lock = threading.Lock()
        self._limit = outbox.sender.config.retry.limits.get(name.partition("://")[0])
        self._turns: deque[float] = deque()
        """When the sends of the last minute began, on the process's steady clock."""

    def wake(self) -> None:
        """There may be something for one thread to do."""
        with self._lock:
            if not self.loops:
                self._hire()
                return
            sleeping = [one for one in self.loops if one.sleeps][:1]
            for loop in sleeping or self.loops:  # one that is about to sleep looks once more
                loop.wake()

    def help(self) -> None:
        """One thread more is needed, if there may be one."""
        with self._lock:
            if hired := len(self.loops) < self.outbox.sender.config.retry.threads and not self.outbox.stopped.is_set():
                self._hire()
        if not hired:
            self.wake()

    def take_turn(self) -> bool:
        """Whether the provider takes one more message now; it then counts as sent."""
        with self._lock:
            if self._pause() > 0:
                return False
            if self._limit is not None:
                self._turns.append(time.monotonic())
            return True

    def give_turn(self) -> None:
        """What was taken as a turn was not sent: the provider takes one more."""
        with self._lock:
            if self._turns:
                self._turns.pop()

    def pause(self) -> float:
        """Seconds until the provider takes one more."""
        with self._lock:
            return self._pause()

    def _pause(self) -> float:
        minute, now = self.outbox.sender.config.retry.minute.total_seconds(), time.monotonic()
        while self._turns and self._turns[0] <= now - minute:
            self._turns.popleft()
        full = self._limit is not None and len(self._turns) >= self._limit
        return self._turns[0] + minute - now if full else 0.0

    def _hire(self) -> None:
        loop = _Worker(self).loop
        self.loops.append(loop)
        loop.start()


class _Task(NamedTuple):
    claim: Claim
    to: Destination | Nowhere
    disabled: tuple[str, str] | None
    """Key of the channel, if nothing goes to it, and why."""


class _Worker:
    """Claim, send, record, as long as something is due; then wait to be woken."""

    def __init__(self, queue: _Queue) -> None:
        self.queue = queue
        self.outbox = queue.outbox
        failed = f"queue {queue.name}: the store failed; trying again"
        self.loop = Loop(f"queue {queue.name}", self._turn, failed=failed, heartbeats=self.outbox.heartbeats)

    def _turn(self) -> float:
        """Does what is due; for how many seconds nothing is."""
        self._drain()
        again = self.outbox.sender.config.retry.look_again.total_seconds()
        return min(max(self._until_due(again), self.queue.pause()), again)

    def _drain(self) -> None:
        task = self._step(None, None)
        while task is not None and not self.outbox.stopped.is_set():
            self.loop.beat()
            if task.claim.overdue > _BEHIND:
                self.queue.help()
            task = self._step(task.claim, self.outbox.sender.deliver(*task))
        if task is not None:  # claimed, not sent
            with self.outbox.database.writing() as connection:
                outbox.release(connection, task.claim, self.outbox.owner, self.outbox.now())

    def _step(self, done: Claim | None, result: Result | None) -> _Task | None:
        """Records the last send and claims the next, in one transaction."""
        box = self.outbox
        if result is not None and not result.asked:  # the provider takes another one instead
            self.queue.give_turn()
        task = None
        mine = self.queue.take_turn()
        with box.database.writing() as connection:
            if done is not None and result is not None:
                outbox.finish(connection, done, box.owner, result, box.now())
            if mine:
                task = self._claim(connection)
        if mine and task is None:
            self.queue.give_turn()
        if result is not None:
            box.on_result(result.status)
            box.wake([result.elsewhere] if result.elsewhere is not None else ())
        return task

    def _claim(self, connection: Connection) -> _Task | None:
        box, config = self.outbox, self.outbox.sender.config
        lease = int(config.retry.lease.total_seconds() * 1000)
        claim = outbox.claim(connection, self.queue.name, box.owner, box.now(), lease, config.grouping)
        if claim is None:
            return None
        to = box.sender.destination(claim, own.of(connection, claim.recipient, config))
        if isinstance(to, str):
            return _Task(claim, to, None)
        return _Task(claim, to, disabled_channels.first_of(connection, keys_of(to.address).values()))

    def _until_due(self, otherwise: float) -> float:
        with self.outbox.database.reading() as connection:
            due = outbox.next_due(connection, self.queue.name)
        return otherwise if due is None else max(0.0, (due - self.outbox.now()) / 1000)
