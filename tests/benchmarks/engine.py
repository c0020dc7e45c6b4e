"""The engine on the standard workload of ../shared/bench, against handwritten.py: JSON bytes in, warnings out.

    python tests/benchmarks/engine.py [--scale 1.0] [--rounds 3] [--worker] [--bench FOLDER] [--json]

Untimed, beforehand: workload.py writes the records, oracle.py the right answer, and the records become the log's wire
format: JSON arrays of 500 events, ids padded with zeros (events of one instant are ordered by id), with the fields that
ingest adds from the directory, about 400 bytes an event.

Each round starts handwritten.py and then the engine, each in a process of its own; figures are medians over the rounds.

handwritten.py runs as it is: its clock has the reading of its file in it, and it switches the garbage collector off.
The engine's clock (CPU seconds, `time.process_time`) holds `process_many` on each message and `readings` every 8,000
events, as in the worker, so decoding, de-duplication, order, lateness and evidence are in it. The collector is off as
in handwritten.py: gc.collect(), gc.freeze(), gc.disable() once the rules are compiled. Not in it: reading the file
(`reading_seconds`), and `snapshot`, which empties what `readings` looks at but costs what durability costs
(`snapshot_seconds`; handwritten.py keeps nothing). `--worker` puts it in, and `advance` after each message too.

The peak is VmHWM of the engine's process: interpreter, rules, state and 16 messages at a time. (Not ru_maxrss, in which
a child starts with its parent's.) Every opened warning must be a line of the oracle and the other way round, else the
exit code is 1; it is 2 where the bench is absent.
"""

import argparse
import gc
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).parents[2]))

from services.messages import WarningChange
from services.rules.engine.engine import Engine
from services.rules.language.load import load
from services.settings import resource

BENCH = Path(os.environ.get("PREWARN_SHARED") or Path(__file__).resolve().parents[3] / "shared") / "bench"
SCRIPTS = ("workload.py", "oracle.py", "handwritten.py")
EVENTS_A_MESSAGE = 500
MESSAGES_AT_ONCE = 16
"""8,000 events, as many as the worker evaluates before it commits."""

ABSENT = {"on": "attendance", "measure": {"count": 'status == "absent"'}}
RULES: list[dict[str, Any]] = [
    {"id": "r1", **ABSENT, "by": ["student"], "window": {"within": "7d"}, "levels": {"at_least": {"red": 3}}},
    {
        "id": "r2", "on": "attendance", "by": ["student", "course"],
        "measure": {"streak": 'status == "absent"'}, "levels": {"at_least": {"red": 3}},
    },
    {
        "id": "r3", "on": "test", "by": ["student", "course"],
        "measure": {"mean": "score", "min_records": 5}, "window": {"last": 5}, "levels": {"below": {"red": 60}},
    },
    {
        "id": "r4", "on": "attendance", "by": ["class"],
        "measure": {"share": 'status not in ["present", "late"]', "min_records": 50}, "window": {"last": 50},
        "levels": {"above": {"red": 10}},
    },
    {
        "id": "r5", "on": "test", "by": ["event"], "where": "score < 40",
        "measure": {"value": "score"}, "levels": {"below": {"red": 40}},
    },
]  # fmt: skip


def write_rules(rules: list[dict[str, Any]], folder: Path) -> Path:
    """A folder of rules; JSON is YAML."""
    folder.mkdir(parents=True)
    told = {"title": {"zh": "一", "en": "one"}, "message": {"zh": "一", "en": "one"}, "notify": {"to": ["class_tutor"]}}
    for number in range(0, len(rules), 100):
        part = json.dumps({"rules": [told | rule for rule in rules[number : number + 100]]}, ensure_ascii=False)
        (folder / f"part{number}.yaml").write_text(part, "utf-8")
    return folder


class Message(NamedTuple):
    at: int
    """The newest event's instant, in milliseconds."""
    packed: bytes

    def line(self) -> bytes:
        return b"%d %s\n" % (self.at, self.packed)

    @classmethod
    def of(cls, line: bytes) -> "Message":
        at, _, packed = line.partition(b" ")
        return cls(int(at), packed)


class Timed:
    """An engine with a clock on it: CPU seconds by `time.process_time`."""

    def __init__(self, rules: Path, *, advancing: bool) -> None:
        self.engine = Engine(load(rules, resource("schemas")).plan)
        self.advancing = advancing
        self.seconds = self.snapshot_seconds = 0.0
        gc.collect()
        gc.freeze()
        gc.disable()

    def take(self, messages: list[Message]) -> list[WarningChange]:
        engine = self.engine
        start = time.process_time()
        changes: list[WarningChange] = []
        for at, packed in messages:
            changes += engine.process_many(packed)
            if self.advancing:
                changes += engine.advance(at)
        engine.readings()
        read = time.process_time()
        engine.snapshot()
        self.seconds += read - start
        self.snapshot_seconds += time.process_time() - read
        return changes


def memory(figure: str) -> int:
    """Bytes, of this process: VmHWM is the most it has had, VmRSS what it has."""
    found = re.search(rf"{figure}:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(found[1]) * 1024 if found else 0


def child(*arguments: object) -> str:
    done = subprocess.run([sys.executable, *map(str, arguments)], check=False, text=True, capture_output=True)
    if done.returncode:
        sys.exit(f"{done.stdout}{done.stderr}{arguments[0]} failed")
    return done.stdout


def time_text(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def on_the_wire(record: dict[str, Any]) -> dict[str, Any]:
    """A record of the workload as the log has it, with what ingest adds."""
    at = time_text(record["occurred_at"])
    data = {name: record[name] for name in ("course", "class", "teacher", "student")}
    data |= {"lesson": f"2025A-{record['course']}-{record['class']}-{at[5:7]}{at[8:10]}"}
    if record["kind"] == "test":
        graded = {"score": record["score"], "max_score": record["max"], "status": "graded"}
        data = {"test": f"{data['lesson']}-Q1", **data, **graded}
    else:
        data |= {"hours": 2, "status": record["status"]}
    data |= {"department": f"D{record['class'][-1]}", "major": f"M{record['class'][1:3]}", "cohort": "2025"}
    data |= {"teaching_office": f"O{record['teacher'][1:3]}", "planned_hours": 64, "teacher_stage": "backbone"}
    return {
        "specversion": "1.0", "source": "bench/workload", "id": f"{record['id']:08d}", "type": record["kind"],
        "time": at, "data": data,
    }  # fmt: skip


def messages(records: Iterable[dict[str, Any]]) -> Iterator[Message]:
    left = iter(records)
    while part := list(islice(left, EVENTS_A_MESSAGE)):
        packed = json.dumps([on_the_wire(record) for record in part], separators=(",", ":"))
        yield Message(part[-1]["occurred_at"], packed.encode())


class Prepared(NamedTuple):
    records: Path
    wire: Path
    rules: Path
    truth: list[str]
    events: int


def prepare(bench: Path, scale: float, folder: Path) -> Prepared:
    records, truth, wire = folder / "records.jsonl", folder / "oracle.csv", folder / "wire"
    child(bench / "workload.py", records, scale)
    child(bench / "oracle.py", records, truth)
    with records.open(encoding="utf-8") as lines, wire.open("wb") as file:
        file.writelines(message.line() for message in messages(map(json.loads, lines)))
    with records.open("rb") as lines:
        events = sum(1 for _ in lines)
    return Prepared(records, wire, write_rules(RULES, folder / "rules"), truth.read_text().split(), events)


def evaluate(prepared: list[str], *, worker: bool) -> None:
    """In a process of its own: the wire's messages through the engine; opened warnings as the oracle writes them."""
    rules, wire, out = map(Path, prepared)
    timed = Timed(rules, advancing=worker)
    opened: list[str] = []
    begin, reading = time.process_time(), 0.0
    with wire.open("rb") as lines:
        while part := [Message.of(line) for line in islice(lines, MESSAGES_AT_ONCE)]:
            reading += time.process_time() - begin
            opened += [as_oracle(change) for change in timed.take(part) if change.change == "opened"]
            begin = time.process_time()
    peak = memory("VmHWM")
    out.write_text("\n".join(sorted(opened)) + "\n")
    snapshot = timed.snapshot_seconds
    found = {
        "seconds": timed.seconds + (snapshot if worker else 0), "snapshot_seconds": snapshot,
        "reading_seconds": reading, "peak": peak,
    }  # fmt: skip
    sys.stdout.write(json.dumps(found))


def as_oracle(change: WarningChange) -> str:
    """`rule,subject,event id`; the oracle's subject of R5 is the student."""
    source, _, ident = (change.facts.first_event or "").partition(" ")
    subject = change.subject
    if change.rule == "r5":
        subject = change.facts.context["student"] if subject == f"{source} {ident}" else "another event"
    return f"{change.rule.upper()},{subject},{int(ident)}"


class Round(NamedTuple):
    handwritten_seconds: float
    seconds: float
    snapshot_seconds: float
    reading_seconds: float
    peak: int
    equal: bool
    handwritten_equal: bool


def one_round(bench: Path, prepared: Prepared, worker: bool) -> Round:
    folder = prepared.wire.parent
    by_hand, by_engine = folder / "handwritten.csv", folder / "engine.csv"
    said = child(bench / "handwritten.py", prepared.records, by_hand).split()
    mode = ["--worker"] if worker else []
    figures = json.loads(child(__file__, "--child", prepared.rules, prepared.wire, by_engine, *mode))
    return Round(
        handwritten_seconds=float(said[said.index("cpu_seconds") + 1]),
        equal=by_engine.read_text().split() == prepared.truth,
        handwritten_equal=by_hand.read_text().split() == prepared.truth,
        **figures,
    )


def measure(bench: Path, scale: float, rounds: int, worker: bool) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="prewarn-benchmark-") as name:
        prepared = prepare(bench, scale, Path(name))
        size = prepared.wire.stat().st_size
        done = [one_round(bench, prepared, worker) for _ in range(rounds)]
    events = prepared.events
    engine = sorted(events / one.seconds for one in done)
    by_hand = sorted(events / max(one.handwritten_seconds, 0.001) for one in done)  # it tells milliseconds

    def median(figure: str) -> float:
        return round(statistics.median(getattr(one, figure) for one in done), 3)

    return {
        "ratio_to_handwritten": round(statistics.median(engine) / statistics.median(by_hand), 4),
        "events_per_cpu_second": round(statistics.median(engine)),
        "equal_to_oracle": all(one.equal for one in done),
        "peak_rss_mb": round(max(one.peak for one in done) / 1e6, 1),
        "events": events, "warnings": len(prepared.truth), "bytes_per_event": round(size / events), "rounds": rounds,
        "clock": "as the worker" if worker else "process_many and readings",
        "engine_slowest": round(engine[0]), "engine_fastest": round(engine[-1]),
        "handwritten_events_per_cpu_second": round(statistics.median(by_hand)),
        "handwritten_slowest": round(by_hand[0]), "handwritten_fastest": round(by_hand[-1]),
        "handwritten_equal_to_oracle": all(one.handwritten_equal for one in done),
        "seconds": median("seconds"), "snapshot_seconds": median("snapshot_seconds"),
        "reading_seconds": median("reading_seconds"),
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scale", type=float, default=1.0, help="part of the 1.3 million records")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--worker", action="store_true", help="time and snapshots as in the worker, on the clock")
    parser.add_argument("--bench", type=Path, default=BENCH, help="folder of workload.py, oracle.py, handwritten.py")
    parser.add_argument("--json", action="store_true", help="one JSON object of the four figures that count")
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        evaluate(given.child, worker=given.worker)
        return
    if absent := [name for name in SCRIPTS if not (given.bench / name).is_file()]:
        sys.stderr.write(f"no workload: {given.bench} lacks {', '.join(absent)} (--bench says where they are)\n")
        sys.exit(2)
    load_before = round(os.getloadavg()[0], 1)
    found = measure(given.bench, given.scale, given.rounds, given.worker) | {"load_before": load_before}
    lines = [f"{figure:34} {f'{value:,}' if type(value) is int else value!s:>26}" for figure, value in found.items()]
    if given.json:
        lines = [json.dumps(dict(islice(found.items(), 4)))]
    sys.stdout.write("\n".join(lines) + "\n")
    sys.exit(0 if found["equal_to_oracle"] else 1)


if __name__ == "__main__":
    main()
