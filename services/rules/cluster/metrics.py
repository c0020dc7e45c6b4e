"""What Prometheus is told of a route or an evaluate process."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

from services.messages import WarningChange

_SECONDS = (0.05, 0.1, 0.2, 0.35, 0.5, 1, 2, 5, 10, 30, 60, 300, 3600)


class StreamMetrics:
    """Counters of one process since its start."""

    def __init__(self) -> None:
        registry = self.registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self.events = Counter("prewarn_events", "Events or observations that were read", registry=registry)
        self.decisions = Counter(
            "prewarn_decisions", "Events that were decided by a named reason", ["reason"], registry=registry
        )
        self.warnings = Counter(
            "prewarn_warnings", "Changes of warnings", ["rule", "level", "change"], registry=registry
        )
        self.latency = Histogram(
            "prewarn_latency_seconds",
            "From Kafka's taking the event to its warning's being on Kafka",
            buckets=_SECONDS,
            registry=registry,
        )
        self.lag = Gauge("prewarn_lag", "Messages that wait, by partition", ["partition"], registry=registry)
        self.subjects = Gauge("prewarn_subjects", "Live subjects, by partition", ["partition"], registry=registry)
        self.written = Counter("prewarn_state_bytes", "State written to the changelog", registry=registry)
        self.recovery = Gauge("prewarn_recovery_seconds", "From the start to the first batch", registry=registry)
        self._committed = time.monotonic()
        age = Gauge("prewarn_rules_last_commit_age_seconds", "Since the last batch was done", registry=registry)
        age.set_function(lambda: time.monotonic() - self._committed)

    def done(self) -> None:
        """Notes that a batch is committed."""
        self._committed = time.monotonic()

    def decided(self, counts: Mapping[str, int]) -> None:
        """Counts events by the named reason of what was decided."""
        for reason, count in counts.items():
            self.decisions.labels(reason).inc(count)

    def changed(self, changes: Iterable[WarningChange]) -> None:
        """Counts changes that are on Kafka."""
        for change in changes:
            self.warnings.labels(change.rule, change.facts.level, change.change).inc()

    def partitions(self, lags: Mapping[int, int]) -> None:
        """Partition → messages that wait; others are not this process's any more."""
        self.lag.clear()
        for partition, count in lags.items():
            self.lag.labels(str(partition)).set(count)
