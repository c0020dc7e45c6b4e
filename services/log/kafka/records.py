"""Reads topics, as a whole or in part, and writes to compacted ones."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient
from kafka.errors import KafkaError

from services.errors import BrokerError, ConfigurationError
from services.i18n import say

_PATIENCE = 15_000
_LARGEST = 16 << 20
_AT_ONCE = 200


@contextmanager
def open_consumer(brokers: Sequence[str], **options: Any) -> Iterator[Any]:
    """A consumer without a group. What goes wrong while it is open is raised as BrokerError."""
    there = f"Kafka at {', '.join(brokers)}"
    try:
        consumer = KafkaConsumer(
            bootstrap_servers=list(brokers),
            bootstrap_timeout_ms=_PATIENCE,
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            max_partition_fetch_bytes=_LARGEST,
            allow_auto_create_topics=False,
            **options,
        )
    except (KafkaError, OSError) as error:
        raise BrokerError(
            say("log.does_not_answer_within_s", there=there, patience=_PATIENCE // 1000, error=error)
        ) from error
    try:
        yield consumer
    except (KafkaError, OSError) as error:
        raise BrokerError(f"{there}: {error}") from error
    finally:
        consumer.close()


@contextmanager
def open_admin(brokers: Sequence[str], patience: float = _PATIENCE / 1000) -> Iterator[Any]:
    """Asks and changes what a broker keeps of topics and groups; seconds. Raises BrokerError."""
    milliseconds = int(patience * 1000)
    try:
        admin = KafkaAdminClient(
            bootstrap_servers=list(brokers),
            bootstrap_timeout_ms=milliseconds,
            request_timeout_ms=milliseconds,
            reconnect_backoff_max_ms=1000,
        )
    except (KafkaError, OSError) as error:
        raise BrokerError(f"Kafka at {', '.join(brokers)} does not answer within {patience:g} s: {error}") from error
    try:
        yield admin
    except (KafkaError, OSError) as error:
        raise BrokerError(f"Kafka at {', '.join(brokers)}: {error}") from error
    finally:
        admin.close()


class Reading:
    """How far a reader of one partition has come; it must get on, or say so.

    kafka-python's `position` waits for ever where an answer was lost, and its `poll` may stay empty.
    """

    def __init__(self, consumer: Any, place: TopicPartition, patience: float = _PATIENCE / 1000) -> None:
        """`patience`: seconds without progress."""
        self._consumer, self._place, self._patience = consumer, place, patience
        self._at, self._since = -1, time.monotonic()

    def position(self) -> int:
        """The next offset; -1 if it is not known yet. Raises BrokerError if it has not changed for too long."""
        found = self._consumer.position(self._place, timeout_ms=int(self._patience * 1000))
        at = -1 if found is None else int(found)
        now = time.monotonic()
        if at != self._at:
            self._at, self._since = at, now
        elif now - self._since > self._patience:
            raise BrokerError(f"{self._place.topic}: nothing came behind offset {at} for {self._patience:.0f} s")
        return at


def count_partitions(brokers: Sequence[str], topics: Sequence[str]) -> dict[str, int]:
    """How many partitions each topic has. Raises BrokerError, and ConfigurationError if one is not there."""
    with open_consumer(brokers) as consumer:
        found = {topic: len(consumer.partitions_for_topic(topic) or ()) for topic in topics}
    if missing := [topic for topic, count in found.items() if not count]:
        raise ConfigurationError(say("log.kafka_has_no_topic_run", missing=", ".join(missing)))
    return found


def keep_newest(found: dict[bytes, bytes], records: Iterable[Any]) -> None:
    """Takes records of a compacted topic into what is found so far."""
    for record in records:
        if record.value is None:
            found.pop(record.key, None)
        elif record.key is not None:
            found[record.key] = record.value


def read_latest(brokers: Sequence[str], topic: str) -> dict[bytes, bytes]:
    """Of each key on a topic's partition 0 the newest value.

    Raises BrokerError, and ConfigurationError if there is no such topic.
    """
    found: dict[bytes, bytes] = {}
    with open_consumer(brokers) as consumer:
        if not consumer.partitions_for_topic(topic):
            raise ConfigurationError(say("log.kafka_has_no_topic_run", missing=topic))
        place = TopicPartition(topic, 0)
        consumer.assign([place])
        last = consumer.end_offsets([place])[place]
        consumer.seek_to_beginning(place)
        reading = Reading(consumer, place)
        while reading.position() < last:
            keep_newest(found, consumer.poll(timeout_ms=500).get(place, ()))
    return found


def end_of(brokers: Sequence[str], topic: str, partition: int = 0) -> int:
    """Behind the last message of a partition. Raises BrokerError, and ConfigurationError if there is no such topic."""
    place = TopicPartition(topic, partition)
    with open_consumer(brokers) as consumer:
        if not consumer.partitions_for_topic(topic):
            raise ConfigurationError(say("log.kafka_has_no_topic_run", missing=topic))
        return int(consumer.end_offsets([place])[place])


def read_again(
    brokers: Sequence[str], topic: str, partition: int, begin: int, end: int
) -> Iterator[tuple[int, list[bytes | None]]]:
    """What the partition holds of `begin` … `end` - 1, some messages at a time: (offset behind them, values).

    What the log no longer has is passed over. Raises BrokerError; blocks.
    """
    place = TopicPartition(topic, partition)
    with open_consumer(brokers, max_poll_records=_AT_ONCE) as consumer:
        consumer.assign([place])
        consumer.seek(place, max(begin, consumer.beginning_offsets([place])[place]))
        reading = Reading(consumer, place)
        while reading.position() < end:
            records = consumer.poll(timeout_ms=500).get(place, ())
            values = [record.value for record in records if record.offset < end]
            if values:
                yield min(records[-1].offset + 1, end), values


def read_whole(brokers: Sequence[str], topic: str) -> Iterator[list[bytes]]:
    """All that a topic holds now, partition by partition, some messages at a time. Raises BrokerError; blocks."""
    with open_consumer(brokers) as consumer:
        ends = consumer.end_offsets([TopicPartition(topic, n) for n in consumer.partitions_for_topic(topic) or ()])
    for place, end in sorted(ends.items()):
        for _, values in read_again(brokers, topic, place.partition, 0, end):
            yield [value for value in values if value is not None]


def write_records(brokers: Sequence[str], topic: str, records: Mapping[bytes, bytes]) -> None:
    """Returns when all are acknowledged, in this order; raises BrokerError."""
    try:
        producer = KafkaProducer(
            bootstrap_servers=list(brokers),
            bootstrap_timeout_ms=_PATIENCE,
            max_block_ms=_PATIENCE,
            delivery_timeout_ms=_PATIENCE,
            request_timeout_ms=_PATIENCE // 2,
            acks="all",
            max_request_size=_LARGEST,
            allow_auto_create_topics=False,
            metrics_enabled=False,
        )
    except (KafkaError, OSError) as error:
        raise BrokerError(f"Kafka at {', '.join(brokers)} does not answer: {error}") from error
    try:
        for key, value in records.items():
            producer.send(topic, key=key, value=value, partition=0).get(_PATIENCE / 1000)
    except KafkaError as error:
        raise BrokerError(f"Kafka at {', '.join(brokers)}: {topic} did not take what was sent: {error}") from error
    finally:
        producer.close(timeout=5)
