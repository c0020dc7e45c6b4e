"""Odd rows as people and systems leave them, with the answer that each must have: what it says, or why it is refused.

Odd and hostile files, before anybody looks at their cells: tests/unit/tabular/test_tabular_corpus.py.
"""

import re
from datetime import date, datetime, time, timedelta

import pytest

from services.tabular.sheets import CellError

ATTENDANCE = """mapping: m
source: app
tables:
- to: attendance
  fields:
    class: {column: 班级, as: class}
    day: 日期
    sections: 节次
    lesson: {as: lesson}
    student: 学号
    status: 结果
"""
HEADER = ["班级", "日期", "节次", "学号", "结果"]
ROW = ["软件2601", "2026-09-08", "1-2节", "s1", "旷课"]
GOOD = ("k1|G0101|2026-09-08|1-2", "s1", "absent")
NOON = datetime(2026, 9, 8, 12)  # noqa: DTZ001 - a spreadsheet knows no zone


def with_(place, cell):
    return [*ROW[:place], cell, *ROW[place + 1 :]]


SAYS_THE_SAME = {
    "class in full-width signs": with_(0, "软件２６０１"),
    "class spread and padded": with_(0, "　软件 2601　"),
    "class as others write it": with_(0, "26软件1班"),
    "class with its year": with_(0, "2026级软件(1)班"),
    "class behind its department": with_(0, "信息工程系/软件2601"),
    "class by its alias": with_(0, "程序一班"),
    "class by its id": with_(0, "k1"),
    "class with its id": with_(0, "k1/软件2601"),
    "day with slashes": with_(1, "2026/9/8"),
    "day with points": with_(1, "2026.9.8"),
    "day in Chinese": with_(1, "2026年9月8日"),
    "day without a year": with_(1, "9月8日"),
    "day of digits": with_(1, "20260908"),
    "day as a number of digits": with_(1, 20260908),
    "day as a serial number": with_(1, 46273),
    "day as a serial number in a text": with_(1, "46273"),
    "day as a real one": with_(1, date(2026, 9, 8)),
    "day with a time": with_(1, NOON),
    "day with a time in a text": with_(1, "2026-09-08 00:00:00"),
    "day with its weekday": with_(1, "2026-09-08(星期二)"),
    "day of a teaching week": with_(1, "第2周 星期二"),
    "day of a teaching week in short": with_(1, "2周周二"),
    "day with its sections": with_(1, "2026-09-08 第1-2节"),
    "day of a teaching week with its sections": with_(1, "第2周 星期二 第1-2节"),
    "day as a formula of text": with_(1, '="2026-09-08"'),
    "day in full-width digits": with_(1, "２０２６－９－８"),
    "sections in full": with_(2, "第1-2节"),
    "sections with a comma": with_(2, "第1、2节"),
    "sections as numerals": with_(2, "第一二节"),
    "sections as digits": with_(2, "0102"),
    "sections as a big one": with_(2, "第一大节"),
    "sections as a big one with the small": with_(2, "第一大节(01,02小节)"),
    "sections that a spreadsheet made a day": with_(2, date(2026, 1, 2)),
    "sections that it made a number": with_(2, 46024),
    "sections with a run": with_(2, "第1节连续2节"),
    "sections behind a day": with_(2, "2026-09-08 第1-2节"),
    "sections behind a day of a teaching week": with_(2, "第2周 星期二 第1-2节"),
    "sections with a tilde": with_(2, "第1～2节"),
    "student as a formula of text": with_(3, '="s1"'),
    "student with an apostrophe": with_(3, "'s1"),
    "student behind a tab": with_(3, "\ts1"),
    "student in other letters": with_(3, "S1"),
    "student in full-width": with_(3, "ｓ１"),
    "student with what nobody sees": with_(3, "s1\u200b"),
    "student beside the name": with_(3, "李娜(s1)"),
    "status padded": with_(4, " 旷课　"),
    "status in other words": with_(4, "缺勤"),
    "status in English": with_(4, "Absent"),
    "status as a sign": with_(4, "×"),
    "cells behind the last column": [*ROW, None, "x"],
}

REFUSED = {
    "a class that there is not": (with_(0, "软件2699"), "no class is called 软件2699"),
    "a class that is a number": (with_(0, 26.5), "26.5 is not an id"),
    "a blank class": (with_(0, None), "nothing there for lesson|class"),
    "a day that there is not": (with_(1, "2026-02-30"), "not a day"),
    "a month that there is not": (with_(1, "2026-13-08"), "not a day"),
    "a day as a number that may be anything": (with_(1, 9.8), "not a day"),
    "a day in words": (with_(1, "昨天"), "not a day"),
    "a truth for a day": (with_(1, True), "not a day"),
    "a time for a day": (with_(1, time(8)), "not a day"),
    "a day of two": (with_(1, "2026-09-08至2026-09-09"), "not a day"),
    "a blank day": (with_(1, "  "), "nothing there for"),
    "sections the other way round": (with_(2, "2-1节"), "is not one run of sections"),
    "sections with a gap": (with_(2, "1,2,5,6节"), "is not one run of sections"),
    "sections that no day has": (with_(2, "第25节"), "is not one run of sections"),
    "a week that no term has for a day": (with_(1, "第2周 星期八"), "not a day"),
    "sections behind a day without them": (with_(2, "第2周 星期二"), "is not one run of sections"),
    "sections in words": (with_(2, "上午"), "is not one run of sections"),
    "sections of another lesson": (with_(2, "5-6节"), "has no lesson on 2026-09-08 at 5-6"),
    "sections as a truth": (with_(2, True), "is not one run of sections"),
    "sections as a time": (with_(2, timedelta(hours=1)), "is not one run of sections"),
    "a student that a spreadsheet has spoilt": (with_(3, 2.6e18), "digits|not an id"),
    "a student as a day": (with_(3, date(2026, 9, 8)), "not an id|not a known"),
    "a student as a truth": (with_(3, True), "not an id"),
    "a blank student": (with_(3, "　"), "nothing there for student"),
    "a student of two names": (with_(3, "李娜"), "李娜 may be s1 .*, s2"),
    "a status that nobody knows": (with_(4, "神游"), "the word 神游 is not known"),
    "a status of two": (with_(4, "迟到、早退"), "is not known"),
    "a status that contradicts itself": (with_(4, "正常(旷课)"), "say two things"),
    "a blank status": (with_(4, None), "nothing there for status"),
    "a number for a status": (with_(4, 1), "is not known"),
    "an error of a spreadsheet": (with_(4, CellError("#REF!")), "#REF!"),
    "half a row": (ROW[:3], "nothing there for"),
}

NO_RECORDS = {
    "nothing": [],
    "blanks": [None, "  ", "　"],
    "a total": ["合计", None, None, 5],
    "a count": ["共 80 条"],
    "how many were there": ["出勤人数", None, None, 28],
    "how many were absent": ["旷课人次：3"],
    "a mean": ["平均分", None, None, 75.5],
    "a note": ["注：旷课以节计"],
    "who made it": ["制表人：王丽"],
    "the header again": HEADER,
}


def said(records):
    return [tuple(one.data.get(name) for name in ("lesson", "student", "status")) for one in records]


@pytest.mark.parametrize("case", SAYS_THE_SAME)
def test_an_odd_row_says_what_it_says(read, case):
    records, wrong = read(ATTENDANCE, rows=[HEADER, SAYS_THE_SAME[case]])
    assert (said(records), wrong) == ([GOOD], [])


@pytest.mark.parametrize("case", REFUSED)
def test_a_row_that_may_mean_anything_is_refused_and_the_next_one_read(read, case):
    row, sentence = REFUSED[case]
    records, wrong = read(ATTENDANCE, rows=[HEADER, row, ROW])
    assert said([one for one in records if not one.problems]) == [GOOD]
    assert wrong
    assert all(one.startswith("row 2") for one in wrong)
    assert any(re.search(sentence, one) for one in wrong), wrong


@pytest.mark.parametrize("case", NO_RECORDS)
def test_what_is_no_record_is_none_wherever_it_stands(read, case):
    records, wrong = read(ATTENDANCE, rows=[["考勤表"], HEADER, NO_RECORDS[case], ROW, NO_RECORDS[case]])
    assert (said(records), wrong) == ([GOOD], [])
