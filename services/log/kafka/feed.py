"""Follows a compacted topic: the newest value of each key."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, TypeVar

from kafka import TopicPartition

from services.errors import BrokerError
from services.log.followed import Followed
from services.log.kafka.records import keep_newest, open_consumer, read_latest

_log = logging.getLogger(__name__)
_POLL = 500
_AGAIN = 2.0
_LOST = 15_000
_ASK_EVERY = 1.0
"""Seconds between two questions where the topic ends: a broker that is frozen raises nothing where nothing is asked."""
T = TypeVar("T")


class Feed(Generic[T]):
    """What is read from partition 0 of a topic, as it was when it was last right; followed on a thread of its own."""

    def __init__(self, brokers: Sequence[str], topic: str, read: Callable[[Mapping[bytes, bytes]], T]) -> None:
        """Reads what is there: raises BrokerError, and what `read` raises."""
        self._brokers, self._topic = brokers, topic
        self.followed: Followed[Mapping[bytes, bytes], T] = Followed(lambda: read_latest(brokers, topic), read)
        self._stop = threading.Event()
        self._answered = time.monotonic()
        self._thread = threading.Thread(target=self._run, name=f"feed {topic}", daemon=True)

    def value(self) -> T:
        """As of now."""
        return self.followed.value

    def silent(self) -> float:
        """For how many seconds Kafka has not answered; a number of some size only where it is followed."""
        return time.monotonic() - self._answered

    def start(self) -> None:
        """Follows from here on."""
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
            except Exception as error:  # noqa: BLE001 - a thread that ended would follow nothing any more
                known = isinstance(error, BrokerError)
                _log.warning("%s cannot be followed, trying again: %s", self._topic, error, exc_info=not known)
                self._stop.wait(_AGAIN)

    @staticmethod
    def _at(consumer: Any, place: TopicPartition) -> int:
        """Without a time limit kafka-python waits for ever where an answer was lost."""
        at = consumer.position(place, timeout_ms=_LOST)
        return -1 if at is None else int(at)

    def _follow(self) -> None:
        place, found = TopicPartition(self._topic, 0), dict[bytes, bytes]()
        with open_consumer(self._brokers) as consumer:
            consumer.assign([place])
            consumer.seek_to_beginning(place)
            while not self._stop.is_set():
                keep_newest(found, consumer.poll(timeout_ms=_POLL).get(place, ()))
                # From the beginning on, older values pass by; only the end of the topic is what counts.
                if found == self.followed.state:
                    if self.silent() > _ASK_EVERY:
                        self._end(consumer, place)
                elif self._at(consumer, place) >= self._end(consumer, place):
                    self.followed.offer(dict(found))

    def _end(self, consumer: Any, place: TopicPartition) -> int:
        found = int(consumer.end_offsets([place])[place])
        self._answered = time.monotonic()
        return found
