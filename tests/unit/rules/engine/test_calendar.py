"""The college's calendar: periods, teaching days and weeks, service hours, over holidays and clock changes."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.messages import FOREVER, from_ms, to_ms
from services.rules.engine.calendar import Calendar

SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")
HOUR, MINUTE, DAY = 3_600_000, 60_000, timedelta(days=1)
OFFICE = dict.fromkeys(range(5), ((8 * HOUR, 12 * HOUR), (14 * HOUR, 18 * HOUR)))
NATIONAL_DAY = frozenset(date(2025, 10, day) for day in range(1, 9))
MAKE_UP = frozenset({date(2025, 9, 28), date(2025, 10, 11)})
TERMS = [
    (date(2025, 3, 5), date(2025, 7, 6)),  # a Wednesday
    (date(2025, 9, 1), date(2026, 1, 18)),
    (date(2026, 3, 2), date(2026, 7, 12)),
    (date(2026, 8, 31), date(2027, 1, 17)),
]
COLLEGE = Calendar(
    SHANGHAI, TERMS, holidays=NATIONAL_DAY, make_up=MAKE_UP, service=OFFICE,
    closed={date(2025, 10, 30), date(2025, 10, 31)}, opened={date(2025, 11, 1), date(2025, 10, 31)},
)  # fmt: skip


def at(text, zone=SHANGHAI):
    return to_ms(datetime.fromisoformat(text).replace(tzinfo=zone))


def shown(span, zone=SHANGHAI):
    return span and tuple(f"{from_ms(t).astimezone(zone):%Y-%m-%d %H:%M}".removesuffix(" 00:00") for t in span)


@pytest.mark.parametrize(
    ("name", "moment", "begin", "end"),
    [
        pytest.param("day", "2026-03-04 00:00", "2026-03-04", "2026-03-05", id="midnight begins a day"),
        pytest.param("day", "2026-03-04 23:59:59.999", "2026-03-04", "2026-03-05", id="the last millisecond of a day"),
        pytest.param("week", "2026-03-08 23:59:59.999", "2026-03-02", "2026-03-09", id="a week ends on Sunday"),
        pytest.param("month", "2028-02-29 12:00", "2028-02-01", "2028-03-01", id="a leap day"),
        pytest.param("month", "2026-12-31 23:59", "2026-12-01", "2027-01-01", id="December"),
        pytest.param("year", "2026-08-31 23:59:59.999", "2025-09-01", "2026-09-01", id="the end of a school year"),
        pytest.param("year", "2026-09-01 00:00", "2026-09-01", "2027-09-01", id="the begin of a school year"),
        pytest.param("term", "2025-03-05 00:00", "2025-03-05", "2025-07-07", id="the begin of a term"),
        pytest.param("term", "2027-01-17 23:59:59.999", "2026-08-31", "2027-01-18", id="the last day of a term"),
    ],
)
def test_a_period_holds_its_begin_and_not_its_end(name, moment, begin, end):
    t = at(moment)
    assert shown(COLLEGE.bounds(name, t)) == (begin, end)
    assert COLLEGE.period(name, t) == COLLEGE.periods()[name](t) == (True, at(end))
    assert COLLEGE.bounds(name, at(begin)) == (at(begin), at(end))
    assert COLLEGE.bounds(name, at(begin) - 1) != COLLEGE.bounds(name, t) != COLLEGE.bounds(name, at(end))


@pytest.mark.parametrize(
    ("moment", "end"),
    [
        pytest.param("2025-03-04 23:59:59.999", at("2025-03-05"), id="before the first"),
        pytest.param("2026-01-19 00:00", at("2026-03-02"), id="between two"),
        pytest.param("2027-01-18 00:00", FOREVER, id="after the last"),
    ],
)
def test_outside_every_term_is_no_period_until_the_next_begins(moment, end):
    assert COLLEGE.bounds("term", at(moment)) is None
    assert COLLEGE.earlier("term", "previous", at(moment)) is None
    assert COLLEGE.period("term", at(moment)) == (False, end)


def test_terms_that_follow_each_other_without_a_gap_are_two():
    calendar = Calendar(SHANGHAI, [(date(2026, 3, 1), date(2026, 3, 31)), (date(2026, 1, 1), date(2026, 2, 28))])
    assert shown(calendar.bounds("term", at("2026-02-28 23:59"))) == ("2026-01-01", "2026-03-01")
    assert shown(calendar.bounds("term", at("2026-03-01"))) == ("2026-03-01", "2026-04-01")


@pytest.mark.parametrize(
    ("name", "against", "moment", "expected"),
    [
        ("day", "previous", "2026-03-01 08:00", ("2026-02-28", "2026-03-01")),
        ("day", "last_year", "2028-02-29 08:00", ("2027-03-02", "2027-03-03")),
        ("week", "previous", "2026-01-01 08:00", ("2025-12-22", "2025-12-29")),
        ("week", "last_year", "2026-03-04 08:00", ("2025-03-03", "2025-03-10")),
        ("month", "previous", "2028-03-31 08:00", ("2028-02-01", "2028-03-01")),
        ("month", "last_year", "2028-02-29 08:00", ("2027-02-01", "2027-03-01")),
        ("year", "previous", "2026-09-01 00:00", ("2025-09-01", "2026-09-01")),
        ("year", "last_year", "2026-08-31 23:59", ("2024-09-01", "2025-09-01")),
        ("term", "previous", "2026-03-02 00:00", ("2025-09-01", "2026-01-19")),
        ("term", "previous", "2025-04-01 00:00", None),
        ("term", "last_year", "2026-10-01 00:00", ("2025-09-01", "2026-01-19")),
        ("term", "last_year", "2026-04-01 00:00", ("2025-03-05", "2025-07-07")),
        ("term", "last_year", "2025-10-01 00:00", None),
    ],
)
def test_the_earlier_period_is_the_one_before_or_that_of_last_year(name, against, moment, expected):
    assert shown(COLLEGE.earlier(name, against, at(moment))) == expected


@pytest.mark.parametrize(
    ("begins", "expected"),
    [
        pytest.param([date(2025, 5, 1)], "2025-05-01", id="60 days off"),
        pytest.param([date(2025, 5, 2)], None, id="61 days off"),
        pytest.param([date(2025, 1, 1)], "2025-01-01", id="60 days off the other way"),
        pytest.param([date(2025, 2, 1), date(2025, 3, 31)], "2025-02-01", id="the earlier of two equally near"),
        pytest.param([date(2025, 2, 1), date(2025, 3, 30)], "2025-03-30", id="the nearer of two"),
    ],
)
def test_the_term_of_last_year_begins_at_most_60_days_off(begins, expected):
    terms = [(begin, begin + 20 * DAY) for begin in [*begins, date(2026, 3, 2)]]
    found = Calendar(SHANGHAI, terms).earlier("term", "last_year", at("2026-03-10"))
    assert (found and shown(found)[0]) == expected


@pytest.mark.parametrize(
    ("begin", "end", "expected"),
    [
        pytest.param("2025-09-28", "2025-10-13", 6, id="28, 29, 30 September, 9, 10 and 11 October"),
        pytest.param("2025-10-01", "2025-10-09", 0, id="National Day week"),
        pytest.param("2025-10-27", "2025-11-03", 5, id="closed Thursday, open Friday and Saturday"),
        pytest.param("2025-03-01", "2025-03-10", 3, id="a term that begins on a Wednesday"),
        pytest.param("2026-01-12", "2026-03-07", 10, id="nothing between two terms"),
        pytest.param("2025-09-01", "2025-09-01 00:00:00.001", 1, id="a day counts from its midnight on"),
        pytest.param("2025-09-01 00:00:00.001", "2025-09-02", 0, id="a day counts at its midnight only"),
        pytest.param("2024-01-01", "2025-03-05", 0, id="before the first term"),
    ],
)
def test_teaching_days_leave_out_holidays_and_count_make_up_days(begin, end, expected):
    assert COLLEGE.teaching_days(at(begin), at(end)) == expected


def test_a_leap_day_is_a_teaching_day():
    calendar = Calendar(SHANGHAI, [(date(2028, 2, 1), date(2028, 3, 31))])
    assert calendar.teaching_days(at("2028-02-01"), at("2028-03-01")) == 21


def test_the_first_teaching_week_begins_with_the_period_and_the_others_on_monday():
    begin = at("2025-03-05")
    weeks = [COLLEGE.teaching_week(begin, number) for number in (1, 2, 3, 5)]
    assert shown(weeks) == ("2025-03-05", "2025-03-10", "2025-03-17", "2025-03-31")
    assert shown([COLLEGE.teaching_week(at("2026-03-02"), 2)]) == ("2026-03-09",)
    spring = Calendar(BERLIN, [(date(2026, 3, 27), date(2026, 7, 1))])
    assert spring.teaching_week(at("2026-03-27", BERLIN), 2) == at("2026-03-30", BERLIN) == at("2026-03-29T22:00", UTC)


def test_a_day_ends_at_the_next_midnight_of_the_college():
    days = ["2026-03-28", "2026-03-29", "2026-03-30", "2026-10-25", "2026-10-26"]
    begins = [at(day, BERLIN) for day in days]
    ends = [Calendar(BERLIN).day_end(begin) for begin in begins]
    assert [(end - begin) // HOUR for begin, end in zip(begins, ends, strict=True)] == [24, 23, 24, 25, 24]


def test_a_day_is_over_after_its_instant_even_where_clocks_go_back_over_midnight():
    zone = ZoneInfo("America/St_Johns")  # 2010-11-07, 00:01 became 23:01 of the day before
    change = at("2010-11-07T02:31", UTC)
    for t in range(change - 2 * HOUR, change + 2 * HOUR, MINUTE):
        calendar = Calendar(zone)
        begin, end = calendar.bounds("day", t)
        assert begin <= t < end == calendar.day_end(t)


@pytest.mark.parametrize(
    ("start", "hours", "expected"),
    [
        pytest.param("2026-03-09 11:00", 2, "2026-03-09 15:00", id="over lunch"),
        pytest.param("2026-03-09 11:00", 1, "2026-03-09 12:00", id="until lunch, not after it"),
        pytest.param("2026-03-09 12:30", 1, "2026-03-09 15:00", id="from lunch on"),
        pytest.param("2026-03-09 18:00", 1, "2026-03-10 09:00", id="from the end of the day on"),
        pytest.param("2026-03-09 08:00", 8, "2026-03-09 18:00", id="a whole day"),
        pytest.param("2026-03-06 17:00", 2, "2026-03-09 09:00", id="over a weekend"),
        pytest.param("2026-03-07 03:00", 1, "2026-03-09 09:00", id="from a weekend on"),
        pytest.param("2025-09-30 17:00", 2, "2025-10-09 09:00", id="over National Day week"),
        pytest.param("2025-10-03 10:00", 8, "2025-10-09 18:00", id="from a holiday on"),
        pytest.param("2025-10-10 17:00", 2, "2025-10-11 09:00", id="into the make-up Saturday"),
        pytest.param("2025-10-11 17:00", 2, "2025-10-13 09:00", id="from the make-up Saturday on"),
        pytest.param("2025-09-27 12:00", 1, "2025-09-28 09:00", id="into the make-up Sunday"),
        pytest.param("2025-10-29 17:00", 2, "2025-10-31 09:00", id="over a closed day into one that is open as well"),
        pytest.param("2025-10-31 17:00", 2, "2025-11-01 09:00", id="into an open Saturday"),
        pytest.param("2025-12-31 17:00", 2, "2026-01-01 09:00", id="over New Year"),
        pytest.param("2026-01-01 03:00", 1, "2026-01-01 09:00", id="before the first hours of a year"),
        pytest.param("2026-01-01 10:00", 1, "2026-01-01 11:00", id="within the first hours of a year"),
        pytest.param("2028-02-28 17:00", 9, "2028-02-29 18:00", id="over a leap day"),
        pytest.param("2026-03-02 08:00", 400 * 40, "2033-10-28 18:00", id="400 weeks"),
    ],
)
def test_service_time_passes_in_service_hours_only(start, hours, expected):
    assert shown([COLLEGE.after(at(start), hours * HOUR)]) == (expected,)


def test_no_service_time_has_passed_at_once_and_one_millisecond_of_it_after_the_next_opening():
    sunday, noon = at("2026-03-08 10:00"), at("2026-03-09 12:00")
    assert COLLEGE.after(sunday, 0) == sunday
    assert COLLEGE.after(sunday, 1) == at("2026-03-09 08:00") + 1
    assert COLLEGE.after(noon - 1, 1) == noon
    assert COLLEGE.after(noon - 1, 2) == COLLEGE.after(noon, 1) == at("2026-03-09 14:00") + 1


@pytest.mark.parametrize(
    "calendar",
    [
        pytest.param(Calendar(SHANGHAI), id="no hours"),
        pytest.param(Calendar(SHANGHAI, opened={date(2026, 3, 7)}, service={5: ((0, HOUR),)}, closed={
            date(2026, 1, 3) + 7 * n * DAY for n in range(6000)}), id="open as on a Monday, which has none"),
    ],
)  # fmt: skip
def test_without_service_hours_a_limit_never_passes(calendar):
    assert calendar.after(at("2026-03-02 08:00"), 1) == FOREVER


def test_a_limit_beyond_a_century_never_passes():
    assert COLLEGE.after(at("2026-03-02 08:00"), 100 * 366 * 8 * HOUR) == FOREVER
    assert COLLEGE.after(at("9900-03-02 08:00"), 100 * 366 * 8 * HOUR) == FOREVER


@pytest.mark.parametrize(
    ("day", "hours", "passes"),
    [
        pytest.param("2026-03-29", (0, 24), 23 * 60, id="a day of 23 hours"),
        pytest.param("2026-10-25", (0, 24), 25 * 60, id="a day of 25 hours"),
        pytest.param("2026-03-29", (1, 4), 120, id="over the hour that is left out"),
        pytest.param("2026-03-29", (2.5, 3.5), 30, id="from within the hour that is left out"),
        pytest.param("2026-03-29", (2, 2.75), 0, id="within the hour that is left out"),
        pytest.param("2026-10-25", (1, 4), 240, id="over the hour that comes twice"),
        pytest.param("2026-10-25", (2, 2.5), 60, id="within the hour that comes twice"),
        pytest.param("2026-03-29", (8, 12), 240, id="after the spring change"),
        pytest.param("2026-10-25", (8, 12), 240, id="after the autumn change"),
    ],
)
def test_on_the_day_of_a_clock_change_service_time_is_what_the_clocks_show(day, hours, passes):
    opens, closes = (int(hour * HOUR) for hour in hours)
    calendar = Calendar(BERLIN, service={6: ((opens, closes),)})
    begin = at(day, BERLIN)
    end = calendar.day_end(begin)
    if passes:
        assert calendar.after(begin, passes * MINUTE) <= end
    assert calendar.after(begin, passes * MINUTE + 1) > end + DAY // timedelta(milliseconds=1)


@pytest.mark.parametrize("friday", ["2026-03-27", "2026-10-23"])
def test_office_hours_stay_at_their_time_of_day_over_a_clock_change(friday):
    monday = date.fromisoformat(friday) + 3 * DAY
    found = Calendar(BERLIN, service=OFFICE).after(at(f"{friday} 17:00", BERLIN), 2 * HOUR)
    assert shown([found], BERLIN) == (f"{monday} 09:00",)


def test_any_other_calendar_has_another_signature_and_the_same_one_the_same():
    one = date(2026, 5, 1)
    others = [
        Calendar(SHANGHAI), Calendar(BERLIN), Calendar(SHANGHAI, TERMS), Calendar(SHANGHAI, school_year_starts=(8, 1)),
        Calendar(SHANGHAI, teaching={0}), Calendar(SHANGHAI, holidays={one}), Calendar(SHANGHAI, make_up={one}),
        Calendar(SHANGHAI, opened={one}), Calendar(SHANGHAI, service=OFFICE),
    ]  # fmt: skip
    assert len({calendar.signature for calendar in others}) == len(others)
    turned = Calendar(SHANGHAI, TERMS[::-1], service=dict(reversed(OFFICE.items())))
    assert turned.signature == Calendar(SHANGHAI, TERMS, service=OFFICE).signature


CHANGES = st.sampled_from([
    (SHANGHAI, date(2025, 10, 1)), (BERLIN, date(2026, 3, 29)), (BERLIN, date(2026, 10, 25)),
    (ZoneInfo("America/New_York"), date(2026, 11, 1)), (ZoneInfo("Australia/Lord_Howe"), date(2026, 4, 5)),
    (ZoneInfo("Asia/Beirut"), date(2026, 3, 29)), (ZoneInfo("America/Havana"), date(2025, 11, 2)),
    (SHANGHAI, date(2026, 1, 1)),
])  # fmt: skip
EDGES = st.lists(st.integers(0, 48), min_size=2, max_size=4, unique=True).map(sorted)
HOURS = EDGES.map(
    lambda edges: tuple((a * 30 * MINUTE, b * 30 * MINUTE) for a, b in zip(edges[::2], edges[1::2], strict=False))
)


def somedays(middle):
    return st.frozensets(st.integers(-4, 4).map(lambda n: middle + n * DAY), max_size=3)


@st.composite
def calendars(draw):
    zone, middle = draw(CHANGES)
    days = {name: draw(somedays(middle)) for name in ("holidays", "make_up", "closed", "opened")}
    service = draw(st.dictionaries(st.integers(0, 6), HOURS, max_size=7))
    teaching = draw(st.frozensets(st.integers(0, 6)))
    first = middle + draw(st.integers(-5, 0)) * DAY
    terms = [(first, first + draw(st.integers(0, 5)) * DAY), (first + 6 * DAY, first + 9 * DAY)]
    start = to_ms(datetime(middle.year, middle.month, middle.day, 12, tzinfo=zone))
    return Calendar(zone, terms, teaching=teaching, service=service, **days), middle, start, days, service


def is_service(days, service, moment):
    """Whether service time passes in the minute that begins at that time of the college's clocks."""
    day = moment.date()
    if day in days["opened"]:
        weekday = 0
    elif day in days["holidays"] or day in days["closed"]:
        return False
    else:
        weekday = 0 if day in days["make_up"] else day.weekday()
    clock = (moment.hour * 60 + moment.minute) * MINUTE
    return any(opens <= clock < closes for opens, closes in service.get(weekday, ()))


@settings(max_examples=150, deadline=None)
@given(calendars(), st.integers(-3 * 1440, 1440), st.integers(1, 30 * 60))
def test_service_time_is_counted_as_minute_by_minute(made, shift, minutes):
    calendar, _, middle, days, service = made
    start = middle + shift * MINUTE
    left = minutes
    for t in range(start, start + 8 * 24 * HOUR, MINUTE):
        left -= is_service(days, service, from_ms(t).astimezone(calendar.zone))
        if not left:
            assert calendar.after(start, minutes * MINUTE) == t + MINUTE
            return
    assert calendar.after(start, minutes * MINUTE) > start + 8 * 24 * HOUR


@settings(max_examples=200, deadline=None)
@given(calendars(), st.integers(-300, 300), st.integers(0, 300))
def test_teaching_days_are_counted_as_day_by_day(made, shift, hours):
    calendar, middle, noon, days, _ = made
    begin = noon + shift * HOUR
    end = begin + hours * HOUR
    expected = 0
    for n in range(-30, 30):
        day = middle + n * DAY
        taught = day.weekday() in calendar._teaching or day in days["make_up"]
        open_ = day in days["opened"] or (taught and day not in days["holidays"] | days["closed"])
        inside = any(first <= day <= last for first, last in calendar.terms)
        midnight = to_ms(datetime(day.year, day.month, day.day, tzinfo=calendar.zone))
        expected += open_ and inside and begin <= midnight < end
    assert calendar.teaching_days(begin, end) == expected
