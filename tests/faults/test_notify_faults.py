"""`prewarn run notify` as processes of their own: real Kafka, real PostgreSQL, a real receiver of messages."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from zlib import crc32

import msgspec
import psycopg
import pytest

from services import directory as directories
from services.app.cluster.directory import publish_directory
from services.app.cluster.notify import opened
from services.app.cluster.set_aside import is_known, take_again
from services.log.kafka import REJECTED, WARNINGS
from services.log.kafka.rejects import Rejects
from services.messages import Changes, WarningChange
from services.notify.retry_policy import RetryPolicy
from services.notify.testing import change
from services.rules.registry.kafka import KafkaRegistry
from tests.cluster import Cluster, kill
from tests.faults.kinds import LONG, until
from tests.faults.running import free_port, receiving, write_table
from tests.patience import PATIENCE
from tests.rule_files import folder, rule

ABSENT = rule("absent", by="[student]", levels="{at_least: {yellow: 1, red: 3}}", notify="{to: class_tutor}")
PARTITIONS = 4


@pytest.fixture
def cluster(broker, tmp_path, request):
    prefix = re.sub(r"\W", "-", request.node.name)[:40] + "."
    with Cluster(broker, prefix, folder(tmp_path / "rules", ABSENT), tmp_path, PARTITIONS) as cluster:
        yield cluster


def told(cluster, url):
    people = cluster.folder / "people"
    write_table(people, "people.csv", "id,name,channel", [("anna", "Anna", url)])
    write_table(people, "classes.csv", "id,name", [("m1", "M1")])
    write_table(people, "roles.csv", "role,person,scope_kind,scope", [("class_tutor", "anna", "class", "m1")])
    publish_directory(cluster.settings, directories.load(people))


def warned(version, n):
    one = change(subject=f"s{n}/-")
    facts = msgspec.structs.replace(one.facts, context={"student": f"s{n}", "class": "m1"})
    return msgspec.structs.replace(one, rule="absent", rule_version=version, subject=f"s{n}", facts=facts)


def send(cluster, value, partition):
    key = b"gone" if value is None else None  # a tombstone has one
    cluster.publisher._connected().send(cluster.prefix + WARNINGS, value, key, partition=partition).get(10)


def send_warnings(cluster, warnings):
    partitions = len(cluster.ends(WARNINGS))
    for one in warnings:
        where = crc32(one.warning_id.encode()) % partitions
        send(cluster, msgspec.json.encode(Changes([one], [])), where)


def query(url, what):
    with psycopg.connect(url) as connection:
        try:
            return connection.execute(what).fetchall()
        except psycopg.errors.UndefinedTable:  # notify is still starting
            return []


def test_two_notifies_of_which_one_is_killed_tell_everybody_and_pass_what_is_poison(cluster, postgres):
    url, version = postgres.database(), KafkaRegistry(cluster.settings).current().version
    with receiving() as receiver:
        told(cluster, receiver.url)
        notifies = [
            cluster.start("notify", port=free_port(), database_url=url, home=cluster.folder / f"home{n}")
            for n in range(2)
        ]
        send_warnings(cluster, [warned(version, n) for n in range(40)])
        until(lambda: len(receiver.pushes) >= 5)
        kill(notifies[0])
        unstorable = [msgspec.structs.replace(warned(version, 900), sequence=1 << 40), warned(version, 901)]
        poison = [b"nonsense", b"[]", None, b"\xff" * 900_000, msgspec.json.encode(Changes(unstorable, []))]
        for partition in range(len(cluster.ends(WARNINGS))):
            for value in poison:
                send(cluster, value, partition)
        send_warnings(cluster, [warned(version, n) for n in range(30, 60)])
        until(lambda: query(url, "SELECT count(*) FROM warning") == [(61,)])
        # What the dead one was sending waits for its lease, of a minute; a new process in its place does not.
        cluster.start("notify", port=free_port(), database_url=url, home=cluster.folder / "home0")
        until(lambda: query(url, "SELECT DISTINCT status FROM delivery") == [("sent",)])
        ends = cluster.ends(WARNINGS)
        reached = dict(query(url, "SELECT consumer, position FROM position WHERE consumer LIKE 'campus.warnings/%'"))
        until(lambda: cluster.committed("notify", WARNINGS) == ends)
    assert reached == {f"campus.warnings/{partition}": end for partition, end in ends.items()}
    assert sum(cluster.ends(REJECTED).values()) >= len(poison) * len(ends)
    with opened(cluster.settings.model_copy(update={"database_url": url})) as (notify, *_):
        assert notify.ports.set_aside is not None
        aside = notify.ports.set_aside(100)
        assert {one.rule for one in aside} == {None, (version, "absent")}
        assert notify.ports.set_aside(2) == aside[:2]
        rejects = Rejects(cluster.settings.broker_list, cluster.prefix)
        kept = next(rejects.get(one.number) for one in aside if one.rule is not None)
        assert take_again(notify, kept) is not None  # its sequence is none that the store holds
        change = msgspec.json.decode(kept.raw, type=WarningChange)
        mended = msgspec.structs.replace(kept, raw=msgspec.json.encode(msgspec.structs.replace(change, sequence=1)))
        assert take_again(notify, mended) is None
        assert is_known(notify, mended)
    pushes = [json.loads(push) if isinstance(push, bytes | str) else push for push in receiver.pushes]
    keys = Counter(push["key"] for push in pushes)
    assert len(keys) == 61
    assert all(times <= 2 for times in keys.values())
    repeated = {key for key, times in keys.items() if times > 1}
    assert repeated <= {push["key"] for push in pushes if push["possibly_duplicate"]}


@pytest.mark.parametrize("moment", ["notify-killed-before-the-send", "notify-killed-after-the-send"])
def test_notify(moment, cluster, postgres):
    """After the send: the receiver kills it before it answers. Before: as soon as the warnings are in the store."""
    url, version = postgres.database(), KafkaRegistry(cluster.settings).current().version
    with receiving() as receiver:
        told(cluster, receiver.url)
        notify = cluster.start("notify", port=free_port(), database_url=url)
        if moment.endswith("after-the-send"):
            receiver.before_answering = lambda: len(receiver.pushes) == 3 and kill(notify)
        send_warnings(cluster, [warned(version, n) for n in range(20)])
        if moment.endswith("before-the-send"):
            until(lambda: query(url, "SELECT count(*) FROM delivery")[:1] not in ([], [(0,)]))
            kill(notify)
        assert notify.wait(PATIENCE) == -signal.SIGKILL
        cluster.start("notify", port=free_port(), database_url=url)
        until(lambda: query(url, "SELECT count(*) FROM delivery WHERE status = 'sent'") == [(20,)])
    keys = Counter(push["key"] for push in receiver.pushes)
    repeated = [key for key, times in keys.items() if times > 1]
    assert len(keys) == 20
    assert len(repeated) <= RetryPolicy().threads  # pushes in flight at the kill
    assert repeated or not moment.endswith("after-the-send")
    assert all(any(p["key"] == key and p["possibly_duplicate"] for p in receiver.pushes) for key in repeated)


def test_channel_down_for_a_while(cluster, postgres):
    url, version = postgres.database(), KafkaRegistry(cluster.settings).current().version
    with receiving() as receiver:
        told(cluster, receiver.url)
        receiver.status = 503
        cluster.start("notify", port=free_port(), database_url=url)
        send_warnings(cluster, [warned(version, n) for n in range(10)])
        until(lambda: query(url, "SELECT count(*) FROM delivery WHERE status = 'failed'") > [(0,)])
        time.sleep(60 if LONG else 5)
        receiver.status = 200
        until(lambda: query(url, "SELECT count(*) FROM delivery WHERE status = 'sent'") == [(10,)])
    assert Counter(push["key"] for push in receiver.taken) == dict.fromkeys({p["key"] for p in receiver.taken}, 1)


def test_a_notify_whose_store_stays_away_ends_with_a_code_that_says_so(cluster, postgres):
    url, version = postgres.database(), KafkaRegistry(cluster.settings).current().version
    told(cluster, "json://127.0.0.1:9/hook")
    notify = cluster.start("notify", port=free_port(), database_url=url, patience=3)
    send_warnings(cluster, [warned(version, 1)])
    until(lambda: query(url, "SELECT count(*) FROM warning") == [(1,)])
    postgres.stop()
    send_warnings(cluster, [warned(version, 2)])
    assert notify.wait(PATIENCE) == 70
    postgres.start()
    cluster.start("notify", port=free_port(), database_url=url)
    until(lambda: query(url, "SELECT count(*) FROM warning") == [(2,)])


def test_without_its_store_it_says_so_at_once(cluster):
    told(cluster, "json://127.0.0.1:9/hook")
    done = subprocess.run(
        [sys.executable, "-c", "from services.cli import main; main()", "--home", cluster.folder, "run", "notify"],
        env=os.environ | {
            "PREWARN_BROKERS": cluster.broker.address, "PREWARN_TOPIC_PREFIX": cluster.prefix,
            "DATABASE_URL": "postgresql://prewarn:secret@127.0.0.1:1/x",
        },
        text=True, capture_output=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 1
    assert "notify's store postgresql" in done.stderr
    assert "secret" not in done.stderr
