"""For tests of crashes: a process that kills itself at a named point."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable


def dying_at(point: str) -> Callable[[str], None]:
    """The first time that the process comes to the point, it is as if by `kill -9`."""

    def at(name: str) -> None:
        if name == point:
            os.kill(os.getpid(), signal.SIGKILL)

    return at
