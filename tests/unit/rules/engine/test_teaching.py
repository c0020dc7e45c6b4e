"""Windows in teaching weeks and `teaching_day`: over vacations, closed weeks and make-up days, in any order."""

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from services.rules.engine.engine import Engine
from tests.harness import endings, event, packed, rule_set, run, school, wire
from tests.oracle import evaluator
from tests.rule_files import folder, rule
from tests.unit.rules.engine.test_invariants import differences, in_order

RULES = Path(__file__).parent / "teaching"
DAY, MS = timedelta(days=1), timedelta(milliseconds=1)
SPAN = 28 * DAY
BEGINS = (datetime(2026, 3, 2, 7, tzinfo=UTC), datetime(2026, 3, 16, 7, tzinfo=UTC))
"""From the end of the first term into the second; over its closed week, which has make-up days, and summer time."""
CALENDAR = """time_zone: Asia/Shanghai
terms:
  - {id: autumn, from: 2026-08-31, to: 2027-01-17}
  - {id: spring, from: 2027-03-01, to: 2027-07-11}
holidays: CN
"""


@pytest.fixture(scope="module")
def plan():
    return rule_set(RULES).plan


def expected(events, now):
    rules, standards, calendar = evaluator.load(RULES)
    found = evaluator.evaluate(rules, standards, calendar, events, now)
    return sorted(
        (
            (
                e.rule, e.subject, e.level, e.highest_level, e.status, e.value, e.threshold, e.opened_at, e.closed_at,
                e.first_event, tuple(e.evidence),
            )
            for e in found
        ),
        key=lambda w: (w[0], w[1], w[7], w[4]),
    )  # fmt: skip


def stream(seed):
    rng, begin = random.Random(seed), BEGINS[seed % 2]
    return rng, begin, school(rng, 150, begin, SPAN) + endings(rng, seed % 3, begin, SPAN)


@pytest.mark.properties
@pytest.mark.parametrize("seed", range(10))
def test_in_order_it_is_what_the_slow_evaluator_says(plan, seed):
    rng, begin, events = stream(seed)
    now = begin + rng.choice((28, 35, 60)) * DAY
    reader, engine = run(plan, packed(in_order(events), rng), now)
    assert not differences(reader.warnings(), expected(events, now))
    assert any(w[4] == "resolved" and w[7].date() != w[8].date() for w in reader.warnings())
    assert engine.not_evaluated["weighed", "division_by_zero"]


@pytest.mark.properties
@pytest.mark.parametrize("seed", range(10))
def test_in_any_order_and_repeated_it_ends_the_same(plan, seed):
    rng, begin, events = stream(100 + seed)
    now = begin + 42 * DAY
    repeated = [one for one in events for _ in range(rng.randint(1, 3))]
    rng.shuffle(repeated)
    reader, engine = run(plan, packed(repeated, rng), now, ticks=rng.random() < 0.5)
    assert not engine.late
    assert not differences(reader.warnings(), expected(events, now))


def absence(n, when, **more):
    said = {"student": "s1", "course": "c", "class": "k", "lesson": "l", "status": "absent"}
    return event("attendance", datetime.fromisoformat(f"{when}+08:00"), f"a{n}", **(said | more))


def engine_of(tmp_path, *rules, calendar=CALENDAR):
    return Engine(rule_set(folder(tmp_path, *rules, calendar=calendar)).plan)


def told(engine, events=(), now=None):
    changes = engine.process_many(wire(list(events)))
    assert not engine.failed
    changes += [] if now is None else engine.advance(datetime.fromisoformat(f"{now}+08:00"))
    return [(c.change, f"{c.at.astimezone(engine.plan.times.zone):%Y-%m-%d %H:%M}") for c in changes]


def test_a_window_of_teaching_weeks_stands_still_over_the_vacation(tmp_path):
    """10 January is in the last week but one of the autumn: 3 teaching weeks later is the second of the spring."""
    two = rule("r", by="[student]", window="{within: 3 teaching_weeks}", levels="{at_least: {yellow: 2}}")
    engine = engine_of(tmp_path, two)
    assert told(engine, [absence(1, "2027-01-06T08:00")]) == []
    assert told(engine, [absence(2, "2027-01-15T08:00")], "2027-03-01T00:00") == [("opened", "2027-01-15 08:00")]
    assert told(engine, now="2027-03-07T23:59") == []
    assert told(engine, now="2027-07-01T00:00") == [("resolved", "2027-03-08 00:00")]
    assert str(engine.plan.rules[0].gauges[0].window) == "within 3 teaching_weeks"


def test_a_week_without_a_teaching_day_is_none_and_a_make_up_saturday_makes_one(tmp_path):
    """5 to 11 October 2026 is National Day until Wednesday; without its last three days nothing is taught in it."""
    two = rule("r", by="[student]", window="{within: 1 teaching_weeks}", levels="{at_least: {yellow: 1}}")
    closed = CALENDAR + "closed: [2026-10-08, 2026-10-09, 2026-10-10]\n"
    for name, calendar, over in (("a", CALENDAR, "2026-10-05"), ("b", closed, "2026-10-12")):
        (tmp_path / name).mkdir()
        engine = engine_of(tmp_path / name, two, calendar=calendar)
        found = told(engine, [absence(1, "2026-09-30T08:00")], "2026-11-01T00:00")
        assert found == [("opened", "2026-09-30 08:00"), ("resolved", f"{over} 00:00")]


def test_teaching_day_is_a_day_of_a_term_or_a_make_up_day_and_no_holiday(tmp_path):
    days = {
        "2026-09-30": True, "2026-10-01": False, "2026-10-10": True, "2026-10-11": False, "2026-09-05": False,
        "2026-08-28": False, "2027-01-18": False, "2027-01-15": True,
    }  # fmt: skip
    for hour in ("00:00:00", "23:59:59.999"):
        engine = engine_of(tmp_path, rule("r", by="[lesson]", where="teaching_day", levels="{at_least: {yellow: 1}}"))
        events = [absence(n, f"{day}T{hour}", lesson=day) for n, day in enumerate(days)]
        opened = {change.subject for change in engine.process_many(wire(events))}
        assert opened == {day for day, taught in days.items() if taught}


def test_another_calendar_needs_another_state_only_where_the_calendar_is_asked(tmp_path):
    weeks = rule("w", by="[student]", window="{within: 3 teaching_weeks}")
    taught, plain = rule("t", by="[class]", where="teaching_day"), rule("p", by="[course]")
    one = rule_set(folder(tmp_path, weeks, taught, plain, calendar=CALENDAR)).plan
    other = msgspec.structs.replace(one, calendar="another")
    before, after = ({layout.by: layout.signature for layout in Engine(plan).layouts} for plan in (one, other))
    assert {by for by in before if before[by] != after[by]} == {("student",), ("class",)}
    assert [one.decides(r) == other.decides(r) for r in one.rules] == [False, False, True]
