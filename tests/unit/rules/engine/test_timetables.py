"""Single days of a college, written out: clock changes, holidays, deadlines, corrections, and rules that fail."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
import pytest

from services.rules.engine.engine import Engine
from tests.harness import Reader, event, rule_set, run, wire
from tests.oracle import evaluator
from tests.rule_files import folder, rule

SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")
IN_BERLIN = "time_zone: Europe/Berlin\n"
IN_CHINA = "time_zone: Asia/Shanghai\nholidays: CN\n"
MS, HOUR, DAY = timedelta(milliseconds=1), timedelta(hours=1), timedelta(days=1)
ONE = "{at_least: {yellow: 1}}"
REVISED = {"revision": 1}
NO_ROLLCALL = {"measure": "{missing: rollcall, after: ends_at}", "levels": "{at_least: {yellow: 30m}}"}
LATER = datetime(2030, 1, 1, tzinfo=UTC)


def at(text, zone=SHANGHAI, fold=0):
    return datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold)


def absence(ident, when, status="absent", **more):
    return event("attendance", when, str(ident), student="s1", lesson="l", status=status, **more)


def test_event(ident, when, **data):
    return event("test", when, str(ident), test="t", student="s1", status="graded", **data)


test_event.__test__ = False


def story(path, events, *rules, now=LATER, calendar=IN_CHINA, standards="", **more):
    """The changes that events bring one by one; at the end the slow evaluator says the same of what is there."""
    place = folder(path, *(rules or [rule(**more)]), calendar=calendar, standards=standards)
    reader, engine = run(rule_set(place).plan, [[e] for e in events], now, ticks=False)
    assert not engine.late
    found = evaluator.evaluate(*evaluator.load(place), events, now)
    wanted = [(e.rule, e.level, e.status, e.value, e.opened_at, e.closed_at, tuple(e.evidence)) for e in found]
    ours = [(w[0], w[2], w[4], w[5], w[7], w[8], w[10]) for w in reader.warnings()]
    assert sorted(ours, key=str) == sorted(wanted, key=str)
    return reader.changes


def brief(changes):
    return [(c.change, c.facts.level, c.facts.value, c.at) for c in changes]


# ---- clocks, days, terms


def test_the_short_day_in_spring_ends_an_hour_early(tmp_path):
    changes = story(
        tmp_path, [absence(1, at("2026-03-29 00:30", BERLIN))], window="{calendar: day}", levels=ONE, calendar=IN_BERLIN
    )
    assert brief(changes) == [
        ("opened", "yellow", 1, datetime(2026, 3, 28, 23, 30, tzinfo=UTC)),
        ("resolved", "yellow", None, datetime(2026, 3, 29, 22, tzinfo=UTC)),
    ]


def test_the_long_day_in_autumn_counts_the_hour_that_comes_twice_twice(tmp_path):
    events = [
        absence(1, at("2026-10-25 02:30", BERLIN)),
        absence(2, at("2026-10-25 02:30", BERLIN, fold=1)),
        absence(3, at("2026-10-25 23:59:59.999", BERLIN)),
        absence(4, at("2026-10-26 00:00", BERLIN)),
    ]
    changes = story(
        tmp_path, events, window="{calendar: day}", levels="{at_least: {yellow: 2, red: 3}}", calendar=IN_BERLIN
    )
    assert brief(changes) == [
        ("opened", "yellow", 2, datetime(2026, 10, 25, 1, 30, tzinfo=UTC)),
        ("raised", "red", 3, datetime(2026, 10, 25, 22, 59, 59, 999_000, tzinfo=UTC)),
        ("resolved", "red", None, datetime(2026, 10, 25, 23, tzinfo=UTC)),
    ]


def test_a_comparison_ends_with_its_period_without_a_record_in_the_next(tmp_path):
    events = [absence(1, at("2026-03-04 08:00")), absence(2, at("2026-03-09 08:00"))]
    changes = story(
        tmp_path, events, window="{calendar: week}", levels="{at_least: {yellow: 0}}",
        measure="{period_over_period: true, against: previous}",
    )  # fmt: skip
    assert [(c.change, c.at) for c in changes] == [
        ("opened", at("2026-03-11 08:00")), ("resolved", at("2026-03-16 00:00")),
    ]  # fmt: skip


@pytest.mark.parametrize("day", ["2026-03-28 12:00", "2026-10-24 12:00"])
def test_a_window_of_a_day_is_24_hours_over_a_clock_change(tmp_path, day):
    begin = at(day, BERLIN)
    changes = story(tmp_path, [absence(1, begin)], window="{within: 1d}", levels=ONE, calendar=IN_BERLIN)
    assert changes[1].at == begin.astimezone(UTC) + 24 * HOUR


def test_the_leap_day_is_the_last_of_its_month(tmp_path):
    events = [absence(1, at("2028-02-28 08:00")), absence(2, at("2028-02-29 23:59:59.999"))]
    changes = story(tmp_path, events, window="{calendar: month}")
    assert [(c.change, c.at) for c in changes] == [
        ("opened", at("2028-02-29 23:59:59.999")), ("resolved", at("2028-03-01 00:00")),
    ]  # fmt: skip


def test_last_years_leap_month_is_compared_as_far_into_it(tmp_path):
    events = [absence(n, at(f"2028-02-{day} 08:00")) for n, day in enumerate(("01", "29"))]
    events += [absence(2, at("2029-02-01 07:00")), absence(3, at("2029-02-28 09:00"))]
    changes = story(
        tmp_path, events, window="{calendar: month}", measure="{period_over_period: true, against: last_year}",
        levels="{at_least: {yellow: 100}}",
    )  # fmt: skip
    assert [(c.change, c.at) for c in changes] == [
        ("opened", at("2029-02-28 09:00")), ("resolved", at("2029-03-01 00:00")),
    ]  # fmt: skip


TERM = IN_CHINA + "terms:\n  - {id: spring, from: 2026-03-04, to: 2026-03-20}\n"
"""Begins on a Wednesday: 13 teaching days, 3 of them in the first week."""


def test_a_term_that_begins_mid_week_has_its_second_week_from_monday_on(tmp_path):
    events = [absence(0, at("2026-03-03 23:59:59.999"), hours=9), absence(1, at("2026-03-04 00:00"), hours=3)]
    changes = story(
        tmp_path, events, window="{calendar: term}", measure="{forecast: hours, from_week: 2}", calendar=TERM,
        levels="{at_least: {yellow: 9, orange: 9.75, red: 30}}",
    )  # fmt: skip
    assert brief(changes) == [
        ("opened", "orange", 9.75, at("2026-03-09 00:00")),
        ("resolved", "orange", 7.8, at("2026-03-10 00:00")),
    ]


@pytest.mark.parametrize("compare", ["at_least", "above"])
def test_what_has_happened_is_no_forecast_until_a_record_is_taken_back(tmp_path, compare):
    third = absence(3, at("2026-03-09 10:00"), hours=5)
    events = [
        absence(1, at("2026-03-04 00:00"), hours=4),
        absence(2, at("2026-03-04 10:00"), hours=4),
        third,
        absence(3, at("2026-03-09 10:00"), "leave", hours=5, **REVISED),
    ]
    changes = story(
        tmp_path, events, window="{calendar: term}", where='status == "absent"', measure="{forecast: hours}",
        levels=f"{{{compare}: {{yellow: 9, orange: 12.5, red: 45}}}}", calendar=TERM,
        now=at("2026-03-09 12:00"),
    )  # fmt: skip
    assert [(c.change, c.facts.level, c.facts.value, c.reason) for c in changes] == [
        ("opened", "red", 52, "threshold_reached"),
        ("lowered", "orange", 104 / 3, "time_passed"),
        ("resolved", "orange", 42.25, "came_true"),
        ("opened", "orange", 26, "correction"),
    ]


def test_a_week_does_not_mind_that_a_term_begins_in_it(tmp_path):
    events = [absence(1, at("2026-03-02 00:00")), absence(2, at("2026-03-08 23:59:59.999"))]
    assert story(tmp_path, events, window="{calendar: week}", calendar=TERM)[0].facts.value == 2


def test_a_lesson_over_midnight_belongs_to_the_day_on_which_it_is_dated_and_is_expected_after_its_end(tmp_path):
    lesson = event(
        "lesson", at("2026-03-02 23:00"), "1", lesson="l", status="held",
        starts_at="2026-03-02T23:00:00+08:00", ends_at="2026-03-03T00:30:00+08:00", **{"class": "k"},
    )  # fmt: skip
    missing = rule("m", on="lesson", by="[lesson]", **NO_ROLLCALL)
    days = rule("d", on="lesson", by="[class]", measure="{count: true}", window="{calendar: day}", levels=ONE)
    changes = story(tmp_path, [lesson], missing, days, now=at("2026-03-04 00:00"))
    assert [(c.rule, c.change, c.at) for c in sorted(changes, key=lambda c: c.at)] == [
        ("d", "opened", at("2026-03-02 23:00")), ("d", "resolved", at("2026-03-03 00:00")),
        ("m", "opened", at("2026-03-03 01:00")),
    ]  # fmt: skip


@pytest.mark.parametrize(("apart", "told"), [
    (2 * DAY - MS, ["opened", "raised", "lowered", "resolved"]),
    (2 * DAY, ["opened", "resolved", "opened", "resolved"]),
])  # fmt: skip
def test_a_record_at_the_very_edge_of_the_window_of_another_comes_after_it_has_left(tmp_path, apart, told):
    begin = at("2026-03-02 08:00")
    changes = story(
        tmp_path, [absence(1, begin), absence(2, begin + apart)], window="{within: 2d}",
        levels="{at_least: {yellow: 1, red: 2}}",
    )  # fmt: skip
    assert [c.change for c in changes] == told


# ---- what comes afterwards


def test_absence_that_turns_into_leave_withdraws_or_lowers(tmp_path):
    first, second = (absence(n, at(f"2026-03-0{n} 08:00")) for n in (2, 3))
    excused = [one | REVISED | {"data": one["data"] | {"status": "leave"}} for one in (second, first)]
    changes = story(tmp_path, [first, second, *excused], levels="{at_least: {yellow: 1, red: 2}}")
    assert [(c.change, c.facts.level, c.reason) for c in changes] == [
        ("opened", "yellow", "threshold_reached"), ("raised", "red", "threshold_reached"),
        ("lowered", "yellow", "correction"), ("withdrawn", "yellow", "correction"),
    ]  # fmt: skip


@pytest.mark.parametrize(("dated", "told"), [
    ("01:00:00.000", [("opened", "time_passed"), ("withdrawn", "late_record")]),
    ("00:10:00.000", [("opened", "time_passed"), ("withdrawn", "late_record")]),
    ("01:00:00.001", [("opened", "time_passed"), ("resolved", None)]),
    ("09:00:00.000", [("opened", "time_passed"), ("resolved", None)]),
])  # fmt: skip
def test_a_roll_call_that_comes_after_the_deadline_withdraws_or_resolves_by_its_date(tmp_path, dated, told):
    lesson = event(
        "lesson", at("2026-03-02 23:00"), "1", lesson="l", status="held",
        starts_at="2026-03-02T23:00:00+08:00", ends_at="2026-03-03T00:30:00+08:00", **{"class": "k"},
    )  # fmt: skip
    call = event("rollcall", at(f"2026-03-03 {dated}"), "2", lesson="l", expected=9, present=9, **{"class": "k"})
    place = folder(tmp_path, rule(on="lesson", by="[lesson]", **NO_ROLLCALL))
    engine, reader = Engine(rule_set(place).plan), Reader()
    reader.take(engine, engine.process_many(wire([lesson])))
    reader.take(engine, engine.advance(at("2026-03-03 12:00")))
    reader.take(engine, engine.process_many(wire([call])))
    shown = [(c.change, None if c.change == "resolved" else c.reason) for c in reader.changes]
    assert shown == told
    assert reader.changes[0].at == at("2026-03-03 01:00")
    if told[1][0] == "resolved":
        assert reader.changes[1].at == at(f"2026-03-03 {dated}")


# ---- clear, again, praise


def values(*numbers):
    begin = at("2026-03-02 08:00")
    return [test_event(n, begin + n * HOUR, score=number) for n, number in enumerate(numbers)]


def test_a_level_stays_until_its_clear(tmp_path):
    changes = story(
        tmp_path, values(2, 1, 4, 3, 2, 1, 0, 1, 2), on="test", measure="{value: score}",
        levels="{at_least: {yellow: 2, red: 4}, clear: {yellow: 1, red: 3}}",
    )  # fmt: skip
    assert [(c.change, c.facts.level, c.facts.value) for c in changes] == [
        ("opened", "yellow", 2), ("raised", "red", 4), ("lowered", "yellow", 2), ("resolved", "yellow", 0),
        ("opened", "yellow", 2),
    ]  # fmt: skip


def test_without_a_value_no_clear_keeps_a_level(tmp_path):
    changes = story(
        tmp_path, [*values(2), test_event("none", at("2026-03-02 12:00"))], on="test", measure="{value: score}",
        levels="{at_least: {yellow: 2}, clear: {yellow: 0}}",
    )  # fmt: skip
    assert [(c.change, c.facts.value) for c in changes] == [("opened", 2), ("resolved", None)]


def test_again_is_raised_at_red_and_lowered_below_its_step(tmp_path):
    changes = story(
        tmp_path, values(10, 20, 35, 29, 15, 1), on="test", measure="{value: score}",
        levels="{at_least: {red: 10}, again: [20, 30]}",
    )  # fmt: skip
    assert [(c.change, c.facts.level, c.facts.threshold) for c in changes] == [
        ("opened", "red", 10), ("raised", "red", 20), ("raised", "red", 30), ("lowered", "red", 20),
        ("lowered", "red", 10), ("resolved", "red", 10),
    ]  # fmt: skip
    assert [c.reason for c in changes if c.change == "raised"] == ["again", "again"]


def test_praise_is_opened_and_resolved_as_its_own_level(tmp_path):
    changes = story(tmp_path, values(3, 4, 9, 1), on="test", measure="{value: score}", levels="{at_least: {praise: 4}}")
    assert [(c.change, c.facts.level) for c in changes] == [("opened", "praise"), ("resolved", "praise")]


# ---- service hours


@pytest.mark.parametrize(("created", "limit", "passes"), [
    pytest.param("2026-09-18 17:00", "2h", "2026-09-20 09:00", id="a weekend with a make-up day on Sunday"),
    pytest.param("2026-11-06 17:00", "2h", "2026-11-09 09:00", id="a weekend"),
    pytest.param("2026-09-24 16:00", "4h", "2026-09-28 10:00", id="Mid-Autumn from Friday to Sunday"),
    pytest.param("2026-09-30 17:00", "4h", "2026-10-08 11:00", id="National Day"),
    pytest.param("2026-10-09 17:00", "2h", "2026-10-10 09:00", id="a make-up day on Saturday"),
    pytest.param("2026-10-01 09:00", "1h", "2026-10-08 09:00", id="begun on a holiday"),
    pytest.param("2026-11-05 12:00", "4h", "2026-11-05 18:00", id="at noon, to the day's end"),
    pytest.param("2026-11-05 08:00", "1d", "2026-11-05 18:00", id="a day is 8 hours"),
    pytest.param("2026-04-03 17:00", "2h", "2026-04-07 09:00", id="Tomb-sweeping from Saturday to Monday"),
])  # fmt: skip
def test_a_limit_in_service_hours_waits_for_weekends_and_holidays(tmp_path, created, limit, passes):
    ticket = event("ticket", at(created), "1", ticket="k", category="repair", action="created")
    changes = story(
        tmp_path, [ticket], on="ticket", by="[ticket]", levels="{at_least: {yellow: 100}}",
        measure=f'{{elapsed: action == "created", until: action == "resolved", limit: {limit}, hours: service}}',
    )  # fmt: skip
    assert brief(changes) == [("opened", "yellow", 100, at(passes))]


# ---- numbers that are none, rules that fail


NOTHING = {
    "0 of 0": {"measure": "{ratio: score, to: max_score}", "levels": "{at_least: {yellow: 0}}"},
    "0 of a figure of 0": {"measure": "{ratio: score, to: {figure: max_score}}", "levels": "{at_least: {yellow: 0}}"},
    "a quotient of 0": {"measure": "{value: score / max_score}", "levels": "{at_least: {yellow: 0}}"},
    "a remainder by 0": {"measure": "{sum: score % max_score}", "levels": "{at_least: {yellow: 0}}"},
    "a change of one record": {"measure": "{change: score, before: 1}", "levels": "{at_least: {yellow: 0}}"},
    "one instant": {"measure": "{trend: score, per: 1d, min_records: 2}", "levels": "{at_least: {yellow: 0}}"},
    "a null": {"measure": "{value: pass_score}", "levels": "{at_most: {yellow: 0}}"},
}  # fmt: skip


@pytest.mark.parametrize("more", NOTHING.values(), ids=NOTHING)
def test_what_has_no_value_has_no_level(tmp_path, more):
    events = [test_event(n, at("2026-03-02 08:00"), score=0, max_score=0) for n in range(1 + ("trend" in str(more)))]
    assert story(tmp_path, events, on="test", **more) == []


FAILS = {
    "division by zero": "100 / max_score", "a null": "pass_score * 2", "overflow": "score * score",
    "overflow of a whole number": "attempt * score * score", "not a number": "score * score - score * score",
    "rounding of what overflows": "round(score * score)", "remainder of what overflows": "(score * score) % 7",
}  # fmt: skip


@pytest.mark.parametrize("expression", FAILS.values(), ids=FAILS)
@pytest.mark.parametrize("measure", ["value", "sum", "mean", "max", "trend", "change"])
def test_a_rule_that_fails_on_an_event_harms_no_other(tmp_path, expression, measure):
    more = {"trend": ", per: 1d", "change": ", before: 1"}.get(measure, "")
    bad = rule("bad", on="test", measure=f"{{{measure}: '{expression}'{more}}}", levels="{at_least: {yellow: -10}}")
    good = rule("good", on="test", measure="{count: true}", levels="{at_least: {yellow: 1, red: 3}}")
    begin = at("2026-03-02 08:00")
    events = [test_event(n, begin + n * HOUR, score=1e308, max_score=0, attempt=10**9) for n in range(3)]
    changes = story(tmp_path, events, bad, good)
    assert [(c.rule, c.change, c.facts.level) for c in changes] == [
        ("good", "opened", "yellow"), ("good", "raised", "red"),
    ]  # fmt: skip


def test_a_number_at_its_bound_counts_and_one_beyond_is_none(tmp_path):
    begin = at("2026-03-02 08:00")
    numbers = [1e9, 1_000_000_001, -1e9, 1e-6, 4e-7, 1e15]
    events = [test_event(n, begin + n * HOUR, score=number) for n, number in enumerate(numbers)]
    total = rule("total", on="test", measure="{sum: score}", levels="{at_least: {yellow: 0}}")
    most = rule("most", on="test", measure="{max: score}", levels="{at_least: {yellow: 0}}")
    story(tmp_path, events, total, most)
    reader, _ = run(rule_set(tmp_path).plan, [events], LATER)
    assert [(w[0], w[5], len(w[10])) for w in reader.warnings()] == [("most", 1e15, 1), ("total", 0.000001, 4)]


# ---- very many


@pytest.mark.properties
def test_a_million_records_of_one_subject_are_taken_in_bounded_memory(tmp_path):
    path = folder(tmp_path, rule(by="[]", window="{within: 2d}", levels="{at_least: {yellow: 2000}}"))
    plan = msgspec.structs.replace(rule_set(path).plan, allowed_lateness=86_400_000)
    engine, begin = Engine(plan), datetime(2026, 3, 2, tzinfo=UTC)
    one = '{"specversion":"1.0","source":"s","id":"%07d","type":"attendance","time":"%s","data":{"student":"a","lesson":"l","status":"absent"}}'  # noqa: E501
    changes, most = [], 0
    for start in range(0, 1_000_000, 5_000):
        times = [(begin + n * timedelta(minutes=1)).isoformat() for n in range(start, start + 5_000)]
        pack = ",".join([one % (start + n, time) for n, time in enumerate(times)])
        changes += engine.process_many(f"[{pack}]".encode())
        engine.snapshot()
        (subject,) = engine.subjects(0).values()
        most = max(most, len(subject.rows))
    assert [(c.change, c.facts.value) for c in changes] == [("opened", 2000)]
    assert most < 20_000 * engine.layouts[0].stride


# ---- history that is handed in


def test_what_follows_from_history_is_of_the_past_and_what_follows_later_is_not(tmp_path):
    engine = Engine(rule_set(folder(tmp_path, rule("r", levels="{at_least: {yellow: 1, red: 2}}"))).plan)
    old = absence(1, at("2026-09-01 08:00")) | {"past": at("2026-11-27 20:00").isoformat()}
    (opened,) = engine.process_many(wire([old]))
    (raised,) = engine.process_many(wire([absence(2, at("2026-11-28 08:00"))]))
    assert [(one.change, one.mode) for one in (opened, raised)] == [("opened", "past"), ("raised", "live")]


def test_what_time_makes_of_history_is_of_the_past_up_to_when_it_was_handed_in(tmp_path):
    plan = rule_set(folder(tmp_path, rule("r", on="lesson", by="[lesson]", **NO_ROLLCALL))).plan
    handed_in = at("2026-11-27 20:00")

    def lesson(ident, ends):
        times = {"starts_at": (ends - HOUR).isoformat(), "ends_at": ends.isoformat()}
        planned = event("lesson", at("2026-11-01 08:00"), ident, lesson=ident, status="planned", **times)
        return planned | {"past": handed_in.isoformat()}

    engine = Engine(plan)
    engine.process_many(wire([lesson("a", at("2026-11-27 10:00")), lesson("b", at("2026-11-28 10:00"))]))
    found = engine.advance(at("2026-11-28 12:00"))
    assert [(one.subject, one.change, one.mode) for one in found] == [("a", "opened", "past"), ("b", "opened", "live")]
