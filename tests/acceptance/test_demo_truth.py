"""The sample college, through the default rules: what follows from the planted problems is found, and nothing else."""

from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import pytest

from services.app.demo import College
from services.rules.engine.engine import Engine
from services.rules.language.load import load
from tests.acceptance.demo_expected import Expectations
from tests.simulation import changes_of, directory_of

ROOT = Path(__file__).parents[2]

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


def warnings_of(engine, college, folder):
    """The last word on every warning: (rule, subject, level, status)."""
    events = [*college.history(), *college.today()]
    last = {
        change.warning_id: change for change in changes_of(engine, events, college.end, directory_of(college, folder))
    }
    sums_up = {rule.id for rule in engine.plan.rules if rule.card.summary is not None}
    return [
        (one.rule, one.subject, one.facts.level, status(one.change))
        for one in last.values()
        if one.rule not in sums_up  # nothing is planted for these: see below
    ]


def status(change):
    return change if change in {"resolved", "withdrawn"} else "open"


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("day", DAYS.values(), ids=DAYS.keys())
def test_the_warnings_are_exactly_those_of_the_planted_problems(plan, day, seed, tmp_path):
    college = College(day, seed)
    found = Counter(warnings_of(Engine(plan), college, tmp_path / "people"))
    expected = Counter(one[:4] for one in Expectations(college).found)
    assert {"missed": expected - found, "extra": found - expected} == {"missed": Counter(), "extra": Counter()}


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("day", DAYS.values(), ids=DAYS.keys())
def test_nobody_without_a_part_in_a_problem_is_warned(day, seed):
    expectations = Expectations(College(day, seed))
    tests = expectations.newest("test")
    planted = {one.subject for one in expectations.college.planted}
    hard = [one.data for one in tests if f"{one.data['test']}/{one.data['class']}" in planted]
    parts = {one.partition("/")[0] for one in planted} | {one["student"] for one in hard if one["score"] < 60}
    students = {one.data["student"] for one in tests}
    warned = {one.subject.partition("/")[0] for one in expectations.found if one.level != "praise"}
    assert warned & students <= parts


def test_every_rule_is_planted_in_the_middle_of_a_term_and_every_problem_found_by_its_rule(plan):
    college = College(date(2026, 10, 22))
    found = {(one.rule, one.subject) for one in Expectations(college).found}
    assert {(one.rule, one.subject) for one in college.planted} <= found
    assert {rule for rule, _ in found} == {rule.id for rule in plan.rules if rule.card.summary is None}


@pytest.mark.parametrize("day", [date(2026, 10, 22), date(2026, 8, 31)], ids=["mid-term", "first day of a term"])
def test_enough_comes_up(day):
    found = Expectations(College(day)).found
    assert len({one.rule for one in found}) >= 14
    assert len({one.rule for one in found if one.part == "today"}) >= 8
    assert {"open", "resolved", "withdrawn"} == {one.status for one in found if one.part == "today"}


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
    sums_up = {rule.id for rule in plan.rules if rule.card.summary is not None}
    found = {(last[one].rule, last[one].subject, part) for part, ids in parts.items() for one in ids}
    found = {one for one in found if one[0] not in sums_up}
    assert found == {(one.rule, one.subject, one.part) for one in Expectations(college).found}


def counted(events, kind, key, looked_at):
    """Key → (share in per cent, time of the newest), of what stands in the end."""
    newest = {}
    for event in events:
        if event.kind == kind:
            known = newest.get((event.source, event.id))
            newest[event.source, event.id] = event if known is None or event.revision > known.revision else known
    records = {}
    for event in newest.values():
        if not event.retracted and (verdict := looked_at(event.data)) is not None:
            records.setdefault("/".join(event.data[name] for name in key), []).append((verdict, event.time))
    return {one: (100 * sum(v for v, _ in all_) / len(all_), max(t for _, t in all_)) for one, all_ in records.items()}


def failed(data):
    if data["status"] not in ("graded", "not_submitted") or data.get("attempt", 1) != 1:
        return None
    return data["status"] == "not_submitted" or data["score"] < data.get("pass_score", 0.6 * data["max_score"])


@pytest.mark.parametrize(
    ("rule", "kind", "key", "looked_at", "days"),
    [
        ("lesson-test-results", "test", ("test", "class"), failed, 7),
        ("assessment-results", "assessment", ("class", "course", "period"), lambda d: d["overall"] == "poor", 30),
        ("assessment-month", "assessment", ("class", "period"), lambda d: d["overall"] == "poor", 30),
    ],
)
def test_every_test_and_assessment_has_its_summary(rule, kind, key, looked_at, days, plan, tmp_path):
    college = College(date(2026, 10, 26), 1)
    directory = directory_of(college, tmp_path / "people")
    events = [*college.history(), *college.today()]
    last = {one.warning_id: one for one in changes_of(Engine(plan), events, college.end, directory)}
    mine = [one for one in last.values() if one.rule == rule]
    expected = counted(events, kind, key, looked_at)
    assert len(expected) > 5
    since = college.end - timedelta(days=days)
    assert {one.subject: status(one.change) for one in mine} == {
        one: "open" if time > since else "resolved" for one, (_, time) in expected.items()
    }


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
