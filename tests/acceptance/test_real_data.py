"""Real data through the engine: every warning equals the slow evaluator's, in any order and however often sent.

A campus that sends everything twice, two weeks late and in any order is what the two invariants of the engine are for
(docs/rules.md). By default the disorder of New York is tried with 220 of its schools, chosen by a hash of their names;
`PREWARN_ALL=1` takes all of them.
"""

import hashlib
import os
import random
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import NamedTuple

import msgspec
import pytest

from services.ingest.connectors import nyc, oulad
from services.messages import CampusEvent
from services.rules.engine.engine import Engine
from services.rules.engine.plan import Plan
from services.settings import resource
from tests.harness import Reader, rule_set
from tests.oracle import evaluator

PACK = 500
PACKS_BETWEEN_READINGS = 10
SCHOOLS = 220
TWO_WEEKS = timedelta(days=14)
BEYOND_EVERY_DEADLINE = timedelta(days=60)


class Campus(NamedTuple):
    events: list[CampusEvent]
    plan: Plan
    expected: "Counter[tuple]"
    now: datetime


def campus(imported, events: list[CampusEvent]) -> Campus:
    folder = resource("rules") / imported.rules
    now = max(event.time for event in events) + BEYOND_EVERY_DEADLINE
    wire = ({**msgspec.to_builtins(event), "time": event.time.isoformat()} for event in events)
    episodes = evaluator.evaluate(*evaluator.load(folder), wire, now)
    return Campus(events, rule_set(folder).plan, Counter(as_warning(episode) for episode in episodes), now)


def as_warning(e: evaluator.Episode) -> tuple:
    """In the form of `Reader.warnings`."""
    known = (e.rule, e.subject, e.level, e.highest_level, e.status, e.value, e.threshold)
    return (*known, e.opened_at, e.closed_at, e.first_event, tuple(e.evidence))


@pytest.fixture(scope="module")
def new_york(shared_data):
    imported = nyc(shared_data / "nyc-attendance-2013-14.csv.gz")
    events = list(imported.events())
    assert (imported.rows, len(events), imported.problems) == (289_063, 567_839, [])
    return campus(imported, events)


@pytest.fixture(scope="module")
def some_of_new_york(new_york):
    schools = {event.data["class"] for event in new_york.events}
    by_hash = sorted(schools, key=lambda school: hashlib.sha256(school.encode()).digest())
    chosen = schools if os.environ.get("PREWARN_ALL") else set(by_hash[:SCHOOLS])
    return new_york._replace(
        events=[event for event in new_york.events if event.data["class"] in chosen],
        expected=Counter(warning for warning in new_york.expected if school_of(warning) in chosen),
    )


def school_of(warning: tuple) -> str:
    """A lesson is called school-YYYY-MM-DD."""
    return warning[1][: -len("-2013-09-09")]


@pytest.fixture(scope="module")
def open_university(shared_data):
    imported = oulad(shared_data / "oulad-2013J")
    events = list(imported.events())
    assert (imported.rows, len(events), imported.problems) == (26_424, 42_875, [])
    return campus(imported, events)


def packs(events: Iterable[CampusEvent]) -> Iterator[list[CampusEvent]]:
    rest = iter(events)
    while pack := list(islice(rest, PACK)):
        yield pack


def warnings(plan: Plan, events: Iterable[CampusEvent], now: datetime) -> "Counter[tuple]":
    """What a reader of the engine's output holds in the end; time follows the newest event."""
    engine, reader = Engine(plan, mode="replay"), Reader()
    newest, changes = 0.0, []
    for number, pack in enumerate(packs(events), start=1):
        changes += engine.process_many(msgspec.json.encode(pack))
        newest = max(newest, *(event.time.timestamp() for event in pack))
        changes += engine.advance(int(newest * 1000))
        if number % PACKS_BETWEEN_READINGS == 0:
            reader.take(engine, changes)
            engine.snapshot()
            changes = []
    reader.take(engine, changes + engine.advance(now))
    assert engine.late == []
    return Counter(reader.warnings())


def disordered(events: list[CampusEvent], seed: int) -> Iterator[CampusEvent]:
    """Each event one to five times, each time up to two weeks later than it occurred."""
    rng = random.Random(seed)
    span = TWO_WEEKS.total_seconds()
    arrivals = [
        (event.time.timestamp() + rng.uniform(0, span), number)
        for number, event in enumerate(events)
        for _ in range(rng.randint(1, 5))
    ]
    return (events[number] for _, number in sorted(arrivals))


def assert_same(found: "Counter[tuple]", expected: "Counter[tuple]") -> None:
    """Some of the differences: a diff of 200,000 warnings tells nobody anything."""
    too_many, missed = list(islice((found - expected).elements(), 5)), list(islice((expected - found).elements(), 5))
    assert (too_many, missed) == ([], [])


def test_a_year_of_new_york_in_the_order_of_the_file(new_york):
    assert_same(warnings(new_york.plan, new_york.events, new_york.now), new_york.expected)


def test_a_year_of_new_york_late_in_disorder_and_sent_again(some_of_new_york):
    year = some_of_new_york
    assert_same(warnings(year.plan, disordered(year.events, seed=2013), year.now), year.expected)


def test_a_year_of_the_open_university_in_order(open_university):
    assert_same(warnings(open_university.plan, open_university.events, open_university.now), open_university.expected)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_year_of_the_open_university_late_in_disorder_and_sent_again(open_university, seed):
    year = open_university
    assert_same(warnings(year.plan, disordered(year.events, seed), year.now), year.expected)
