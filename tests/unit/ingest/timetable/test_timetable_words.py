from datetime import date, datetime, time

import pytest

from services.ingest.timetable import words
from services.ingest.timetable.model import Teaching

NEAR = date(2026, 8, 31)


@pytest.mark.parametrize(
    ("written", "weeks"),
    [
        ("1-4", {1, 2, 3, 4}),
        ("1-5周(单)", {1, 3, 5}),
        ("第1-6周|双周", {2, 4, 6}),
        ("2-4,6-7周", {2, 3, 4, 6, 7}),
        ("第２－４，６周", {2, 3, 4, 6}),
        ("{第10-10周}", {10}),
        ("1-5周(单),6-8周", {1, 3, 5, 6, 7, 8}),
        ("01-03", {1, 2, 3}),
        ("7周", {7}),
    ],
)
def test_weeks(written, weeks):
    assert words.weeks(written) == weeks


@pytest.mark.parametrize("written", ["", "周", "5-3", "0-4", "1-61", "1-16周|三周", "abc", "1--4"])
def test_what_are_no_weeks_is_refused(written):
    with pytest.raises(ValueError, match=r".*"):
        words.weeks(written)


@pytest.mark.parametrize(
    ("written", "sections"),
    [
        ("3-4节", (3, 4)),
        ("第5,6节", (5, 6)),
        ("5-6", (5, 6)),
        ("第1-2节", (1, 2)),
        ("第１－４节", (1, 4)),
        ("第3节", (3, 3)),
        ("第9节连续2节", (9, 10)),
        ("1、2节", (1, 2)),
        ("1,2,3,4", (1, 4)),
        (date(2026, 3, 4), (3, 4)),
        (5, (5, 5)),
    ],
)
def test_sections(written, sections):
    assert words.sections(written) == sections


@pytest.mark.parametrize("written", ["", "4-3", "1,3", "0-1", "1-40", "午休", date(2026, 12, 2)])
def test_what_are_no_sections_is_refused(written):
    with pytest.raises(ValueError, match=r".*"):
        words.sections(written)


@pytest.mark.parametrize(("written", "number"), [("周一", 1), ("星期日", 7), ("星期天", 7), ("周5", 5)])
def test_weekdays(written, number):
    assert words.weekday(written) == number


def test_teachers_one_after_the_other_and_together():
    first, second = words.teachers("00007(1-2周),00045(3周)")
    assert (first, second) == (Teaching("00007", frozenset({1, 2})), Teaching("00045", frozenset({3})))
    assert words.teachers("郭鹏飞，韩雪") == (Teaching("郭鹏飞"), Teaching("韩雪"))


@pytest.mark.parametrize("written", [date(2026, 9, 25), "2026.9.25", "2026年9月25日", "9月25日", "2026/9/25", 46290])
def test_days(written):
    assert words.day(written, NEAR) == date(2026, 9, 25)


def test_a_day_without_a_year_is_the_nearest():
    assert words.day("1月3日", date(2026, 10, 1)) == date(2027, 1, 3)


@pytest.mark.parametrize(
    ("written", "wanted"),
    [("上午8:00", time(8)), ("下午2:30", time(14, 30)), ("10:00", time(10)), (time(8, 55), time(8, 55))],
)
def test_times_of_day(written, wanted):
    assert words.clock(written) == wanted


@pytest.mark.parametrize("written", ["2026-10-12-14-41", "2026/10/12 14:41", "2026年10月12日 下午2:41"])
def test_moments(written):
    assert words.moment(written, NEAR) == datetime(2026, 10, 12, 14, 41)  # noqa: DTZ001 - of the college
