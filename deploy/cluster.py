#!/usr/bin/env python3
"""The cluster mode on one machine, without Docker: a broker from Maven, and each service as a process of its own.

    python3 deploy/cluster.py up FOLDER [--evaluates 2] [--kafka 9092] [--port 8321] [--directory DIR] [--rules DIR]
    python3 deploy/cluster.py down FOLDER

`up` runs until Ctrl-C or `down`. Everything is in FOLDER: Kafka's data, the store, one log per process. Events go to
http://127.0.0.1:8320/v1/events (`--port` less one), pages are on http://127.0.0.1:8321. A process that ends is started
anew after two seconds, as systemd would, unless it says (exit code 78) that its configuration cannot work. Needs Java
17 and Maven; Prewarn must be installed (`python3 deploy/bootstrap.py install`). Only the standard library.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "deploy" / "kafka"))
REFUSED = 78
_AGAIN = 2.0
_PATIENCE = 15.0
_PIDS = "cluster.pid"


def prewarn() -> list[str]:
    """The command: that of .venv, else of the Python that runs this."""
    own = ROOT / ".venv" / "bin" / "prewarn"
    return [str(own)] if own.exists() else [sys.executable, "-c", "from services.cli import main; main()"]


class Cluster:
    """The processes of one folder."""

    def __init__(self, asked: argparse.Namespace) -> None:
        self.folder = Path(asked.folder).resolve()
        self.folder.mkdir(parents=True, exist_ok=True)
        self.asked = asked
        self.stopping = False
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self.due: dict[str, float] = {}
        self.services = {
            "ingest": ["ingest", "--port", str(asked.port - 1)],
            "route": ["route"],
            **{f"evaluate-{n + 1}": ["evaluate"] for n in range(asked.evaluates)},
            "notify": ["notify", "--port", str(asked.port)],
        }

    def environment(self, brokers: str) -> dict[str, str]:
        """What the services are told."""
        more = {"PREWARN_HOME": str(self.folder), "PREWARN_BROKERS": brokers}
        if self.asked.rules:
            more["PREWARN_RULES"] = str(Path(self.asked.rules).resolve())
        return {**os.environ, **more}

    def prepare(self, env: dict[str, str]) -> None:
        """Topics, rules, people."""
        people = (
            Path(self.asked.directory).resolve() if self.asked.directory else ROOT / "rules" / "tests" / "directory"
        )
        for command in (
            ["topics", "apply"],
            ["rules", "publish"],
            ["directory", "publish", str(people), "--limit", "0"],
        ):
            done = subprocess.run([*prewarn(), *command], env=env, cwd=ROOT, check=False)
            if done.returncode:
                raise SystemExit(f"prewarn {' '.join(command)} ended with {done.returncode}")

    def start(self, name: str, env: dict[str, str]) -> None:
        """One service; what it says goes to its log."""
        with (self.folder / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(
                [*prewarn(), "run", *self.services[name]], env=env, cwd=ROOT, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip

    def look(self, env: dict[str, str]) -> None:
        """Starts anew what has ended."""
        for name, process in list(self.running.items()):
            if (code := process.poll()) is None:
                continue
            if code == REFUSED:
                print(f"{name} cannot work as it is set up, see {self.folder / name}.log", file=sys.stderr)
                del self.running[name]
                continue
            now = time.monotonic()
            if now >= self.due.setdefault(name, now + _AGAIN):
                print(f"{name} ended with {code}, starting it anew", file=sys.stderr)
                del self.due[name]
                self.start(name, env)

    def stop(self) -> None:
        """Ends all services, politely first."""
        for process in self.running.values():
            if process.poll() is None:
                process.terminate()
        end = time.monotonic() + _PATIENCE
        for process in self.running.values():
            try:
                process.wait(max(0.1, end - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def up(asked: argparse.Namespace) -> int:
    """Runs the cluster until it is stopped."""
    from broker import Broker  # the script beside, not a package

    cluster = Cluster(asked)

    def stop(*_: object) -> None:
        cluster.stopping = True

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    pid = cluster.folder / _PIDS
    broker = Broker(cluster.folder / "kafka", asked.kafka)
    broker.start()
    try:
        pid.write_text(str(os.getpid()))
        env = cluster.environment(broker.address)
        cluster.prepare(env)
        for name in cluster.services:
            cluster.start(name, env)
        print(
            f"events: http://127.0.0.1:{asked.port - 1}/v1/events   pages: http://127.0.0.1:{asked.port}/", flush=True
        )
        while not cluster.stopping and cluster.running:
            cluster.look(env)
            time.sleep(0.3)
    finally:
        cluster.stop()
        broker.stop()
        pid.unlink(missing_ok=True)
    return 0 if cluster.stopping else 1


def down(asked: argparse.Namespace) -> int:
    """Stops the cluster of a folder; returns when it has ended."""
    pid = Path(asked.folder) / _PIDS
    try:
        number = int(pid.read_text())
        os.kill(number, signal.SIGTERM)
    except (FileNotFoundError, ValueError, ProcessLookupError):
        print(f"no cluster runs in {asked.folder}", file=sys.stderr)
        return 1
    end = time.monotonic() + 4 * _PATIENCE
    while pid.exists() and time.monotonic() < end:
        time.sleep(0.1)
    return int(pid.exists())


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parts = parser.add_subparsers(required=True)
    start = parts.add_parser("up")
    start.set_defaults(run=up)
    start.add_argument("folder")
    start.add_argument("--evaluates", type=int, default=2, help="how many rules workers (2)")
    start.add_argument("--kafka", type=int, default=9092, help="port of the broker (9092)")
    start.add_argument("--port", type=int, default=8321, help="port of the pages; the API is on the one before (8321)")
    start.add_argument("--directory", help="people; default: the sample college's")
    start.add_argument("--rules", help="default: the rules that come with Prewarn")
    stop = parts.add_parser("down")
    stop.set_defaults(run=down)
    stop.add_argument("folder")
    asked = parser.parse_args()
    return int(asked.run(asked))


if __name__ == "__main__":
    sys.exit(main())
