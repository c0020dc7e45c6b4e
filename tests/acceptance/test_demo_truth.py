"""The sample college, through the default rules: every planted problem is found, and nothing else is."""

from collections import Counter
from datetime import date
from pathlib import Path

import msgspec
import pytest

from services.demo import College
from services.rules.engine.engine import Engine
from services.rules.language.load import load

ROOT = Path(__file__).parents[2]
PACK = 500

DAYS = {
    "a Monday": date(2026, 10, 26),
    "a Friday": date(2026, 11, 20),
    "the first day of a term": date(2026, 8, 31),
    "the first week of a term": date(2027, 3, 3),
    "the third week of a term": date(2026, 3, 19),
    "the last school day of a month": date(2026, 4, 30),
    "the first school day of a month": date(2026, 6, 1),
    "the last day of a term": date(2026, 7, 10),
    "a Saturday": date(2026, 5, 23),
    "a day in the holidays": date(2026, 8, 5),
}


@pytest.fixture(scope="module")
def plan():
    return load(ROOT / "rules", ROOT / "schemas").plan


def warnings_of(engine, college):
    """The last word on every warning: (rule, subject, level, status)."""
    events = [*college.history(), *college.today()]
    last = {}
    newest = events[0].time
    for start in range(0, len(events), PACK):
        pack = events[start : start + PACK]
        changes = engine.process_many(msgspec.json.encode(pack))
        newest = max(newest, *(event.time for event in pack))
        for change in [*changes, *engine.advance(newest)]:
            last[change.warning_id] = change
    for change in engine.advance(college.end):
        last[change.warning_id] = change
    return [(one.rule, one.subject, one.facts.level, status(one.change)) for one in last.values()]


def status(change):
    return change if change in {"resolved", "withdrawn"} else "open"


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("day", DAYS.values(), ids=DAYS.keys())
def test_the_warnings_are_exactly_the_planted_ones(plan, day, seed):
    college = College(day, seed)
    found = Counter(warnings_of(Engine(plan), college))
    planted = Counter((one.rule, one.subject, one.level, one.status) for one in college.truth())
    assert {"missed": planted - found, "extra": found - planted} == {"missed": Counter(), "extra": Counter()}
