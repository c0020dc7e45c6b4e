"""A real PostgreSQL server for tests: a fresh folder, a free loopback port, stopped by its own process id."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from itertools import count
from pathlib import Path

import psycopg

from deploy.kafka.broker import free_port
from services.notify.store.engine import Store
from tests.patience import PATIENCE

_DEBIAN = Path("/usr/lib/postgresql")
_SERVANT = "postgres"
"""The server refuses to run as root; Debian's package makes this user."""
_EMPTY_STORE = "prewarn_empty_store"
# Nothing here outlives the machine, and a kill of the server loses nothing without fsync either.
_SETTINGS = ("fsync=off", "max_connections=300", "shared_buffers=32MB", "listen_addresses=127.0.0.1")


def _programs() -> Path | None:
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    return max((path.parent for path in _DEBIAN.glob("*/bin/initdb")), default=None)


def missing() -> list[str]:
    """What this machine lacks, with what to install."""
    if _programs() is None:
        return ["PostgreSQL's server is missing: install it (Debian/Ubuntu: apt-get install postgresql)"]
    if os.getuid() == 0 and _SERVANT not in {user.pw_name for user in pwd.getpwall()}:
        return [f"PostgreSQL does not run as root, and there is no user {_SERVANT} to run it"]
    return []


class Postgres:
    """One server. What makes a database gives its address as people write it in DATABASE_URL."""

    def __init__(self) -> None:
        programs = _programs()
        assert programs is not None
        self._programs = programs
        self._folder = Path(tempfile.mkdtemp(prefix="prewarn-postgres-"))  # pytest's folders are closed to others
        self._who = {"user": _SERVANT, "group": _SERVANT, "extra_groups": []} if os.getuid() == 0 else {}
        if self._who:
            shutil.chown(self._folder, _SERVANT, _SERVANT)
        self._numbers = count(1)
        self._server: subprocess.Popen[bytes] | None = None
        self._has_empty_store = False
        self.port = free_port()

    def start(self) -> None:
        """Starts it, and returns when it answers."""
        data = self._folder / "data"
        if not data.exists():
            command = [self._programs / "initdb", "-D", data, "-U", "prewarn", "-A", "trust", "-E", "UTF8", "-N"]
            subprocess.run(
                [*command, "--locale=C.UTF-8"], check=True, capture_output=True, cwd=self._folder, **self._who
            )
        options = [part for one in (*_SETTINGS, f"unix_socket_directories={self._folder}") for part in ("-c", one)]
        with (self._folder / "log").open("ab") as log:
            self._server = subprocess.Popen(
                [self._programs / "postgres", "-D", data, "-p", str(self.port), *options],
                stdout=log, stderr=log, cwd=self._folder, **self._who,
            )  # fmt: skip
        until = time.monotonic() + PATIENCE
        while True:
            try:
                psycopg.connect(self._address("postgres"), connect_timeout=2).close()
            except psycopg.OperationalError:
                said = (self._folder / "log").read_text("utf-8", "replace")[-2000:]
                assert self._server.poll() is None, f"PostgreSQL ended:\n{said}"
                assert time.monotonic() < until, f"PostgreSQL does not answer:\n{said}"
                time.sleep(0.05)
            else:
                return

    def stop(self) -> None:
        """Ends it and the connections to it; what was committed stays."""
        if self._server is not None:
            self._server.send_signal(signal.SIGINT)  # "fast": it waits for nobody
            try:
                self._server.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self._server.kill()
                self._server.wait()
            self._server = None

    def remove(self) -> None:
        """Ends it for good, with no word of what it had still to write."""
        if self._server is not None:
            self._server.send_signal(signal.SIGQUIT)  # "immediate"
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def running(self) -> bool:
        """Whether it runs."""
        return self._server is not None and self._server.poll() is None

    def database(self) -> str:
        """A new, empty database."""
        return self._made(f"prewarn_{next(self._numbers)}")

    def store(self) -> str:
        """A new store as a first start leaves it: its schema is made once, not for each test."""
        if not self._has_empty_store:
            Store(self._made(_EMPTY_STORE)).close()
            self._has_empty_store = True
        return self._made(f"prewarn_{next(self._numbers)}", like=_EMPTY_STORE)

    def _made(self, name: str, like: str = "template1") -> str:
        with psycopg.connect(self._address("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {like}")
        return self._address(name)

    def _address(self, database: str) -> str:
        return f"postgresql://prewarn@127.0.0.1:{self.port}/{database}"
