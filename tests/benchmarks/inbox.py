"""How soon an inbox with thousands of open warnings is there: a real process, real HTTP, a session of its own.

    python tests/benchmarks/inbox.py [--students 1250] [--rate 10] [--seconds 30] [--json]

One tutor of fifty classes; each student was absent twice in two courses, which are two warnings. Requests go out at
a steady rate, however long the answers take, and a wait counts from when a request was due: first page, later pages,
filters and searches in turn.
"""

import argparse
import http.client
import json
import os
import shutil
import sqlite3
import statistics
import sys
import tempfile
import threading
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.faults.running import ROOT, prewarn, serving, until, write_table
from tests.signing_in import cookie_of

SENDERS = 16
COURSES = ("algebra", "anatomy")
CLASSES = 50
SURNAMES, GIVEN = "王李张刘陈杨黄赵吴周", "伟芳娜敏静磊军洋勇艳杰娟涛明超霞平刚"


def make_home(folder: Path, students: int) -> Path:
    """A college with one tutor of all classes."""
    home = folder / "home"
    directory = home / "directory"
    shutil.copytree(ROOT / "rules", home / "rules", ignore=shutil.ignore_patterns("examples"))
    write_table(directory, "people.csv", "id,name", [("anna", "安娜"), ("bert", "Bert")])
    write_table(directory, "departments.csv", "id,name_zh,name_en", [("d1", "护理系", "Nursing")])
    write_table(directory, "majors.csv", "id,name_zh,name_en,department", [("m1", "护理", "Nursing", "d1")])
    classes = [(f"c{n:02}", f"护理26{n:02}", "m1") for n in range(CLASSES)]
    write_table(directory, "classes.csv", "id,name,major", classes)
    write_table(directory, "courses.csv", "id,name_zh,name_en", [(one, one, one.title()) for one in COURSES])
    roles = [("class_tutor", "anna", "class", one[0]) for one in classes]
    write_table(directory, "roles.csv", "role,person,scope_kind,scope", roles)
    named = [(student(n), name(n), f"c{n % CLASSES:02}") for n in range(students)]
    write_table(directory, "students.csv", "id,name,class", named)
    return home


def student(number: int) -> str:
    return f"2026{number:05}"


def name(number: int) -> str:
    return SURNAMES[number % 10] + GIVEN[number // 10 % 18] + GIVEN[number // 180 % 18]


def absences(students: int) -> str:
    """Two lessons of each course, in which nobody was there."""
    lines = []
    for day in (2, 1):
        at = (datetime.now(UTC) - timedelta(days=day)).isoformat()
        for number in range(students):
            for course in COURSES:
                data = {"lesson": f"{course}-{number % CLASSES}-{day}", "course": course, "student": student(number)}
                data |= {"class": f"c{number % CLASSES:02}", "status": "absent", "hours": 1}
                lines.append(
                    {"specversion": "1.0", "source": "benchmark", "type": "attendance", "time": at, "data": data}
                    | {"id": f"{data['lesson']}-{data['student']}"}
                )
    return "".join(f"{json.dumps(one)}\n" for one in lines)


def addresses() -> list[str]:
    """What is asked for in turn."""
    found = ["/inbox/anna"] * 4 + [f"/inbox/anna?page={page}" for page in (2, 3, 30)]
    asked = ["class=c07", "rule=absence-streak", f"q={quote('王伟')}", "q=202600042", "level=yellow&state=untaken"]
    return [*found, *(f"/inbox/anna?{one}" for one in (*asked, f"q={quote('护理2607')}&page=2"))]


class Asking:
    """Asks at a steady rate; knows how long each answer took, and how large it was."""

    def __init__(self, url: str, cookie: str, rate: float, seconds: float) -> None:
        self.waits: dict[str, list[float]] = {}
        self.sizes: list[int] = []
        self._host, self._cookie = urlsplit(url).netloc, cookie
        self._start, self._every, self._count = time.time() + 0.5, 1 / rate, int(rate * seconds)
        self._lock = threading.Lock()

    def run(self) -> None:
        threads = [threading.Thread(target=self._ask, args=(number,)) for number in range(SENDERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _ask(self, first: int) -> None:
        asked = addresses()
        connection = http.client.HTTPConnection(self._host, timeout=60)
        for number in range(first, self._count, SENDERS):
            due, address = self._start + number * self._every, asked[number % len(asked)]
            time.sleep(max(0.0, due - time.time()))
            connection.request("GET", address, headers={"Cookie": self._cookie, "Accept-Language": "zh-CN"})
            response = connection.getresponse()
            size, status = len(response.read()), response.status
            took = 1000 * (time.time() - due)
            if status != http.HTTPStatus.OK:
                raise SystemExit(f"{address}: the answer was {status}")
            with self._lock:
                self.waits.setdefault(address, []).append(took)
                self.sizes.append(size)
        connection.close()


def cpu_seconds(pid: int) -> float:
    """What a process has used of the processors until now."""
    user, system = (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def to_be_sent(home: Path) -> int:
    """Messages that wait in the outbox: sending them is no part of a page."""
    with closing(sqlite3.connect(home / "notify.db")) as store:
        return int(store.execute("SELECT count(*) FROM delivery WHERE status IN ('pending', 'sending')").fetchone()[0])


def open_warnings(home: Path) -> int:
    told = prewarn(home, "warnings", "--json")
    return sum(json.loads(line)["status"] == "open" for line in told.stdout.splitlines())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--students", type=int, default=1250)
    parser.add_argument("--rate", type=float, default=10, help="requests a second")
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--json", action="store_true", help="one JSON object")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="prewarn-benchmark-") as folder:
        home = make_home(Path(folder), given.students)
        events = Path(folder) / "events.ndjson"
        events.write_text(absences(given.students), "utf-8")
        taken = prewarn(home, "ingest", events)
        if taken.returncode:
            raise SystemExit(taken.stdout + taken.stderr)
        found: dict[str, Any] = {"open_warnings": open_warnings(home), "load_before": round(os.getloadavg()[0], 1)}
        with serving(home) as served:
            cookie = cookie_of(f"sqlite:///{home / 'notify.db'}", "anna", datetime.now(UTC))
            until(lambda: not to_be_sent(home), "all messages went out", patience=180)
            asking = Asking(served.url, cookie, given.rate, given.seconds)
            before = cpu_seconds(served.process.popen.pid)
            asking.run()
            used = cpu_seconds(served.process.popen.pid) - before
    waits = sorted(one for ones in asking.waits.values() for one in ones)
    cuts = statistics.quantiles(waits, n=100)
    slowest = max(asking.waits, key=lambda one: statistics.median(asking.waits[one]))
    found |= {
        "requests": len(waits),
        "p50_ms": round(cuts[49], 1),
        "p95_ms": round(cuts[94], 1),
        "max_ms": round(waits[-1], 1),
        "cpu_ms_a_request": round(1000 * used / len(waits), 1),
        "largest_page_kb": round(max(asking.sizes) / 1000, 1),
        "slowest": f"{slowest} ({statistics.median(asking.waits[slowest]):.0f} ms)",
        "load_after": round(os.getloadavg()[0], 1),
    }
    lines = [json.dumps(found)] if given.json else [f"{figure:20} {value!s:>12}" for figure, value in found.items()]
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
