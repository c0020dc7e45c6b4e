"""What a cell says, however it is written; and what is no such thing."""

import re
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from services.ingest.mappings import cells, day_formats, days, sections
from services.ingest.mappings.cells import WrongCell
from services.ingest.mappings.days import Days

ZONE = ZoneInfo("Asia/Shanghai")
TERM = (date(2026, 8, 31), date(2027, 1, 15))
DAYS = Days(ZONE, date(2026, 11, 27), [TERM])


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("２６级　软件", "26级 软件"),
        ("\t00012", "00012"),
        ("'2501", "2501"),
        (12.0, "12"),
        (None, ""),
        ("\u200b 好", "好"),
        (date(2026, 9, 8), "2026-09-08"),
        (datetime.fromisoformat("2026-09-08 08:05"), "2026-09-08 08:05:00"),
        (time(8, 55), "08:55"),
        (True, "true"),
        ("1—2", "1-2"),
    ],
)
def test_a_cell_is_compared_in_half_width_and_without_what_surrounds_it(cell, text):
    assert cells.plain(cell) == text


@pytest.mark.parametrize(
    ("cell", "ident"),
    [
        (2601010101.0, "2601010101"),
        ("'2501010102", "2501010102"),
        ("\t00012", "00012"),
        ("２６０１", "2601"),
        ("12.0", "12"),
        ("A-7", "A-7"),
        (15, "15"),
    ],
)
def test_an_id_is_text_whatever_a_spreadsheet_made_of_it(cell, ident):
    assert cells.ident(cell) == ident


@pytest.mark.parametrize("cell", [1e15, "2.6010E+09", 12.5, date(2026, 3, 4), True])
def test_what_has_lost_digits_or_is_no_id_is_refused(cell):
    with pytest.raises(WrongCell):
        cells.ident(cell)


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        (85, 85),
        (8.5, 8.5),
        ("85分", 85),
        ("８５", 85),
        ("5.0", 5),
        ("迟到8分钟", 8),
        ("1,200", 1200),
        (" 7 ", 7),
        ("-3", -3),
        ("80%", 80),
    ],
)
def test_a_number_stands_with_a_unit_or_words_or_alone(cell, number):
    assert cells.number(cell) == number
    assert type(cells.number(cell)) is type(number)


@pytest.mark.parametrize(
    "cell", ["", "优", "2.0-1.0", "8小时30分", "扣5分", float("nan"), 1e300, True, date(2026, 1, 2)]
)
def test_two_numbers_or_none_or_what_is_taken_off_is_not_a_number(cell):
    with pytest.raises(WrongCell):
        cells.number(cell)


def test_a_rating_is_a_whole_number():
    assert cells.integer("5.0分") == 5
    with pytest.raises(WrongCell, match="not a whole number"):
        cells.integer("4.5")


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        ("2026-09-08", "2026-09-08"),
        ("2026/9/8", "2026-09-08"),
        ("2026.9.8", "2026-09-08"),
        ("2026年9月8日", "2026-09-08"),
        ("9月8日", "2026-09-08"),
        ("1月4日", "2027-01-04"),
        ("20260908", "2026-09-08"),
        (20260908, "2026-09-08"),
        (46293, "2026-09-28"),
        (46293.75, "2026-09-28"),
        ("46293", "2026-09-28"),
        (date(2026, 9, 8), "2026-09-08"),
        (datetime.fromisoformat("2026-09-08 10:00"), "2026-09-08"),
        ("2026-09-08 星期二", "2026-09-08"),
        ("2026-09-08(周二)", "2026-09-08"),
        ("2026年9月8日 上午8:11", "2026-09-08"),
        ("２０２６－０９－０８", "2026-09-08"),
        ("9.8", "2026-09-08"),
        ("2026-09-08T08:00:00", "2026-09-08"),
        ("Tuesday, 8 September 2026, 10:15 AM", "2026-09-08"),
        ("Sep 8, 2026", "2026-09-08"),
        ("8-Sep-2026", "2026-09-08"),
        ("8th Sept", "2026-09-08"),
    ],
)
def test_a_day_is_written_in_many_ways(cell, day):
    assert days.day(cell, DAYS) == date.fromisoformat(day)


@pytest.mark.parametrize(
    "cell",
    [
        "",
        "2026-13-01",
        "2026-02-30",
        "31月4日",
        "昨天",
        12,
        3.5,
        9.8,
        "2026-09-081",
        "2026年9月",
        True,
        "9月8日至10日",
        "maybe 3",
        "31 Feb 2026",
        "8 Foo 2026",
    ],
)
def test_what_is_no_day_is_refused(cell):
    with pytest.raises(WrongCell):
        days.day(cell, DAYS)


def test_a_day_without_a_year_is_of_the_term_else_the_nearest():
    assert DAYS.nearest(8, 29) == date(2026, 8, 29)
    spring = Days(ZONE, date(2027, 3, 10), [TERM, (date(2027, 2, 22), date(2027, 7, 9))])
    assert spring.nearest(2, 25) == date(2027, 2, 25)
    assert Days(ZONE, date(2026, 1, 5)).nearest(12, 30) == date(2025, 12, 30)
    assert Days(ZONE, date(2028, 2, 1)).nearest(2, 29) == date(2028, 2, 29)


@pytest.mark.parametrize(
    ("cell", "clock"),
    [
        ("8:11", time(8, 11)),
        ("上午8:11", time(8, 11)),
        ("下午2:30", time(14, 30)),
        ("中午12:10", time(12, 10)),
        ("上午12:05", time(0, 5)),
        ("2:30 PM", time(14, 30)),
        ("8点30分", time(8, 30)),
        ("8:11:30", time(8, 11, 30)),
        ("８：１１", time(8, 11)),
        (time(8, 55), time(8, 55)),
        (0.5, time(12)),
        (timedelta(hours=9), time(9)),
        (datetime.fromisoformat("2026-01-01 07:00"), time(7)),
        ("晚上7:00", time(19)),
        ("中午1:30", time(13, 30)),
        ("8点", time(8)),
    ],
)
def test_a_time_of_day_is_written_in_many_ways(cell, clock):
    assert days.clock(cell) == clock


@pytest.mark.parametrize("cell", ["", "25:00", "8", "上午", "8:61", 3, None])
def test_what_is_no_time_of_day_is_refused(cell):
    with pytest.raises(WrongCell):
        days.clock(cell)


@pytest.mark.parametrize(
    ("cell", "moment"),
    [
        ("2026-09-01 24:00", "2026-09-02T00:00:00+08:00"),
        ("Monday, 31 August 2026, 8:04 PM", "2026-08-31T20:04:00+08:00"),
        ("2026/8/31 8:04", "2026-08-31T08:04:00+08:00"),
        ("2026-08-31 上午8:16", "2026-08-31T08:16:00+08:00"),
        ("8月31日 下午6:24", "2026-08-31T18:24:00+08:00"),
        ("2026-08-31T00:00:00Z", "2026-08-31T00:00:00+00:00"),
        ("2026-08-31 08:00:05", "2026-08-31T08:00:05+08:00"),
        (46265.5, "2026-08-31T12:00:00+08:00"),
        (datetime.fromisoformat("2026-08-31 08:00"), "2026-08-31T08:00:00+08:00"),
        ("09-10 16:07", "2026-09-10T16:07:00+08:00"),
        (1788134400, "2026-08-31T08:00:00+08:00"),
        ("1788134400000", "2026-08-31T08:00:00+08:00"),
        ("2026-08-31 8:00:00.123", "2026-08-31T08:00:00+08:00"),
    ],
)
def test_an_instant_is_a_day_with_a_time_of_day(cell, moment):
    assert days.moment(cell, DAYS).isoformat() == moment


def test_a_day_alone_is_no_instant_unless_the_mapping_says_which():
    with pytest.raises(WrongCell, match="no time of day"):
        days.moment("2026-09-01", DAYS)
    halves = {"上午": time(8), "": time(0)}
    assert days.moment("2026-09-01 上午", DAYS, halves).hour == 8
    assert days.moment("2026-09-01", DAYS, halves).hour == 0
    with pytest.raises(WrongCell, match="not a time"):
        days.moment("2026-09-01 傍黑", DAYS, halves)


def test_a_format_of_its_own_is_read_as_it_says():
    assert day_formats.by_format("08/09/2026 7:30", "%d/%m/%Y %H:%M", DAYS).isoformat() == "2026-09-08T07:30:00+08:00"
    with pytest.raises(WrongCell, match="format"):
        day_formats.by_format("2026-09-08", "%d/%m/%Y", DAYS)


@pytest.mark.parametrize(
    ("cell", "first"),
    [
        ("9月", "2026-09-01"),
        ("9", "2026-09-01"),
        (1, "2027-01-01"),
        ("2026-10", "2026-10-01"),
        ("2026年11月份", "2026-11-01"),
        ("十二月", "2026-12-01"),
        ("October 2026", "2026-10-01"),
        ("Jan", "2027-01-01"),
        (date(2026, 9, 8), "2026-09-01"),
    ],
)
def test_a_month_is_of_the_term(cell, first):
    found = days.month(cell, DAYS)
    assert found[0].isoformat() == first
    assert (found[1] + timedelta(days=1)).day == 1


@pytest.mark.parametrize("cell", ["", "13月", "秋"])
def test_what_is_no_month_is_refused(cell):
    with pytest.raises(WrongCell):
        days.month(cell, DAYS)


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        ("3-4节", (3, 4)),
        ("第3-4节", (3, 4)),
        ("第1,2节", (1, 2)),
        ("第５、６节", (5, 6)),
        ("第三四节", (3, 4)),
        ("0304", (3, 4)),
        ("01020304", (1, 4)),
        ("5", (5, 5)),
        (5, (5, 5)),
        ("第5,6,7,8节", (5, 8)),
        (date(2026, 3, 4), (3, 4)),
        ("2026-03-04 00:00:00", (3, 4)),
        ("3月4日", (3, 4)),
        (46085, (3, 4)),
        ("第二大节", (3, 4)),
        ("第5节连续2节", (5, 6)),
        ("第9至10节", (9, 10)),
        ("10-11", (10, 11)),
        ("第十一-十二节", (11, 12)),
        ("1～2节", (1, 2)),
        ("5-8节(下午)", (5, 8)),
        ("第二大节(3-4)", (3, 4)),
        ("第一大节\n(01,02小节)", (1, 2)),
        ("第1-2大节", (1, 4)),
        ("[03-04节]", (3, 4)),
        ("01-02-03-04节", (1, 4)),
    ],
)
def test_sections_are_written_in_many_ways(cell, found):
    assert tuple(sections.sections(cell)) == found


@pytest.mark.parametrize("cell", ["", "上午", "1,2,5,6", "4-3", "第25节", date(2026, 4, 3), "1-2周", 0])
def test_what_is_not_one_run_of_sections_is_refused(cell):
    with pytest.raises(WrongCell):
        sections.sections(cell)


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        ("1-4周", [1, 2, 3, 4]),
        ("01-03", [1, 2, 3]),
        ("第2-4,6-7周", [2, 3, 4, 6, 7]),
        ("1-7周|单周", [1, 3, 5, 7]),
        ("2-6(双)", [2, 4, 6]),
        ("1-5周(单),6", [1, 3, 5, 6]),
        ("1-2周,5-8周(双)", [1, 2, 6, 8]),
        ("1-2,5-8周(双)", [2, 6, 8]),
        ("单1-5周", [1, 3, 5]),
        ("{第1-3周|单周}", [1, 3]),
        ("1-3(周)", [1, 2, 3]),
        ("1-3(单周)", [1, 3]),
        ("3", [3]),
        (7, [7]),
        ("１－２周", [1, 2]),
    ],
)
def test_weeks_are_written_in_many_ways(cell, found):
    assert list(sections.weeks(cell)) == found


@pytest.mark.parametrize(
    "cell", ["", "周一", "4-2周", "0-3周", "1-99周", "单周", "1-16周|三周", "1-4,5-3周", "单1-9周(双)"]
)
def test_what_is_no_weeks_is_refused(cell):
    with pytest.raises(WrongCell):
        sections.weeks(cell)


def test_a_week_of_the_term_begins_on_its_monday():
    assert DAYS.week(1) == (date(2026, 8, 31), date(2026, 9, 6))
    assert Days(ZONE, date(2026, 11, 27), [(date(2026, 9, 2), TERM[1])]).week(2) == (
        date(2026, 9, 7),
        date(2026, 9, 13),
    )
    assert Days(ZONE, date(2026, 11, 27)).week(1) is None


def test_a_full_width_bracket_in_a_pattern_is_one_of_the_text():
    assert cells.pattern("得分（总：([\\d.]+)分）").search("得分(总:20.0分)")[1] == "20.0"
    with pytest.raises(re.error):
        cells.pattern("(")
