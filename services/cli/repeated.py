"""The same line is logged once a minute, and how often it came meanwhile: a full disk wrote 22,000 in two minutes."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable

_EVERY = 60.0
_KNOWN = 1_000
_VARYING = re.compile(r"\d+")


class Repeated(logging.Filter):
    """Lets the first of warnings and errors through that say the same but for their figures."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock`: seconds."""
        super().__init__()
        self._clock = clock
        self._known: dict[object, tuple[float, int]] = {}
        """What was said → when it was let through last, and how often it came since."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether it is let through."""
        if record.levelno < logging.WARNING:
            return True
        said, now = record.getMessage(), self._clock()
        error = record.exc_info[0] if record.exc_info else None
        key = record.name, record.levelno, _VARYING.sub("#", said)[:500], error
        at, more = self._known.pop(key, (None, 0))
        if at is not None and now - at < _EVERY:
            self._known[key] = at, more + 1
            return False
        if more and at is not None:
            record.msg, record.args = f"{said} ({more} more in {now - at:.0f} s)", ()
        if len(self._known) >= _KNOWN:
            del self._known[next(iter(self._known))]
        self._known[key] = now, 0
        return True
