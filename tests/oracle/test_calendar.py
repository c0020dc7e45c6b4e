"""The calendar of the slow evaluator against days and hours looked up by hand."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from tests.oracle.calendar import Calendar, from_ms, to_ms

ZONE = ZoneInfo("Asia/Shanghai")
CALENDAR = {
    "time_zone": "Asia/Shanghai",
    "terms": [
        {"id": "2026-spring", "from": "2026-03-02", "to": "2026-07-12"},
        {"id": "2026-autumn", "from": "2026-08-31", "to": "2027-01-17"},
        {"id": "2027-spring", "from": "2027-03-01", "to": "2027-07-11"},
    ],
}


# ---- periods


@pytest.mark.parametrize(
    ("unit", "against", "day", "earlier"),
    [
        ("day", "previous", "2026-09-01", "2026-08-31"),
        ("day", "last_year", "2026-09-01", "2025-09-02"),
        ("week", "previous", "2026-09-07", "2026-08-31"),
        ("week", "last_year", "2026-09-07", "2025-09-08"),
        ("month", "previous", "2026-03-01", "2026-02-01"),
        ("month", "last_year", "2028-02-01", "2027-02-01"),
        ("year", "previous", "2026-09-01", "2025-09-01"),
        ("year", "last_year", "2026-09-01", "2025-09-01"),
        ("term", "previous", "2026-08-31", "2026-03-02"),
        ("term", "last_year", "2027-03-01", "2026-03-02"),
        ("term", "last_year", "2026-08-31", None),
        ("term", "previous", "2026-03-02", None),
    ],
)
def test_the_earlier_period(unit, against, day, earlier):
    found = Calendar(CALENDAR).earlier(unit, against, date.fromisoformat(day))
    assert (found and found[0]) == (earlier and date.fromisoformat(earlier))


@pytest.mark.parametrize(("begins", "fits"), [("2025-11-01", True), ("2025-11-02", False)])
def test_a_term_of_last_year_begins_at_most_sixty_days_off(begins, fits):
    first = date(2026, 9, 2)  # 365 days before is 2 September 2025, 60 days before 1 November
    calendar = CALENDAR | {"terms": [{"from": begins, "to": "2026-01-01"}, {"from": first, "to": "2027-01-01"}]}
    assert (Calendar(calendar).earlier("term", "last_year", first) is not None) is fits


# ---- teaching days and service hours of the calendar

FULL = CALENDAR | {
    "holidays": "CN",
    "closed": [{"from": "2026-10-29", "to": "2026-10-30", "reason": "sports"}],
    "open": ["2026-10-31"],
}


def test_teaching_days_of_an_october():
    # 22 weekdays, less 1, 2, 5, 6, 7 (National Day) and 29, 30 (closed), more Saturdays 10 (make-up) and 31 (open).
    calendar = Calendar(FULL)
    assert calendar.teaching_days(date(2026, 10, 1), date(2026, 11, 1)) == 17
    assert [day for day in (1, 3, 10, 29, 31) if calendar.is_teaching_day(date(2026, 10, day))] == [10, 31]


def test_days_outside_every_term_and_other_teaching_days():
    assert not Calendar(CALENDAR | {"open": ["2026-08-01"]}).is_teaching_day(date(2026, 8, 1))
    only_saturday = Calendar(CALENDAR | {"teaching_days": ["sat"]}, {date(2026, 9, 5)}, {date(2026, 9, 6)})
    assert [day for day in range(1, 13) if only_saturday.is_teaching_day(date(2026, 9, day))] == [6, 12]


def test_open_comes_before_holidays_and_closed():
    entry = CALENDAR | {"closed": ["2026-09-02"], "open": ["2026-09-01", "2026-09-02"]}
    calendar = Calendar(entry, {date(2026, 9, 1)})
    assert calendar.is_teaching_day(date(2026, 9, 1))
    assert calendar.is_teaching_day(date(2026, 9, 2))


@pytest.mark.parametrize(
    ("day", "hours"),
    [
        pytest.param("2026-09-01", "08-12 14-18", id="a Tuesday"),
        pytest.param("2026-08-03", "08-12 14-18", id="outside the terms"),
        pytest.param("2026-09-05", "", id="a Saturday"),
        pytest.param("2026-10-01", "", id="a holiday"),
        pytest.param("2026-10-10", "08-12 14-18", id="a make-up Saturday"),
        pytest.param("2026-10-29", "", id="closed"),
        pytest.param("2026-10-31", "08-12 14-18", id="an open Saturday"),
    ],
)
def test_service_hours_of_a_day(day, hours):
    parts = Calendar(FULL).service(date.fromisoformat(day))
    clock = [[f"{from_ms(ms).astimezone(ZONE):%H}" for ms in part] for part in parts]
    assert " ".join("-".join(part) for part in clock) == hours


def test_service_hours_may_be_named_for_other_days_and_pass_over_a_holiday():
    entry = CALENDAR | {"service_hours": {"mon-thu": ["08:00-10:00"], "sat": ["22:00-24:00"]}}
    calendar = Calendar(entry, {date(2026, 9, 3)})

    start = to_ms(datetime(2026, 9, 2, 9, tzinfo=ZONE))

    def after(hours: int) -> str:
        return f"{from_ms(int(calendar.after_service(start, hours * 3_600_000))).astimezone(ZONE):%m-%d %H:%M}"

    assert [after(hours) for hours in (0, 1, 2, 3, 4)] == [
        "09-02 09:00", "09-02 10:00", "09-05 23:00", "09-06 00:00", "09-07 09:00",
    ]  # fmt: skip
    assert Calendar(CALENDAR | {"service_hours": {"sun": []}}).after_service(0, 1) is None
