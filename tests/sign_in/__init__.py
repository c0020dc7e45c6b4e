"""Real servers that sign people in, for tests: an OpenID provider, a CAS server, an LDAP server.

Each is a process of its own on a free loopback port, with a folder of its own, ended by its process id. What a package
registry must deliver is fetched once, by exact version and hash, into ~/.cache/prewarn (or $XDG_CACHE_HOME/prewarn).
"""

from __future__ import annotations

import hashlib
import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from tests.patience import PATIENCE

PEOPLE = {"t1": "correct horse", "nobody": "battery staple"}
"""Name → password at every server; the directory of the tests knows `t1`, and not `nobody`."""
STAFF = {"t1": "1001", "nobody": "9999"}
"""Name → what the servers say as another attribute."""


def kept(name: str, *files: Path) -> Path:
    """The folder in the cache for what these files say; empty or not there before it is filled."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "prewarn"
    digest = hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()[:16]
    return cache / f"{name}-{digest}"


def filled(folder: Path, command: list[str]) -> None:
    """Fills a folder of the cache by a command that has `{}` where the folder stands; whole or not at all."""
    if folder.is_dir():
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=f"{folder.name}-", dir=folder.parent))
    try:
        done = subprocess.run(
            [part.replace("{}", str(fresh)) for part in command],
            capture_output=True,
            check=False,
            text=True,
            timeout=PATIENCE,
        )
        if done.returncode:
            raise OSError(f"{' '.join(command)} ended with {done.returncode}: {done.stderr[-500:]}")
        try:
            fresh.rename(folder)
        except OSError:  # another process of the tests was first
            if not folder.is_dir():
                raise
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


class Server:
    """A process that listens on a port. `folder`: of its own, removed at the end."""

    def __init__(self, command: list[str], port: int, folder: Path) -> None:
        self.port, self.folder = port, folder
        self._log = folder / "log"
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd=folder)
        until = time.monotonic() + PATIENCE
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
            except OSError:
                if self._process.poll() is not None or time.monotonic() > until:
                    said = self._log.read_text("utf-8", "replace")[-2000:]
                    self.stop()
                    raise AssertionError(f"{command[0]} does not serve:\n{said}") from None
                time.sleep(0.05)
            else:
                return

    def stop(self) -> None:
        """Ends it for good."""
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
