"""From file to stored warning: the year of New York in the one-process mode, in rows a second and peak memory.

python tests/benchmarks/embedded.py [--rows N] [--json]
"""

import argparse
import csv
import gzip
import json
import os
import re
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.faults.running import running

SHARED = Path(os.environ.get("PREWARN_SHARED") or Path(__file__).resolve().parents[3] / "shared")
DATA = SHARED / "data" / "nyc-attendance-2013-14.csv.gz"
TOLD = re.compile(r"([\d,]+) rows\b.*?, ([\d,]+) events\b.*?, ([\d,]+) warnings\b.*?, ([\d.]+) s")


def first_rows(rows: int, folder: Path) -> Path:
    """The header and so many rows."""
    with gzip.open(DATA, "rt", encoding="utf-8", newline="") as whole:
        part = list(islice(csv.reader(whole), rows + 1))
    path = folder / "part.csv.gz"
    with gzip.open(path, "wt", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(part)
    return path


class Used(NamedTuple):
    peak_mib: int
    cpu_seconds: float


def used_by(pid: int) -> Used | None:
    """The most memory that a process has had (VmHWM) and its time on a core; none if it has ended."""
    try:
        status, stat = (Path(f"/proc/{pid}/{name}").read_text() for name in ("status", "stat"))
    except OSError:
        return None
    peak = re.search(r"VmHWM:\s+(\d+) kB", status)
    ticks = stat.rpartition(")")[2].split()[11:13]
    return Used(int(peak[1]) // 1024, sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")) if peak else None


def measure(file: Path, home: Path) -> dict[str, float]:
    """Of the three busiest processes, the busiest first: evaluator, feeder, store, in whatever order."""
    used: dict[int, Used] = {}
    started = time.monotonic()
    with running(home, "import", "nyc", file) as process:
        while not process.ended:
            used |= {pid: found for pid in process.family() if (found := used_by(pid))}
            time.sleep(0.2)
        seconds = time.monotonic() - started
        told = TOLD.search(process.said())
        if process.popen.returncode or told is None:
            sys.exit(process.said())
    rows, events, warnings = (int(text.replace(",", "")) for text in told.groups()[:3])
    busiest = sorted(used.values(), key=lambda one: -one.cpu_seconds)[:3]
    return {
        "rows": rows, "events": events, "warnings": warnings,
        "seconds": float(told[4]), "seconds_with_start": round(seconds, 1),
        "rows_per_second": round(rows / float(told[4])),
        **{f"cpu_seconds_{n}": one.cpu_seconds for n, one in enumerate(busiest, 1)},
        **{f"peak_mib_{n}": one.peak_mib for n, one in enumerate(busiest, 1)},
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, help="only the first so many rows")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    given = parser.parse_args()
    if not DATA.is_file():
        sys.exit(f"no real data: {DATA} is absent (PREWARN_SHARED says where the shared folder is)")
    with tempfile.TemporaryDirectory(prefix="prewarn-benchmark-") as name:
        folder = Path(name)
        file = DATA if given.rows is None else first_rows(given.rows, folder)
        found = measure(file, folder / "home") | {"load_before": round(os.getloadavg()[0], 1)}
    lines = [json.dumps(found)] if given.json else [f"{figure:26} {value:>12,}" for figure, value in found.items()]
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
