"""What a college's first load costs, by how its files are sorted: all of `prewarn ingest --past`, in rows per second.

python tests/benchmarks/load_orders.py [--students 3000] [--weeks 12]

The simulated college of the acceptance tests, under the default pack: one file in the order of time, one that is sorted
by student and then by time, as exports are, and 14 files, shuffled. Each goes into a home of its own, in a process of
its own. Figures: rows per second, the ratio to the quickest, the most memory of any process up to then (MB), and the
warnings in the store, of which there must be the same number each time. Behind them how many messages the 14 files
send to how many people, as history and not as history (told_after_load.py).
"""

import argparse
import json
import os
import random
import resource as usage
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from services.settings import resource
from tests.acceptance.simulated_college import CALENDAR, College
from tests.acceptance.test_any_split import BEGIN
from tests.benchmarks.told_after_load import messages, with_roles

_PREWARN = (sys.executable, "-c", "from services.cli import main; main()")


def by_student(events):
    return [sorted(events, key=lambda one: (one["data"].get("student", ""), one["time"]))]


def in_files(events, files=14):
    mixed = [*events]
    random.Random(1).shuffle(mixed)
    return [mixed[n::files] for n in range(files)]


ORDERS = {"by time": lambda events: [events], "by student": by_student, "14 files": in_files}


def load(folder, directory, rules, parts):
    """(seconds, peak MB, warnings in the store) of one load."""
    home = folder / "home"
    shutil.copytree(directory, home / "directory")
    paths = []
    for n, events in enumerate(parts):
        paths.append(folder / f"{n}.ndjson")
        paths[-1].write_text("".join(f"{json.dumps(one)}\n" for one in events), "utf-8")
    env = os.environ | {"PREWARN_RULES": str(rules)}
    began = time.perf_counter()
    subprocess.run(
        [*_PREWARN, "--home", home, "ingest", "--past", *paths], env=env, check=True, stdout=subprocess.DEVNULL
    )
    seconds = time.perf_counter() - began
    peak = usage.getrusage(usage.RUSAGE_CHILDREN).ru_maxrss / 1024
    listed = [*_PREWARN, "--home", home, "warnings", "--json"]
    told = subprocess.run(listed, env=env, check=True, capture_output=True, text=True).stdout
    return seconds, peak, sum(json.loads(line)["status"] != "withdrawn" for line in told.splitlines())


def tell_messages(folder, college, directory, rules, end):
    """Prints them."""
    for past in (True, False):
        home = folder / f"told-{past}"
        with_roles(college, directory, home / "directory")
        told = messages(home, rules, sorted((folder / "14-files").glob("*.ndjson")), end, past=past)
        sys.stdout.write(
            f"{'with' if past else 'without'} --past: {sum(told.values())} messages to {len(told)} people,"
            f" at most {max(told.values(), default=0)} to one\n"
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--students", type=int, default=3000)
    parser.add_argument("--weeks", type=int, default=12)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        college = College(asked.students, 22)
        end = BEGIN + timedelta(weeks=asked.weeks)
        events = [event for comes, event in college.events if comes < end]
        rules = folder / "rules"
        shutil.copytree(resource("rules"), rules, ignore=shutil.ignore_patterns("examples", "tests"))
        (rules / "calendar.yaml").write_text(CALENDAR, "utf-8")
        directory = college.write_directory(folder / "directory")
        sys.stdout.write(f"{asked.students} students, {asked.weeks} weeks, {len(events)} rows\n")
        found = {}
        for name, order in ORDERS.items():
            place = folder / name.replace(" ", "-")
            place.mkdir()
            found[name] = load(place, directory, rules, order(events))
        quickest = min(seconds for seconds, *_ in found.values())
        for name, (seconds, peak, warnings) in found.items():
            rows, ratio = len(events) / seconds, seconds / quickest
            sys.stdout.write(f"{name:12}{rows:8.0f} rows/s{ratio:7.2f} ×{peak:8.0f} MB{warnings:8} warnings\n")
        tell_messages(folder, college, directory, rules, end - timedelta(days=2, seconds=1))
        if len({warnings for *_, warnings in found.values()}) > 1:
            sys.exit("they do not end with the same warnings")


if __name__ == "__main__":
    main()
