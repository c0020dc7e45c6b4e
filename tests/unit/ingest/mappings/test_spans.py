"""Spans and lists of days in one cell, and numbers as other countries and rating forms write them."""

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from services.ingest.mappings import cells, days
from services.ingest.mappings.cells import WrongCell
from services.ingest.mappings.days import Days

ZONE = ZoneInfo("Asia/Shanghai")
DAYS = Days(ZONE, date(2026, 11, 27), [(date(2026, 8, 31), date(2027, 1, 15))])


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        ("8,5", 8.5), ("8,50", 8.5), ("1.234,5", 1234.5), ("1,234", 1234), ("1,234.5", 1234.5), ("7,5分", 7.5),
        ("-3,25", -3.25), ("★★★☆☆", 3), ("★★★★★", 5), ("95,8%", 95.8),
    ],
)  # fmt: skip
def test_a_decimal_comma_and_stars_are_numbers(cell, found):
    assert cells.number(cell) == found


@pytest.mark.parametrize("cell", ["8,5,3", "1,5和2,5", "☆☆☆", "3,5-4,5"])
def test_two_numbers_and_no_star_are_none(cell):
    with pytest.raises(WrongCell):
        cells.number(cell)


@pytest.mark.parametrize(
    ("cell", "first", "last"),
    [
        ("10月1日至10月7日", (10, 1), (10, 7)),
        ("10月1日至7日，共7天", (10, 1), (10, 7)),
        ("10月1日（周四）-7日（周三）放假调休", (10, 1), (10, 7)),
        ("2026-10-01至2026-10-07", (10, 1), (10, 7)),
        ("10.1—10.7", (10, 1), (10, 7)),
        ("2026.9.25-9.27", (9, 25), (9, 27)),
        ("2026年9月25日~27日", (9, 25), (9, 27)),
        ("2026.9.25", (9, 25), (9, 25)),
        (date(2026, 9, 25), (9, 25), (9, 25)),
    ],
)
def test_a_span_of_days_in_one_cell(cell, first, last):
    assert days.span(cell, DAYS) == (date(2026, *first), date(2026, *last))


@pytest.mark.parametrize("cell", ["国庆节", "10月1日至", "10月1日至31月7日", "10月1日至7日至9日"])
def test_what_is_no_span_is_refused(cell):
    with pytest.raises(WrongCell):
        days.span(cell, DAYS)


def test_a_day_of_a_list_has_the_month_before_it():
    assert days.with_months(["10月11日", "12日上班", "2026年11月1日", "2日"]) == [
        "10月11日", "10月12日上班", "2026年11月1日", "2026年11月2日",
    ]  # fmt: skip


def test_a_day_of_a_week_needs_a_term():
    with pytest.raises(WrongCell, match="term"):
        days.day("第3周 星期二", Days(ZONE, date(2026, 11, 27), []))
