#!/usr/bin/env python3
"""One Apache Kafka broker on this machine, from Maven, without Docker: for development and for tests.

    python3 deploy/kafka/broker.py FOLDER [--port 9092]

It runs until Ctrl-C; the folder keeps its data. Needs Java 17 or newer and Maven, which fetches the jars of `pom.xml`
once into `~/.cache/prewarn` (or $XDG_CACHE_HOME/prewarn). Only the standard library. Listens on 127.0.0.1 alone, with
neither encryption nor login: not for production.
"""

from __future__ import annotations

import argparse
import atexit
import contextlib
import fcntl
import hashlib
import os
import random
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time
import uuid
from base64 import urlsafe_b64encode
from pathlib import Path
from xml.etree import ElementTree as ET

POM = Path(__file__).with_name("pom.xml")
HEAP = "512m"
PATIENCE = 60.0
"""Seconds until a broker that does not answer counts as failed; it takes about 3 on an idle machine."""
# Between 1024 and where Linux and macOS begin to give out ports of their own accord, so that no outgoing connection
# takes the port while the broker is down.
_PORTS = range(20_000, 32_000)
_METADATA_V1 = struct.pack(">hhihi", 3, 1, 7, -1, 0)
"""Header (API 3, version 1, correlation 7, no client id) and no topics: the answer begins with the live brokers."""
# With its parent the broker ends too, even if that was killed (Linux; elsewhere atexit must do).
_DIE_TOGETHER = (
    "import ctypes, os, sys; libc = ctypes.CDLL(None); parent, *command = sys.argv[1:];"
    "hasattr(libc, 'prctl') and libc.prctl(1, 9); os.getppid() == int(parent) and os.execvp(command[0], command)"
)
# After a kill the broker waits for the session of its own ghost: 13 s until it answers with the default of 9 s.
_SETTINGS = """
process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=127.0.0.1:{controller}
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={data}
auto.create.topics.enable=false
default.replication.factor=1
min.insync.replicas=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
num.network.threads=2
num.io.threads=4
log.cleaner.dedupe.buffer.size=16777216
"""


class BrokerError(Exception):
    """No broker can be had, and why."""


def missing() -> list[str]:
    """What this machine lacks, each with what to install."""
    gaps = []
    if shutil.which("java") is None:
        gaps.append("java is missing: install Java 17 or newer (Debian/Ubuntu: apt-get install default-jre-headless)")
    if shutil.which("mvn") is None:
        gaps.append("mvn is missing: install Maven (Debian/Ubuntu: apt-get install maven)")
    return gaps


def version() -> str:
    """Kafka's version, as the POM names it."""
    return ET.parse(POM).findtext(".//{*}kafka.version") or "unknown"


def jars(say: bool = True) -> Path:
    """The folder of the broker's jars; Maven fills it the first time. Raises BrokerError."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "prewarn"
    folder = cache / f"kafka-{version()}-{hashlib.sha256(POM.read_bytes()).hexdigest()[:8]}"
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if folder.is_dir():
            return folder
        if say:
            print(f"Fetching Kafka {version()} with Maven into {folder} …", file=sys.stderr, flush=True)
        aside = folder.with_suffix(".new")
        shutil.rmtree(aside, ignore_errors=True)
        command = ["mvn", "-q", "-B", "-f", str(POM), "dependency:copy-dependencies", "-DincludeScope=runtime"]
        done = subprocess.run([*command, f"-DoutputDirectory={aside}"], capture_output=True, text=True, check=False)
        if done.returncode:
            raise BrokerError(f"Maven could not fetch Kafka {version()}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
        aside.rename(folder)
    return folder


def free_port() -> int:
    """A loopback port nobody listens on."""
    for port in random.sample(_PORTS, 100):
        with socket.socket() as listener, contextlib.suppress(OSError):
            listener.bind(("127.0.0.1", port))
            return port
    raise BrokerError("no free port on 127.0.0.1")


class Broker:
    """A broker (with its controller) and its folder. Ports and data stay the same from start to start."""

    def __init__(self, folder: Path, port: int | None = None, *, measured: bool = False) -> None:
        """`measured`: Java compiles for minutes of load (C2), which costs twice the CPU of a start."""
        self.folder = folder
        self._compiler = [] if measured else ["-XX:TieredStopAtLevel=1"]
        self.port = port or free_port()
        self.controller = free_port()
        self.address = f"127.0.0.1:{self.port}"
        self.log = folder / "broker.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = contextlib.ExitStack()

    @property
    def running(self) -> bool:
        """Whether the process lives."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int | None:
        """The id of the process, and of its group."""
        return None if self._process is None else self._process.pid

    def start(self, patience: float = PATIENCE) -> float:
        """Starts it, on the data that is there if there is some, and waits until it answers; seconds that took."""
        gaps = missing()
        if gaps:
            raise BrokerError("; ".join(gaps))
        classes = jars()
        began = time.monotonic()
        try:
            self._hold()
            self._format(classes)
            command = self._java(classes, "kafka.Kafka", str(self._settings))
            with self.log.open("ab") as log:
                self._process = subprocess.Popen(
                    [sys.executable, "-c", _DIE_TOGETHER, str(os.getpid()), *command],
                    stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, cwd=self.folder,
                )  # fmt: skip
            atexit.register(self.stop, 0.0)
            self._wait(began + patience)
        except BaseException:
            self.stop(0.0)
            raise
        return time.monotonic() - began

    def stop(self, patience: float = 20.0) -> None:
        """Stops it, politely for `patience` seconds."""
        if self.running and patience:
            self.signal(signal.SIGCONT)
            self.signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                assert self._process is not None
                self._process.wait(patience)
        self.kill()

    def kill(self) -> None:
        """`kill -9`; harmless if it does not run."""
        atexit.unregister(self.stop)
        if self._process is not None:
            self.signal(signal.SIGKILL)
            self._process.wait()
        self._process = None
        self._lock.close()

    def signal(self, number: int) -> None:
        """Sends a signal to the process group: SIGSTOP freezes it, SIGCONT thaws it."""
        if self.running:
            assert self._process is not None
            os.killpg(self._process.pid, number)

    def answers(self) -> bool:
        """Whether it knows of a live broker: itself."""
        with contextlib.suppress(OSError, struct.error), socket.create_connection(("127.0.0.1", self.port), 1.0) as way:
            way.settimeout(1.0)
            way.sendall(struct.pack(">i", len(_METADATA_V1)) + _METADATA_V1)
            head = b""
            while len(head) < 12 and (more := way.recv(12 - len(head))):  # noqa: PLR2004 - three 32-bit numbers
                head += more
            return bool(struct.unpack(">iii", head)[2] > 0)  # length, correlation, brokers
        return False

    @property
    def _settings(self) -> Path:
        return self.folder / "server.properties"

    def _hold(self) -> None:
        """Two brokers on one folder break both."""
        self.folder.mkdir(parents=True, exist_ok=True)
        lock = self._lock.enter_context((self.folder / "broker.lock").open("w"))
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise BrokerError(f"another broker runs on {self.folder}") from error
        with socket.socket() as probe:
            if not probe.connect_ex(("127.0.0.1", self.port)):  # it would answer in the place of this one
                raise BrokerError(f"something else listens on {self.address}")

    def _format(self, classes: Path) -> None:
        data = self.folder / "data"
        self._settings.write_text(
            _SETTINGS.format(port=self.port, controller=self.controller, data=data), encoding="utf-8"
        )
        if (data / "meta.properties").exists():
            return
        cluster = urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=").replace("-", "A")  # no option's dash
        arguments = ["format", "--standalone", "-t", cluster, "-c", str(self._settings)]
        command = self._java(classes, "kafka.tools.StorageTool", *arguments)
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=self.folder)
        if done.returncode:
            raise BrokerError(f"the broker's folder could not be formatted:\n{done.stdout}{done.stderr}")

    def _java(self, classes: Path, *arguments: str) -> list[str]:
        options = [
            *self._compiler,
            f"-Xmx{HEAP}",
            "-XX:+UseSerialGC",
            "-Dlog4j2.level=WARN",
            "-Djava.awt.headless=true",
        ]
        return ["java", *options, "-cp", f"{classes}/*", *arguments]

    def _wait(self, end: float) -> None:
        while not self.answers():
            if not self.running or time.monotonic() > end:
                state = "does not answer" if self.running else "has ended"
                said = self.log.read_text("utf-8", "replace")[-3000:]
                raise BrokerError(f"the broker {state}; {self.log} ends with:\n{said}")
            time.sleep(0.05)


def main() -> int:
    """Run a broker until Ctrl-C or SIGTERM."""
    parser = argparse.ArgumentParser(description="One Apache Kafka broker on 127.0.0.1, for development.")
    parser.add_argument("folder", type=Path, help="keeps the data")
    parser.add_argument("--port", type=int, default=9092)
    arguments = parser.parse_args()
    broker = Broker(arguments.folder.resolve(), arguments.port)
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    try:
        seconds = broker.start()
        print(f"Kafka {version()} answers at {broker.address} after {seconds:.1f} s. Ctrl-C stops it.", flush=True)
        while broker.running:
            time.sleep(0.5)
    except BrokerError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0
    finally:
        broker.stop()
    print(f"the broker has ended; see {broker.log}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
