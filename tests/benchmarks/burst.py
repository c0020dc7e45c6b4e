"""A burst of warnings for five channels of which one is dead: are the others drained as if it were not there?

    python tests/benchmarks/burst.py [--warnings 10000] [--answer-ms 80,100,150,200] [--dead hang|refuse] [--json]

Each event is an absence of another student, which opens a warning: one message to the tutor of the student's class.
Five tutors have a webhook each; four answer after a while of their own, the fifth never. Three runs of `prewarn run`,
each in a fresh home: without the fifth, with it, and with it and a `kill -9` when two fifths have arrived. Receivers
count by idempotency key. What is not as it must be (lost, twice, a repeat that is not marked) ends it with code 1.
"""

import argparse
import json
import os
import socket
import sqlite3
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from services.notify.retry_policy import RetryPolicy
from tests.faults.running import Served, serving, until, write_table
from tests.rule_files import folder, rule

ABSENT = rule("absent", by="[student]", levels="{at_least: {yellow: 1, red: 3}}", notify="{to: class_tutor}")
AT_ONCE = 100
"""Events of one request."""
PATIENCE = 1800
"""Seconds until everything must have arrived."""


class Receiver:
    """A webhook that takes `answer_ms` for each answer and remembers what came, and when."""

    def __init__(self, answer_ms: float) -> None:
        self.pushes: list[tuple[str, bool]] = []
        """(idempotency key, whether it is marked as a possible repeat)."""
        self.times: list[float] = []
        lock, outer = threading.Lock(), self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                with lock:
                    outer.pushes.append((self.headers["Idempotency-Key"], body["possibly_duplicate"]))
                    outer.times.append(time.monotonic())
                time.sleep(answer_ms / 1000)
                with suppress(OSError):  # whoever sent it may be dead by now
                    self.send_response(200)
                    self.send_header("content-length", "0")
                    self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        class Server(ThreadingHTTPServer):
            request_queue_size = 128
            daemon_threads = True

            def handle_error(self, *_: Any) -> None:
                """A sender that was killed breaks its connection."""

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"json://127.0.0.1:{self.server.server_port}/hook"

    @property
    def pace(self) -> float:
        """Messages a second between the first and the last."""
        return (len(self.times) - 1) / (self.times[-1] - self.times[0])

    def figures(self) -> tuple[int, list[str], int]:
        """How many different messages came, which came more than once, and which repeats are not marked."""
        times = Counter(key for key, _ in self.pushes)
        repeated = [key for key, n in times.items() if n > 1]
        unmarked = sum(n - 1 for n in times.values()) - sum(marked for _, marked in self.pushes)
        return len(times), repeated, max(0, unmarked)


@contextmanager
def receivers(answers: list[float]) -> Iterator[list[Receiver]]:
    with ExitStack() as held:
        found = []
        for answer_ms in answers:
            receiver = Receiver(answer_ms)
            thread = threading.Thread(target=receiver.server.serve_forever, kwargs={"poll_interval": 0.05})
            thread.start()
            held.callback(receiver.server.server_close)
            held.callback(thread.join)
            held.callback(receiver.server.shutdown)
            found.append(receiver)
        yield found


@contextmanager
def dead(how: str) -> Iterator[str]:
    """The address of a channel that takes connections and says nothing, or takes none."""
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as listener:
        url = f"json://127.0.0.1:{listener.getsockname()[1]}/hook"
        if how == "refuse":
            listener.close()
        yield url


def make_home(place: Path, channels: list[str]) -> Path:
    """A college with a tutor for each channel."""
    home = place / "home"
    directory = home / "directory"
    folder(home / "rules", ABSENT)
    write_table(directory, "people.csv", "id,name,channel", [(f"t{n}", f"T{n}", url) for n, url in enumerate(channels)])
    write_table(directory, "classes.csv", "id,name", [(f"m{n}", f"M{n}") for n in range(len(channels))])
    roles = [("class_tutor", f"t{n}", "class", f"m{n}") for n in range(len(channels))]
    write_table(directory, "roles.csv", "role,person,scope_kind,scope", roles)
    return home


def absent(number: int, channels: int) -> dict[str, Any]:
    data = {"lesson": "l1", "course": "algebra", "student": f"s{number}", "class": f"m{number % channels}"}
    return {
        "specversion": "1.0", "source": "benchmark", "id": f"a{number}", "type": "attendance",
        "time": (datetime.now(UTC) - timedelta(hours=1)).isoformat(),
        "data": data | {"status": "absent", "hours": 1},
    }  # fmt: skip


def post_all(served: Served, count: int, channels: int) -> float:
    """Hands all events in; how many seconds that took."""
    begun = time.monotonic()
    for first in range(0, count, AT_ONCE):
        answer = served.post([absent(n, channels) for n in range(first, min(first + AT_ONCE, count))])
        if answer.status not in (200, 202):
            raise SystemExit(f"the answer was {answer.status}: {answer.text}")
    return time.monotonic() - begun


def peak_mb(served: Served) -> int:
    """The highest resident set of the process so far, MiB."""
    status = Path(f"/proc/{served.process.popen.pid}/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))) // 1024


def stored(home: Path) -> int:
    """Messages that the store has, whatever became of them."""
    with closing(sqlite3.connect(home / "notify.db", timeout=30)) as connection:
        return int(connection.execute("SELECT count(DISTINCT warning) FROM delivery").fetchone()[0])


class Run:
    """One run: its receivers and what was measured."""

    def __init__(self, alive: list[Receiver], warnings: int, share: int) -> None:
        self.alive, self.warnings, self.share = alive, warnings, share
        self.posted_s, self.peak, self.stored = 0.0, 0, 0

    @property
    def arrived(self) -> int:
        return sum(len({key for key, _ in one.pushes}) for one in self.alive)

    def wait(self, wanted: float) -> None:
        until(lambda: self.arrived >= wanted, f"{wanted} messages arrive", PATIENCE)

    def faults(self, repeats_allowed: int) -> list[str]:
        """What is not as it must be."""
        found = []
        repeats = 0
        for n, one in enumerate(self.alive):
            different, repeated, unmarked = one.figures()
            repeats += len(repeated)
            if different != self.share:
                found.append(f"channel {n}: {different} of {self.share} messages arrived")
            if unmarked or len(one.pushes) > different + len(repeated):
                found.append(f"channel {n}: {unmarked} repeats are not marked, or one came three times")
        if repeats > repeats_allowed:
            found.append(f"{repeats} messages came twice, at most {repeats_allowed} may")
        if self.stored != self.warnings:
            found.append(f"the store has messages of {self.stored} of {self.warnings} warnings")
        return found

    @property
    def repeats(self) -> int:
        return sum(len(one.figures()[1]) for one in self.alive)


def burst(answers: list[float], share: int, how_dead: str | None, *, kill: bool = False) -> Run:
    """Posts `share` warnings for each channel and waits until the living ones have theirs."""
    with ExitStack() as held:
        place = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="prewarn-benchmark-")))
        alive = held.enter_context(receivers(answers))
        channels = [one.url for one in alive]
        if how_dead:
            channels.append(held.enter_context(dead(how_dead)))
        home, count = make_home(place, channels), share * len(channels)
        run = Run(alive, count, share)
        with serving(home) as served:
            run.posted_s = post_all(served, count, len(channels))
            if kill:
                run.wait(0.4 * share * len(alive))
                served.process.kill()
            else:
                run.wait(share * len(alive))
                until(lambda: stored(home) >= count, "the dead channel's messages are stored")
                run.peak = peak_mb(served)
        if kill:
            with serving(home) as served:
                run.wait(share * len(alive))
                time.sleep(2)  # what comes a third time would come now
                run.peak = peak_mb(served)
                until(lambda: stored(home) >= count, "the dead channel's messages are stored")
        run.stored = stored(home)
        return run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--warnings", type=int, default=10_000, help="in all, over five channels")
    parser.add_argument("--answer-ms", default="80,100,150,200", help="what each living channel takes for an answer")
    parser.add_argument("--dead", choices=("hang", "refuse"), default="hang", help="what the fifth does")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    given = parser.parse_args()
    answers = [float(one) for one in given.answer_ms.split(",")]
    share = given.warnings // (len(answers) + 1)
    load = round(os.getloadavg()[0], 1)
    alone, beside = burst(answers, share, None), burst(answers, share, given.dead)
    killed = burst(answers, share, given.dead, kill=True)
    in_flight = RetryPolicy().threads * len(answers)
    faults = [*alone.faults(0), *beside.faults(0), *killed.faults(in_flight)]
    paces = [(before.pace, after.pace) for before, after in zip(alone.alive, beside.alive, strict=True)]
    found: dict[str, Any] = {
        "load_before": load, "warnings": beside.warnings, "posted_s": round(beside.posted_s, 1),
        "pace_without_dead": [round(before, 1) for before, _ in paces],
        "pace_beside_dead": [round(after, 1) for _, after in paces],
        "ratio": [round(after / before, 2) for before, after in paces],
        "arrived": beside.arrived, "repeats": beside.repeats, "stored": beside.stored,
        "peak_rss_mb": [alone.peak, beside.peak], "arrived_after_kill": killed.arrived,
        "repeats_after_kill": killed.repeats, "in_flight_at_most": in_flight, "faults": faults,
    }  # fmt: skip
    lines = [json.dumps(found)] if given.json else [f"{figure:20} {value!s:>12}" for figure, value in found.items()]
    sys.stdout.write("\n".join(lines) + "\n")
    raise SystemExit(1 if faults else 0)


if __name__ == "__main__":
    main()
