"""Where the rows of a table stand, and which rows are none."""

import pytest

from services.errors import ProblemsError

HEAD = "mapping: m\nsource: s\ntables:\n- to: ticket\n  time: 时间\n"
MAP = HEAD + "  fields: {ticket: 单号, category: 类别, action: {is: created}}\n"
ROW = ["T1", "报修", "2026-09-08 08:00"]


def tickets(found):
    return [one.data.get("ticket") for one in found[0]]


def test_the_header_is_found_below_titles_and_blank_rows(read):
    rows = [["某学院工单一览表"], ["导出时间：2026-11-27"], [], ["单号", "类别", "时间"], ROW]
    assert tickets(read(MAP, rows)) == ["T1"]


def test_blank_rows_totals_notes_and_the_header_again_are_no_records(read):
    rows = [
        ["单号", "类别", "时间"],
        ROW,
        [],
        ["合计", 3],
        ["小计：2单"],
        ["平均分", None, 3.5],
        ["共 80 条"],
        ["单号", "类别", "时间"],
        ["T2", *ROW[1:]],
        ["注：本表只列工单。"],
        ["说明: x"],
    ]
    records, wrong = read(MAP, rows)
    assert ([one.data["ticket"] for one in records], wrong) == (["T1", "T2"], [])
    assert [one.position for one in records] == ["row 2", "row 9"]


def test_a_mapping_says_which_other_rows_are_none(read):
    rows = [["单号", "类别", "时间"], ["打印人 张三", "报修", "x"], ROW]
    assert len(read(MAP, rows)[1]) == 1
    assert tickets(read(MAP.replace("  time", '  skip: ["打印人*"]\n  time'), rows)) == ["T1"]


def test_half_a_row_is_told_with_what_is_not_there(read):
    _, wrong = read(MAP, [["单号", "类别", "时间"], ["T1", None, "2026-09-08 08:00"]])
    assert wrong == ["row 2, column 类别: nothing there for category"]


def test_merged_cells_say_the_same_in_all_their_rows_and_blank_rows_between_stay_blank(read):
    rows = [["类别", "单号", "时间"], ["报修", *ROW[::2]], [None, "T2", ROW[2]], [], ["投诉", "T3", ROW[2]]]
    records, wrong = read(MAP, rows, merged=["A2:A4"])
    assert ([one.data["category"] for one in records], wrong) == (["repair", "repair", "complaint"], [])


def test_a_column_that_is_blank_below_its_first_row_can_be_filled_down(read):
    rows = [["类别", "单号", "时间"], ["报修", *ROW[::2]], [None, "T2", ROW[2]]]
    assert len(read(MAP, rows)[1]) == 1
    assert read(MAP.replace("  time", "  fill: 类别\n  time"), rows)[1] == []


def test_columns_are_found_by_other_words_stars_units_and_the_words_above(read):
    rows = [["工单情况", None, None], ["单 号*", "类别(大类)", "报修\n时间"], ROW]
    text = MAP.replace("time: 时间", "header_rows: 2\n  time: 工单情况/报修时间").replace("单号", "[编号, 单号]")
    assert tickets(read(text, rows, merged=["A1:C1"])) == ["T1"]
    assert tickets(read(MAP.replace("时间", '"*时间"').replace("单号", "单号"), rows[1:])) == ["T1"]


def test_of_several_columns_the_first_counts_that_is_not_blank(read):
    rows = [["单号", "旧单号", "类别", "时间"], [None, "T9", "报修", ROW[2]], ["T2", "T8", "报修", ROW[2]]]
    assert tickets(read(MAP.replace("单号", "[单号, 旧单号]"), rows)) == ["T9", "T2"]


def test_every_column_that_is_missing_is_told_at_once_with_the_nearest(read):
    with pytest.raises(ProblemsError) as error:
        read(MAP, [["单号", "工单类别", "报修时间"], ROW])
    assert [str(one) for one in error.value.problems] == [
        "f.xlsx row 1: there is no column 类别 (expected: 工单类别)",
        "f.xlsx row 1: there is no column 时间 (expected: 报修时间)",
    ]


def test_a_column_that_is_there_twice_is_not_guessed(read):
    with pytest.raises(ProblemsError, match=r"the column 类别 is there more than once \(B, D\)"):
        read(MAP, [["单号", "类别", "时间", "类别"], [*ROW, "投诉"]])


def test_sheets_are_found_by_name_or_pattern_and_hidden_ones_are_not_read(read, book):
    table = [["单号", "类别", "时间"], ROW]
    made = book(hidden=["工单3"], 工单1=table, 工单2=table, 工单3=table, 说明=[["项目", "含义"]])
    named = MAP.replace("  time", "  sheet: 工单1\n  time")
    assert [one.position for one in read(named, made=made)[0]] == ["sheet 工单1 row 2"]
    assert len(read(named.replace("工单1", '"工单*"'), made=made)[0]) == 2
    assert len(read(MAP, made=made)[0]) == 2
    assert len(read(MAP.replace("  time", "  hidden: true\n  time"), made=made)[0]) == 3
    with pytest.raises(ProblemsError, match=r"there is no sheet 台账 .expected: 工单1, 工单2, 说明"):
        read(named.replace("工单1", "台账"), made=made)


def test_a_sheet_without_such_a_header_is_told(read):
    with pytest.raises(ProblemsError, match="no row has these columns: 单号, 类别, 时间"):
        read(MAP, [["x", "y"], ["1", "2"]])


WIDE = """mapping: m
source: s
tables:
- to: assessment
  wide:
    columns: {overall: '^(?P<month>\\d{1,2})月$'}
  time: {part: month, as: month, take: ends}
  fields:
    period: {part: month, as: month}
    student: 学号
    course: {is: G0101}
    teacher: {is: "00007"}
    overall: {part: overall}
"""


def test_a_column_for_each_month_is_a_record_for_each_and_blank_ones_are_none(read):
    records, wrong = read(WIDE, [["学号", "9月", "10月", "备注"], ["s1", "好", None, "x"], ["s2", "差", "中", None]])
    found = [(one.data["student"], one.data["period"], one.data["overall"]) for one in records]
    assert (found, wrong) == ([("s1", "2026-09", "good"), ("s2", "2026-09", "poor"), ("s2", "2026-10", "fair")], [])
    assert records[0].time.isoformat() == "2026-09-30T12:00:00+08:00"


def test_a_wrong_cell_of_a_wide_table_is_told_by_its_own_column(read):
    _, wrong = read(WIDE, [["学号", "9月", "10月"], ["s1", "好", "没来"]])
    assert len(wrong) == 1
    assert wrong[0].startswith("row 2, column 10月: the word 没来 is not known")


def test_a_table_without_a_repeated_column_is_told(read):
    with pytest.raises(ProblemsError, match="no column is like"):
        read(WIDE, [["学号", "九月份"], ["s1", "好"]])


def test_columns_in_groups_take_what_the_headers_say(read):
    text = """mapping: m
source: s
tables:
- to: test
  header_rows: 2
  wide:
    groups: '第\\d+次 (?P<day>\\S+) (?P<sections>\\S+节)'
    columns: {score: '^得分\\(总:(?P<full>[\\d.]+)分\\)', used: 用时}
  fields:
    student: 学号
    class: {of: student.class}
    day: {part: day}
    sections: {part: sections}
    lesson: {as: lesson}
    test: {of: lesson.id}
    max_score: {part: full}
    score: {part: score}
    status: {is: graded}
"""
    rows = [
        ["学生", "第1次 2026.9.8 第1-2节", None, "第2次 9月8日 第3-4节", None],
        ["学号", "得分（总：20分）", "用时", "得分（总：10分）", "用时"],
        ["s1", 15, "4分", "9分", "5分"],
    ]
    records, wrong = read(text, rows, merged=["B1:C1", "D1:E1"])
    assert wrong == []
    assert [(one.data["test"], one.data["score"], one.data["max_score"]) for one in records] == [
        ("k1|G0101|2026-09-08|1-2", 15, 20),
        ("k1|S0101|2026-09-08|3-4", 9, 10),
    ]
    assert records[0].time.isoformat() == "2026-09-08T08:40:00+08:00"


def test_a_title_above_two_header_rows_is_no_part_of_them(read):
    text = MAP.replace("  time: 时间", "  header_rows: 2\n  time: 工单情况/报修时间")
    rows = [["某学院工单一览表"], ["单号", "类别", "工单情况"], [None, None, "报修时间"], ROW]
    assert tickets(read(text, rows, merged=["A2:A3", "B2:B3"])) == ["T1"]
    wide = HEAD.replace("time: 时间", "header_rows: 2\n  wide: {columns: {at: '时间$'}}\n  time: {part: at}")
    fields = "  fields: {ticket: 单号, category: {is: repair}, action: {is: created}}\n"
    rows = [["某学院工单一览表"], ["单号", "报修"], [None, "时间"], ["T1", ROW[2]]]
    assert tickets(read(wide + fields, rows, merged=["A2:A3"])) == ["T1"]
