"""Whether the cluster has evaluated what it has: topic by topic, as the consumer groups have committed it."""

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient, NewTopic
from kafka.structs import OffsetAndMetadata

from services.log.kafka import EVENTS, OBSERVATIONS, WARNINGS
from services.log.kafka.progress import EvaluatedBehind
from tests.faults.running import until

PREFIX = "behind."


def write(broker, topic, partition):
    producer = KafkaProducer(bootstrap_servers=broker.address)
    producer.send(PREFIX + topic, b"x", partition=partition).get(20)
    producer.close()


def commit(broker, reader, topic, partition, offset):
    consumer = KafkaConsumer(bootstrap_servers=broker.address, group_id=f"{PREFIX}prewarn-{reader}")
    consumer.commit({TopicPartition(PREFIX + topic, partition): OffsetAndMetadata(offset, "", -1)})
    consumer.close()


def test_each_topic_has_to_be_read_up_to_where_it_ended_when_the_one_before_it_was(broker):
    admin = KafkaAdminClient(bootstrap_servers=broker.address)
    admin.create_topics([NewTopic(PREFIX + topic, 2, 1) for topic in (EVENTS, OBSERVATIONS, WARNINGS)])
    admin.close()
    for partition in (0, 0, 1):
        write(broker, EVENTS, partition)
    behind = EvaluatedBehind([broker.address], PREFIX, stored=True)
    assert not behind(), "nobody has read anything"
    write(broker, EVENTS, 0)  # behind what is asked for
    commit(broker, "route", EVENTS, 0, 2)
    assert not behind(), "a partition is not read"
    write(broker, OBSERVATIONS, 1)
    commit(broker, "route", EVENTS, 1, 1)
    assert not behind(), "routed, not evaluated"
    write(broker, WARNINGS, 0)
    commit(broker, "route", EVENTS, 0, 3)
    commit(broker, "evaluate", OBSERVATIONS, 1, 1)
    assert EvaluatedBehind([broker.address], PREFIX)()
    assert not behind(), "evaluated, not in the store"
    commit(broker, "notify", WARNINGS, 0, 1)
    assert behind()
    write(broker, EVENTS, 0)
    assert behind(), "it stays so"


def test_where_nothing_ever_came_everything_is_evaluated(broker):
    admin = KafkaAdminClient(bootstrap_servers=broker.address)
    admin.create_topics([NewTopic(f"idle.{topic}", 1, 1) for topic in (EVENTS, OBSERVATIONS, WARNINGS)])
    admin.close()
    assert EvaluatedBehind([broker.address], "idle.")()


def test_it_is_under_way_while_all_who_have_to_read_are_there(broker):
    admin = KafkaAdminClient(bootstrap_servers=broker.address)
    admin.create_topics([NewTopic(f"readers.{topic}", 1, 1) for topic in (EVENTS, OBSERVATIONS)])
    admin.close()
    behind, readers = EvaluatedBehind([broker.address], "readers."), []
    for topic, reader in ((EVENTS, "route"), (OBSERVATIONS, "evaluate")):
        assert not behind.is_under_way(), f"no {reader}"
        readers.append(
            KafkaConsumer(
                f"readers.{topic}",
                bootstrap_servers=broker.address,
                group_id=f"readers.prewarn-{reader}",
                metadata_max_age_ms=500,  # a topic that was just made may not be known at once
            )
        )
        # kafka-python throws a join away that ends between two polls.
        until(lambda: readers[-1].poll(2_000) or readers[-1].assignment(), f"{reader} has joined")
    assert behind.is_under_way()
    readers.pop().close()
    assert not behind.is_under_way(), "evaluate has left"
    readers.pop().close()
