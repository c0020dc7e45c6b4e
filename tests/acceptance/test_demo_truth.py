"""The sample college, through the default rules: every planted problem is found, and nothing else is."""

import csv
from collections import Counter
from datetime import date, timedelta
from itertools import groupby
from pathlib import Path

import msgspec
import pytest

from services import directory as directories
from services.demo import College
from services.demo.college import arrival
from services.demo.dates import ZONE
from services.messages import to_ms
from services.rules.engine.engine import Engine
from services.rules.language.load import load
from services.rules.returning import returned

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


def directory_of(college, folder):
    folder.mkdir()
    for name, rows in college.directory().items():
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    return directories.load(folder)


def changes_of(engine, events, end, directory):
    """Everything that is published while the events come, and until the end; warnings come back at once.

    As ingest and the worker do it: each event is completed from the directory.
    """
    fields = frozenset(engine.plan.fields["warning"])

    def complete(kind, data, at):
        return directory.enrich(kind, data, at)[0]

    def completed(event):
        return msgspec.structs.replace(event, data=complete(event.kind, dict(event.data), event.time))

    def told(changes):
        while changes:
            yield from changes
            changes = engine.process_many(msgspec.json.encode(returned(changes, fields, complete)))

    def passing(moment):
        while (due := engine.next_due()) <= moment:
            yield from told(engine.advance(due))
        yield from told(engine.advance(moment))

    for _, day in groupby(events, lambda event: arrival(event).astimezone(ZONE).date()):
        today = [completed(event) for event in day]
        yield from passing(min(to_ms(event.time) for event in today))
        for start in range(0, len(today), PACK):
            pack = today[start : start + PACK]
            yield from told(engine.process_many(msgspec.json.encode(pack)))
            yield from passing(max(engine.now, *(to_ms(event.time) for event in pack)))
    yield from passing(to_ms(end))


def warnings_of(engine, college, folder):
    """The last word on every warning: (rule, subject, level, status)."""
    events = [*college.history(), *college.today()]
    last = {
        change.warning_id: change for change in changes_of(engine, events, college.end, directory_of(college, folder))
    }
    return [(one.rule, one.subject, one.facts.level, status(one.change)) for one in last.values()]


def status(change):
    return change if change in {"resolved", "withdrawn"} else "open"


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("day", DAYS.values(), ids=DAYS.keys())
def test_the_warnings_are_exactly_the_planted_ones(plan, day, seed, tmp_path):
    college = College(day, seed)
    found = Counter(warnings_of(Engine(plan), college, tmp_path / "people"))
    planted = Counter((one.rule, one.subject, one.level, one.status) for one in college.truth())
    assert {"missed": planted - found, "extra": found - planted} == {"missed": Counter(), "extra": Counter()}


@pytest.mark.parametrize("day", [date(2026, 10, 22), date(2026, 8, 31)], ids=["mid-term", "first day of a term"])
def test_what_comes_up_today_comes_up_today(plan, day, tmp_path):
    college, engine = College(day), Engine(plan)
    directory = directory_of(college, tmp_path / "people")
    history = [*college.history()]
    midnight = college.end.replace(hour=16, minute=0) - timedelta(days=1)
    before = {change.warning_id: change for change in changes_of(engine, history, midnight, directory)}
    today = {change.warning_id: change for change in changes_of(engine, [*college.today()], college.end, directory)}
    parts = {"history": before.keys() - today.keys(), "today": today.keys()}
    last = {**before, **today}
    found = {(last[one].rule, last[one].subject, part) for part, ids in parts.items() for one in ids}
    assert found == {(one.rule, one.subject, one.part) for one in college.truth()}


def test_one_day_shows_a_warning_rise_through_all_levels_and_warnings_taken_back(plan, tmp_path):
    college, engine = College(date(2026, 10, 22)), Engine(plan)
    directory = directory_of(college, tmp_path / "people")
    list(changes_of(engine, [*college.history()], college.end - timedelta(hours=23, minutes=59), directory))
    said = {}
    for change in changes_of(engine, [*college.today()], college.end, directory):
        said.setdefault(change.warning_id, []).append((change.change, change.facts.level))
    rises = [("opened", "yellow"), ("raised", "orange"), ("raised", "red")]
    assert sum(one == rises for one in said.values()) >= 2
    assert sum(one[-1] == ("withdrawn", "yellow") for one in said.values()) >= 3
