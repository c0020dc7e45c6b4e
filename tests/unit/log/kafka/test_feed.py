"""A reader gets on, or says that it does not: kafka-python on its own would wait for ever."""

import pytest
from kafka import TopicPartition

from services.errors import BrokerError
from services.log.kafka.records import Reading

PLACE = TopicPartition("campus.rules", 0)


class Consumer:
    def __init__(self, *positions):
        self.positions, self.limits = list(positions), []

    def position(self, place, timeout_ms=None):
        assert place == PLACE
        self.limits.append(timeout_ms)
        return self.positions.pop(0) if len(self.positions) > 1 else self.positions[0]


def test_a_reader_that_stands_says_so():
    consumer = Consumer(3, 3)
    reading = Reading(consumer, PLACE, patience=-1)
    assert reading.position() == 3
    with pytest.raises(BrokerError, match=r"campus\.rules: nothing came behind offset 3"):
        reading.position()
    assert None not in consumer.limits


def test_a_reader_that_gets_on_has_all_the_time_it_needs():
    reading = Reading(Consumer(0, 1, 2, 5, 5), PLACE, patience=-1)
    assert [reading.position() for _ in range(4)] == [0, 1, 2, 5]


def test_a_position_that_is_not_known_yet_is_before_everything():
    assert Reading(Consumer(None), PLACE, patience=60).position() == -1
