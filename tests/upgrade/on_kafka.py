"""An installation in cluster mode; and its topics as files, from Kafka and back."""

import base64
import json
import re
import time
from pathlib import Path

from kafka import KafkaConsumer, KafkaProducer, OffsetAndMetadata, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient

from tests.upgrade import names
from tests.upgrade.installation import COLLEGE, PATIENCE, Installation, free_port

_SETTINGS = ("cleanup.policy", "max.message.bytes", "message.timestamp.type", "retention.ms")
_LARGEST = 16 << 20


class OnKafka(Installation):
    """One process per service, on a broker; `home` is notify's."""

    def __init__(self, folder, quiet, broker, prefix, database=""):
        """`database`: where ingest keeps what sources say, since it does."""
        super().__init__(folder, quiet)
        self.broker, self.prefix, self.database = broker, prefix, database

    def environment(self):
        """As in one process, and where Kafka is."""
        kafka = {names.BROKERS: self.broker.address, names.PREFIX: self.prefix, names.RULES: str(COLLEGE / "rules")}
        return super().environment() | names.OF_THE_CLUSTER | kafka

    def start(self):
        """All four services."""
        way_in, pages = free_port(), free_port()
        self.run(names.INGEST, **{names.PORT: str(way_in), names.DATABASE: self.database})
        self.route, self.evaluate = self.run(names.ROUTE), self.run(names.EVALUATE)
        self.notify = self.run(names.NOTIFY, **{names.PORT: str(pages)})
        self.way_in, self.pages = f"http://127.0.0.1:{way_in}", f"http://127.0.0.1:{pages}"
        self.wait_for(self.way_in)
        self.wait_for(self.pages)

    def upgrade(self):
        """What an operator does first."""
        for command in names.UPGRADE_TOPICS:
            self.prewarn(*command)

    def wait_for_editions(self):
        """Until every partition goes by the newest edition."""
        last = time.monotonic() + PATIENCE
        while True:
            said = self.prewarn(*names.REVISIONS)
            newest = names.editions(said)[-1].split()[1]
            at = {edition for _, edition in re.findall(names.EVALUATED_BY, said)}
            if at == {newest} and names.NOT_YET not in said:
                return
            assert time.monotonic() < last, f"{said}\n{self.said()}"
            time.sleep(0.5)

    def rejected(self):
        """Offsets of the rejects."""
        return [str(one["offset"]) for one in read_topic(self.broker, self.prefix + names.REJECTED_TOPIC)]


def read_topic(broker, topic):
    """Every record of a topic, partition by partition."""
    consumer = KafkaConsumer(
        bootstrap_servers=broker.address,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        max_partition_fetch_bytes=_LARGEST,
    )
    try:
        places = [TopicPartition(topic, n) for n in sorted(consumer.partitions_for_topic(topic))]
        consumer.assign(places)
        consumer.seek_to_beginning()
        ends, found = consumer.end_offsets(places), []
        while any(consumer.position(place) < end for place, end in ends.items()):
            for records in consumer.poll(timeout_ms=300).values():
                found += records
    finally:
        consumer.close()
    return [
        {
            "partition": one.partition,
            "offset": one.offset,
            "timestamp": one.timestamp,
            "key": _text(one.key),
            "value": _text(one.value),
        }
        for one in sorted(found, key=lambda one: (one.partition, one.offset))
    ]


def dump(broker, prefix, folder):
    """Writes a file for each topic of a prefix, and what they are and how far each group of readers has come."""
    admin = KafkaAdminClient(bootstrap_servers=broker.address)
    try:
        found = sorted(name for name in admin.list_topics() if name.startswith(prefix))
        resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in found]
        said = admin.describe_configs(resources, config_filter="all")["topic"]
        partitions = {one["name"]: len(one["partitions"]) for one in admin.describe_topics(found)}
        topics = {
            name.removeprefix(prefix): {
                "partitions": partitions[name],
                "configs": {key: said[name][key]["value"] for key in _SETTINGS},
            }
            for name in found
        }
        ids = sorted(f"{prefix}prewarn-{one}" for one in ("route", "evaluate", "notify"))
        groups = {
            group.removeprefix(prefix): sorted(
                [tp.topic.removeprefix(prefix), tp.partition, at.offset]
                for tp, at in admin.list_group_offsets({group: None})[group].items()
            )
            for group in ids
        }
    finally:
        admin.close()
    for name in topics:
        records = read_topic(broker, prefix + name)
        _check_whole(name, records)
        lines = [json.dumps(one) + "\n" for one in records]
        (folder / f"{name}.jsonl").write_text("".join(lines), "ascii")
    (folder / "topics.json").write_text(json.dumps({"topics": topics, "groups": groups}, indent=1) + "\n", "ascii")


def _check_whole(name, records):
    """Nothing was compacted: offsets that values speak of are the same when the records are written back."""
    partitions = {one["partition"] for one in records}
    for partition in partitions:
        offsets = [one["offset"] for one in records if one["partition"] == partition]
        assert offsets == list(range(len(offsets))), f"{name}, partition {partition}: {offsets}"


def restore(broker, prefix, folder):
    """Writes them back as topics of a prefix, every record at its old offset; Kafka stamps them with its present time.

    Their old stamps would be beyond retention one day; the story's clock is far ahead of either. Observations that were
    evaluated are let go, as Kafka does after a month: only the state knows of them.
    """
    told = json.loads((folder / "topics.json").read_text("ascii"))
    admin = KafkaAdminClient(bootstrap_servers=broker.address)
    try:
        wanted = {
            prefix + name: {"num_partitions": one["partitions"], "configs": one["configs"]}
            for name, one in told["topics"].items()
        }
        admin.create_topics(wanted)
        admin.wait_for_topics(list(wanted), timeout_ms=30_000)
    finally:
        admin.close()
    producer = KafkaProducer(bootstrap_servers=broker.address, acks="all", max_request_size=_LARGEST)
    try:
        for name in told["topics"]:
            _write(producer, prefix + name, Path(folder / f"{name}.jsonl"))
    finally:
        producer.close()
    for group, at in told["groups"].items():
        _commit(broker, prefix, group, at)
    evaluated = {TopicPartition(prefix + topic, n): offset for topic, n, offset in told["groups"]["prewarn-evaluate"]}
    admin = KafkaAdminClient(bootstrap_servers=broker.address)
    try:
        admin.delete_records(evaluated)
    finally:
        admin.close()


def _write(producer, topic, path):
    records = [json.loads(line) for line in path.read_text("ascii").splitlines()]
    sent = [
        producer.send(topic, key=_bytes(one["key"]), value=_bytes(one["value"]), partition=one["partition"])
        for one in records
    ]
    for one, future in zip(records, sent, strict=True):
        assert future.get(30).offset == one["offset"], f"{topic}: {one}"


def _commit(broker, prefix, group, at):
    consumer = KafkaConsumer(bootstrap_servers=broker.address, group_id=prefix + group, enable_auto_commit=False)
    try:
        places = {TopicPartition(prefix + topic, n): OffsetAndMetadata(offset, "", -1) for topic, n, offset in at}
        consumer.assign(list(places))
        consumer.commit(places)
    finally:
        consumer.close()


def _text(value):
    return None if value is None else base64.b64encode(value).decode()


def _bytes(text):
    return None if text is None else base64.b64decode(text)
