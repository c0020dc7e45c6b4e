"""Reads a part of a topic's partition again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kafka import TopicPartition

from services.log.kafka.records import Reading, open_consumer

_AT_ONCE = 200


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
