"""How patient the outbox is with what goes wrong. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """Waits, attempts, leases and limits of the outbox's queues."""

    first: timedelta = timedelta(seconds=5)
    """Wait after the first failure; it doubles with each further one."""
    longest: timedelta = timedelta(hours=1)
    attempts: int = 10
    """Then the delivery is dead."""
    lease: timedelta = timedelta(seconds=60)
    """Longer than any send takes; until then nobody else touches what is being sent."""
    threads: int = 4
    """Sends of one queue that may be under way at once, when it has fallen behind."""
    look_again: timedelta = timedelta(seconds=5)
    """How often a queue looks for rows that another process wrote; our own wake it."""
    limits: Mapping[str, int] = field(
        default_factory=lambda: {"dingtalk": 20, "wecombot": 20, "feishu": 100, "lark": 100}
    )
    """Scheme → messages that its provider takes from one bot in `minute`."""
    minute: timedelta = timedelta(minutes=1)
    stalled: timedelta = timedelta(seconds=90)
    """A queue that has not moved for so long stands still."""

    def delay(self, attempt: int) -> timedelta:
        """The wait after the failure of an attempt, counted from 1."""
        return min(self.first * (1 << min(attempt - 1, 30)), self.longest)
