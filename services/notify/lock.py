"""The lock on a home folder: it says that no other living process works there."""

from __future__ import annotations

import fcntl
import hashlib
import os
from pathlib import Path


class HomeLock:
    """Held from `take` to `give`; the system gives it back when the process dies, however it dies."""

    def __init__(self, home: Path) -> None:
        self._path = home / "notify.lock"
        self._file: int | None = None

    def take(self) -> str | None:
        """The name of this place if nobody else holds it, else none."""
        file = os.open(self._path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
            return None
        self._file = file
        place = f"{os.uname().nodename}{self._path.resolve()}"
        return hashlib.sha256(place.encode()).hexdigest()[:16]

    def give(self) -> None:
        """Gives the lock back; without effect if it is not held."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
