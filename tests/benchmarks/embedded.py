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
from contextlib import suppress
from itertools import islice
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.faults.running import Process, running

SHARED = Path(os.environ.get("PREWARN_SHARED") or Path(__file__).resolve().parents[3] / "shared")
DATA = SHARED / "data" / "nyc-attendance-2013-14.csv.gz"
TOLD = re.compile(r"([\d,]+) rows, ([\d,]+) events, ([\d,]+) warnings, ([\d.]+) s")


def first_rows(rows: int, folder: Path) -> Path:
    """The header and so many rows."""
    with gzip.open(DATA, "rt", encoding="utf-8", newline="") as whole:
        part = list(islice(csv.reader(whole), rows + 1))
    path = folder / "part.csv.gz"
    with gzip.open(path, "wt", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(part)
    return path


def peak_mib(process: Process) -> dict[int, float]:
    """Process → the most memory that it has had (VmHWM), for all of its session."""
    peaks = {}
    for pid in process.family():
        with suppress(OSError):
            found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
            if found:
                peaks[pid] = int(found[1]) / 1024
    return peaks


def measure(file: Path, home: Path) -> dict[str, float]:
    peaks: dict[int, float] = {}
    before = os.times()
    started = time.monotonic()
    with running(home, "import", "nyc", file) as process:
        while not process.ended:
            peaks |= peak_mib(process)
            time.sleep(0.2)
        seconds = time.monotonic() - started
        found = TOLD.search(process.said())
        if process.popen.returncode or found is None:
            sys.exit(process.said())
    after = os.times()
    rows, events, warnings = (int(text.replace(",", "")) for text in found.groups()[:3])
    own = max(peaks, key=lambda pid: peaks[pid])
    return {
        "rows": rows, "events": events, "warnings": warnings,
        "seconds": float(found[4]), "seconds_with_start": round(seconds, 1),
        "rows_per_second": round(rows / float(found[4])),
        "cpu_seconds": round(after.children_user + after.children_system - before[2] - before[3], 1),
        "peak_mib_largest_process": round(peaks[own]), "peak_mib_sum": round(sum(peaks.values())),
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
