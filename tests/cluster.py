"""Route and evaluate as processes of their own, on a real broker; what they published, and what one journal says."""

import os
import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import msgspec
from kafka import KafkaConsumer, TopicPartition
from kafka.admin import KafkaAdminClient
from kafka.errors import KafkaError

from services.log.heartbeat import FROZEN, STALLED
from services.log.kafka import EVENTS, OBSERVATIONS, WARNINGS
from services.log.kafka.applying import apply_topics
from services.log.kafka.declaration import read_topics
from services.log.kafka.producer import Publisher
from services.messages import Changes
from services.rules.registry.kafka import KafkaRegistry
from services.settings import Settings, resource
from tests.journals import append, campus, journal, published
from tests.patience import PATIENCE


class Cluster(ExitStack):
    """A topic prefix of its own; one partition of events, so that the log has one order. Ends what it started."""

    def __init__(self, broker, prefix, rules, folder, partitions=1):
        super().__init__()
        self.broker, self.prefix, self.folder = broker, prefix, folder
        declared = read_topics(resource("deploy") / "topics.yaml")
        declared[EVENTS] = msgspec.structs.replace(declared[EVENTS], partitions=partitions)
        apply_topics([broker.address], prefix, declared)
        self.settings = Settings(brokers=broker.address, topic_prefix=prefix, rules=rules)
        KafkaRegistry(self.settings).publish(rules)
        self.publisher = Publisher([broker.address], prefix)
        self.callback(self.publisher.close)
        self.services = []

    def start(self, service, **settings):
        log = self.enter_context((self.folder / f"{service}-{len(self.services)}.log").open("w"))
        env = {
            "PREWARN_BROKERS": self.broker.address, "PREWARN_TOPIC_PREFIX": self.prefix, "PREWARN_PAST": "true",
            "PREWARN_SESSION_TIMEOUT": "4", "PREWARN_PATIENCE": "10", "PREWARN_HOME": str(self.folder),
            "PREWARN_MAX_AGE": "0",  # what the tests tell of lies in the past
            **{f"PREWARN_{name.upper()}": str(value) for name, value in settings.items()},
        }  # fmt: skip
        process = subprocess.Popen(
            [sys.executable, "-c", "from services.cli import main; main()", "run", service],
            cwd=Path(__file__).parents[1], env=os.environ | env, stdout=log, stderr=log,
        )  # fmt: skip
        self.callback(kill, process)
        self.services.append((service, process))
        return process

    def supervise(self):
        """As systemd does: what found itself standing, or too long without the processor, and ended is started anew."""
        for n, (service, process) in enumerate(self.services):
            if process is not None and process.poll() in (STALLED, FROZEN):
                self.services[n] = service, None
                self.start(service)

    def alive(self, service):
        return [process for name, process in self.services if name == service and process and process.poll() is None]

    def append(self, packs):
        for pack in packs:
            self.publisher.append(campus(pack))

    def ends(self, topic):
        name = self.prefix + topic
        consumer = KafkaConsumer(bootstrap_servers=self.broker.address)
        try:
            places = [TopicPartition(name, n) for n in sorted(consumer.partitions_for_topic(name))]
            return {place.partition: end for place, end in consumer.end_offsets(places).items()}
        finally:
            consumer.close()

    def committed(self, service, topic):
        admin = KafkaAdminClient(bootstrap_servers=self.broker.address)
        try:
            group = f"{self.prefix}prewarn-{service}"
            found = admin.list_group_offsets({group: None})[group]
        except KafkaError:  # the group is not there yet
            return {}
        finally:
            admin.close()
        return {tp.partition: at.offset for tp, at in found.items() if tp.topic == self.prefix + topic}

    def wait_until_done(self, within=PATIENCE):
        """Everything is routed, evaluated and committed."""
        end = time.monotonic() + within
        for service, topic in (("route", EVENTS), ("evaluate", OBSERVATIONS)):
            ends, pending = self.ends(topic), None
            while time.monotonic() < end:
                done = self.committed(service, topic)
                pending = {p: (done.get(p, 0), at) for p, at in ends.items() if done.get(p, 0) < at}
                if not pending:
                    break
                self.supervise()
                time.sleep(0.5)
            assert not pending, f"{service} has not committed {pending}; {self.said()}"

    def said(self):
        return "\n".join(f"{path.name}: {path.read_text()[-1500:]}" for path in self.folder.glob("*.log"))

    def published(self):
        """All changes on campus.warnings, each partition in its order."""
        return [
            change for _, value in self.values(WARNINGS) for change in msgspec.json.decode(value, type=Changes).changes
        ]

    def values(self, topic):
        """(offset, value) of all messages of a topic, each partition in its order."""
        ends = {TopicPartition(self.prefix + topic, p): end for p, end in self.ends(topic).items()}
        consumer = KafkaConsumer(bootstrap_servers=self.broker.address, auto_offset_reset="earliest")
        found = []
        try:
            consumer.assign(list(ends))
            consumer.seek_to_beginning()
            while any(consumer.position(place) < end for place, end in ends.items()):
                for records in consumer.poll(timeout_ms=500).values():
                    found += [(record.offset, record.value) for record in records]
        finally:
            consumer.close()
        return found


def kill(process):
    if process.poll() is None:
        process.send_signal(signal.SIGCONT)
        process.kill()
    process.wait()


def said(changes):
    """What must be the same however often work was repeated."""
    return {(c.warning_id, c.sequence, c.change, c.facts.level, c.facts.value, c.facts.threshold) for c in changes}


def embedded(path, rule_set, packs, finish, worker):
    """What the embedded worker says of the same log."""
    book = journal(path)
    for pack in packs:
        append(book, pack)
    finish(worker(book, rule_set))
    return published(book)


def assert_as_embedded(cluster, expected):
    """The cluster has published what the embedded worker did; a difference is told by rule, with a few examples."""
    published = cluster.published()
    rule_of = {change.warning_id: f"{change.rule} {change.subject}" for change in [*published, *expected]}
    got, wanted = said(published), said(expected)
    apart = [("+", one) for one in got - wanted] + [("-", one) for one in wanted - got]
    lines = [f"{rule_of[one[0]]} {sign} {one[1:]}" for sign, one in apart]
    assert not lines, "\n".join([*sorted(lines)[:40], cluster.said()])
