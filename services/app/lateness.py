"""What the rules of one process put aside as late, asked by whoever hands something in."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime

from services.app.home_files import HomeFiles
from services.log.journal import Journal
from services.messages import to_ms


class LatenessBehind:
    """Of what comes behind the end that the log had when this was made."""

    def __init__(self, journal: Journal, files: HomeFiles, clock: Callable[[], datetime], patience: float) -> None:
        """`patience`: seconds that the evaluator, here or in another process, has for what came."""
        self._journal, self._files, self._clock, self._patience = journal, files, clock, patience
        self._behind = journal.end()

    def count(self, oldest: datetime | None = None) -> int | None:
        """How many records were put aside; None: they are not evaluated yet.

        `oldest`: the earliest instant that one is about. What all rules hold is not waited for.
        """
        rules = self._files.rules
        if rules is None:
            return None  # nobody can evaluate anything
        if oldest is not None and to_ms(oldest) >= rules.value.plan.held(to_ms(self._clock())):
            return 0
        end, until = self._journal.end(), time.monotonic() + self._patience
        while self._journal.evaluated()[0] < end:
            if time.monotonic() >= until:
                return None
            with self._journal.wakeup:  # which another process does not notify
                self._journal.wakeup.wait(0.1)
        return self._journal.late_behind(self._behind)
