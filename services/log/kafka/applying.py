"""Bringing Kafka to what is declared: `prewarn topics apply`. One of the two files that import kafka."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kafka.admin import ConfigResource, ConfigResourceType
from kafka.errors import TopicAlreadyExistsError, for_code

from services.errors import BrokerError
from services.log.kafka import full_name
from services.log.kafka.declaration import Existing, Topic, TopicChanges, plan
from services.log.kafka.records import open_admin

PATIENCE = 15.0
"""Seconds until brokers that do not answer count as out of reach."""
_READY = 30.0


def apply_topics(
    brokers: Sequence[str],
    prefix: str,
    topics: Mapping[str, Topic],
    *,
    dry_run: bool = False,
    patience: float = PATIENCE,
) -> TopicChanges:
    """Creates what is missing and alters what differs; what was done, or with `dry_run` would be.

    What cannot be changed is found before anything is. Doing it again does nothing. Returns when the new topics take
    messages. Raises ConfigurationError (a partition count, a prefix) and BrokerError.
    """
    declared = {full_name(prefix, name): topic for name, topic in topics.items()}
    with open_admin(brokers, patience) as admin:
        todo = plan(declared, _existing(admin, declared))
        if not dry_run:
            _create(admin, todo.create)
            _alter(admin, todo)
    return todo


def _existing(admin: Any, names: Mapping[str, Topic]) -> dict[str, Existing]:
    there = sorted(set(admin.list_topics()) & names.keys())  # asking for one that is not there might create it
    if not there:
        return {}
    resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in there]
    settings = admin.describe_configs(resources, config_filter="all")["topic"]
    return {
        topic["name"]: Existing(
            len(topic["partitions"]), {key: said["value"] for key, said in settings[topic["name"]].items()}
        )
        for topic in admin.describe_topics(there)
    }


def _create(admin: Any, topics: Mapping[str, Topic]) -> None:
    if not topics:
        return
    wanted = {name: {"num_partitions": t.partitions, "configs": t.settings()} for name, t in topics.items()}
    answer = admin.create_topics(wanted, raise_errors=False)
    wrong = []
    for topic in answer["topics"]:
        error = for_code(topic["error_code"])
        # Somebody who applies the same at the same time was quicker.
        if topic["error_code"] and error is not TopicAlreadyExistsError:
            wrong.append(f"{topic['name']}: {topic.get('error_message') or error.__name__}")
    if wrong:
        raise BrokerError("Kafka refuses to create\n" + "\n".join(wrong))
    admin.wait_for_topics(list(topics), timeout_ms=_READY * 1000)


def _alter(admin: Any, todo: TopicChanges) -> None:
    resources = [
        ConfigResource(ConfigResourceType.TOPIC, name, {key: new for key, (_, new) in changes.items()})
        for name, changes in todo.alter.items()
    ]
    if not resources:
        return
    answer = admin.alter_configs(resources)["topic"]
    wrong = [f"{name}: {said}" for name, said in answer.items() if said != "OK"]
    if wrong:
        raise BrokerError("Kafka refuses to alter\n" + "\n".join(wrong))
