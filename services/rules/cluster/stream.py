"""What route and evaluate ask of the stream; `app.py` is it on Kafka, tests bring one of their own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from services.rules.cluster.changelog import Entry
from services.rules.cluster.metrics import StreamMetrics


class Outgoing(NamedTuple):
    """A message to be sent."""

    topic: str
    value: bytes
    partition: int | None = None
    """None: any."""


class Stream(Protocol):
    """To Kafka. What is sent is not keyed: whoever needs a certain partition names it."""

    metrics: StreamMetrics

    async def send(self, messages: Sequence[Outgoing]) -> None:
        """Returns when all are acknowledged."""

    async def write(self, partition: int, entries: Sequence[Entry]) -> None:
        """Writes state to the changelog, and waits until Kafka has it."""

    def kept(self, partition: int, partition_of: Callable[[bytes], int]) -> list[tuple[bytes, bytes]]:
        """What the changelog has of a partition."""
