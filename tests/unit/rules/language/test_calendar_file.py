"""`calendar.yaml`: what it says, what holds without it, and China's public holidays by the notices."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from services.messages import from_ms, to_ms
from services.rules.language.calendar import public_days, read_calendar
from services.rules.language.load import check, load
from services.rules.language.reading import Report
from services.settings import resource
from tests.harness import SCHEMAS
from tests.rule_files import folder, rule

HOUR, DAY = 3_600_000, timedelta(days=1)
ZONE = "time_zone: Asia/Shanghai\n"
TERMS = "terms: [{id: a, from: 2025-09-01, to: 2026-07-12}]\n"
NOTICES = {
    2025: (
        "01-01/01-01 01-28/02-04 04-04/04-06 05-01/05-05 05-31/06-02 10-01/10-08",
        "01-26 02-08 04-27 09-28 10-11",
    ),
    2026: (
        "01-01/01-03 02-15/02-23 04-04/04-06 05-01/05-05 06-19/06-21 09-25/09-27 10-01/10-07",
        "01-04 02-14 02-28 05-09 09-20 10-10",
    ),
}  # fmt: skip
"""Days off, from/to, and days worked for them: the notices of November 2024 and 2025."""


def read(path, text):
    report = Report()
    (path / "calendar.yaml").write_text(text, "utf-8")
    calendar = read_calendar(path, report)
    return calendar, [str(problem) for problem in report.problems]


def at(text):
    return to_ms(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Asia/Shanghai")))


def shown(t, zone="Asia/Shanghai"):
    return f"{from_ms(t).astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}"


@pytest.mark.parametrize("year", NOTICES)
def test_china_rests_and_makes_up_as_the_state_council_gave_notice(year):
    spans, make_up = NOTICES[year]
    off = set()
    for span in spans.split():
        first, last = (date.fromisoformat(f"{year}-{day}") for day in span.split("/"))
        off |= {first + n * DAY for n in range((last - first).days + 1)}
    found = public_days("CN")
    assert {day for day in found[0] if day.year == year} == off
    assert {day for day in found[1] if day.year == year} == {date.fromisoformat(f"{year}-{d}") for d in make_up.split()}


def test_a_year_without_a_notice_has_its_statutory_days_and_those_in_lieu():
    off, make_up = public_days("CN")
    assert max(make_up) < date(2040, 1, 1)
    in_2040 = {f"{day:%m-%d}" for day in off if day.year == 2040 and day.weekday() < 5}
    assert in_2040 >= {"01-02", "05-01", "05-02", "10-01", "10-02", "10-03"}  # 2040-01-01 is a Sunday
    assert {date(2040, 2, 12) + n * DAY for n in range(3)} <= off  # the Spring Festival: 2040-02-12


@pytest.mark.parametrize(
    ("first", "last", "teaching"),
    [
        pytest.param("2025-09-22", "2025-09-28", 6, id="the week before National Day, with its make-up Sunday"),
        pytest.param("2025-09-29", "2025-10-05", 2, id="National Day"),
        pytest.param("2025-10-06", "2025-10-12", 3, id="Mid-Autumn Festival, and the make-up Saturday"),
        pytest.param("2025-12-29", "2026-01-04", 4, id="New Year"),
        pytest.param("2026-02-09", "2026-02-15", 6, id="the make-up Saturday before the Spring Festival"),
        pytest.param("2026-02-16", "2026-02-22", 0, id="the Spring Festival"),
        pytest.param("2026-02-23", "2026-03-01", 5, id="the make-up Saturday after it"),
    ],
)
def test_teaching_days_follow_china_s_holidays(tmp_path, first, last, teaching):
    calendar, _ = read(tmp_path, ZONE + TERMS + "holidays: CN\n")
    assert calendar.teaching_days(at(first), calendar.day_end(at(last))) == teaching


def test_who_works_on_saturdays_rests_at_the_weekend_of_a_holiday(tmp_path):
    hours = 'service_hours: {mon-sat: ["08:00-12:00"]}\n'
    calendar, _ = read(tmp_path, ZONE + "holidays: CN\n" + hours)
    assert shown(calendar.after(at("2025-09-30 11:00"), 2 * HOUR)) == "2025-10-09 09:00"  # not Saturday, 4 October


def test_without_a_file_it_is_shanghai_with_china_s_holidays_and_office_hours(tmp_path):
    report = Report()
    calendar = read_calendar(tmp_path, report)
    assert not report.problems
    assert calendar.zone.key == "Asia/Shanghai"
    assert calendar.bounds("term", at("2026-03-09")) is None
    assert shown(calendar.bounds("year", at("2026-03-09"))[0]) == "2025-09-01 00:00"
    assert shown(calendar.after(at("2026-02-13 17:00"), 2 * HOUR)) == "2026-02-14 09:00"
    assert shown(calendar.after(at("2026-02-14 17:00"), 6 * HOUR)) == "2026-02-24 15:00"
    same, _ = read(tmp_path, ZONE + "holidays: CN\n")
    assert same.signature == calendar.signature


@pytest.mark.parametrize("text", ["", "holidays: none\n"])
def test_without_a_country_there_are_no_holidays(tmp_path, text):
    calendar, problems = read(tmp_path, ZONE + TERMS + text)
    assert not problems
    assert calendar.teaching_days(at("2025-10-01"), at("2025-10-09")) == 6


@pytest.mark.parametrize(
    ("text", "day"), [("DE", "2025-10-03"), ("DE-BY", "2025-11-01"), ('"NO"', "2026-05-17"), ("IN", "2026-01-26")]
)
def test_another_country_has_its_own_holidays(tmp_path, text, day):
    term = "terms: [{id: a, from: 2025-09-01, to: 2026-07-12}]\nteaching_days: [mon, tue, wed, thu, fri, sat, sun]\n"
    calendar, problems = read(tmp_path, f"time_zone: Asia/Shanghai\nholidays: {text}\n{term}")
    assert not problems
    begin = at(day)
    assert calendar.teaching_days(begin - 24 * HOUR, begin + 48 * HOUR) == 2


def test_a_region_has_more_holidays_than_its_country():
    assert public_days("DE", "BY")[0] > public_days("DE")[0]


def test_every_field_is_read(tmp_path):
    text = """\
time_zone: Europe/Berlin
school_year_starts: 08-15
terms: [{id: b, from: 2026-10-01, to: 2026-11-30}, {id: a, from: 2026-03-02, to: 2026-07-10}]
teaching_days: [mon, sat]
holidays: none
closed: [2026-10-10, {from: 2026-10-29, to: 2026-10-31, reason: sports meeting}]
open: [2026-10-31, {from: 2026-11-03, to: 2026-11-04}]
service_hours: {mon-wed: ["14:00-18:00", "08:00-12:00"], fri: "08:00-24:00", sat: []}
"""
    calendar, problems = read(tmp_path, text)
    assert not problems
    berlin = ZoneInfo("Europe/Berlin")
    first, after = (to_ms(datetime(2026, month, 1, tzinfo=berlin)) for month in (10, 12))
    days = [n for n in range(61) if calendar.teaching_days(*calendar.bounds("day", first + (24 * n + 2) * HOUR))]
    assert [f"{date(2026, 10, 1) + n * DAY:%m-%d}" for n in days] == [
        "10-03", "10-05", "10-12", "10-17", "10-19", "10-24", "10-26", "10-31",
        "11-02", "11-03", "11-04", "11-07", "11-09", "11-14", "11-16", "11-21", "11-23", "11-28", "11-30",
    ]  # fmt: skip
    assert calendar.bounds("term", first) == (first, after)
    assert shown(calendar.bounds("year", first)[0], "Europe/Berlin") == "2026-08-15 00:00"
    friday = to_ms(datetime(2026, 10, 16, 23, tzinfo=berlin))
    assert shown(calendar.after(friday, HOUR), "Europe/Berlin") == "2026-10-17 00:00"
    assert shown(calendar.after(friday, 6 * HOUR), "Europe/Berlin") == "2026-10-19 15:00"


def test_the_plan_has_the_calendar_its_periods_and_its_signature(tmp_path):
    plan = load(folder(tmp_path, rule(), calendar=ZONE + TERMS), SCHEMAS).plan
    assert plan.times.zone.key == "Asia/Shanghai"
    assert plan.periods == plan.times.periods()
    assert plan.calendar == plan.times.signature
    other = load(folder(tmp_path, rule(), calendar=ZONE + TERMS + "closed: [2026-05-06]\n"), SCHEMAS).plan
    assert other.calendar != plan.calendar


def test_the_calendar_that_is_shipped_has_china_s_holidays_and_office_hours():
    report = Report()
    calendar = read_calendar(resource("rules"), report)
    assert not report.problems
    assert calendar.teaching_days(at("2026-09-21"), at("2026-10-12")) == 4 + 3 + 3
    assert shown(calendar.after(at("2026-09-30 17:00"), 2 * HOUR)) == "2026-10-08 09:00"


def test_all_mistakes_of_a_calendar_are_told_at_once(tmp_path):
    text = """\
time_zone: Asia/Shangai
school_year_starts: soon
terms: [{id: a, from: 2026-09-01, to: 2026-08-31}]
teaching_days: [moon]
holidays: CHN
closed: [{from: 2026-10-29}]
open: never
service_hours: {mon-fri: [8-12, "18:00-14:00", "23:00-24:30"], fri: ["08:00-12:00"], Fri: []}
terms_: []
"""
    _, problems = check(folder(tmp_path, rule(), calendar=text), SCHEMAS)
    assert [str(problem).removeprefix("calendar.yaml:") for problem in problems] == [
        "9:9: unknown field terms_ in the calendar (expected: terms)",
        "5:11: unknown country CHN (expected: CN)",
        "1:12: unknown time zone Asia/Shangai (expected: such as Asia/Shanghai)",
        "3:39: the term ends on 2026-08-31, before it begins (expected: a day after 2026-09-01)",
        "2:21: soon is not a day of the year (expected: month-day, such as 09-01)",
        "4:17: unknown weekday moon (expected: mon)",
        "6:10: an entry of closed lacks to (expected: to: …)",
        "7:7: open must be a day, not never (expected: such as 2026-09-01 (1900 to 2199))",
        '8:27: 8-12 is not an interval of the day (expected: such as "08:00-12:00")',
        "8:33: 18:00-14:00 ends before it begins (expected: an end after the begin, 24:00 at most)",
        '8:48: 23:00-24:30 is not an interval of the day (expected: such as "08:00-12:00")',
        "8:69: fri has service hours twice (expected: once; mon-fri names it already)",
        "8:91: Fri is neither a weekday nor a range of them in the order of the week (expected: sat, or mon-fri)",
    ]


@pytest.mark.parametrize(
    ("country", "right"),
    [("cn", "CN"), ("China", "CN"), ("Chn", "CN"), ("germany", "DE"), ("germny", "DE"), ("united_states", "US"),
     ("[CN]", "a code of ISO 3166-1 such as CN, or none"), ("86", "a code of ISO 3166-1 such as CN, or none")],
)  # fmt: skip
def test_the_code_of_an_unknown_country_is_named(tmp_path, country, right):
    _, problems = read(tmp_path, f"{ZONE}holidays: {country}\n")
    assert [problem.partition(" (expected: ")[2] for problem in problems] == [f"{right})"]
