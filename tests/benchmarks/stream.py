"""The rules side on a real broker: topic to warning, beside what Faust and aiokafka do alone in the same run.

    python tests/benchmarks/stream.py [--events 60000] [--packed 100] [--rate 200] [--seconds 20]
        [--channel sink|webhook] [--json]

On one broker (deploy/kafka), one after the other, each over the same events, which are in the topic beforehand:

- `prewarn run route` and `prewarn run evaluate`, one of each, state and changelog and all, over messages of `--packed`
  events and then of one event each; the clock runs from the start of the first batch to the last commit of evaluate,
  as the committed offsets say, so starting the processes is not in it;
- a bare Faust agent that counts events by student in a table, and sends nothing;
- a bare aiokafka loop that decodes them: the ceiling.

Then `--rate` events a second, each of which opens a warning, with `prewarn run notify` beside them: p50 and p99 from
Kafka's answer (the moment at which ingest says yes) to the message's being in the hands of its `--channel` (the file
of those who have none, or a webhook, whose server then shares this machine's cores); and, as `published`, to the
warning's being read from campus.warnings by a consumer.

The events: attendance of 10,000 students in about 300 bytes, one observation each, evaluated by one rule with a window
of 400 records per student; a fifth of the students has more than three absences.
"""

import argparse
import asyncio
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

import msgspec
from aiokafka import AIOKafkaConsumer
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient, NewTopic

from deploy.kafka.broker import Broker
from services import directory as directories
from services.app.cluster.directory import publish_directory
from services.log.kafka import EVENTS, WARNINGS
from services.messages import Changes
from tests.benchmarks.latency import from_sink, from_webhook, tell_at_once
from tests.cluster import Cluster, kill
from tests.faults.running import free_port, receiving, write_table
from tests.rule_files import folder, rule

BEGIN = datetime(2026, 3, 2, tzinfo=UTC)
STUDENTS = 10_000
MANY = rule(
    "absences", measure='{count: status == "absent"}', window="{last: 400}", levels="{at_least: {yellow: 4, red: 400}}"
)
EACH = rule(
    "absent",
    by="[event]",
    where='status == "absent"',
    measure="{count: true}",
    levels="{at_least: {yellow: 1}}",
    notify="{to: class_tutor}",
)
FAUST = """
import faust, json, sys
app = faust.App(sys.argv[1], broker="kafka://" + sys.argv[2], store="memory://", topic_disable_leader=True,
    web_enabled=False, autodiscover=False, producer_acks=-1, producer_linger=0.01, datadir=sys.argv[4],
    consumer_auto_offset_reset="earliest", topic_allow_declare=True, broker_session_timeout=10)
topic = app.topic(sys.argv[3], key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw",
    internal=False)
counts = app.Table("counts", default=int, partitions=1)

@app.agent(topic)
async def count(stream):
    async for value in stream:
        counts[json.loads(value)[0]["data"]["student"]] += 1

sys.argv = ["faust", "worker", "-l", "error"]
app.main()
"""


def events(count: int) -> list[bytes]:
    """In time's order, padded to about 300 bytes."""
    rng = random.Random(7)
    often = {n for n in range(STUDENTS) if rng.random() < 0.2}
    out = []
    for n in range(count):
        who = rng.randrange(STUDENTS)
        status = "absent" if rng.random() < (0.5 if who in often else 0.02) else "present"
        out.append(json.dumps({
            "specversion": "1.0", "source": "bench", "id": f"a{n:08}", "type": "attendance",
            "time": (BEGIN + timedelta(seconds=n)).isoformat(), "revision": 0, "retracted": False,
            "data": {"lesson": f"lesson-{n // 40:06}", "student": f"student-{who:05}", "status": status,
                     "course": "algebra-and-analysis-one", "class": f"class-{who % 300:03}"},
        }).encode())  # fmt: skip
    return out


def fill(address: str, topic: str, messages: list[bytes]) -> None:
    """As ingest does, and awaited."""
    producer = KafkaProducer(bootstrap_servers=address, acks="all", linger_ms=20, max_request_size=2 << 20)
    for message in messages:
        producer.send(topic, message, partition=0)
    producer.flush()
    producer.close()


def packs(single: list[bytes], size: int) -> list[bytes]:
    return [b"[" + b",".join(single[n : n + size]) + b"]" for n in range(0, len(single), size)]


def until_committed(cluster: Cluster, began: float) -> tuple[float, float]:
    """Seconds at which route had committed its first batch, and at which evaluate had committed everything."""
    first = 0.0
    while True:
        done = cluster.committed("route", EVENTS)
        if not first and sum(done.values()):
            first = time.monotonic()
        if first and done == cluster.ends(EVENTS):
            break
        assert time.monotonic() - began < 600, cluster.said()
        time.sleep(0.05)
    cluster.wait_until_done(600)
    return first, time.monotonic()


def prewarn(
    broker: Broker, name: str, messages: list[bytes], count: int, rules: Path, scratch: Path
) -> dict[str, float]:
    """Events per second of route and evaluate together."""
    with Cluster(broker, f"{name}.", rules, scratch) as cluster:
        fill(broker.address, cluster.prefix + EVENTS, messages)
        evaluate = cluster.start("evaluate")
        time.sleep(8)  # it waits for what route sends
        began = time.monotonic()
        route = cluster.start("route")
        first, last = until_committed(cluster, began)
        rate = count / (last - first)
        opened = sum(change.change == "opened" for change in cluster.published())
        kill(route), kill(evaluate)
        return {"events_per_second": rate, "warnings": opened}


def bare_faust(broker: Broker, single: list[bytes], scratch: Path) -> float:
    """Messages per second of an agent that counts in a table."""
    topic, script = "bare-faust", scratch / "bare.py"
    create(broker, topic)
    fill(broker.address, topic, [b"[" + one + b"]" for one in single])
    script.write_text(FAUST, "utf-8")
    process = subprocess.Popen(
        [sys.executable, str(script), "bare", broker.address, topic, str(scratch / "faust")],
        stdout=subprocess.DEVNULL, stderr=(scratch / "bare.log").open("w"), env=os.environ, cwd=scratch,
    )  # fmt: skip
    try:
        return watched(broker, "bare", topic, len(single), process, scratch / "bare.log")
    finally:
        kill(process)


def watched(broker: Broker, group: str, topic: str, count: int, process: Any, log: Path) -> float:
    """Messages per second between the first and the last commit of a group."""
    admin = KafkaAdminClient(bootstrap_servers=broker.address)
    place = TopicPartition(topic, 0)
    first: tuple[float, int] | None = None
    end = time.monotonic() + 600
    try:
        while time.monotonic() < end:
            assert process.poll() is None, log.read_text()[-2000:]
            try:
                at = admin.list_group_offsets({group: None})[group].get(place)
            except Exception:  # noqa: BLE001 - the group is not there yet
                at = None
            done = at.offset if at is not None else 0
            if done > 0 and first is None:
                first = time.monotonic(), done
            if first is not None and done >= count:
                return (count - first[1]) / max(1e-9, time.monotonic() - first[0])
            time.sleep(0.05)
        raise AssertionError(log.read_text()[-2000:])
    finally:
        admin.close()


def create(broker: Broker, topic: str) -> None:
    admin = KafkaAdminClient(bootstrap_servers=broker.address)
    admin.create_topics([NewTopic(topic, 1, 1)])
    admin.close()


async def bare_loop(address: str, topic: str, count: int) -> float:
    """Messages per second of aiokafka with JSON decoded and nothing kept."""
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=address, auto_offset_reset="earliest")
    await consumer.start()
    seen, began = 0, 0.0
    try:
        while seen < count:
            for records in (await consumer.getmany(timeout_ms=500)).values():
                began = began or time.monotonic()
                for record in records:
                    json.loads(record.value)
                seen += len(records)
        return seen / (time.monotonic() - began)
    finally:
        await consumer.stop()


def college(place: Path, channel: str) -> Path:
    """One tutor of one class."""
    write_table(place, "people.csv", "id,name,channel", [("anna", "Anna", channel)])
    write_table(place, "classes.csv", "id,name", [("m1", "M1")])
    write_table(place, "roles.csv", "role,person,scope_kind,scope", [("class_tutor", "anna", "class", "m1")])
    return place


def latency(broker: Broker, rate: int, seconds: int, rules: Path, scratch: Path, channel: str) -> dict[str, float]:
    """p50 and p99 in milliseconds from Kafka's answer to the channel, and to a consumer of campus.warnings."""
    with Cluster(broker, "latency.", rules, scratch) as cluster, receiving() as receiver:
        people = college(scratch / "people", receiver.url if channel == "webhook" else "")
        publish_directory(cluster.settings, directories.load(people))
        cluster.start("route", past="false"), cluster.start("evaluate", past="false")
        cluster.start("notify", past="false", port=free_port())
        seen: dict[str, float] = {}
        of_warning: dict[str, str] = {}
        answered: dict[str, float] = {}
        stop = threading.Event()

        def read() -> None:
            topic = cluster.prefix + WARNINGS
            consumer = KafkaConsumer(topic, bootstrap_servers=broker.address, auto_offset_reset="earliest")
            while not stop.is_set():
                for records in consumer.poll(timeout_ms=100).values():
                    now = time.time()
                    for record in records:
                        for change in msgspec.json.decode(record.value, type=Changes).changes:
                            seen.setdefault(change.facts.evidence[0].id, now)
                            of_warning[change.warning_id] = change.facts.evidence[0].id
            consumer.close()

        reader = threading.Thread(target=read)
        reader.start()
        producer = KafkaProducer(bootstrap_servers=broker.address, acks="all", linger_ms=0)
        warm = 10 * rate
        total = warm + rate * seconds
        began = time.monotonic()
        for n in range(total):
            time.sleep(max(0.0, began + n / rate - time.monotonic()))
            ident = f"e{n:06}"
            event = {
                "specversion": "1.0", "source": "bench", "id": ident, "type": "attendance",
                "time": datetime.now(UTC).isoformat(), "revision": 0, "retracted": False,
                "data": {"lesson": "l", "student": f"s{n % 5000}", "status": "absent", "class": "m1"},
            }  # fmt: skip
            future = producer.send(cluster.prefix + EVENTS, json.dumps([event]).encode(), partition=0)
            future.add_callback(lambda _, ident=ident: answered.setdefault(ident, time.time()))
        producer.flush()
        pushes = from_webhook(receiver) if channel == "webhook" else from_sink(scratch)
        end = time.monotonic() + 120
        while (len(seen) < total or len(pushes()) < total) and time.monotonic() < end:
            time.sleep(0.5)
        stop.set(), reader.join()
        producer.close()
        told = {of_warning[warning]: at for warning, at in pushes()}
        assert len(seen) == len(told) == total, f"{len(seen)} warnings, {len(told)} told of {total}; {cluster.said()}"
        found = {}
        for name, ends in (("", told), ("published_", seen)):
            took = sorted((ends[i] - answered[i]) * 1000 for i in answered if int(i[1:]) >= warm)
            found |= {f"{name}p50_ms": statistics.median(took), f"{name}p99_ms": took[int(0.99 * len(took))]}
        return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=60_000)
    parser.add_argument("--packed", type=int, default=100, help="events a message")
    parser.add_argument("--rate", type=int, default=200)
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--channel", choices=("sink", "webhook"), default="sink")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    tell_at_once()
    single = events(asked.events)
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        many, each = folder(scratch / "many", MANY), folder(scratch / "each", EACH)
        broker = Broker(scratch / "kafka", measured=True)
        broker.start()
        try:
            packed = prewarn(broker, "packed", packs(single, asked.packed), len(single), many, scratch)
            alone = prewarn(broker, "single", packs(single, 1), len(single), many, scratch)
            bare = bare_faust(broker, single, scratch)
            ceiling = asyncio.run(bare_loop(broker.address, "bare-faust", len(single)))
            waits = latency(broker, asked.rate, asked.seconds, each, scratch, asked.channel)
        finally:
            broker.stop()
    assert packed["warnings"] == alone["warnings"] > 0
    result = {
        "ratio_to_bare_faust": round(packed["events_per_second"] / bare, 2),
        "ratio_single": round(alone["events_per_second"] / bare, 2),
        "events_per_second": round(packed["events_per_second"]),
        **{name: round(waited) for name, waited in waits.items()},
        "events_per_second_single": round(alone["events_per_second"]),
        "bare_faust_per_second": round(bare), "bare_aiokafka_per_second": round(ceiling),
        "events": len(single), "warnings": packed["warnings"],
    }  # fmt: skip
    told = json.dumps(result) if asked.json else "\n".join(f"{key:>26}  {value:,}" for key, value in result.items())
    sys.stdout.write(told + "\n")


if __name__ == "__main__":
    main()
