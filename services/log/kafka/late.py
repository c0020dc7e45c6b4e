"""What evaluate puts aside as late, followed on `campus.late`."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Sequence
from typing import Any

from kafka import TopicPartition

from services.errors import BrokerError
from services.log.kafka import LATE, full_name
from services.log.kafka.records import open_consumer

_log = logging.getLogger(__name__)
_POLL = 200
_AGAIN = 2.0
_KEPT = 100_000
_OURS = b"prewarn "
"""With which the records begin that Prewarn makes itself."""


class LateRecords:
    """The records that were put aside since `start`; their newest 100,000 are known apart."""

    def __init__(self, brokers: Sequence[str], prefix: str) -> None:
        self._brokers, self._topic = brokers, full_name(prefix, LATE)
        self._at: dict[TopicPartition, int] = {}
        self._seen: deque[tuple[int, bytes]] = deque(maxlen=_KEPT)
        self._number = 0
        self.asked = threading.Lock()
        """Whoever waits for an answer holds it: that costs Kafka questions."""
        self._stop, self._begun = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="late", daemon=True)

    def start(self, patience: float = 0.0) -> None:
        """Follows the topic from its present end on; waits so many seconds until that is known."""
        self._thread.start()
        self._begun.wait(patience)

    def close(self) -> None:
        """Follows it no more."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(5)

    def mark(self) -> int | None:
        """What is put aside from now on is counted behind this; None: the topic cannot be read yet."""
        return self._number if self._begun.is_set() else None

    def behind(self, mark: int) -> int:
        """How many records of sources were put aside since then."""
        idents = {ident for number, ident in self._seen.copy() if number >= mark}
        return sum(not ident.startswith(_OURS) for ident in idents)

    def ends(self) -> dict[TopicPartition, int]:
        """Where the topic ends. Raises BrokerError."""
        with open_consumer(self._brokers) as consumer:
            return self._ends(consumer)

    def has_read(self, ends: dict[TopicPartition, int]) -> bool:
        """Whether all before these ends is known here."""
        return all(self._at.get(place, 0) >= end for place, end in ends.items())

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._follow()
            except Exception as error:  # noqa: BLE001 - a thread that ended would follow nothing any more
                _log.warning(
                    "%s cannot be followed, trying again: %s",
                    self._topic,
                    error,
                    exc_info=not isinstance(error, BrokerError),
                )
                self._stop.wait(_AGAIN)

    def _ends(self, consumer: Any) -> dict[TopicPartition, int]:
        places = [TopicPartition(self._topic, n) for n in consumer.partitions_for_topic(self._topic) or ()]
        return {place: int(end) for place, end in consumer.end_offsets(places).items()}

    def _follow(self) -> None:
        with open_consumer(self._brokers) as consumer:
            self._at = self._at or self._ends(consumer)
            consumer.assign([*self._at])
            for place, offset in self._at.items():
                consumer.seek(place, offset)
            self._begun.set()
            while not self._stop.is_set():
                for place, records in consumer.poll(timeout_ms=_POLL).items():
                    for record in records:
                        self._seen.append((self._number, record.value or b""))
                        self._number += 1
                    self._at[place] = records[-1].offset + 1
