"""Kinds of what systems export: instants at midnight, remarks in brackets, tables in one sheet, merged columns."""

from datetime import date, datetime

import pytest

from services.errors import ProblemsError
from services.ingest.mappings import cells, days, sections
from services.ingest.mappings.blocks import blocks
from services.ingest.mappings.cells import WrongCell
from services.ingest.mappings.reading import is_directory, open_mapped
from services.tabular.sheets import Sheet
from tests.unit.ingest.mappings.test_values import DAYS

TICKETS = """mapping: m
source: s
tables:
- to: ticket
  time: 报修时间
  fields: {ticket: 单号, category: {is: repair}, action: {is: created}}
"""
HEAD = ["单号", "报修时间"]
AT_EIGHT = datetime.fromisoformat("2026-09-08 08:00")


@pytest.mark.parametrize(
    ("midnight", "another"),
    [(date(2026, 9, 9), AT_EIGHT), (46274, 46273.5), ("46274", "46273.5"), (date(2026, 9, 9), 46273.5)],
    ids=["real", "serial numbers", "serial numbers as text", "both"],
)
def test_a_day_in_a_column_of_instants_is_its_midnight(read, midnight, another):
    records, wrong = read(TICKETS, [HEAD, ["w1", midnight], ["w2", another]])
    assert wrong == []
    assert records[0].time.isoformat() == "2026-09-09T00:00:00+08:00"


def test_a_column_of_days_alone_has_no_instants(read):
    _, wrong = read(TICKETS, [HEAD, ["w1", date(2026, 9, 9)], ["w2", date(2026, 9, 10)]])
    assert len(wrong) == 2


def test_what_a_mapping_says_of_a_day_alone_goes_before(read):
    text = TICKETS.replace("time: 报修时间", 'time: {column: 报修时间, halves: {day: "23:59"}}')
    records, _ = read(text, [HEAD, ["w1", date(2026, 9, 9)], ["w2", AT_EIGHT]])
    assert records[0].time.isoformat() == "2026-09-09T23:59:00+08:00"


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        ("2026-09-01（转入）", "2026-09-01"),
        ("离校(2026-10-11)", "2026-10-11"),
        ("转入（自2026年9月14日起）", "2026-09-14"),
        ("2026-09-06T23:50:00Z", "2026-09-07"),
        ("2026-09-07T00:10:00", "2026-09-07"),
    ],
)
def test_a_day_with_a_remark_or_a_zone(cell, day):
    assert days.day(cell, DAYS).isoformat() == day


@pytest.mark.parametrize("cell", ["3栋(9-8)", "离校(原因)", "A301(2026)"])
def test_what_has_a_number_in_brackets_is_no_day(cell):
    with pytest.raises(WrongCell):
        days.day(cell, DAYS)


@pytest.mark.parametrize(
    ("cell", "at"), [("2026-09-07T00:00:00Z", "08:00"), ("2026年9月7日 下午2:05", "14:05"), ("8:11", "08:11")]
)
def test_the_time_of_day_of_an_instant(cell, at):
    assert days.clock(cell, DAYS).isoformat("minutes") == at


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("在籍(转入)", ("在籍", "转入")),
        ("迟到12分钟", ("迟到", "")),
        ("旷课 2节", ("旷课", "")),
        ("旷课", ("旷课", "")),
        ("第3次", ("第", "")),
        ("(空)", ("(空)", "")),
    ],
)
def test_a_word_and_the_remark_behind_it(text, told):
    assert cells.without_remark(text) == told


ATTENDANCE = """mapping: m
source: s
tables:
- to: attendance
  fields:
    class: {column: 班级, as: class}
    day: 日期
    sections: 班次
    lesson: {as: lesson}
    student: 学号
    status: {column: 状态, values: {没来: absent}}
"""


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("迟到12分钟", "late"),
        ("事假（已批）", "leave"),
        ("早退(5min)", "early_leave"),
        ("没来（电话）", "absent"),
        ("A.旷课", "absent"),
    ],
)
def test_a_word_counts_without_its_remark(read, said, status):
    rows = [["班级", "日期", "班次", "学号", "状态"], ["软件2601", "2026-09-08", "第1-2节 08:00-09:40", "s1", said]]
    records, wrong = read(ATTENDANCE, rows)
    assert (wrong, records[0].data["status"]) == ([], status)


def test_a_word_whose_remark_says_something_else_is_refused(read):
    rows = [["班级", "日期", "班次", "学号", "状态"], ["软件2601", "2026-09-08", "1-2", "s1", "未到（请假）"]]
    _, wrong = read(ATTENDANCE, rows)
    assert "the word and the remark of 未到（请假） say two things" in "".join(wrong)


def test_sections_may_have_their_times_beside_them():
    assert sections.sections("第1-2节 08:00-09:40") == (1, 2)
    with pytest.raises(WrongCell):
        sections.sections("08:00-09:40")


def test_a_time_within_a_lesson_tells_which_it_is(college):
    lesson = college.lessons.find("k1", date(2026, 9, 8), begins=days.clock("8:20"))
    assert lesson.id == "k1|G0101|2026-09-08|1-2"
    with pytest.raises(WrongCell):
        college.lessons.find("k1", date(2026, 9, 8), begins=days.clock("9:20"))


ROLES = """mapping: m
tables:
- to: directory/roles
  fields: {person: {column: 辅导员, as: person}, scope: 班级, role: {is: counsellor}, scope_kind: {is: class}}
"""


def test_the_last_column_may_be_merged(read):
    rows = [["班级", "辅导员"], ["k1", "李建国"], ["k2"]]
    records, wrong = read(ROLES, rows, wanted=is_directory, merged=["B2:B3"])
    assert (wrong, [one.data["person"] for one in records]) == ([], ["00007", "00007"])


def sheet(*rows):
    return Sheet("表", False, [list(row) for row in rows], [])


BELLS, FREE = ["节次", "上课", "下课"], ["假期名称", "放假时间"]


@pytest.mark.parametrize("between", [[], ["二、放假安排"]], ids=["a blank row", "a title"])
def test_another_header_behind_a_title_or_a_blank_row_begins_another_table(between):
    found = blocks(sheet(["一、作息"], BELLS, ["1", "8:00", "8:40"], between, FREE, ["国庆节", "10月1日-7日"]))
    assert [[at for at, row in enumerate(one.rows) if row] for one in found] == [
        [0, 1, 2],
        [3, 4, 5] if between else [4, 5],
    ]


@pytest.mark.parametrize(
    "rows",
    [
        [BELLS, ["1", "8:00", "8:40"], [], ["2", "8:50", "9:30"]],
        [BELLS, ["1", "8:00", "8:40"], [], BELLS, ["2", "8:50", "9:30"]],
        [BELLS, ["上午"], ["1", "8:00", "8:40"], ["下午"], ["5", "14:00", "14:40"]],
        [["班级", "课程"], ["软件2601", "体育"], ["小计"], ["测验", "考试"]],
        [["班级：软件2601"], [], ["学号", "成绩"], ["s1", 80]],
    ],
    ids=["a blank row", "the header again", "titles within", "data that are words", "titles above"],
)
def test_one_table_stays_one(rows):
    assert len(blocks(sheet(*rows))) == 1


def test_each_table_of_a_sheet_has_its_own_title(read):
    text = """mapping: m
source: s
tables:
- to: ticket
  time: 报修时间
  fields: {ticket: 单号, category: {is: repair}, action: {is: created}, location: {title: '楼栋:(\\S+)'}}
"""
    rows = [["楼栋：A"], HEAD, ["w1", AT_EIGHT], [], ["楼栋：B"], HEAD, ["w2", AT_EIGHT]]
    records, wrong = read(text, rows)
    assert (wrong, [one.data["location"] for one in records]) == ([], ["A", "B"])


def test_a_table_that_nothing_reads_is_passed_over_by_name(mapping, book, known_targets, college):
    path, sheets = book(表=[HEAD, ["w1", AT_EIGHT], [], BELLS, ["1", "8:00", "8:40"]])
    mapped = open_mapped(path, mapping(TICKETS), known_targets, college, sheets=sheets)
    assert len(list(mapped.records())) == 1
    assert mapped.passed_over() == [("row 4", "节次")]


WIDE = """mapping: m
source: s
tables:
- to: attendance
  wide: {columns: {who: '^(?P<day>\\d+月\\d+日)$'}}
  parts: {who: {part: who, split: '[;,、]', pattern: '^(?P<name>.+?)(?P<what>旷课|迟到)$'}}
  fields:
    class: {column: 班级, as: class}
    day: {part: day}
    course: {is: G0101}
    lesson: {as: lesson}
    student: {part: name, as: student, within: class}
    status: {part: what}
"""


def test_the_cell_of_a_wide_column_may_name_several(read):
    records, wrong = read(WIDE, [["班级", "9月8日", "9月10日"], ["软件2601", "李娜旷课、周杰迟到", "李娜迟到"]])
    assert wrong == []
    assert [(one.data["student"], one.data["status"], one.time.day) for one in records] == [
        ("s1", "absent", 8),
        ("s3", "late", 8),
        ("s1", "late", 10),
    ]


def test_parts_of_what_no_wide_column_has_are_told_where_and_what_would_be_right(mapping):
    with pytest.raises(ProblemsError) as error:
        mapping(WIDE.replace("{part: who, split", "{part: whom, split"))
    (problem,) = error.value.problems
    assert str(problem) == (
        "m.yaml:6:16: parts: who splits whom, which is no part of wide columns "
        "(expected: a part of wide (day, who), or a column)"
    )


def test_an_id_that_lost_its_digits_says_so(read):
    rows = [["班级", "日期", "班次", "学号", "状态"], ["软件2601", "2026-09-08", "1-2", 202501000000, "旷课"]]
    _, wrong = read(ATTENDANCE, rows)
    assert "202501000000 has lost digits" in "".join(wrong)
