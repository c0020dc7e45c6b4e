"""What was refused in a cluster, as it stands on `campus.rejected`, from which nothing is taken.

A reject's number is made of where it stands, so that it stays the same; the numbers have gaps.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from services.log.kafka import REJECTED, full_name
from services.log.kafka.records import end_of, read_again
from services.messages import UNREADABLE, Rejection

_IN_MESSAGE = 10_000
"""A message holds fewer (`producer.MESSAGE_BYTES`)."""
_decode = msgspec.json.Decoder(list[Rejection]).decode


class Rejects:
    """The rejects of one topic prefix."""

    def __init__(self, brokers: Sequence[str], prefix: str) -> None:
        self._brokers, self._topic = brokers, full_name(prefix, REJECTED)
        self.end = 0
        """Behind what was read last."""

    def behind(self, begin: int = 0) -> Iterator[tuple[int, Rejection]]:
        """(number, reject) from an offset on, oldest first. Raises BrokerError; blocks."""
        self.end = end_of(self._brokers, self._topic)
        for after, values in read_again(self._brokers, self._topic, 0, begin, self.end):
            for offset, value in enumerate(values, after - len(values)):
                try:
                    found = _decode(value or b"")
                except UNREADABLE:  # anybody may have written to the topic
                    continue
                yield from ((offset * _IN_MESSAGE + n, one) for n, one in enumerate(found))

    def list(self) -> Iterator[tuple[int, Rejection]]:
        """All of them, oldest first. Raises BrokerError; blocks."""
        return self.behind()

    def get(self, number: int) -> Rejection | None:
        """One of them. Raises BrokerError; blocks."""
        return next((one for found, one in self.behind(number // _IN_MESSAGE) if found == number), None)

    def tried(self, number: int) -> None:
        """Does nothing: Kafka keeps no count of tries."""

    def done(self, number: int) -> None:
        """It stays on the topic."""
