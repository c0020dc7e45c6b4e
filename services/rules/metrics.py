"""What Prometheus is told of the rules: how many events were decided by which named reason."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector

from services.rules.worker import Worker


class RulesCollector(Collector):
    """Asks the worker at each scrape; before there is one it says nothing. Counts begin with the process."""

    def __init__(self, worker: Callable[[], Worker | None]) -> None:
        self._worker = worker

    def collect(self) -> Iterator[CounterMetricFamily]:
        """The families, as prometheus-client asks for them."""
        worker = self._worker()
        if worker is None:
            return
        events = CounterMetricFamily("prewarn_events", "Events, by what decided them", labels=["reason"])
        for reason, count in sorted(worker.counts.items()):
            events.add_metric([reason], count)
        yield events
        failed = CounterMetricFamily(
            "prewarn_not_evaluated", "Records that a rule could not be evaluated for", labels=["rule", "reason"]
        )
        for (rule, reason), count in sorted(worker.engine.not_evaluated.items()):
            failed.add_metric([rule, reason], count)
        yield failed

    def describe(self) -> Iterator[CounterMetricFamily]:
        """Nothing beforehand: the labels are known when it is asked."""
        yield from ()
