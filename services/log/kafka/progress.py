"""How far the cluster has come with what ingest handed over, as the consumer groups have committed it."""

from __future__ import annotations

from collections.abc import Sequence

from kafka import TopicPartition
from kafka.errors import CoordinatorNotAvailableError

from services.log.kafka import EVENTS, OBSERVATIONS, WARNINGS, full_name
from services.log.kafka.records import open_admin, open_consumer

_EVALUATED = ((EVENTS, "route"), (OBSERVATIONS, "evaluate"))
"""Each topic of an event's way, and who reads it."""
_STORED = (*_EVALUATED, (WARNINGS, "notify"))


class EvaluatedBehind:
    """Whether all that was on `campus.events` when it was first asked is evaluated.

    From topic to topic: when one is read up to where it ended, it is asked where the next one ends. Raises BrokerError.
    """

    def __init__(self, brokers: Sequence[str], prefix: str, *, stored: bool = False) -> None:
        """`stored`: and what followed from it is in notify's store."""
        self._brokers, self._prefix = brokers, prefix
        self._way = list(_STORED if stored else _EVALUATED)
        self._ends: dict[TopicPartition, int] = {}

    def __call__(self) -> bool:
        """As of now."""
        while self._way and self._is_read(*self._way[0]):
            self._ends = {}
            del self._way[0]
        return not self._way

    def is_under_way(self) -> bool:
        """Whether whoever has to read on is there; where nobody is, it is waited for in vain."""
        groups = [self._group(reader) for _, reader in self._way]
        with open_admin(self._brokers) as admin:
            try:
                return all(found["members"] for found in admin.describe_groups(groups).values())
            except CoordinatorNotAvailableError:  # of a broker at which there was no group yet
                return False

    def _group(self, reader: str) -> str:
        return f"{self._prefix}prewarn-{reader}"

    def _is_read(self, topic: str, reader: str) -> bool:
        with open_consumer(self._brokers, group_id=self._group(reader)) as consumer:
            if not self._ends:
                name = full_name(self._prefix, topic)
                places = [TopicPartition(name, n) for n in consumer.partitions_for_topic(name) or ()]
                self._ends = consumer.end_offsets(places)
            return all((consumer.committed(place) or 0) >= end for place, end in self._ends.items())
