"""What the engine's time and memory grow with: rules, subjects, windows, a term of records.

    python tests/benchmarks/engine_cost.py [--part rules|subjects|windows|term] [--scale 1.0] [--json]

Every figure comes from a process of its own, which is fed messages of 500 made-up events in the order of time through
a pipe, so that nothing but the engine is in its heap. Clock: CPU seconds of `process_many` and `advance` on each
message and of `readings` every 8,000 events, the collector off; `snapshot` apart. Memory: VmRSS before and after, VmHWM
for the peak. Ratios are to the first figure of their row, of the same run.

rules      per event (10 attendance : 3 tests, 1,000 students) under 5, 50 and 500 rules in the five shapes of
           engine.py, each with its own condition, width and threshold; and under the 5 with 495 that look at another
           kind, about subjects that the 5 do not have (lessons) and that they have (students, classes)
subjects   per event on 10^3 … 10^6 known students under 3 rules, and per first event of a student; bytes a subject, a
           rule of a subject and a record under 1 and 9 rules
windows    per event in windows of 1 to 120 days and 10 to 1000 records: 50 students with 12.5 records a day, so that
           120 days are 1,500 records; timed once the windows are full. Warnings stay away, except in `open`, where
           each student has one with the newest 50 records as evidence, in each of the readings
term       10,000 students × 400 records over 16 weeks under 12 student rules, 9 by student and 3 by student and course:
           the peak must be below 1 GB, else the exit code is 1
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.benchmarks.engine import (
    EVENTS_A_MESSAGE,
    MESSAGES_AT_ONCE,
    Message,
    Timed,
    memory,
    time_text,
    write_rules,
)

DAY = 86_400_000
BEGIN = 1_756_684_800_000  # 2025-09-01T00:00:00Z
CALENDAR = "time_zone: Asia/Shanghai\nterms:\n  - {id: 2025-autumn, from: 2025-09-01, to: 2026-01-18}\n"
GIGABYTE = 1_000_000_000
PRIME = 7919
"""Spreads a round over the students in an order that is not theirs."""

Rule = dict[str, Any]
Figures = dict[str, float | bool]


class Event(NamedTuple):
    at: int
    text: str


class Mark(NamedTuple):
    """What the engine's process had used at the end of a phase."""

    seconds: float
    snapshot_seconds: float
    rss: int
    peak: int


class Phase(NamedTuple):
    """What it used for one phase."""

    events: int
    seconds: float
    snapshot_seconds: float
    bytes: int
    peak: int

    @property
    def microseconds(self) -> float:
        return 1e6 * self.seconds / self.events

    @property
    def snapshot_microseconds(self) -> float:
        return 1e6 * self.snapshot_seconds / self.events


def follow(rules: Path) -> None:
    """The engine's process: messages and, as empty lines, the ends of phases."""
    timed = Timed(rules, advancing=True)
    marks: list[Mark] = []
    waiting: list[Message] = []
    for line in sys.stdin.buffer:
        ends = line == b"\n"
        if not ends:
            waiting.append(Message.of(line))
        if ends or len(waiting) == MESSAGES_AT_ONCE:
            timed.take(waiting)
            waiting.clear()
        if ends:
            marks.append(Mark(timed.seconds, timed.snapshot_seconds, memory("VmRSS"), memory("VmHWM")))
    sys.stdout.write(json.dumps(marks))


def run(rules: list[Rule], *phases: Iterable[Event]) -> list[Phase]:
    """Feeds the phases, one after the other, to an engine in a process of its own."""
    counts: list[int] = []
    with tempfile.TemporaryDirectory(prefix="prewarn-benchmark-") as name:
        folder = write_rules(rules, Path(name) / "rules")
        (folder / "calendar.yaml").write_text(CALENDAR)
        command = [sys.executable, __file__, "--child", str(folder)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            assert process.stdin
            assert process.stdout
            process.stdin.write(b"\n")  # rules compiled, nothing seen
            for phase in phases:
                counts.append(0)
                for events, message in messages(phase):
                    counts[-1] += events
                    process.stdin.write(message.line())
                process.stdin.write(b"\n")
            process.stdin.close()
            marks = [Mark(*mark) for mark in json.loads(process.stdout.read())]
    return [
        Phase(count, b.seconds - a.seconds, b.snapshot_seconds - a.snapshot_seconds, b.rss - a.rss, b.peak)
        for count, a, b in zip(counts, marks, marks[1:], strict=False)
    ]


def messages(events: Iterable[Event]) -> Iterator[tuple[int, Message]]:
    left = iter(events)
    while part := list(islice(left, EVENTS_A_MESSAGE)):
        yield len(part), Message(part[-1].at, f"[{','.join(event.text for event in part)}]".encode())


def records(
    count: int, students: int, days: float, *, since: float = 0, first: int = 0, tests: bool = False
) -> Iterator[Event]:
    """So many records from day `since` on: every student once, in another course, before any has another."""
    rng = random.Random(first)
    step = days * DAY / count
    for number in range(first, first + count):
        turn = number // students
        s = (number - turn * students) * PRIME % students
        at = BEGIN + int(since * DAY + (number - first) * step)
        who = (
            f'"student":"S{s:07d}","class":"K{s // 50:05d}","course":"C{(s // 50 + turn) % 10:03d}","lesson":"L{turn}"'
        )
        if tests and number % 13 > 9:
            score = int(min(100, max(0, rng.gauss(74, 15))))
            kind, data = "test", f'"test":"Q1",{who},"score":{score},"max_score":100,"status":"graded"'
        else:
            u = rng.random()
            status = "absent" if u < 0.04 else "late" if u < 0.07 else "leave" if u < 0.085 else "present"
            kind, data = "attendance", f'{who},"teacher":"T{turn % 100:03d}","hours":2,"status":"{status}"'
        head = f'"specversion":"1.0","source":"cost","id":"{number:09d}","type":"{kind}","time":"{time_text(at)}"'
        yield Event(at, f'{{{head},"data":{{{data}}}}}')


def shapes(v: int) -> list[Rule]:
    """The five rules of engine.py; of every v with other conditions, widths and thresholds."""
    taught, graded = f"hours > {v / 1000}", f"max_score > {v / 1000}"
    return [
        {
            "id": f"count-{v}", "on": "attendance", "by": ["student"], "where": taught,
            "measure": {"count": 'status == "absent"'}, "window": {"within": f"{7 + v % 24}d"},
            "levels": {"at_least": {"red": 3 + v}},
        },
        {
            "id": f"streak-{v}", "on": "attendance", "by": ["student", "course"], "where": taught,
            "measure": {"streak": 'status == "absent"'}, "levels": {"at_least": {"red": 3 + v}},
        },
        {
            "id": f"mean-{v}", "on": "test", "by": ["student", "course"], "where": graded,
            "measure": {"mean": "score", "min_records": 5}, "window": {"last": 5 + v % 20},
            "levels": {"below": {"red": 60 - v / 2}},
        },
        {
            "id": f"share-{v}", "on": "attendance", "by": ["class"], "where": taught,
            "measure": {"share": 'status not in ["present", "late"]', "min_records": 50},
            "window": {"last": 50 + v % 50}, "levels": {"above": {"red": 10 + v / 2}},
        },
        {
            "id": f"value-{v}", "on": "test", "by": ["event"], "where": f"score < {40 - v / 4}",
            "measure": {"value": "score"}, "levels": {"below": {"red": 40}},
        },
    ]  # fmt: skip


def so_many(rules: int) -> list[Rule]:
    return [rule for v in range(rules // 5) for rule in shapes(v)]


def elsewhere(count: int, kind: str, subject: str, figure: str) -> list[Rule]:
    """Rules that look at another kind."""
    return [
        {
            "id": f"other-{v}", "on": kind, "by": [subject], "where": f"{figure} > {v / 1000}",
            "measure": {"mean": figure}, "window": {"within": f"{7 + v % 24}d"}, "levels": {"below": {"red": v}},
        }
        for v in range(1, count + 1)
    ]  # fmt: skip


def by_rules(scale: float) -> Figures:
    students = 1_000
    sets = {
        "5": so_many(5), "50": so_many(50), "500": so_many(500),
        "5_and_495_on_others_by_lesson": so_many(5) + elsewhere(495, "rollcall", "lesson", "present"),
        "5_and_495_on_others_by_student": so_many(5) + elsewhere(495, "self_assessment", "student", "score"),
        "5_and_495_on_others_by_class": so_many(5) + elsewhere(495, "rollcall", "class", "present"),
    }  # fmt: skip
    found: Figures = {}
    costs: dict[str, float] = {}
    for name, rules in sets.items():
        count = int((30_000 if name == "500" else 100_000) * scale)
        warm = records(count, students, 30, tests=True)
        _, timed = run(rules, warm, records(count, students, 30, since=30, first=count, tests=True))
        costs[name] = timed.microseconds
        found[f"rules_{name}_us"] = timed.microseconds
        found[f"rules_{name}_ratio"] = timed.microseconds / costs["5"]
        found[f"rules_{name}_snapshot_us"] = timed.snapshot_microseconds
    return found | {"rules_each_further_us": (costs["500"] - costs["5"]) / 495}


def by_subjects(scale: float) -> Figures:
    rules = [STUDENT_RULES[name] for name in ("absences", "streak", "late-share")]
    found: Figures = {}
    first = 0.0
    for students in (1_000, 10_000, 100_000, 1_000_000):
        count = int(200_000 * scale)
        born, timed = run(rules, records(students, students, 1), records(count, students, 10, since=1, first=students))
        first = first or timed.microseconds
        found[f"subjects_{students}_us"] = timed.microseconds
        found[f"subjects_{students}_ratio"] = timed.microseconds / first
        found[f"subjects_{students}_us_of_first_event"] = born.microseconds
        found[f"subjects_{students}_rss_mb"] = (born.bytes + timed.bytes) / 1e6
    return found | bytes_each(int(20_000 * scale))


def bytes_each(students: int) -> Figures:
    """Of a subject with its first record under one rule, of each of 8 further rules, of a further record of 40."""
    of_student = [rule for rule in STUDENT_RULES.values() if rule["by"] == ["student"]]
    sizes: list[tuple[float, float]] = []
    for rules in (of_student[:1], of_student):
        few = records(16_000, 10, 0.5)  # what an engine needs once
        each = records(students, students, 0.5, since=0.5, first=100 * students)
        more = records(40 * students, students, 20, since=1, first=200 * students)
        _, born, grown = run(rules, few, each, more)
        sizes.append((born.bytes / students, grown.bytes / students / 40))
    (one, record), (all_, record_of_all) = sizes
    further = len(of_student) - 1
    return {
        "bytes_subject_with_1_rule": one,
        f"bytes_subject_with_{further + 1}_rules": all_,
        "bytes_subject_and_further_rule": (all_ - one) / further,
        "bytes_record_with_1_rule": record,
        f"bytes_record_with_{further + 1}_rules": record_of_all,
        "bytes_record_and_further_rule": (record_of_all - record) / further,
    }


def by_windows(scale: float) -> Figures:
    found: Figures = {}
    count, students = int(75_000 * scale), 50
    absent = 'status == "absent"'
    measures: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
        "count": ({"count": 'status != "absent"'}, {"at_least": {"red": 100_000}}),
        "mean": ({"mean": "hours"}, {"above": {"red": 24}}),
        "max": ({"max": f"hours if {absent} else 1"}, {"above": {"red": 24}}),
        "open": ({"count": "true"}, {"at_least": {"red": 1}}),
    }
    rows: list[list[tuple[str, dict[str, Any]]]] = [
        [(f"within_{days}d", {"within": f"{days}d"}) for days in (1, 7, 30, 120)],
        [(f"last_{many}", {"last": many}) for many in (10, 100, 1000)],
    ]
    for measure, (asked, levels) in measures.items():
        for row in rows:
            first = 0.0
            for name, window in row:
                rule = {"id": "window", "on": "attendance", "by": ["student"], "measure": asked}
                rule |= {"window": window, "levels": levels}
                full = records(count, students, 120)
                _, timed = run([rule], full, records(count, students, 120, since=120, first=count))
                first = first or timed.microseconds
                found[f"windows_{measure}_{name}_us"] = timed.microseconds
                found[f"windows_{measure}_{name}_ratio"] = timed.microseconds / first
                found[f"windows_{measure}_{name}_snapshot_us"] = timed.snapshot_microseconds
    return found


def in_a_term(scale: float) -> Figures:
    students, each = int(10_000 * scale), 400
    (term,) = run(list(STUDENT_RULES.values()), records(students * each, students, 16 * 7))
    return {
        "term_events": term.events, "term_rules": len(STUDENT_RULES), "term_us": term.microseconds,
        "term_snapshot_us": term.snapshot_microseconds, "term_peak_mb": term.peak / 1e6,
        "term_rss_growth_mb": term.bytes / 1e6, "term_below_1_gb": term.peak < GIGABYTE,
    }  # fmt: skip


def _student_rules() -> dict[str, Rule]:
    absent, late = 'status == "absent"', 'status in ["late", "early_leave"]'
    missed = "hours if status == 'absent' else 0.333334 if status in ['late', 'early_leave'] else 0"
    term = {"calendar": "term"}
    rules: dict[str, Rule] = {
        "hours": {"measure": {"sum": missed}, "window": term, "levels": {"at_least": {"yellow": 20, "red": 40}}},
        "streak": {"measure": {"streak": absent, "skip": 'status == "leave"'}, "levels": {"at_least": {"red": 3}}},
        "rate": {
            "measure": {"share": 'status in ["absent", "leave"]', "min_records": 20}, "window": term,
            "levels": {"above": {"yellow": 10, "red": 20}},
        },
        "absences": {
            "measure": {"count": absent}, "window": {"within": "7d"}, "levels": {"at_least": {"yellow": 3, "red": 5}},
        },
        "late": {
            "measure": {"count": late}, "window": {"within": "14d"}, "levels": {"at_least": {"yellow": 4, "red": 6}},
        },
        "leave": {
            "measure": {"count": 'status == "leave"'}, "window": {"within": "30d"}, "levels": {"at_least": {"red": 5}},
        },
        "late-share": {"measure": {"share": late}, "window": {"last": 20}, "levels": {"above": {"red": 20}}},
        "mean-missed": {"measure": {"mean": missed}, "window": {"last": 50}, "levels": {"above": {"red": 0.4}}},
        "month": {
            "measure": {"count": absent}, "window": {"calendar": "month"}, "levels": {"at_least": {"red": 8}},
        },
        "course-streak": {
            "measure": {"streak": absent, "skip": 'status == "leave"'}, "levels": {"at_least": {"red": 2}},
        },
        "course-share": {"measure": {"share": absent}, "window": {"last": 10}, "levels": {"above": {"red": 20}}},
        "course-hours": {"measure": {"sum": missed}, "window": term, "levels": {"at_least": {"red": 8}}},
    }  # fmt: skip
    return {
        name: {"id": name, "on": "attendance", "by": ["student", "course"] if "course" in name else ["student"], **rule}
        for name, rule in rules.items()
    }


STUDENT_RULES = _student_rules()
PARTS: dict[str, Callable[[float], Figures]] = {
    "rules": by_rules, "subjects": by_subjects, "windows": by_windows, "term": in_a_term,
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--part", choices=PARTS, action="append", help="only this part (may be given several times)")
    parser.add_argument("--scale", type=float, default=1.0, help="part of the events (in `term`, of the students)")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        follow(given.child)
        return
    found: dict[str, Any] = {"load_before": round(os.getloadavg()[0], 1)}
    for part in given.part or PARTS:
        found |= {
            figure: value if isinstance(value, bool) else round(value, 2)
            for figure, value in PARTS[part](given.scale).items()
        }
    lines = [json.dumps(found)] if given.json else [f"{figure:48} {value!s:>12}" for figure, value in found.items()]
    sys.stdout.write("\n".join(lines) + "\n")
    sys.exit(0 if found.get("term_below_1_gb", True) else 1)


if __name__ == "__main__":
    main()
