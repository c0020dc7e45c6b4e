#!/usr/bin/env python3
"""The cluster mode on one machine, without Docker: a broker from Maven, and each service as a process of its own.

    python3 deploy/cluster.py up FOLDER --database postgresql://user:password@host/name [--evaluates 2] [--kafka 9092]
                                        [--port 8321] [--directory DIR] [--rules DIR]
    python3 deploy/cluster.py down FOLDER

`up` runs until Ctrl-C or `down`, which also ends what an `up` that was killed has left behind. What sources say and
notify's store are in a database of PostgreSQL (`--database`, else PREWARN_DATABASE_URL or DATABASE_URL); everything
else is in FOLDER: Kafka's data, one log per process. Events go to http://127.0.0.1:8320/v1/events (`--port` less one),
pages are on http://127.0.0.1:8321. A process that ends is started anew after two seconds, as systemd would, unless it
says (exit code 78) that its configuration cannot work. Needs Java 17, Maven and PostgreSQL; Prewarn must be installed
(`python3 deploy/bootstrap.py install`). Only the standard library.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TextIO

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "deploy" / "kafka"))
REFUSED = 78
_AGAIN = 2.0
_PATIENCE = 15.0
_RUNNING = "cluster.json"
"""Locked as long as `up` lives; holds the ids of its processes, each with the moment of its start."""


def started(pid: int) -> str:
    """When a process was started, as `ps` says it, so that a number used again is no stranger's end; empty: none."""
    told = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return told.stdout.strip()


def end_group(pid: int, number: int) -> None:
    """Signals a process and those it has started, if they are still there."""
    try:
        os.killpg(pid, number)
    except ProcessLookupError:
        pass
    except PermissionError:  # a group of which nothing but a zombie is left, on macOS
        pass


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
        self.known: dict[str, tuple[int, str]] = {}
        self.file = (self.folder / _RUNNING).open("a+")
        try:
            fcntl.flock(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise SystemExit(f"a cluster runs in {self.folder} already") from None
        end_left_behind(self.file)
        self.note("up", os.getpid())
        self.due: dict[str, float] = {}
        self.services = {
            "ingest": ["ingest", "--port", str(asked.port - 1)],
            "route": ["route"],
            **{f"evaluate-{n + 1}": ["evaluate"] for n in range(asked.evaluates)},
            "notify": ["notify", "--port", str(asked.port)],
        }

    def note(self, name: str, pid: int) -> None:
        """Writes down a process before anything else can happen to it."""
        self.known[name] = pid, started(pid)
        self.file.seek(0)
        self.file.truncate()
        json.dump(self.known, self.file)
        self.file.flush()

    def close(self) -> None:
        """Nothing runs any more."""
        self.file.truncate(0)
        self.file.close()

    def environment(self, brokers: str) -> dict[str, str]:
        """What the services are told."""
        more = {"PREWARN_HOME": str(self.folder), "PREWARN_BROKERS": brokers}
        if self.asked.database:
            more["PREWARN_DATABASE_URL"] = self.asked.database
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
            ["rules", "publish", "--author", "deploy/cluster.py", "--reason", "start of the cluster"],
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
        self.note(name, self.running[name].pid)

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

    if not (asked.database or os.environ.get("PREWARN_DATABASE_URL") or os.environ.get("DATABASE_URL")):
        print("no database is named: --database postgresql://user:password@host/name", file=sys.stderr)
        return REFUSED
    cluster = Cluster(asked)

    def stop(*_: object) -> None:
        cluster.stopping = True

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    broker = Broker(cluster.folder / "kafka", asked.kafka)
    try:
        broker.start()
        if broker.pid is not None:
            cluster.note("broker", broker.pid)
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
        cluster.close()
    return 0 if cluster.stopping else 1


def end_left_behind(file: TextIO) -> list[str]:
    """Ends the processes of an `up` that was killed, politely first; their names."""
    file.seek(0)
    try:
        known = json.load(file)
    except ValueError:
        return []
    left = {name: pid for name, (pid, since) in known.items() if name != "up" and since and started(pid) == since}
    for number, patience in ((signal.SIGTERM, _PATIENCE), (signal.SIGKILL, _PATIENCE)):
        for pid in left.values():
            end_group(pid, number)
        end = time.monotonic() + patience
        while any(started(pid) == known[name][1] for name, pid in left.items()) and time.monotonic() < end:
            time.sleep(0.1)
    return sorted(left)


def down(asked: argparse.Namespace) -> int:
    """Stops the cluster of a folder; returns when it has ended."""
    path = Path(asked.folder) / _RUNNING
    if not path.exists():
        print(f"no cluster runs in {asked.folder}", file=sys.stderr)
        return 1
    with path.open("r+") as file:
        if taken(file):
            left = end_left_behind(file)
            file.truncate(0)
            print(
                f"the cluster in {asked.folder} had been killed; ended what it had left: {', '.join(left)}" if left
                else f"no cluster runs in {asked.folder}", file=sys.stderr,
            )  # fmt: skip
            return int(not left)
        os.kill(json.load(file)["up"][0], signal.SIGTERM)
        end = time.monotonic() + 4 * _PATIENCE
        while time.monotonic() < end:
            if taken(file):
                return 0
            time.sleep(0.1)
    print(f"the cluster in {asked.folder} has not ended within {4 * _PATIENCE:.0f} s, see its logs", file=sys.stderr)
    return 1


def taken(file: TextIO) -> bool:
    """Whether the lock could be had: no `up` lives."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parts = parser.add_subparsers(required=True)
    start = parts.add_parser("up")
    start.set_defaults(run=up)
    start.add_argument("folder")
    start.add_argument("--database", help="of PostgreSQL: postgresql://user:password@host/name")
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
