"""What evaluate put aside as late, asked by whoever hands something in: as `LatenessBehind` of one process."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime

from services.errors import BrokerError
from services.log.kafka.late import LateRecords
from services.log.kafka.progress import EvaluatedBehind
from services.messages import to_ms

_AGAIN = 0.2


class LatenessOnKafka:
    """Of what is handed over behind this."""

    def __init__(
        self, late: LateRecords, evaluated: Callable[[], EvaluatedBehind], held: Callable[[], int], patience: float
    ) -> None:
        """`held`: back to which instant (ms) all rules hold records. `patience`: seconds that the cluster has."""
        self._late, self._evaluated, self._held, self._patience = late, evaluated, held, patience
        self._behind = late.mark()

    def count(self, oldest: datetime | None = None) -> int | None:
        """See `LatenessBehind.count`; None, too, while another one is counted, and where no route or evaluate runs.

        Of what others hand in meanwhile late records are counted with it.
        """
        if oldest is not None and to_ms(oldest) >= self._held():
            return 0
        if self._behind is None or not self._late.asked.acquire(blocking=False):
            return None
        try:
            return self._counted(self._behind)
        finally:
            self._late.asked.release()

    def _counted(self, behind: int) -> int | None:
        evaluated, ends, until = self._evaluated(), None, time.monotonic() + self._patience
        try:
            if not (evaluated() or evaluated.is_under_way()):
                return None
            while ends is None or not self._late.has_read(ends):
                if ends is None and evaluated():
                    ends = self._late.ends()
                elif time.monotonic() >= until:
                    return None
                else:
                    time.sleep(_AGAIN)
        except BrokerError:  # what was handed over is on Kafka nevertheless
            return None
        return self._late.behind(behind)
