"""One term, taken in in every way that there is: does each end with the warnings that it has when it comes live?

python tests/benchmarks/differential.py [--students 1000] [--weeks 12] [--kills 9] [--lists-all]

A simulated college under the default pack. Live in steps of six hours is what all others are compared with: live again
with so many `kill -9` in its midst, one file by time, one by student, files by kind, five shuffled files, and the
backtest over what was live. Then live once more with people who act (tests/acceptance/people_act.py): the engine finds
the same of all rules but those on what people do; with the kills, and by the backtest, it is that with the same acts.
Said of each: its seconds, how many warnings differ in any field that it may not (tests/acceptance/test_any_split.py
says which), and the first few.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from datetime import datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from services.operate.backtest import backtest
from services.settings import Settings
from tests.acceptance.people_act import DONE_BY_PEOPLE, ON_PEOPLE, act
from tests.acceptance.simulated_college import CALENDAR
from tests.acceptance.test_any_split import BEGIN, Term, by_kind, by_student, shuffled
from tests.rule_files import folder, rule

_SHOWN = 3
"""Differences of each kind."""


def by_time(events):
    return [events]


def live_until_killed(asked):
    """The child: goes on where the one before it was killed; its warnings in the end."""
    term = Term(asked.folder, asked.students, asked.weeks, lists_all=asked.lists_all)
    mark = asked.folder / "passed"
    since = datetime.fromisoformat(mark.read_text()) if mark.exists() else BEGIN

    def passed(at):
        new = mark.with_suffix(".new")
        new.write_text(at.isoformat())
        new.replace(mark)

    term.live("killed", since=since, passed=passed, act=act)


def killed(asked, made, seconds):
    """A term live in processes that are killed at random instants; read when the last one is through."""
    rng, place = random.Random(9), made / "kills"
    place.mkdir()
    command = [sys.executable, __file__, "--folder", place, f"--students={asked.students}", f"--weeks={asked.weeks}"]
    command += ["--lists-all"] * asked.lists_all
    kills = 0
    for _ in range(asked.kills):
        child = subprocess.Popen(command)
        try:
            child.wait(seconds * rng.uniform(0.5, 1.5) / asked.kills + 5)
        except subprocess.TimeoutExpired:
            os.kill(child.pid, signal.SIGKILL)
            child.wait()
            kills += 1
    subprocess.run(command, check=True)
    term = Term(place, asked.students, asked.weeks, lists_all=asked.lists_all)
    return kills, term.live("killed", since=term.end, act=act)  # nothing is left to come: what is there is read


def found_by_rules(warnings):
    """Without what people did, and without what the rules on that found."""
    told = defaultdict(list)
    for key, listed in warnings.items():
        if key[0] not in ON_PEOPLE:
            kept = [{name: one[name] for name in one if name not in DONE_BY_PEOPLE} for one in map(json.loads, listed)]
            told[key] = [json.dumps(one, sort_keys=True) for one in kept]
    return told


def backtested(made, term, home="live"):
    """What a backtest over the log of a home that was live finds: the fields that it tells."""
    never = folder(made / f"never-{home}", rule("never", levels="{at_least: {red: 1000000}}"), calendar=CALENDAR)
    found = backtest(Settings(home=made / home, rules=term.rules), never, term.rules, (), shown=1_000_000)
    assert not found.old
    told = defaultdict(list)
    for one in found.added:
        opened, closed = (at and at.isoformat().replace("+00:00", "Z") for at in (one.opened_at, one.closed_at))
        fields = (one.level, one.value, one.threshold, closed)
        told[one.rule, one.subject, opened].append(fields)
    return told


def as_backtested(live):
    told = defaultdict(list)
    for key, warnings in live.items():
        for one in map(json.loads, warnings):
            told[key].append((one["highest_level"], one["value"], one["threshold"], one["closed_at"]))
    return told


def differ(name, began, found, live):
    """Prints what of `found` is not in `live`, and the other way round; how many warnings these are."""
    keys = [key for key in found.keys() | live.keys() if found.get(key) != live.get(key)]
    sys.stdout.write(f"{name:12}{time.perf_counter() - began:8.0f} s{sum(map(len, found.values())):8} warnings"
                     f"{len(keys):6} differ  {dict(Counter(rule for rule, *_ in keys).most_common())}\n")  # fmt: skip
    for key in sorted(keys)[:_SHOWN]:
        sys.stdout.write(f"    {key}\n        {name}: {found.get(key)}\n        live: {live.get(key)}\n")
    sys.stdout.flush()
    return len(keys)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--students", type=int, default=1000)
    parser.add_argument("--weeks", type=int, default=12)
    parser.add_argument("--kills", type=int, default=9)
    parser.add_argument("--lists-all", action="store_true", help="as if the sources of all classes listed everybody")
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.folder:
        live_until_killed(asked)
        return
    with tempfile.TemporaryDirectory() as place:
        made = Path(place)
        term = Term(made, asked.students, asked.weeks, lists_all=asked.lists_all)
        events = [event for _, event in term.events]
        sys.stdout.write(f"{asked.students} students, {asked.weeks} weeks, {len(events)} events\n")
        began = time.perf_counter()
        live = term.live()
        seconds = time.perf_counter() - began
        wrong = differ("live", began, live, live)
        for split in (by_time, by_student, by_kind, shuffled):
            began = time.perf_counter()
            found, withdrawn, _ = term.loaded(split.__name__, split(events))
            wrong += differ(split.__name__, began, found, live)
            if withdrawn:
                sys.stdout.write(f"    {withdrawn} were opened by the order alone\n")
        began = time.perf_counter()
        wrong += differ("backtest", began, backtested(made, term), as_backtested(live))
        began = time.perf_counter()
        acted = term.live("acted", act=act)
        wrong += differ("acts", began, found_by_rules(acted), found_by_rules(live))
        began = time.perf_counter()
        kills, found = killed(asked, made, seconds)
        wrong += differ(f"{kills} kills", began, found, acted)
        began = time.perf_counter()
        ended = {key for key, listed in acted.items() if any(json.loads(one)["closed_by"] for one in listed)}
        told, wanted = backtested(made, term, "acted"), as_backtested(acted)
        for key in ended:  # a person's closing is not the rules'
            told.pop(key, None), wanted.pop(key, None)
        wrong += differ("backtest", began, told, wanted)
    sys.exit(f"{wrong} differ" if wrong else 0)


if __name__ == "__main__":
    main()
