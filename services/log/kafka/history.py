"""Reads a part of a topic's partition again. One of the files that import kafka."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from services.errors import BrokerError
from services.log.kafka.records import Reading

_AT_ONCE = 200
_LARGEST = 16 << 20


def read_again(
    brokers: Sequence[str], topic: str, partition: int, begin: int, end: int
) -> Iterator[tuple[int, list[bytes | None]]]:
    """What the partition holds of `begin` … `end` - 1, some messages at a time: (offset behind them, values).

    What the log no longer has is passed over. Raises BrokerError; blocks.
    """
    try:
        consumer: Any = KafkaConsumer(
            bootstrap_servers=list(brokers), enable_auto_commit=False, auto_offset_reset="earliest",
            max_partition_fetch_bytes=_LARGEST, max_poll_records=_AT_ONCE, allow_auto_create_topics=False,
        )  # fmt: skip
    except (KafkaError, OSError) as error:
        raise BrokerError(f"Kafka at {', '.join(brokers)} does not answer: {error}") from error
    place = TopicPartition(topic, partition)
    try:
        consumer.assign([place])
        consumer.seek(place, max(begin, consumer.beginning_offsets([place])[place]))
        reading = Reading(consumer, place)
        while reading.position() < end:
            records = consumer.poll(timeout_ms=500).get(place, ())
            values = [record.value for record in records if record.offset < end]
            if values:
                yield min(records[-1].offset + 1, end), values
    except (KafkaError, OSError) as error:
        raise BrokerError(f"Kafka at {', '.join(brokers)}: {error}") from error
    finally:
        consumer.close()
