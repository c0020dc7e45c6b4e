"""Events and rejections on a real Kafka: all there, once acknowledged; and a broker that is away, killed or frozen."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kafka import KafkaConsumer, TopicPartition
from kafka.errors import RetriableError

from deploy.kafka.broker import Broker, free_port
from services.errors import BrokerError
from services.ingest.intake import Intake
from services.ingest.validation import MAX_EVENT_BYTES
from services.log.kafka import EVENTS, REJECTED
from services.log.kafka.applying import apply_topics
from services.log.kafka.declaration import read_topics
from services.log.kafka.producer import MESSAGE_BYTES, Publisher, packed
from services.messages import CampusEvent, Rejection
from services.settings import resource
from tests.patience import PATIENCE
from tests.unit.ingest.conftest import NOW


@pytest.fixture
def prefix(broker: Broker, request: pytest.FixtureRequest) -> str:
    """Topics of this test's own."""
    prefix = f"{request.node.name[:60].partition('[')[0]}."
    apply_topics([broker.address], prefix, read_topics(resource("deploy") / "topics.yaml"))
    return prefix


@pytest.fixture
def publisher(broker: Broker, prefix: str):
    publisher = Publisher([broker.address], prefix, patience=PATIENCE)
    yield publisher
    publisher.close()


@pytest.fixture
def hasty(broker: Broker, prefix: str):
    """One that soon gives a broker up."""
    publisher = Publisher([broker.address], prefix, patience=4)
    yield publisher
    publisher.close()


def events(numbers: Sequence[int], **data: Any) -> list[CampusEvent]:
    return [
        CampusEvent(
            source="s", id=str(n), kind="attendance", time=NOW - timedelta(seconds=n),
            data={"lesson": "L1", "student": f"S{n}", "status": "absent", **data},
        )
        for n in numbers
    ]  # fmt: skip


def messages(broker: Broker, topic: str) -> list[bytes]:
    """All messages of a topic, from its beginning to its present end."""
    consumer = KafkaConsumer(
        bootstrap_servers=broker.address, auto_offset_reset="earliest", max_partition_fetch_bytes=1 << 25
    )
    try:
        parts = [TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic)]
        consumer.assign(parts)
        consumer.seek_to_beginning(*parts)
        ends = consumer.end_offsets(parts)
        found: list[bytes] = []
        while any(consumer.position(part) < ends[part] for part in parts):
            for records in consumer.poll(timeout_ms=500).values():
                found += [record.value for record in records]
        return found
    finally:
        consumer.close()


def on_kafka(broker: Broker, topic: str, kind: type) -> list[Any]:
    return [one for message in messages(broker, topic) for one in msgspec.json.decode(message, type=list[kind])]


@given(st.lists(st.binary(max_size=40)), st.integers(1, 60))
def test_packing_keeps_the_order_loses_nothing_and_packs_no_more_than_fits(values, limit) -> None:
    values = [msgspec.json.encode(value) for value in values]
    packs = list(packed(values, limit))
    assert [bytes(one) for pack in packs for one in msgspec.json.decode(pack, type=list[msgspec.Raw])] == values
    for pack in packs:
        assert len(pack) <= limit or len(msgspec.json.decode(pack)) == 1


def test_what_arrives_together_is_one_message_in_the_order_of_time(broker: Broker, prefix, publisher) -> None:
    assert publisher.append(events([1, 2, 3])) == ["accepted"] * 3
    assert publisher.append([]) == []
    (message,) = messages(broker, prefix + EVENTS)
    assert [one.id for one in msgspec.json.decode(message, type=list[CampusEvent])] == ["3", "2", "1"]


def test_a_thousand_events_through_the_intake_arrive_as_they_were_accepted(
    broker: Broker, prefix, publisher, validator, people, attendance
) -> None:
    intake = Intake(validator, lambda: people, publisher, lambda: NOW)
    wire = [attendance({"student": f"S{n}"}, id=str(n)) for n in range(1000)]
    wire[10]["data"]["status"] = "asleep"
    for start in range(0, 1000, 100):
        outcome = intake.take(msgspec.json.encode(wire[start : start + 100]), "api")
        assert outcome.accepted + len(outcome.rejections) == 100
    assert intake.take(b"not JSON", "api").accepted == 0

    found = on_kafka(broker, prefix + EVENTS, CampusEvent)
    assert sorted(int(event.id) for event in found) == [n for n in range(1000) if n != 10]
    assert len(messages(broker, prefix + EVENTS)) == 10
    asleep, garbage = on_kafka(broker, prefix + REJECTED, Rejection)
    assert msgspec.json.decode(asleep.raw)["id"] == "10"
    assert asleep.reasons[0].where == "data.status"
    assert garbage.raw == b"not JSON"


def test_large_events_and_large_rejections_fit(broker: Broker, prefix, publisher) -> None:
    large = events([1, 2], note="x" * (MAX_EVENT_BYTES + 1000))
    small = events(range(3, 5000))
    publisher.append([*large, *small])
    sizes = sorted(map(len, messages(broker, prefix + EVENTS)))
    assert sizes[-2] > MAX_EVENT_BYTES
    assert sizes[-3] <= MESSAGE_BYTES
    body = Rejection(received_at=NOW, origin="api", position="event 1", reasons=[], raw=b"\xff" * (10 << 20))
    publisher.reject([body])
    assert on_kafka(broker, prefix + REJECTED, Rejection) == [body]


def test_nothing_that_was_acknowledged_is_lost_when_the_broker_is_killed_and_comes_back(
    broker: Broker, prefix, hasty
) -> None:
    acknowledged: list[int] = []
    refusals: list[float] = []
    under_way, given_up = threading.Event(), threading.Event()

    def hand_in() -> None:
        for start in range(0, 1000, 10):
            numbers = list(range(start, start + 10))
            while len(acknowledged) == start and not given_up.is_set():
                began = time.monotonic()
                try:
                    hasty.append(events(numbers))
                    acknowledged.extend(numbers)
                except BrokerError:
                    refusals.append(time.monotonic() - began)
            if start == 300:
                under_way.set()

    thread = threading.Thread(target=hand_in)
    thread.start()
    try:
        assert under_way.wait(30)
        broker.kill()
        time.sleep(6)
        broker.start()
        thread.join(60)
    finally:
        given_up.set()
        thread.join()
    found = [int(event.id) for event in on_kafka(broker, prefix + EVENTS, CampusEvent)]
    assert sorted(set(found)) == acknowledged == list(range(1000))
    assert refusals
    assert max(refusals) < 10


def test_a_frozen_broker_is_an_error_in_bounded_time_and_thawed_it_takes_again(broker: Broker, prefix, hasty) -> None:
    hasty.append(events([1]))
    broker.signal(signal.SIGSTOP)
    try:
        while broker.answers():  # it takes a moment until all of its threads stand
            time.sleep(0.05)
        assert _seconds(lambda: hasty.append(events([2]))) < 10
        assert hasty.trouble
    finally:
        broker.signal(signal.SIGCONT)
    _until_accepted(hasty, events([3]))
    assert hasty.trouble is None
    assert {event.id for event in _once_there(broker, prefix + EVENTS)} >= {"1", "3"}


def _once_there(broker: Broker, topic: str) -> list[CampusEvent]:
    """Thawed, a broker first answers with what it knew, then holds itself for lost until its heartbeat is through."""
    end = time.monotonic() + PATIENCE
    while True:
        try:
            return on_kafka(broker, topic, CampusEvent)
        except RetriableError:
            assert time.monotonic() < end, "the broker has not come back"
            time.sleep(0.2)


def test_no_broker_is_one_clear_error_in_bounded_time_for_many_at_once() -> None:
    address = f"127.0.0.1:{free_port()}"
    publisher = Publisher([address], patience=2)
    said: list[str] = []

    def hand_in() -> None:
        try:
            publisher.append(events([1]))
        except BrokerError as error:
            said.append(str(error))

    threads = [threading.Thread(target=hand_in) for _ in range(10)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert time.monotonic() - began < 6
    assert len(said) == 10
    assert all(one.startswith(f"Kafka at {address} does not answer within 2 s") for one in said)


def test_missing_topics_are_named_with_what_makes_them(broker: Broker) -> None:
    publisher = Publisher([broker.address], "missing.", patience=2)
    try:
        with pytest.raises(BrokerError, match=r"missing.campus.events is not there \(prewarn topics apply\)"):
            publisher.connect()
        assert _seconds(lambda: publisher.append(events([1]))) < 6
    finally:
        publisher.close()


def test_after_a_refusal_that_is_no_time_out_the_next_goes_well(broker: Broker, prefix, publisher) -> None:
    with pytest.raises(BrokerError, match="MessageSizeTooLarge"):
        publisher.append(events([1], note="x" * (3 << 20)))
    publisher.append(events([2]))
    assert [event.id for event in on_kafka(broker, prefix + EVENTS, CampusEvent)] == ["2"]


def _seconds(act: Callable[[], Any]) -> float:
    began = time.monotonic()
    with pytest.raises(BrokerError):
        act()
    return time.monotonic() - began


def _until_accepted(publisher: Publisher, some: list[CampusEvent]) -> None:
    end = time.monotonic() + PATIENCE
    while True:
        try:
            publisher.append(some)
        except BrokerError:
            assert time.monotonic() < end
        else:
            return
