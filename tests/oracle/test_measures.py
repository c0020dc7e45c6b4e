"""The measures of the slow evaluator against cases worked out by hand from docs/rules.md.

All times are those of the college (Asia/Shanghai) and, where nothing else is said, of 2026: "09-01 08:00".
"""

import random
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from tests.oracle.calendar import from_ms, to_ms
from tests.oracle.evaluator import Episode, Rule, evaluate
from tests.oracle.measures import BY_TIME

ZONE = ZoneInfo("Asia/Shanghai")
CALENDAR = {
    "time_zone": "Asia/Shanghai",
    "terms": [
        {"id": "2026-spring", "from": "2026-03-02", "to": "2026-07-12"},
        {"id": "2026-autumn", "from": "2026-08-31", "to": "2027-01-17"},
        {"id": "2027-spring", "from": "2027-03-01", "to": "2027-07-11"},
    ],
}
TWO_WEEKS = {"time_zone": "Asia/Shanghai", "terms": [{"id": "t", "from": "2026-08-31", "to": "2026-09-13"}]}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text if text[:2] == "20" else f"2026-{text}").replace(tzinfo=ZONE)


def shown(instant: datetime | None) -> str | None:
    return instant and f"{instant.astimezone(ZONE):%m-%d %H:%M}"


def event(id_: str, time: str, /, kind: str = "test", **data) -> dict:
    return {"source": "s", "id": id_, "type": kind, "time": at(time).isoformat(), "data": {"student": "s1"} | data}


def days(*values: dict | float | None) -> list[dict]:
    """One test a day at 08:00 from 1 September on: t1, t2, …; a number is its score."""
    return [
        event(f"t{n}", f"09-{n:02} 08:00", **(value if isinstance(value, dict) else {"score": value}))
        for n, value in enumerate(values, 1)
    ]


def rule(measure: dict, levels: dict, **more) -> dict:
    return {"id": "r", "on": "test", "by": ["student"], "measure": measure, "levels": levels} | more


def run(a_rule: dict, events: list[dict], now: str, calendar=CALENDAR, **more) -> list[Episode]:
    return evaluate([a_rule], [], calendar, events, at(now), **more)


def look(measure: dict, events: list[dict], now: str = "12-31 00:00", calendar=CALENDAR, days_off=(), **more):
    """The value and the ids of the evidence at that instant; None where there is no value."""
    # Of a forecast nothing is `at_least` what is so already.
    anything = {"below": {"yellow": 1e15}} if "forecast" in measure else {"at_least": {"yellow": -1e15}}
    any_value = rule(measure, anything, **more)
    episodes = run(any_value, events, now, calendar, **({"holidays": days_off} if days_off else {}))
    present = [episode for episode in episodes if episode.status == "open" and episode.subject.endswith("s1")]
    return (present[0].value, " ".join(present[0].evidence).replace("s ", "")) if present else None


def brief(episodes: list[Episode]) -> list[tuple]:
    return [(e.level, e.value, shown(e.opened_at), shown(e.closed_at), e.first_event) for e in episodes]


# ---- value


def test_a_value_is_given_only_where_the_newest_record_is_enough():
    enough = {"value": "score", "given": "n >= 10"}
    assert look(enough, days({"score": 5, "n": 10})) == (5, "t1")
    assert look(enough, days({"score": 5, "n": 10}, {"score": 5, "n": 9})) is None
    assert look(enough, days({"score": 5, "n": 10}, {"score": 5})) is None
    assert look(enough, days({"score": 5, "n": 9}, {"score": 6, "n": 10})) == (6, "t2")


# ---- min and max


def test_of_equal_least_and_greatest_records_the_newest_is_evidence():
    assert look({"min": "score"}, days(5, 3, 3, 9)) == (3, "t3")
    assert look({"max": "score"}, days(9, 3, 9, 5)) == (9, "t3")


def test_the_least_and_the_greatest_leave_out_records_without_a_number():
    assert look({"max": "score"}, days(9, 4, None, 5), window={"last": 2}) == (5, "t4")
    assert look({"min": "score"}, days(9, 4, None, 2e15), window={"last": 2}) == (4, "t2")
    assert look({"min": "score"}, days(None)) is None


def test_the_least_is_taken_as_it_is():
    assert look({"min": "score / 3"}, days(1)) == (1 / 3, "t1")


# ---- ratio and difference

HOURS = {"ratio": "hours", "to": "plan"}
FIGURE = {"ratio": "hours", "to": {"figure": "planned_hours"}}
LESS = {"difference": "hours", "to": "plan"}


def test_a_ratio_divides_sums_and_a_null_counts_as_nothing():
    events = days({"hours": 2, "plan": 4}, {"hours": 1}, {"plan": 2}, {"room": "A"})
    assert look(HOURS, events) == (50, "t1 t2 t3")
    assert look(HOURS, days({"hours": 2, "plan": 3})) == (200 / 3, "t1")
    assert look(HOURS, days({"plan": 3})) == (0, "t1")


def test_a_ratio_has_a_value_once_what_it_is_to_comes_to_enough():
    events = days({"hours": 2, "plan": 2}, {"hours": 1, "plan": 2.5})
    assert look(HOURS | {"min_to": 4.5}, events) == (200 / 3, "t1 t2")
    assert look(HOURS | {"min_to": 4.6}, events) is None
    assert look(FIGURE | {"min_to": 20}, days({"hours": 2, "planned_hours": 20})) == (10, "t1")
    assert look(FIGURE | {"min_to": 21}, days({"hours": 2, "planned_hours": 20})) is None


@pytest.mark.parametrize("sides", [{"hours": 1, "plan": 0}, {"hours": 0, "plan": 0}, {"hours": 1}, {}])
def test_a_ratio_to_nothing_is_no_value(sides):
    assert look(HOURS, days(sides)) is None


def test_a_figure_is_that_of_the_newest_record_which_has_one():
    events = days({"hours": 2, "planned_hours": 10}, {"hours": 3, "planned_hours": 20}, {"hours": 1})
    assert look(FIGURE, events) == (30, "t1 t2 t3")
    assert look(FIGURE, days({"hours": 2})) is None
    assert look({"difference": {"figure": "planned_hours"}, "to": "hours"}, events) == (14, "t1 t2 t3")
    assert look({"difference": {"figure": "planned_hours"}, "to": "hours"}, days({"hours": 2})) is None


def test_a_difference_needs_one_side_only_and_may_be_below_zero():
    assert look(LESS, days({"hours": 2}, {"plan": 5}, {})) == (-3, "t1 t2")
    assert look(LESS, days({"hours": 2})) == (2, "t1")
    assert look(LESS, days({})) is None
    assert look(LESS, days({"hours": 0.3}, {"plan": 0.1}, {"plan": 0.1}))[0] == 0.1  # exact, not 0.09999999999999998


def test_min_records_and_min_distinct_want_records_that_are_looked_at():
    both = {"min_records": 3, "min_distinct": {"class": 2}}
    a, b = {"hours": 1, "plan": 2, "class": "a"}, {"hours": 1, "plan": 2, "class": "b"}
    assert look(HOURS | both, days(a, b, {"class": "c"})) is None
    assert look(HOURS | both, days(a, a, a)) is None
    assert look(HOURS | both, days(a, a, b)) == (50, "t1 t2 t3")
    mean = {"mean": "score", "min_distinct": {"class": 2}}
    assert look(mean, days({"score": 1, "class": "a"}, {"class": "b"})) is None
    assert look(mean, days({"score": 1, "class": "a"}, {"score": 2, "class": "b"})) == (1.5, "t1 t2")


def test_a_sum_waits_for_min_records_too():
    assert look({"sum": "score", "min_records": 2}, days(1, None)) is None
    assert look({"sum": "score", "min_records": 2}, days(1, None, 1)) == (2, "t1 t3")


# ---- distinct


def test_distinct_counts_values_and_shows_the_newest_record_of_each():
    events = days({"room": "A"}, {"room": "B"}, {"room": "A"}, {})
    assert look({"distinct": "room"}, events) == (2, "t2 t3")
    assert look({"distinct": "room"}, events, window={"last": 1}) == (1, "t3")


def test_no_value_at_all_is_not_a_count_of_none():
    assert look({"distinct": "room"}, days({}, {"room": None})) is None


# ---- change


def test_change_compares_the_newest_with_the_mean_of_those_before():
    assert look({"change": "score", "before": 3}, days(80, 60, None, 70, 50)) == (-20, "t1 t2 t4 t5")
    assert look({"change": "score", "before": 2, "last": 2}, days(99, 80, 60, 70, 50)) == (-10, "t2 t3 t4 t5")


def test_change_wants_min_before_which_is_before_unless_given():
    assert look({"change": "score", "before": 3}, days(80, 60, 50)) is None
    assert look({"change": "score", "before": 3, "min_before": 2}, days(80, 60, 50)) == (-20, "t1 t2 t3")
    assert look({"change": "score", "before": 1}, days(80)) is None
    assert look({"change": "score", "before": 1, "last": 2}, days(80, 70)) is None


def test_equal_times_are_told_apart_by_id_in_a_change():
    events = [event(id_, "09-01 08:00", score=score) for id_, score in [("b", 10), ("a", 4)]]
    assert look({"change": "score", "before": 1}, events) == (6, "a b")


# ---- trend


def test_trend_is_the_least_squares_slope_per_duration():
    assert look({"trend": "score", "per": "7d"}, days(10, None, 12, None, 17)) == (12.25, "t1 t3 t5")
    events = [
        event("a", "09-01 08:00", score=10),
        event("b", "09-01 08:00", score=20),
        event("c", "09-02 08:00", score=21),
    ]
    assert look({"trend": "score", "per": "1d"}, events) == (6, "a b c")


def test_trend_wants_three_records_and_two_instants():
    assert look({"trend": "score", "per": "1d"}, days(1, 2)) is None
    assert look({"trend": "score", "per": "1d", "min_records": 2}, days(1, 2)) == (1, "t1 t2")
    assert look({"trend": "score", "per": "1d"}, [event(id_, "09-01 08:00", score=1) for id_ in "abc"]) is None
    assert look({"trend": "score", "per": "1d", "min_records": 1}, days(1)) is None


# ---- forecast: two weeks with ten teaching days

PACE = {"forecast": "score"}
IN_TERM = {"window": {"calendar": "term"}, "calendar": TWO_WEEKS}


def test_the_pace_so_far_goes_on_over_all_teaching_days():
    events = [
        event("a", "08-31 08:00", score=2),
        event("z", "08-31 09:00", score=0),
        event("b", "09-01 08:00", score=1),
    ]
    assert look(PACE, events, "08-31 10:00", **IN_TERM) == (20, "a")
    assert look(PACE, events, "09-01 10:00", **IN_TERM) == (15, "a b")
    assert look(PACE, events, "09-02 00:00", **IN_TERM) == (10, "a b")
    assert look(PACE, events, "09-06 10:00", **IN_TERM) == (6, "a b")  # Sunday: still five days
    assert look(PACE, events, "09-13 23:59", **IN_TERM) == (3, "a b")
    assert look(PACE, events, "09-14 00:00", **IN_TERM) is None


def test_a_day_that_begins_lowers_the_forecast_and_may_close_the_warning():
    a_rule = rule(PACE, {"at_least": {"yellow": 10}}, window={"calendar": "term"})
    assert brief(run(a_rule, [event("a", "08-31 08:00", score=3)], "09-30 00:00", TWO_WEEKS)) == [
        ("yellow", 7.5, "08-31 08:00", "09-03 00:00", "s a")
    ]


def test_what_has_happened_is_no_forecast():
    events = [event("a", "08-31 08:00", score=3), event("b", "09-01 08:00", score=4)]
    a_rule = rule(PACE, {"at_least": {"yellow": 5, "red": 40}}, window={"calendar": "term"})
    assert brief(run(a_rule, events, "09-30 00:00", TWO_WEEKS)) == [("yellow", 35, "08-31 08:00", "09-01 08:00", "s a")]
    a_rule = rule(PACE, {"below": {"yellow": 40}}, window={"calendar": "term"})
    assert brief(run(a_rule, events, "09-02 12:00", TWO_WEEKS))[0][0] == "yellow"


def test_no_forecast_before_monday_of_its_week():
    a_rule = rule(PACE | {"from_week": 4}, {"at_least": {"yellow": 8}}, window={"calendar": "term"})
    calendar = {"time_zone": "Asia/Shanghai", "terms": [{"from": "2026-09-02", "to": "2026-09-29"}]}
    # Wednesday 2 September lies in week 1; of the 20 teaching days 13 have gone up to Friday, the 14th is Monday.
    [episode] = run(a_rule, [event("a", "09-02 08:00", score=7)], "09-21 12:00", calendar)
    assert brief([episode]) == [("yellow", 10, "09-21 00:00", None, None)]


@pytest.mark.parametrize(
    ("limit", "value"),
    [({"min_sum": 3}, 15), ({"min_sum": 3.5}, None), ({"min_days": 2}, 15), ({"min_days": 3}, None)],
)
def test_a_forecast_waits_for_a_sum_and_for_days_with_something(limit, value):
    events = [
        event("a", "08-31 08:00", score=2),
        event("c", "08-31 09:00", score=0.5),
        event("b", "09-01 08:00", score=0.5),
    ]
    assert (look(PACE | limit, events, "09-01 10:00", **IN_TERM) or (None,))[0] == value


def test_two_records_of_one_day_are_one_day_and_zero_is_none():
    events = [
        event("a", "08-31 08:00", score=2),
        event("c", "08-31 09:00", score=1),
        event("z", "09-01 08:00", score=0),
    ]
    assert look(PACE | {"min_days": 2}, events, "09-01 10:00", **IN_TERM) is None
    assert look(PACE, [events[2]], "09-01 10:00", **IN_TERM) == (0, "")


def test_no_forecast_while_no_teaching_day_has_come():
    events = [event("a", "08-31 08:00", score=2)]
    closed = IN_TERM | {"calendar": TWO_WEEKS | {"closed": ["2026-08-31"]}}
    assert look(PACE, events, "08-31 10:00", **closed) is None
    assert look(PACE, events, "09-01 00:00", **closed) == (18, "a")
    assert look(PACE, events, "08-31 10:00", **IN_TERM, days_off={date(2026, 8, 31)}) is None


# ---- period over period

FAILS = {"period_over_period": "score < 60", "against": "previous"}


def test_an_earlier_record_counts_from_as_far_into_the_period():
    events = [
        event("a", "09-01 08:00", score=50),
        event("x", "09-02 08:00", score=90),
        event("b", "09-03 08:00", score=50),
        event("c", "10-01 07:00", score=50),
        event("y", "10-01 07:30", score=90),
    ]
    month = {"window": {"calendar": "month"}}
    assert look(FAILS, events, "10-01 07:59", **month) is None  # 1 of 0
    assert look(FAILS, events, "10-01 08:00", **month) == (0, "c")
    assert look(FAILS, events, "10-03 08:00", **month) == (-50, "c")
    a_rule = rule(FAILS | {"min_before": 2}, {"at_most": {"red": -50}}, **month)
    assert brief(run(a_rule, events, "10-31 00:00")) == [("red", -50, "10-03 08:00", None, None)]
    assert brief(run(a_rule, events, "11-01 00:00")) == [("red", None, "10-03 08:00", "11-01 00:00", None)]


def test_nothing_of_something_is_minus_a_hundred_but_only_where_there_are_records():
    events = [event("a", "09-01 08:00", score=50), event("y", "10-05 08:00", score=90)]
    assert look(FAILS, events, "10-05 07:00", window={"calendar": "month"}) is None
    assert look(FAILS, events, "10-05 08:00", window={"calendar": "month"}) == (-100, "")


def test_a_leap_day_of_last_year_never_comes():
    events = [event(f"l{day}", f"2028-02-{day} 12:00", score=50) for day in (28, 29)]
    events += [event(f"n{day}", f"2029-02-{day} 10:00", score=50) for day in (26, 27, 28)]
    year_ago = {"period_over_period": "score < 60", "against": "last_year"}
    assert look(year_ago, events, "2029-02-28 11:59", window={"calendar": "month"}) is None
    assert look(year_ago, events, "2029-02-28 12:00", window={"calendar": "month"}) == (200, "n26 n27 n28")
    assert look(year_ago, events, "2029-02-28 23:59", window={"calendar": "month"}) == (200, "n26 n27 n28")
    # The school year is compared by what has passed since 1 September: 1 March 2029 is as far as 29 February 2028.
    leap = [events[1], event("m", "2029-03-01 11:00", score=50)]
    assert look(year_ago, leap, "2029-03-01 11:59", window={"calendar": "year"}) is None
    assert look(year_ago, leap, "2029-03-01 12:00", window={"calendar": "year"}) == (0, "m")


# ---- rank

RANK = {"rank": "score", "min_peers": 3}


def peers(*scores: float | None, class_: str = "k") -> list[dict]:
    """s1, s2, … of one class, on one day after the other."""
    return [
        event(f"{class_}{n}", f"09-{n:02} 08:00", student=f"s{n}", score=score, **{"class": class_})
        for n, score in enumerate(scores, 1)
    ]


def test_rank_is_the_percentage_of_peers_that_are_not_above():
    by = {"by": ["class", "student"]}
    assert look(RANK, peers(60, 50, 70), **by) == (200 / 3, "k1")
    assert look(RANK, peers(50, 60, 70), **by) == (100 / 3, "k1")
    assert look(RANK, peers(60, 60, 60), **by) == (100, "k1")
    assert look(RANK, [*peers(60, 50, 70), *peers(None, 10, 10, class_="l")], **by) == (200 / 3, "k1")


def test_no_rank_without_an_own_number_or_enough_peers_with_one():
    by = {"by": ["class", "student"]}
    assert look(RANK, peers(60, 50, None), **by) is None
    assert look(RANK, peers(None, 50, 60, 70), **by) is None
    assert look({"rank": "score"}, peers(*[5] * 9), **by) is None
    assert look({"rank": "score"}, peers(*[5] * 10), **by) == (100, "k1")
    assert look(RANK, [*peers(60, 50, 70), event("n", "09-09 08:00", score=None, **{"class": "k"})], **by)[1] == "k1"


def test_the_record_of_a_peer_and_its_leaving_change_the_rank():
    a_rule = rule(RANK, {"at_most": {"yellow": 40}}, by=["class", "student"], window={"within": "10d"})
    found = [episode for episode in run(a_rule, peers(50, 60, 70), "09-30 00:00") if episode.subject == "k/s1"]
    assert brief(found) == [("yellow", None, "09-03 08:00", "09-11 08:00", "s k3")]


# ---- none

NO_ROLL = {"none": "rollcall"}
WEEKLY = {"window": {"calendar": "week"}}


def lesson(id_: str, time: str) -> dict:
    return event(id_, time)


def test_whole_weeks_with_a_lesson_and_no_rollcall_and_a_holiday_week_between():
    lessons = [lesson("a", "09-01 08:00"), lesson("b", "09-08 08:00"), lesson("c", "09-22 08:00")]
    assert look(NO_ROLL, lessons, "09-06 23:59", **WEEKLY) is None
    assert look(NO_ROLL, lessons, "09-07 00:00", **WEEKLY) == (1, "a")
    assert look(NO_ROLL, lessons, "09-14 00:00", **WEEKLY) == (2, "b")
    assert look(NO_ROLL, lessons, "09-22 12:00", **WEEKLY) == (2, "b")
    assert look(NO_ROLL, lessons, "09-28 00:00", **WEEKLY) == (3, "c")
    levels = {"at_least": {"yellow": 2}}
    assert brief(run(rule(NO_ROLL, levels, **WEEKLY), lessons, "09-15 00:00")) == [
        ("yellow", 2, "09-14 00:00", None, None)
    ]


def test_an_event_ends_the_run_at_the_end_of_its_week_but_not_in_a_week_without_lessons():
    lessons = [lesson("a", "09-01 08:00"), lesson("b", "09-08 08:00"), lesson("c", "09-22 08:00")]
    in_holiday = event("r", "09-16 08:00", kind="rollcall")
    assert look(NO_ROLL, [*lessons, in_holiday], "09-28 00:00", **WEEKLY) == (3, "c")
    in_fourth = event("r", "09-21 00:00", kind="rollcall")
    a_rule = rule(NO_ROLL, {"at_least": {"yellow": 1}}, **WEEKLY)
    assert brief(run(a_rule, [*lessons, in_fourth], "10-09 00:00")) == [
        ("yellow", None, "09-07 00:00", "09-28 00:00", None)
    ]


def test_the_kind_may_be_that_of_the_records_and_its_event_outside_where():
    measure = {"none": "test", "where": 'status == "held"'}
    events = [event("a", "09-01 08:00", status="planned"), event("b", "09-08 08:00", status="planned")]
    held = event("h", "09-10 08:00", status="held")
    only = WEEKLY | {"where": 'status == "planned"'}
    assert look(measure, events, "09-14 00:00", **only) == (2, "b")
    assert look(measure, [*events, held], "09-14 00:00", **only) is None


# ---- nested


def test_nested_counts_the_values_whose_measure_compares_so():
    courses = [("c", 50), ("c", 40), ("d", 50), ("e", 90), ("e", 20), (None, 1), ("f", 60), ("f", 60)]
    events = days(*({"course": course, "score": score} for course, score in courses))
    measure = {"nested": {"mean": "score", "min_records": 2}, "per": "course", "below": 60}
    assert look(measure, events) == (2, "t1 t2 t4 t5")
    assert look(measure, events[2:3]) is None
    assert look(measure, events, window={"last": 3}) is None  # e 20, f, f
    assert look({"nested": {"sum": "score"}, "per": "course", "at_least": 110}, events) == (2, "t4 t5 t7 t8")


def test_nested_shares_and_counts_show_what_satisfies_them():
    courses = [("c", 50), ("c", 90), ("d", 90), ("d", 91)]
    events = days(*({"course": course, "score": score} for course, score in courses))
    share = {"share": "score < 60"}
    assert look({"nested": share, "per": "course", "at_least": 50}, events) == (1, "t1")
    assert look({"nested": share, "per": "course", "at_least": 0}, events) == (2, "t1")
    assert look({"nested": {"count": "score < 60"}, "per": "course", "below": 5}, events) == (1, "t1")  # 0 is no value
    assert look({"nested": share | {"min_matching": 2}, "per": "course", "at_least": 0}, events) is None


# ---- open


def warnings(*states: tuple) -> list[dict]:
    """Changes of warnings, a day apart: (warning, open, student)."""
    return days(*({"warning": w, "open": is_open, "student": "s1", "who": who} for w, is_open, who in states))


def test_the_newest_record_of_each_warning_is_its_state():
    events = warnings(("w1", True, "x"), ("w2", True, "x"), ("w1", False, "x"), (None, True, "y"), ("w3", True, "y"))
    assert look({"open": "open"}, events) == (2, "t2 t5")
    assert look({"open": "open", "distinct": "who"}, events) == (2, "t2 t5")
    assert look({"open": "open"}, events, window={"last": 2}) == (1, "t5")
    assert look({"open": "open"}, events[:1] + events[2:3]) is None
    assert look({"open": True}, events[3:4]) is None


def test_open_among_others_is_a_percentage_and_may_be_zero():
    events = warnings(("w1", True, "x"), ("w2", False, "x"), ("w3", False, "y"))
    assert look({"open": "open", "among": 'who == "x"'}, events) == (50, "t1")
    assert look({"open": "open", "among": "true"}, events) == (100 / 3, "t1")
    assert look({"open": "open", "among": "true", "distinct": "who"}, events) == (50, "t1")
    assert look({"open": "open", "among": 'who == "y"'}, events) == (0, "")
    assert look({"open": "open", "among": 'who == "z"'}, events) is None


@pytest.mark.parametrize(("figure", "value"), [(8, 12.5), (0, None), (None, None)])
def test_open_of_a_figure(figure, value):
    events = [*days({"warning": "a", "open": True, "size": figure}, {"warning": "b", "open": False})]
    assert (look({"open": "open", "of": "size"}, events) or (None,))[0] == value


# ---- elapsed

LIMIT = {"elapsed": 'action == "created"', "until": 'action == "resolved"', "limit": "4h", "hours": "service"}
STAGES = {"at_least": {"yellow": 50, "red": 100}}


def ticket(time: str, action: str = "created", id_: str = "", **data) -> dict:
    return event(id_ or time, time, action=action, **data)


def stages(measure: dict, *events: dict, now: str = "12-31 00:00", calendar=CALENDAR) -> list[tuple]:
    """(level, value, threshold, at) of each change."""
    found = run(rule(measure, STAGES), list(events), now, calendar)
    return [(c.change, c.level, c.value, shown(c.at)) for episode in found for c in episode.changes]


def opened(yellow: str, red: str) -> list[tuple]:
    return [("opened", "yellow", 50, yellow), ("raised", "red", 100, red)]


@pytest.mark.parametrize(
    ("created", "yellow", "red"),
    [
        pytest.param("09-04 16:00", "09-04 18:00", "09-07 10:00", id="over a weekend"),
        pytest.param("09-01 11:00", "09-01 15:00", "09-01 17:00", id="over lunch"),
        pytest.param("09-01 13:00", "09-01 16:00", "09-01 18:00", id="from lunch on"),
        pytest.param("09-05 10:00", "09-07 10:00", "09-07 12:00", id="from Saturday on, to noon"),
        pytest.param("09-01 07:00", "09-01 10:00", "09-01 12:00", id="before hours"),
    ],
)
def test_service_hours_pass_on_working_days_and_not_over_lunch(created, yellow, red):
    assert stages(LIMIT, ticket(created)) == opened(yellow, red)


def test_by_the_clock_time_always_passes():
    clock = {key: value for key, value in LIMIT.items() if key != "hours"}
    assert stages(clock, ticket("09-05 23:00")) == opened("09-06 01:00", "09-06 03:00")
    assert stages(clock | {"limit": "1d"}, ticket("09-05 23:00")) == opened("09-06 11:00", "09-06 23:00")


def test_a_day_of_service_is_eight_hours():
    assert stages(LIMIT | {"limit": "2d"}, ticket("09-01 08:00")) == opened("09-01 18:00", "09-02 18:00")


def test_what_is_done_at_the_deadline_is_in_time_and_after_it_resolves():
    made = ticket("09-01 08:00")
    assert stages(LIMIT, made, ticket("09-01 10:00", "resolved")) == []
    a_rule = rule(LIMIT, STAGES)
    [episode] = run(a_rule, [made, ticket("09-01 11:00", "resolved", "z")], "09-30 00:00")
    assert brief([episode]) == [("yellow", None, "09-01 10:00", "09-01 11:00", None)]
    assert (episode.threshold, episode.evidence) == (50, ["s 09-01 08:00", "s z"])
    [episode] = run(a_rule, [made], "09-01 10:00:00.001")
    assert (brief([episode]), episode.evidence) == ([("yellow", 50, "09-01 10:00", None, None)], ["s 09-01 08:00"])
    assert run(a_rule, [made], "09-01 10:00") == []


def test_a_second_start_changes_nothing_unless_it_starts_anew():
    events = [ticket("09-01 08:00"), ticket("09-01 09:00")]
    assert stages(LIMIT, *events) == opened("09-01 10:00", "09-01 12:00")
    assert stages(LIMIT | {"restart": True}, *events) == opened("09-01 11:00", "09-01 15:00")


def test_a_record_that_does_both_stops_the_clock_and_starts_it():
    both = LIMIT | {"until": 'action in ["created", "resolved"]'}
    assert stages(both, ticket("09-01 08:00"), ticket("09-01 11:00"), now="09-01 12:00") == [
        ("opened", "yellow", 50, "09-01 10:00"),
        ("resolved", "yellow", None, "09-01 11:00"),
    ]
    assert stages(both, ticket("09-01 08:00"), ticket("09-01 09:00")) == opened("09-01 11:00", "09-01 15:00")


def test_a_stop_without_a_start_and_a_start_after_a_stop():
    events = [ticket("09-01 08:00", "resolved"), ticket("09-01 09:00"), ticket("09-01 10:00", "resolved")]
    assert stages(LIMIT, *events) == []
    assert stages(LIMIT, *events, ticket("09-01 11:00")) == opened("09-01 15:00", "09-01 17:00")


HALF_PAST = opened("09-01 10:00", "09-01 12:00")


@pytest.mark.parametrize(
    ("steps", "changes"),
    [
        pytest.param([("08:00", "resolved", "a"), ("08:00", "created", "b")], [], id="same instant, the stop first"),
        pytest.param([("08:00", "created", "a"), ("08:00", "resolved", "b")], [], id="same instant, the start first"),
        pytest.param([("07:59:55", "resolved", "b"), ("08:00", "created", "a")], [], id="a clock that is behind"),
        pytest.param([("00:10", "resolved", "b"), ("08:00", "created", "a")], [], id="hours before the first start"),
        pytest.param(
            [("06:00", "created", "a"), ("07:00", "resolved", "b"), ("08:00", "reopened", "c")], HALF_PAST,
            id="the stop of an earlier round",
        ),
        pytest.param(
            [("06:00", "created", "a"), ("07:59:59", "resolved", "b"), ("08:00", "reopened", "c")], HALF_PAST,
            id="the stop of a round that ended just now",
        ),
        pytest.param(
            [("06:00", "created", "a"), ("07:00", "resolved", "b"), ("07:00", "resolved", "c"),
             ("08:00", "reopened", "d")], HALF_PAST, id="an earlier round that was stopped twice",
        ),
        pytest.param(
            [("06:00", "created", "a"), ("06:30", "resolved", "b"), ("07:55", "resolved", "c"),
             ("08:00", "reopened", "d")], [], id="a later round's stop by a clock that is five minutes behind",
        ),
        pytest.param(
            [("06:00", "created", "a"), ("06:30", "resolved", "b"), ("07:54:59.999", "resolved", "c"),
             ("08:00", "reopened", "d")], HALF_PAST, id="a later round, and more than five minutes",
        ),
        pytest.param(
            [("06:00", "created", "a"), ("06:30", "resolved", "b"), ("08:00", "resolved", "c"),
             ("08:00", "reopened", "d")], [], id="a later round at one instant",
        ),
        pytest.param(
            [("07:59", "resolved", "a"), ("07:59:30", "created", "b"), ("08:00", "reopened", "c")], HALF_PAST,
            id="a stop stops one start",
        ),
    ],
)  # fmt: skip
def test_which_start_a_stop_counts_for(steps, changes):
    both = LIMIT | {"elapsed": 'action in ["created", "reopened"]'}
    assert stages(both, *[ticket(f"09-01 {time}", action, id_) for time, action, id_ in steps]) == changes


def test_running_is_one_from_a_start_to_a_stop():
    runs = {"running": 'action in ["created", "reopened"]', "until": 'action == "resolved"'}
    about = {"student": "s1"}
    made, done = ticket("09-01 08:00", id_="b", **about), ticket("09-01 09:00", "resolved", "a", **about)
    assert look(runs, [made]) == (1, "b")
    assert look(runs, [made, done]) == (0, "b a")
    assert look(runs, [made, done, ticket("09-01 10:00", "reopened", "c", **about)]) == (1, "c")
    assert look(runs, [done]) is None
    assert look(runs, [done, ticket("09-01 09:00", id_="b", **about)]) == (0, "a b")


def test_a_record_that_does_both_is_not_stopped_by_itself_and_stops_no_other():
    both = LIMIT | {"elapsed": "true", "until": 'action == "rated"', "restart": True}
    assert stages(both, ticket("09-01 08:00", "rated")) == opened("09-01 10:00", "09-01 12:00")
    for one, other in ("ab", "ba"):
        events = [ticket("09-01 08:00", "rated", one), ticket("09-01 08:00", "created", other)]
        assert stages(both, *events) == opened("09-01 10:00", "09-01 12:00")


def test_the_first_limit_that_fits_or_the_minutes_of_the_record():
    limits = [{"where": 'priority == "urgent"', "limit": "2h", "hours": "clock"}, {"limit": "4h", "hours": "service"}]
    by_priority = {"elapsed": LIMIT["elapsed"], "until": LIMIT["until"], "limits": limits}
    assert stages(by_priority, ticket("09-05 08:00", priority="urgent")) == opened("09-05 09:00", "09-05 10:00")
    assert stages(by_priority, ticket("09-05 08:00")) == opened("09-07 10:00", "09-07 12:00")
    minutes = LIMIT | {"limit": {"minutes": "left * 60"}, "hours": "clock"}
    assert stages(minutes, ticket("09-05 08:00", left=3)) == opened("09-05 09:30", "09-05 11:00")
    assert stages(minutes, ticket("09-05 08:00")) == []


# ---- the instants of time

MANY = [
    ({"ratio": "score", "to": "hours"}, {"within": "3d"}, [40, 90, 150]),
    ({"difference": "score", "to": "hours"}, {"calendar": "day"}, [1, 2, 4]),
    ({"distinct": "room"}, {"within": "30h"}, [1, 2, 3]),
    ({"change": "score", "before": 3, "min_before": 1}, {"calendar": "week"}, [0, 1, 3]),
    ({"trend": "score", "per": "1d"}, {"within": "2d"}, [0, 1, 3]),
    ({"forecast": "score", "from_week": 2, "min_days": 2}, {"calendar": "term"}, [20, 50, 70]),
    ({"forecast": "score"}, {"calendar": "week"}, [5, 10, 15]),
    ({"period_over_period": "score < 5", "against": "previous"}, {"calendar": "day"}, [-50, 0, 50]),
    ({"period_over_period": True, "against": "previous", "min_before": 2}, {"calendar": "week"}, [-50, 0, 50]),
    ({"rank": "score", "min_peers": 2}, {"within": "2d"}, [20, 50, 90]),
    ({"none": "rollcall", "where": "score > 4"}, {"calendar": "day"}, [1, 2, 3]),
    ({"none": "rollcall", "where": "score > 8 and hours > 1"}, {"calendar": "week"}, [1, 2, 3]),
    ({"nested": {"mean": "score"}, "per": "room", "below": 4}, {"within": "2d"}, [1, 2, 3]),
    ({"open": "hours > 1", "among": "score > 2"}, {"within": "3d"}, [10, 30, 70]),
    ({"elapsed": "score < 4", "until": "score > 6", "limit": "6h", "hours": "service"}, "all", [50, 100, 150]),
    ({"elapsed": "score < 4", "until": "score > 6", "limit": {"minutes": "score * 600"}}, "all", [50, 100, 150]),
    ({"missing": "rollcall", "after": "due_at"}, "all", ["0m", "1h", "1d"]),
]


@pytest.mark.properties
@pytest.mark.parametrize("seed", range(2))
def test_no_instant_at_which_time_changes_something_is_left_out(seed, monkeypatch):
    """Every record lies at a half hour: looking at each half hour as well must find nothing else."""
    rng, begin, half_hour = random.Random(seed), to_ms(at("08-27 00:00")), 1_800_000
    events = []
    for n in range(60):
        ms = begin + half_hour * rng.randrange(48 * 20)
        kind, due = rng.choice(("test", "test", "rollcall")), from_ms(ms + half_hour * rng.randrange(9)).isoformat()
        data = {"score": rng.choice((None, 1, 2.5, 7, 9)), "hours": rng.choice((None, 0, 1, 3)), "due_at": due}
        data |= {
            "room": rng.choice("AB"),
            "warning": rng.choice("vw"),
            "student": rng.choice(("s1", "s2")),
            "class": "k",
        }
        events.append(event(f"{n:02}", from_ms(ms).astimezone(ZONE).isoformat()[:16], kind, **data))
    by, names = ["class", "student"], ("yellow", "orange", "red")
    rules = [
        rule(measure, {"at_least": dict(zip(names, values, strict=True))}, id=f"r{n:02}", by=by, window=window)
        for n, (measure, window, values) in enumerate(MANY)
    ]
    found = evaluate(rules, [], TWO_WEEKS, events, at("09-20 00:00"))
    listed = Rule.instants
    grid = [(begin + n * half_hour, BY_TIME) for n in range(48 * 24)]
    monkeypatch.setattr(Rule, "instants", lambda *given: [*listed(*given), *grid])
    assert found == evaluate(rules, [], TWO_WEEKS, events, at("09-20 00:00"))
    assert {episode.rule for episode in found} >= {
        f"r{n:02}" for n in (0, 1, 2, 5, 6, 7, 9, 10, 11, 12, 13, 14, 15, 16)
    }
