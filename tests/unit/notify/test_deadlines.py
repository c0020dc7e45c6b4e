"""Chains and deadlines run in working time: working days, service hours, or the clock where the rule says so."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from services.messages import EscalationStep, from_ms, to_ms
from services.notify.deadlines import (
    AroundTheClock,
    measure_day,
    step_due,
    to_acknowledge,
    to_name_a_measure,
    to_remind,
)
from services.notify.testing import CARD
from services.rules.language.load import load
from services.settings import resource

CHINA = ZoneInfo("Asia/Shanghai")
CALENDAR = load(resource("rules"), resource("schemas")).plan.times
"""Service hours 8-12 and 14-18, Monday to Friday; National Day 2026 from 1 to 7 October, worked for on 20 September and
10 October."""


def ms(text):
    return to_ms(datetime.fromisoformat(text).replace(tzinfo=CHINA))


def shown(t):
    return f"{from_ms(t).astimezone(CHINA):%m-%d %H:%M}"


@pytest.mark.parametrize(
    ("step", "begin", "due"),
    [
        ({"days": 1}, "2026-11-27 17:00", "11-30 17:00"),  # Friday → Monday
        ({"days": 3}, "2026-11-27 17:00", "12-02 17:00"),
        ({"days": 1}, "2026-11-28 21:30", "11-30 21:30"),  # a Saturday
        ({"days": 1}, "2026-09-30 09:00", "10-08 09:00"),  # over National Day
        ({"days": 2}, "2026-10-08 09:00", "10-10 09:00"),  # a Saturday that is worked
        ({"service": 4 * 3600}, "2026-11-27 17:00", "11-30 11:00"),
        ({"service": 4 * 3600}, "2026-11-27 11:00", "11-27 17:00"),  # the noon break does not count
        ({"service": 30 * 60}, "2026-11-28 21:30", "11-30 08:30"),
        ({"after": 900}, "2026-11-28 21:30", "11-28 21:45"),
        ({"after": 86_400}, "2026-11-27 17:00", "11-28 17:00"),
    ],
)
def test_when_a_step_is_due(step, begin, due):
    assert shown(step_due(EscalationStep(to="counsellor", **step), ms(begin), CALENDAR)) == due


def test_without_a_chain_a_level_has_its_working_days():
    begin = ms("2026-11-27 17:00")
    assert [shown(to_acknowledge(CARD, level, begin, CALENDAR)) for level in ("yellow", "orange", "red")] == [
        "12-04 17:00", "12-02 17:00", "11-30 17:00",
    ]  # fmt: skip
    assert shown(to_name_a_measure("red", begin, CALENDAR)) == "12-02 17:00"
    assert to_acknowledge(CARD, "praise", begin, CALENDAR) is None
    assert to_name_a_measure("praise", begin, CALENDAR) is None


@pytest.mark.parametrize(
    ("said", "due", "is_done"),
    [
        ("2026-12-04", "12-04 23:59", False),
        ("2026-12-05", "12-07 23:59", False),
        ("2026-10-03", "10-08 23:59", False),
        ("2026-09-30", "09-30 23:59", False),
        ("2026-09-29", "09-29 23:59", True),
        ("2026-09-27", "09-27 23:59", True),  # a Sunday: it was then
    ],
)
def test_the_day_of_a_measure_is_its_last_working_day_or_the_one_on_which_it_was_taken(said, due, is_done):
    now = datetime(2026, 9, 30, tzinfo=CHINA)
    day = measure_day(said, now, CHINA, CALENDAR)
    assert (shown(day.at), day.done) == (due, is_done)


def test_a_reminder_comes_a_working_day_before_unless_that_is_as_good_as_now():
    monday = ms("2026-11-30 17:00")
    assert shown(to_remind(monday, ms("2026-11-23 09:00"), CALENDAR)) == "11-27 17:00"
    assert shown(to_remind(ms("2026-11-30 16:00"), ms("2026-11-23 09:00"), CALENDAR)) == "11-27 16:00"
    assert shown(to_remind(ms("2026-11-30 23:59"), ms("2026-11-23 09:00"), CALENDAR)) == "11-27 08:00"
    assert to_remind(monday, ms("2026-11-27 09:00"), CALENDAR) is None


def test_a_college_whose_calendar_is_not_known_works_around_the_clock():
    assert shown(step_due(EscalationStep(days=1, to="x"), ms("2026-11-28 21:30"), AroundTheClock())) == "11-29 21:30"


def test_where_no_day_has_service_hours_each_day_counts():
    calendar = type(CALENDAR)(CHINA)
    assert shown(calendar.working_days_after(ms("2026-11-28 21:30"), 2)) == "11-30 21:30"
