"""Ingest's way to Kafka: the `EventLog` of the cluster mode. One of the two files that import kafka.

What arrives together is one message on `campus.events`: an array of CloudEvents, in the order of their times, without a
key, so that any partition may take it (route, not ingest, sorts by subject). Refused inputs go to `campus.rejected`,
likewise in arrays.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from threading import Lock
from typing import Any

import msgspec
from kafka import KafkaProducer
from kafka.errors import KafkaError

from services.errors import BrokerError
from services.i18n import say
from services.log.kafka import EVENTS, REJECTED, full_name
from services.log.kafka.records import read_whole
from services.messages import CampusEvent, Message, Rejection, Verdict

MESSAGE_BYTES = 900_000
"""A message holds no more, unless one event alone does: the topics allow that (deploy/topics.yaml)."""
PATIENCE = 10.0
"""Seconds until brokers that do not answer count as out of reach; an append takes no more than twice that."""
_LARGEST = 16 << 20
"""No topic of deploy/topics.yaml takes a longer message."""
_RESPITE = 1.0
"""Seconds in which nobody tries again to reach brokers that have just not answered: many requests would queue up."""


def packed(encoded: Iterable[bytes], limit: int = MESSAGE_BYTES) -> Iterator[bytes]:
    """JSON arrays of JSON values, each as long as `limit` allows; a value that is longer stands alone."""
    pack: list[bytes] = []
    size = 1
    for one in encoded:
        if pack and size + len(one) + 1 > limit:
            yield b"[" + b",".join(pack) + b"]"
            pack, size = [], 1
        pack.append(one)
        size += len(one) + 1
    if pack:
        yield b"[" + b",".join(pack) + b"]"


class Publisher:
    """An `EventLog` on Kafka; several threads may share it.

    Kafka does not know what is in it: every event that it takes is `accepted`, never `duplicate` or `conflict`. That a
    duplicate changes nothing, and that of two contents at one revision the first counts, is the engine's business.
    After a BrokerError some of the events may be on Kafka nevertheless; handing in the same again is harmless.
    """

    def __init__(self, brokers: Sequence[str], prefix: str = "", patience: float = PATIENCE) -> None:
        """Connects to nothing yet. Raises ConfigurationError for a prefix that Kafka does not take."""
        self._brokers = list(brokers)
        self._events, self._rejected = full_name(prefix, EVENTS), full_name(prefix, REJECTED)
        self._patience = patience
        self._encode = msgspec.json.Encoder().encode
        self._lock = Lock()
        self._producer: Any = None
        self._refused: tuple[float, BrokerError] | None = None
        self.trouble: Message | str | None = None
        """Why nothing could be handed over the last time; none if it could."""

    def connect(self) -> None:
        """Reaches Kafka and finds both topics there. Raises BrokerError; `append` would say the same, but later."""
        for topic in (self._events, self._rejected):
            try:
                self._connected().partitions_for(topic)
            except KafkaError as error:
                raise BrokerError(f"{self._there}: {topic} is not there (prewarn topics apply): {error}") from error

    def close(self) -> None:
        """Gives up what is under way; nobody was told yes for it."""
        with self._lock:
            self._let_go()

    def append(self, events: Sequence[CampusEvent]) -> list[Verdict]:
        """See EventLog: returns once every in-sync replica has all of them. All are `accepted`."""
        ordered = sorted((e.time, f"{e.source} {e.id} {e.revision}", self._encode(e)) for e in events)
        self._publish(self._events, packed(one for *_, one in ordered))
        return ["accepted"] * len(events)

    def past(self) -> Iterator[list[bytes]]:
        """The messages on `campus.events`, partition by partition, some at a time. Raises BrokerError; blocks."""
        return read_whole(self._brokers, self._events)

    def rejected(self) -> Iterator[list[bytes]]:
        """The messages on `campus.rejected`, as `past`."""
        return read_whole(self._brokers, self._rejected)

    def reject(self, rejections: Sequence[Rejection]) -> None:
        """See EventLog: original bytes are in base64."""
        self._publish(self._rejected, packed(self._encode(one.in_english()) for one in rejections))

    def _publish(self, topic: str, messages: Iterable[bytes]) -> None:
        producer = self._connected()
        end = time.monotonic() + self._patience
        try:
            futures = [producer.send(topic, message) for message in messages]
            for future in futures:
                future.get(timeout=max(0.0, end - time.monotonic()))
        except KafkaError as error:
            with self._lock:
                if self._producer is producer:
                    self._let_go()
            self.trouble = f"{self._there}: {topic} did not take what was sent: {error}"
            raise BrokerError(self.trouble) from error
        self.trouble = None

    @property
    def _there(self) -> str:
        return f"Kafka at {', '.join(self._brokers)}"

    def _connected(self) -> Any:
        with self._lock:
            if self._producer is None:
                if self._refused is not None and time.monotonic() < self._refused[0] + _RESPITE:
                    raise self._refused[1]
                milliseconds = int(self._patience * 1000)
                try:
                    self._producer = KafkaProducer(
                        bootstrap_servers=self._brokers,
                        client_id="prewarn-ingest",
                        acks="all",
                        enable_idempotence=True,
                        allow_auto_create_topics=False,
                        max_request_size=_LARGEST,
                        bootstrap_timeout_ms=milliseconds,
                        max_block_ms=milliseconds,
                        delivery_timeout_ms=milliseconds,
                        request_timeout_ms=milliseconds // 2,
                        reconnect_backoff_max_ms=1000,
                        metrics_enabled=False,
                    )
                except KafkaError as error:
                    self.trouble = say(
                        "log.does_not_answer_within_s", there=self._there, patience=f"{self._patience:g}", error=error
                    )
                    self._refused = time.monotonic(), BrokerError(self.trouble)
                    raise self._refused[1] from error
            return self._producer

    def _let_go(self) -> None:
        """Ends a producer for good: after any failure the next append gets a new one.

        kafka-python 3.0.12: when its broker is killed in the middle of a request, an idempotent producer may never send
        again, and its `close` raises before it ends the sender's thread; so that is ended first.
        """
        producer, self._producer = self._producer, None
        if producer is not None:
            producer._sender.force_close()  # noqa: SLF001 - there is no public way
            producer._sender.join(1.0)  # noqa: SLF001
            with suppress(KafkaError):
                producer.close(timeout=1)
