"""What Prometheus is told. Each Notify has a registry of its own."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, ProcessCollector, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

Changes = Mapping[tuple[str, str, str], int]
"""(rule, level, change) → how many."""


class Metrics:
    """Counters of one Notify since its start; the outbox is counted in the store when it is asked for."""

    def __init__(
        self,
        outbox: Callable[[], Mapping[str, int]],
        lags: Callable[[], Mapping[str, int]],
        stopped: Callable[[], Mapping[str, int]],
    ) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.registry.register(_Asked("prewarn_outbox_size", "Deliveries in the store, by status", "status", outbox))
        self.registry.register(_Asked("prewarn_lag", "What a loop still has before it", "loop", lags))
        what = "Channels that their provider refuses for good, by queue"
        self.registry.register(_Asked("prewarn_channels_stopped", what, "queue", stopped))
        self._warnings = Counter(
            "prewarn_warnings", "Changes of warnings", ["rule", "level", "change"], registry=self.registry
        )
        self._attempts = Counter(
            "prewarn_deliveries", "Attempts to deliver, by what became of them", ["result"], registry=self.registry
        )
        self._refused = Gauge(
            "prewarn_refused_edits", "Problems of edited files that are not used", ["files"], registry=self.registry
        )
        self._committed = time.monotonic()
        age = Gauge(
            "prewarn_notify_last_commit_age_seconds", "Since the last chunk was committed", registry=self.registry
        )
        age.set_function(lambda: time.monotonic() - self._committed)

    def committed(self, changes: Changes) -> None:
        """A chunk of changes is in the store."""
        self._committed = time.monotonic()
        for (rule, level, change), count in changes.items():
            self._warnings.labels(rule, level, change).inc(count)

    def refused(self, rules: int, directory: int) -> None:
        """How many problems the edited rules and the edited directory have; 0 while they are in use."""
        self._refused.labels("rules").set(rules)
        self._refused.labels("directory").set(directory)

    def set_aside(self, count: Callable[[], int]) -> None:
        """Whom to ask how many changes of warnings could not be taken in."""
        what = "Changes of warnings that could not be taken in and wait among the rejects"
        Gauge("prewarn_changes_set_aside", what, registry=self.registry).set_function(count)

    def attempted(self, result: str) -> None:
        """An attempt at a delivery ended with this status."""
        self._attempts.labels(result).inc()

    def exposition(self) -> bytes:
        """The text format of Prometheus."""
        return generate_latest(self.registry)


class _Asked(Collector):
    """A gauge with one label whose figures are asked for at each scrape."""

    def __init__(self, name: str, what: str, label: str, ask: Callable[[], Mapping[str, int]]) -> None:
        self._name, self._what, self._label, self._ask = name, what, label, ask

    def collect(self) -> Iterator[GaugeMetricFamily]:
        family = GaugeMetricFamily(self._name, self._what, labels=[self._label])
        for value, count in self._ask().items():
            family.add_metric([value], count)
        yield family

    def describe(self) -> Iterator[GaugeMetricFamily]:
        yield from ()
