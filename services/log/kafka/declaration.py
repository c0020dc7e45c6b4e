"""What deploy/topics.yaml says, and how that differs from what Kafka has. No I/O but reading the file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec
import yaml

from services.errors import ConfigurationError
from services.log.kafka import TOPICS
from services.tabular.scalars import load_yaml

_DAY_MS = 86_400_000
_LARGEST = 32 << 20
"""No message may be longer: clients that would take it whole must hold it in memory several times."""


class Topic(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One topic, as declared; the fields are explained at the top of deploy/topics.yaml."""

    partitions: Annotated[int, msgspec.Meta(ge=1, le=1000)]
    retention_days: Annotated[int, msgspec.Meta(ge=1, le=36_500)] | None = None
    compact: bool = False
    max_message_bytes: Annotated[int, msgspec.Meta(ge=1024, le=_LARGEST)] = 1_048_588
    append_time: bool = False

    def settings(self) -> dict[str, str]:
        """Kafka's settings of the topic; others stay as somebody made them."""
        return {
            "cleanup.policy": "compact" if self.compact else "delete",
            "max.message.bytes": str(self.max_message_bytes),
            "message.timestamp.type": "LogAppendTime" if self.append_time else "CreateTime",
            "retention.ms": "-1" if self.retention_days is None else str(self.retention_days * _DAY_MS),
        }


class Existing(msgspec.Struct, frozen=True):
    """One topic, as Kafka has it."""

    partitions: int
    settings: Mapping[str, str | None]


class TopicChanges(msgspec.Struct, frozen=True):
    """What is to do, by full names."""

    create: dict[str, Topic]
    alter: dict[str, dict[str, tuple[str | None, str]]]
    """Setting → (what it is, what it shall be)."""

    def lines(self) -> list[str]:
        """The plan for people, a line per topic; empty if there is nothing to do."""
        created = [
            f"create {name}: {topic.partitions} partitions, " + ", ".join(f"{k}={v}" for k, v in _shown(topic))
            for name, topic in self.create.items()
        ]
        altered = [
            f"alter {name}: " + ", ".join(f"{key} {old} → {new}" for key, (old, new) in changes.items())
            for name, changes in self.alter.items()
        ]
        return created + altered


def _shown(topic: Topic) -> list[tuple[str, str]]:
    return list(topic.settings().items())


def read_topics(path: Path) -> dict[str, Topic]:
    """The declared topics by name, all of `TOPICS`. Raises ConfigurationError with everything that is wrong."""
    try:
        said: Any = load_yaml(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigurationError(f"{path}: {error}") from error
    if not isinstance(said, dict):
        raise ConfigurationError(f"{path}: expected topics by name")
    wrong = [f"{path}: {name}: unknown topic (expected: {', '.join(TOPICS)})" for name in said if name not in TOPICS]
    topics: dict[str, Topic] = {}
    for name in TOPICS:
        if name not in said:
            wrong.append(f"{path}: {name} is missing")
            continue
        try:
            topics[name] = msgspec.convert(said[name], Topic)
        except msgspec.ValidationError as error:
            wrong.append(f"{path}: {name}: {error}")
            continue
        if topics[name].compact and topics[name].retention_days is not None:
            wrong.append(f"{path}: {name}: either compact or retention_days")
    if wrong:
        raise ConfigurationError("\n".join(wrong))
    return topics


def plan(declared: Mapping[str, Topic], found: Mapping[str, Existing]) -> TopicChanges:
    """What brings Kafka to the declaration. Raises ConfigurationError with all that cannot be changed."""
    wrong = [
        f"{name} has {found[name].partitions} partitions and cannot get {topic.partitions}: what is keyed "
        f"would move. Declare {found[name].partitions}, or begin anew under another prefix (PREWARN_TOPIC_PREFIX)"
        for name, topic in declared.items()
        if name in found and found[name].partitions != topic.partitions
    ]
    if wrong:
        raise ConfigurationError("\n".join([*wrong, "nothing was changed"]))
    alter = {
        name: changes
        for name, topic in declared.items()
        if name in found and (changes := _changes(topic.settings(), found[name].settings))
    }
    return TopicChanges({name: topic for name, topic in declared.items() if name not in found}, alter)


def _changes(wanted: dict[str, str], has: Mapping[str, str | None]) -> dict[str, tuple[str | None, str]]:
    return {key: (has.get(key), value) for key, value in wanted.items() if has.get(key) != value}
