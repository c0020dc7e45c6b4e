"""Follows a compacted topic: the newest value of each key. One of the files that import kafka."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from services.log.kafka.records import read_latest

_log = logging.getLogger(__name__)
_POLL = 500
_AGAIN = 2.0
_LOST = 15_000
_LARGEST = 16 << 20


class Feed:
    """What stands on partition 0 of a topic, and calls `changed` whenever it is something else.

    `changed` must not raise; it is called once by `start`, then on a thread of its own.
    """

    def __init__(self, brokers: Sequence[str], topic: str, changed: Callable[[Mapping[bytes, bytes]], None]) -> None:
        self._brokers, self._topic, self._changed = list(brokers), topic, changed
        self._found: dict[bytes, bytes] = {}
        self._told: dict[bytes, bytes] = {}
        """What `changed` was called with last."""
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"feed {topic}", daemon=True)

    def start(self) -> None:
        """Reads what is there, and follows. Raises BrokerError."""
        self._found = self._told = read_latest(self._brokers, self._topic)
        self._changed(self._found)
        self._thread.start()

    def close(self) -> None:
        """Follows no more."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(5)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._follow()
            except (KafkaError, OSError) as error:
                _log.warning("%s cannot be followed, trying again: %s", self._topic, error)
                self._stop.wait(_AGAIN)

    @staticmethod
    def _at(consumer: Any, place: TopicPartition) -> int:
        """Without a time limit kafka-python waits for ever where an answer was lost."""
        at = consumer.position(place, timeout_ms=_LOST)
        return -1 if at is None else int(at)

    def _follow(self) -> None:
        consumer: Any = KafkaConsumer(
            bootstrap_servers=self._brokers, auto_offset_reset="earliest", enable_auto_commit=False,
            max_partition_fetch_bytes=_LARGEST, allow_auto_create_topics=False,
        )  # fmt: skip
        place = TopicPartition(self._topic, 0)
        try:
            consumer.assign([place])
            consumer.seek_to_beginning(place)
            while not self._stop.is_set():
                fresh = dict(self._found)
                for record in consumer.poll(timeout_ms=_POLL).get(place, ()):
                    if record.value is None:
                        fresh.pop(record.key, None)
                    elif record.key is not None:
                        fresh[record.key] = record.value
                self._found = fresh
                # From the beginning anew, older values pass by; only the end of the topic is what counts.
                if fresh != self._told and self._at(consumer, place) >= consumer.end_offsets([place])[place]:
                    self._told = fresh
                    self._changed(fresh)
        finally:
            consumer.close()
