"""How soon somebody is told: accepted event → hand-over to the channel; an edited threshold → its effect.

    python tests/benchmarks/latency.py [--rate 200] [--seconds 20] [--channel sink|webhook] [--edits 5] [--json]

Each event is a failed test of another student: it opens a warning, which is one message to one teacher. Events are
posted one at a time at a steady rate, however long the answers take; the clock starts with the answer 202. Messages
are not grouped.
"""

import argparse
import http.client
import json
import os
import shutil
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.faults.running import ROOT, Receiver, Served, receiving, serving, until, warnings, write_table
from tests.rule_files import rule

SENDERS = 8
FAILED = rule(
    "failed", on="test", measure='{count: status == "graded" and score < pass_score}', window="{within: 7d}",
    levels="{at_least: {red: 1}}", notify="{to: course_teacher}",
)  # fmt: skip
"""Beside the pack, which tells of a single failed test in the results of that test, some minutes later."""
Pushes = Callable[[], list[tuple[str, float]]]
"""(warning, time of hand-over) of everything that was handed over."""


def make_home(folder: Path, channel: str) -> Path:
    """A college with one teacher, who is also the tutor of the only class."""
    directory = folder / "home" / "directory"
    shutil.copytree(ROOT / "rules", folder / "home" / "rules", ignore=shutil.ignore_patterns("examples"))
    (folder / "home" / "rules" / "failed.yaml").write_text(f"rules:\n{FAILED}", "utf-8")
    write_table(directory, "people.csv", "id,name,channel", [("anna", "Anna", channel)])
    write_table(directory, "classes.csv", "id,name", [("m1", "M1")])
    write_table(directory, "courses.csv", "id,name_zh,name_en", [("algebra", "代数", "Algebra")])
    roles = [("class_tutor", "anna", "class", "m1"), ("course_teacher", "anna", "course", "algebra")]
    write_table(directory, "roles.csv", "role,person,scope_kind,scope", roles)
    return directory.parent


def event(kind: str, student: str, **data: Any) -> dict[str, Any]:
    return {
        "specversion": "1.0", "source": "benchmark", "id": f"{kind}-{student}", "type": kind,
        "time": (datetime.now(UTC) - timedelta(hours=1)).isoformat(),
        "data": {"lesson": "l1", "course": "algebra", "student": student, **data},
    }  # fmt: skip


def failed_test(student: str) -> dict[str, Any]:
    return event("test", student, test="t1", status="graded", score=10, max_score=100, pass_score=60)


class Senders:
    """Posts at a steady rate; knows when each student's event was accepted."""

    def __init__(self, url: str, rate: float, seconds: float) -> None:
        self.accepted: dict[str, float] = {}
        self._host = urlsplit(url).netloc
        self._start = time.time() + 0.5
        self._every, self._count = 1 / rate, int(rate * seconds)

    def run(self) -> None:
        threads = [threading.Thread(target=self._send, args=(number,)) for number in range(SENDERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _send(self, first: int) -> None:
        connection = http.client.HTTPConnection(self._host, timeout=60)
        headers = {"content-type": "application/cloudevents+json"}
        for number in range(first, self._count, SENDERS):
            student = f"s{number}"
            time.sleep(max(0.0, self._start + number * self._every - time.time()))
            connection.request("POST", "/v1/events", json.dumps(failed_test(student)), headers)
            response = connection.getresponse()
            response.read()
            if response.status != http.HTTPStatus.ACCEPTED:
                raise SystemExit(f"the answer was {response.status}")
            self.accepted[student] = time.time()
        connection.close()


def from_sink(home: Path) -> Pushes:
    def read() -> list[tuple[str, float]]:
        path = home / "outbox.log"
        lines = path.read_bytes().splitlines() if path.exists() else []
        found = (json.loads(line) for line in lines)
        return [(warning, datetime.fromisoformat(one["at"]).timestamp()) for one in found for warning in told_of(one)]

    return read


def from_webhook(receiver: Receiver) -> Pushes:
    return lambda: [
        (warning, at) for one, at in zip(receiver.pushes, receiver.times, strict=False) for warning in told_of(one)
    ]


def told_of(push: dict[str, Any]) -> list[str]:
    """The warnings of a message: what one person has waiting goes out as one."""
    return [one["warning"] for one in push.get("digest", [push])]


def tell_at_once() -> None:
    """Nothing is held for more to go with it, nor for the morning, in all processes that are started from now on."""
    os.environ.update(PREWARN_GROUP_WAIT="0", PREWARN_GROUP_INTERVAL="0", PREWARN_QUIET="")


def latencies(served: Served, home: Path, pushes: Pushes, rate: float, seconds: float) -> dict[str, Any]:
    senders = Senders(served.url, rate, seconds)
    senders.run()
    accepted = senders.accepted
    until(lambda: len(pushes()) >= len(accepted), "every message was handed over", patience=180)
    students = {one["id"]: one["subject"].partition("/")[0] for one in warnings(home)}
    waits = sorted(1000 * (at - accepted[students[warning]]) for warning, at in pushes())
    cuts = statistics.quantiles(waits, n=100)
    spread = max(accepted.values()) - min(accepted.values())
    return {
        "events": len(accepted), "events_per_second": round(len(accepted) / spread, 1), "p50_ms": round(cuts[49], 1),
        "p99_ms": round(cuts[98], 1), "max_ms": round(waits[-1], 1),
    }  # fmt: skip


def edits(served: Served, home: Path, pushes: Pushes, how_many: int) -> dict[str, Any]:
    """Lowers the threshold of one absence, which warns, and raises it again, which ends the warning; in turn."""
    served.post([event("attendance", "uma", **{"class": "m1"}, status="absent", hours=1)])
    standards = home / "rules" / "standards" / "student.yaml"
    texts = [standards.read_text("utf-8")]
    texts.append(texts[0].replace("{yellow: 2, orange: 3, red: 5}", "{yellow: 1, orange: 3, red: 5}"))
    took = []
    for number in range(1, how_many + 1):
        time.sleep(2 + 0.37 * number)  # the look comes once a second: not always at the same distance from it
        before = len(pushes())
        edited = time.time()
        standards.write_text(texts[number % 2], "utf-8")
        until(lambda before=before: len(pushes()) > before, "the edit acts")
        took.append(pushes()[before][1] - edited)
    return {"edits": how_many, "edit_s_min": round(min(took), 2), "edit_s_max": round(max(took), 2)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rate", type=float, default=200, help="events a second")
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--channel", choices=("sink", "webhook"), default="webhook")
    parser.add_argument("--edits", type=int, default=5)
    parser.add_argument("--json", action="store_true", help="one JSON object")
    given = parser.parse_args()
    tell_at_once()
    with tempfile.TemporaryDirectory(prefix="prewarn-benchmark-") as name, receiving() as receiver:
        home = make_home(Path(name), receiver.url if given.channel == "webhook" else "")
        pushes = from_webhook(receiver) if given.channel == "webhook" else from_sink(home)
        found: dict[str, Any] = {"channel": given.channel, "load_before": round(os.getloadavg()[0], 1)}
        with serving(home) as served:
            found |= latencies(served, home, pushes, given.rate, given.seconds)
            found |= edits(served, home, pushes, given.edits)
    lines = [json.dumps(found)] if given.json else [f"{figure:20} {value!s:>12}" for figure, value in found.items()]
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
