"""What a record costs when thousands are about one subject, by measure and by the order in which they come.

    python tests/benchmarks/one_subject.py [--measures count,rank] [--scale 1.0] [--json]

10,000 and 40,000 records (rank: of 100 peers), in messages of 2,000, each in the order of time as the
log writes it, and one that says that nothing follows; CPU seconds of the engine, with a snapshot for each message, the
collector off. Of each order: how many times the smaller number's seconds the larger one takes, and how many times what
the same records over 2,000 subjects take in order. More than 6 and, in order, 4 are marked.

in order     as they happen, time with them
by student   the records of one class, student by student, months later
reversed     the newest first, in files of 1,000, months later
one instant  all at once, months later
back-filled  as they happened, months later
"""

import argparse
import gc
import json
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import msgspec

from services.rules.engine.engine import Engine
from services.rules.engine.refolds import LIVE
from services.rules.language.load import load
from services.rules.runner import EngineRunner
from services.settings import resource
from tests.benchmarks.engine import time_text, write_rules

BEGIN, DAY = 1_756_684_800_000, 86_400_000  # 2025-09-01T00:00:00Z
TERM, TODAY = 100 * DAY, BEGIN + 150 * DAY
CALENDAR = "time_zone: Asia/Shanghai\nterms:\n  - {id: a, from: 2025-09-01, to: 2026-07-31}\n"
MESSAGE, FILE, SUBJECTS, STUDENTS = 2_000, 1_000, 2_000, 100
SIZES = (10_000, 40_000)
MOST_TIMES, MOST_OF_SPREAD = 6, 4
ABSENT = 'status == "absent"'
GRADES = {"yellow": [["minor"] * 5], "orange": [["serious"]], "red": [["major"]]}


def record(kind, n, who):
    """What the n-th record about a class, department, person or place says."""
    if kind == "attendance":
        pupil = {
            "student": f"s{n % STUDENTS}",
            "course": f"k{n % 7}",
            "lesson": f"l{n // STUDENTS}",
            "hours": 1 + n % 2,
        }
        return {"class": who, "status": "absent" if n % 11 == 0 else "present", **pupil}
    if kind == "warning":
        about = {"warning": f"w{n}", "rule": "r", "row": "S1", "subject": f"s{n}", "level": "red", "change": "opened"}
        return {"department": who, "open": n % 3 > 0, **about}
    if kind == "ticket":
        return {
            "responsible": who,
            "ticket": f"t{n}",
            "category": "accident",
            "action": "confirmed",
            "severity": "minor",
        }
    return {"indicator": who, "subject": f"p{n % STUDENTS}", "level": "major", "period": "2025", "value": n % 97}


def measures():
    """Name → (kind, by, the rest of the rule)."""
    term, month = {"calendar": "term"}, {"within": "30d"}
    by_class = {
        "count": ({"count": ABSENT}, month),
        "share": ({"share": ABSENT, "min_records": 20}, month),
        "sum": ({"sum": "hours"}, term),
        "mean": ({"mean": "hours", "min_records": 5}, {"last": 30}),
        "max": ({"max": "hours"}, month),
        "trend": ({"trend": "hours", "per": "7d"}, {"last": 30}),
        "streak": ({"streak": ABSENT}, None),
        "change": ({"change": "hours", "last": 3, "before": 30}, None),
        "distinct": ({"distinct": "lesson"}, term),
        "nested": ({"nested": {"count": ABSENT}, "per": "lesson", "at_least": 50}, term),
        "forecast": ({"forecast": "hours", "from_week": 4}, term),
    }
    found = {name: ("attendance", ["class"], *one) for name, one in by_class.items()}
    parts = {"each": "ticket", "grade": "severity", "grades": ["minor", "serious", "major"], "cases": GRADES}
    found["open"] = ("warning", ["department"], {"open": "open"}, None)  # of another rule's warnings
    found["composite"] = ("ticket", ["responsible"], {"composite": "true", **parts}, {"within": "365d"})
    found["rank"] = ("indicator", ["indicator", "subject"], {"rank": "value", "min_peers": 10}, None)
    return found


def rule_set(folder, name):
    kind, by, measure, window = measures()[name]
    levels = {"red": 3} if name == "composite" else {"red": 1_000_000}
    others = 'rule != "measured"' if kind == "warning" else "true"
    one = {"id": "measured", "where": others, "on": kind, "by": by, "measure": measure}
    one["levels"] = {"at_least": levels}
    rules = write_rules([one | ({"window": window} if window else {})], folder)
    (rules / "calendar.yaml").write_text(CALENDAR)
    return load(rules, resource("schemas"))


def stream(kind, order, size):
    """(instant, id, data) in the order in which they come."""
    step = TERM // size
    subjects = SUBJECTS if order == "spread" else 1
    found = [
        (BEGIN + (0 if order == "one instant" else n * step), f"{n:06d}", record(kind, n, f"c{n % subjects}"))
        for n in range(size)
    ]
    if order == "reversed":
        found.reverse()
    if order == "by student":
        found.sort(key=lambda one: (one[2]["student"], one[0]))
    return found


def seconds(plan, kind, order, size):
    """CPU seconds of the engine."""
    runner, clock = EngineRunner(Engine(plan, patience=LIVE)), order not in ("in order", "spread")
    events = stream(kind, order, size)
    if clock:
        runner.engine.advance(TODAY)
    rows, length = [], FILE if order == "reversed" else MESSAGE
    for start in range(0, size, length):
        part = sorted(events[start : start + length], key=lambda one: one[:2])
        packed = [
            {"specversion": "1.0", "source": "s", "id": i, "type": kind, "time": time_text(at), "data": data}
            for at, i, data in part
        ]
        rows.append((TODAY if clock else part[-1][0], msgspec.json.encode(packed)))
    rows.append((rows[-1][0], b"[]"))  # nothing follows
    gc.disable()
    begin = time.process_time()
    for now, packed in rows:
        runner.step(packed, now)
        runner.engine.readings()
        runner.engine.snapshot()
    spent = time.process_time() - begin
    gc.enable()
    assert not runner.engine.failed, runner.engine.failed[:1]
    return spent


def orders(kind):
    return ["in order", *(["by student"] if kind == "attendance" else []), "reversed", "one instant", "back-filled"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--measures", default=",".join(measures()))
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    told = []
    for name in args.measures.split(","):
        kind = measures()[name][0]
        small, large = (int(size * args.scale) for size in SIZES)
        with tempfile.TemporaryDirectory(prefix="prewarn-benchmark-") as folder:
            plan = rule_set(Path(folder) / "rules", name).plan
            spread = seconds(plan, kind, "spread", large)
            for order in orders(kind):
                less, more = seconds(plan, kind, order, small), seconds(plan, kind, order, large)
                told.append({"measure": name, "order": order, "times": more / less, "of spread": more / spread})
                if not args.json:
                    over = more / less > MOST_TIMES or (order == "in order" and more / spread > MOST_OF_SPREAD)
                    each = f"{more / spread:7.1f} × spread {1e6 * more / large:8.1f} µs a record"
                    sys.stdout.write(f"{name:10} {order:12} {more / less:6.1f} × {each}{' <' * over}\n")
                    sys.stdout.flush()
    if args.json:
        sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main()
