"""Bringing Kafka to what deploy/topics.yaml declares."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest
import yaml
from kafka.admin import KafkaAdminClient

from deploy.kafka.broker import Broker, free_port
from services.errors import BrokerError, ConfigurationError
from services.log.kafka import TOPICS, full_name
from services.log.kafka.applying import apply_topics
from services.log.kafka.declaration import Existing, Topic, plan, read_topics
from services.settings import Settings, resource
from tests.faults.running import prewarn
from tests.patience import PATIENCE

DECLARED = resource("deploy") / "topics.yaml"


@pytest.fixture
def declared() -> dict[str, Topic]:
    return read_topics(DECLARED)


@dataclass
class Changed:
    """A copy of the declaration with something else in it."""

    path: Path

    def __call__(self, topic: str, **fields: object) -> Path:
        said = yaml.safe_load(DECLARED.read_text("utf-8"))
        said[topic] = {key: one for key, one in {**said.get(topic, {}), **fields}.items() if one is not None}
        self.path.write_text(yaml.safe_dump(said), "utf-8")
        return self.path


@pytest.fixture
def changed(tmp_path: Path) -> Changed:
    return Changed(tmp_path / "topics.yaml")


def test_the_declaration_names_every_topic_and_keeps_what_a_warm_up_and_a_restart_need(declared) -> None:
    assert set(declared) == set(TOPICS)
    compact = {name for name, topic in declared.items() if topic.compact}
    assert compact == {"campus.state", "campus.rules", "campus.directory"}
    assert declared["campus.events"].append_time
    assert declared["campus.events"].retention_days >= 366


@pytest.mark.parametrize(
    ("topic", "fields", "said"),
    [
        ("campus.event", {"partitions": 1}, "campus.event: unknown topic"),
        ("campus.late", {"partitions": 0}, "campus.late: Expected `int` >= 1 - at `$.partitions`"),
        ("campus.late", {"partitions": "many"}, "campus.late: Expected `int`, got `str` - at `$.partitions`"),
        ("campus.late", {"retention": 3}, "campus.late: Object contains unknown field `retention`"),
        ("campus.rules", {"retention_days": 3}, "campus.rules: either compact or retention_days"),
        ("campus.events", {"max_message_bytes": 1 << 30}, "campus.events: Expected `int` <= 33554432"),
    ],
    ids=["name", "no partitions", "no number", "unknown field", "both", "too large"],
)
def test_a_wrong_declaration_is_refused_with_its_place(changed, topic, fields, said) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_topics(changed(topic, **fields))
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- a", "expected topics by name"),
        ("a: [", "expected"),
        ("{}", "campus.directory is missing"),
        (None, "No such"),
        ("campus.events: {partitions: 012}", "012 is not the same number to every program"),
    ],
    ids=["a list", "not YAML", "nothing", "no file", "an octal number"],
)
def test_a_file_that_is_no_declaration_is_refused(tmp_path, text, said) -> None:
    if text is not None:
        (tmp_path / "topics.yaml").write_text(text)
    with pytest.raises(ConfigurationError, match=said):
        read_topics(tmp_path / "topics.yaml")


def test_a_plan_creates_alters_and_leaves_alone() -> None:
    topic = Topic(partitions=2, retention_days=1)
    same = Existing(2, {**topic.settings(), "segment.bytes": "7"})
    other = Existing(2, {**topic.settings(), "retention.ms": "1"})
    todo = plan({"a": topic, "b": topic, "c": topic}, {"a": same, "b": other, "elsewhere": same})
    assert todo.create == {"c": topic}
    assert todo.alter == {"b": {"retention.ms": ("1", "86400000")}}


def test_every_partition_count_that_cannot_be_changed_is_named() -> None:
    topic = Topic(partitions=2)
    with pytest.raises(ConfigurationError) as caught:
        plan({"a": topic, "b": topic, "c": topic}, {"a": Existing(3, {}), "b": Existing(1, {})})
    assert "a has 3 partitions and cannot get 2" in str(caught.value)
    assert "b has 1 partitions and cannot get 2" in str(caught.value)


@pytest.mark.parametrize("prefix", ["a college.", "学院.", "x" * 101])
def test_a_prefix_that_kafka_does_not_take_is_refused(prefix) -> None:
    with pytest.raises(ConfigurationError, match="topic prefix"):
        full_name(prefix, "campus.events")


@pytest.mark.parametrize(
    ("brokers", "said"),
    [
        (None, "no Kafka is named"),
        (" , ", "no Kafka is named"),
        ("kafka", "kafka is not an address"),
        ("a:1,b:x", "b:x is"),
    ],
)
def test_brokers_that_are_no_addresses_are_refused(brokers, said) -> None:
    with pytest.raises(ConfigurationError, match=said):
        _ = Settings(brokers=brokers).broker_list


def test_brokers_are_a_list_of_addresses() -> None:
    assert Settings(brokers="a:1, [::1]:9092").broker_list == ["a:1", "[::1]:9092"]


def test_topics_are_created_once_then_altered_and_a_dry_run_only_tells(broker: Broker, declared) -> None:
    brokers, prefix = [broker.address], "apply."
    dry = apply_topics(brokers, prefix, declared, dry_run=True)
    assert len(dry.create) == len(TOPICS)
    assert not _there(broker, prefix)

    assert apply_topics(brokers, prefix, declared) == dry
    assert set(_there(broker, prefix)) == {prefix + name for name in TOPICS}
    assert apply_topics(brokers, prefix, declared).lines() == []

    late = msgspec.structs.replace(declared["campus.late"], retention_days=7, max_message_bytes=5000)
    altered = {**declared, "campus.late": late}
    told = ["alter apply.campus.late: max.message.bytes 2097152 → 5000, retention.ms 34560000000 → 604800000"]
    assert apply_topics(brokers, prefix, altered, dry_run=True).lines() == told
    assert apply_topics(brokers, prefix, altered).lines() == told
    end = time.monotonic() + PATIENCE  # what was altered is told a moment later
    while apply_topics(brokers, prefix, altered).lines():
        assert time.monotonic() < end
    assert len(apply_topics(brokers, "another.", declared, dry_run=True).create) == len(TOPICS)


def test_nothing_is_changed_when_one_thing_cannot_be(broker: Broker, declared) -> None:
    brokers, prefix = [broker.address], "fixed."
    apply_topics(brokers, prefix, {"campus.late": declared["campus.late"]})
    more = {**declared, "campus.late": Topic(partitions=9, retention_days=1)}
    with pytest.raises(ConfigurationError, match=r"fixed.campus.late has 1 partitions and cannot get 9"):
        apply_topics(brokers, prefix, more)
    assert _there(broker, prefix) == ["fixed.campus.late"]
    assert apply_topics(brokers, prefix, {"campus.late": declared["campus.late"]}).lines() == []


def test_what_kafka_refuses_is_told_in_its_words(broker: Broker, declared) -> None:
    wide = msgspec.structs.replace(declared["campus.late"], partitions=10_001)
    with pytest.raises(
        BrokerError, match=r"(?s)Kafka refuses to create\nrefused.campus.late: .*large number of partitions"
    ):
        apply_topics([broker.address], "refused.", {"campus.late": wide})


def test_no_broker_is_one_clear_sentence_in_bounded_time(declared) -> None:
    began = time.monotonic()
    address = f"127.0.0.1:{free_port()}"
    with pytest.raises(BrokerError, match=f"Kafka at {address} does not answer within 2 s"):
        apply_topics([address], "", declared, patience=2)
    assert time.monotonic() - began < 10


def test_the_command_applies_and_tells(broker: Broker, tmp_path: Path, changed) -> None:
    home = tmp_path / "home"
    asked = ("topics", "apply", "--brokers", broker.address, "--prefix", "command.")
    dry, first, second = (prewarn(home, *asked, *more) for more in (["--dry-run"], [], []))
    assert dry.stdout.splitlines()[0].startswith("would create command.campus.events: 4 partitions, cleanup.policy=del")
    assert first.stdout.replace("create", "would create") == dry.stdout
    assert second.stdout == "all 8 topics are as declared 主题与声明一致\n"
    wrong = prewarn(home, *asked, "--file", changed("campus.events", partitions=5))
    assert wrong.returncode == 1
    assert wrong.stderr.startswith("command.campus.events has 4 partitions and cannot get 5")
    assert prewarn(home, "topics", "apply").stderr.startswith("no Kafka is named")
    assert not home.exists()


def _there(broker: Broker, prefix: str) -> list[str]:
    with KafkaAdminClient(bootstrap_servers=broker.address) as admin:
        return sorted(name for name in admin.list_topics() if name.startswith(prefix))
