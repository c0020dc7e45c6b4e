"""Drafts of further styles: questions of forms, registers by letters, percentages, several header rows."""

import pytest

from services.ingest.mappings.cells import without_option
from services.ingest.mappings.draft import guess_sheets
from services.ingest.mappings.draft_yaml import draft_mapping
from services.ingest.mappings.known import Known


@pytest.fixture
def through_draft(book, read, college):
    """(records, what is wrong, the draft) of rows that are read by their own draft."""

    def made(rows, wanted=None, **options):
        _, sheets = book(表=rows, **options)
        text = draft_mapping(guess_sheets("f.xlsx", sheets, Known(college.tables), college.days))
        if "tables: []" in text:
            return [], [], text
        options |= {"wanted": wanted} if wanted else {}
        return *read(text, rows=rows, **options), text

    return made


def test_questions_and_options_of_a_form_are_read_as_what_they_ask(through_draft):
    head = [
        "ID",
        "提交时间",
        "1.学号（必填）",
        "2、你的姓名",
        "3.所在班级",
        "4.请假类型",
        "5、从何时开始请假",
        "6、何时返校",
    ]
    rows = [[*head, "辅导员审批", "审批意见"]]
    rows += [
        [
            7,
            "2026-09-07 7:10",
            "s1",
            "李娜",
            "软件2601",
            "A. 事假",
            "2026-09-08 08:00",
            "2026-09-08 12:00",
            "通过",
            None,
        ],
        [
            8,
            "2026-09-07 7:10",
            "s2",
            "李娜",
            "软件2602",
            "B、病假",
            "2026-09-08 08:00",
            "2026-09-08 12:00",
            "不通过",
            "无据",
        ],
    ]
    found, wrong, text = through_draft(rows)
    assert wrong == []
    assert [(one.data["student"], one.data["category"], one.data["status"]) for one in found] == [
        ("s1", "personal", "granted"), ("s2", "sick", "refused"),
    ]  # fmt: skip
    assert "status: 辅导员审批" in text, "what was remarked is no decision"


@pytest.mark.parametrize(
    ("text", "without"),
    [("A. 事假", "事假"), ("B、病假", "病假"), ("C）公假", "C）公假"), ("A1", "A1"), ("A. 1", "A. 1"), ("差", "差")],
)
def test_the_letter_of_an_option(text, without):
    assert without_option(text) == without


def test_a_monthly_assessment_out_of_a_form_has_the_question_that_sums_up(through_draft):
    rows = [
        [
            "1、您的姓名：",
            "2、您任教的课程：",
            "3、所在班级：",
            "4、学生学号：",
            "5、评价月份：",
            "6、学习态度如何？",
            "7、综合评价：",
        ]
    ]
    rows += [
        ["王丽", "大学英语（一）", "软件2601", student, "2026年9月", "好", overall]
        for student, overall in (("s1", "差"), ("s4", "一般"))
    ]
    found, wrong, _ = through_draft(rows)
    assert wrong == []
    assert [(one.data["student"], one.data["period"], one.data["overall"]) for one in found] == [
        ("s1", "2026-09", "poor"), ("s4", "2026-09", "fair"),
    ]  # fmt: skip


LEGEND = "符号说明：√出勤  K旷课  C迟到  S事假"


def test_a_register_with_letters_and_the_day_above_the_sections(through_draft):
    rows = [
        ["班级：软件2601　课程：高等数学"],
        ["学号", "姓名", "考勤日期", None, "旷课合计"],
        [None, None, "9.8", "9.10"],
        [None, None, "1-2", "1-2"],
        ["s1", "李娜", "√", "K", 2],
        ["s4", "赵六", "S ", "C", 0],
        [LEGEND],
        ["任课教师签字："],
    ]
    merged = ["A2:A4", "B2:B4", "C2:D2", "E2:E4"]
    found, wrong, _ = through_draft(rows, merged=merged)
    assert wrong == []
    assert [(one.data["student"], one.data["lesson"][-14:], one.data["status"]) for one in found] == [
        ("s1", "2026-09-08|1-2", "present"), ("s1", "2026-09-10|1-2", "absent"),
        ("s4", "2026-09-08|1-2", "leave"), ("s4", "2026-09-10|1-2", "late"),
    ]  # fmt: skip
    _, wrong, text = through_draft([row for row in rows if row[0] != LEGEND], merged=merged)
    assert wrong or "tables: []" in text, "without a legend nobody knows what K is"


def test_headers_with_line_breaks_and_full_marks_in_the_title(through_draft):
    rows = [
        ["课程：高等数学  班级：软件2601"],
        ["课堂小测（满分20分，12分合格）"],
        ["学号", "姓名", "第1次小测\n(9月8日 1-2节)", "第2次小测\n(9月10日 1-2节)"],
        ["s1", "李娜", 15, "缺考"],
        ["s4", "赵六", "１８", 9],
    ]
    found, wrong, _ = through_draft(rows)
    assert wrong == []
    assert [(one.data["student"], one.data.get("score"), one.data["status"]) for one in found] == [
        ("s1", 15, "graded"), ("s1", None, "not_submitted"), ("s4", 18, "graded"), ("s4", 9, "graded"),
    ]  # fmt: skip
    assert {(one.data["max_score"], one.data["pass_score"]) for one in found} == {(20, 12)}


@pytest.mark.parametrize(("marks", "full"), [(["85%", "40%"], 100), ([0.85, 0.4], 1), ([85, 40], 100)])
def test_a_percentage_is_of_100_or_what_a_spreadsheet_keeps_of_1(through_draft, marks, full):
    rows = [["教学班", "课程", "学号", "学生", "答题日期", "节次", "正确率"]]
    rows += [["软件2601", "高等数学", "s1", "李娜", "2026-09-08", "1-2节", one] for one in marks]
    found, wrong, text = through_draft(rows)
    assert wrong == []
    assert {one.data["max_score"] for one in found} == {full}
    assert f"max_score: {{is: {full}}}  # likely" in text


def test_what_letters_are_worth_is_asked_for_and_not_guessed(through_draft):
    rows = [["班级", "课程", "学号", "姓名", "测评日期", "节次", "达标等级"]]
    rows += [["软件2601", "高等数学", "s1", "李娜", "2026-09-08", "1-2节", one] for one in ("A", "B", "D", "缺考")]
    found, wrong, text = through_draft(rows)
    assert len(wrong) == len(found) - 1 or wrong
    assert "# score: the college says what these are worth: values: {A: …, B: …, D: …}" in text
    assert "certain: A" not in text


def test_words_of_satisfaction_and_moments_in_other_words_make_the_steps_of_a_ticket(through_draft):
    rows = [["工单流水", "业务类型", "发生地点", "提交时刻", "接单时刻", "办结时刻", "满意度", "评价时刻"]]
    at = "2026年9月{}日 9:00"
    rows += [["Q101", "报修", "A301", *map(at.format, (1, 2, 3)), "非常满意", at.format(4)]]
    rows += [["Q102", "投诉", "A301", *map(at.format, (1, 2)), None, None, None]]
    found, wrong, _ = through_draft(rows)
    assert wrong == []
    assert [(one.data["ticket"], one.data["action"], one.data.get("rating"), one.time.day) for one in found] == [
        ("Q101", "created", None, 1), ("Q101", "responded", None, 2), ("Q101", "resolved", None, 3),
        ("Q101", "rated", 5, 4),
        ("Q102", "created", None, 1), ("Q102", "responded", None, 2),
    ]  # fmt: skip


def test_a_roll_call_that_was_not_handed_in_is_none_whatever_the_word(through_draft):
    rows = [["行政班", "日期", "节次", "课程", "应到", "上报状态"]]
    rows += [["软件2601", "2026-09-08", "1-2节", "高等数学", 40, "已上报"]]
    rows += [["软件2601", "2026-09-10", "1-2节", "高等数学", 40, "未上报"]]
    found, wrong, _ = through_draft(rows)
    assert wrong == []
    assert [one.data["lesson"] for one in found] == ["k1|G0101|2026-09-08|1-2"]


def test_a_table_in_which_no_column_is_of_its_kind_alone_is_of_none(through_draft):
    rows = [["班级", "课程", "学号", "姓名", "日期", "节次", "甲"]]
    rows += [["软件2601", "高等数学", "s1", "李娜", "2026-09-08", "1-2节", "x"]]
    found, wrong, text = through_draft(rows)
    assert (found, wrong, "tables: []" in text) == ([], [], True)


def test_time_of_day_and_days_that_no_label_stands_before(book, mapping, college):
    rows = [["考勤异常（2026年8月31日—2026年9月27日）"], ["导出日期：2026/9/28 上午8:00"]]
    rows += [["行政班", "日期", "课节", "学号", "考勤结果"], ["软件2601", "2026-09-08", "1-2节", "s1", "旷课"]]
    _, sheets = book(表=rows)
    found = mapping(draft_mapping(guess_sheets("f.xlsx", sheets, Known(college.tables), college.days)))
    title, times = "考勤异常(2026年8月31日-2026年9月27日)", "导出日期:2026/9/28 上午8:00"
    assert found.exported[0].title.search(times)[1] == "2026/9/28 上午8:00"
    first, last = (one[0].title.search(title)[1] for one in (found.covers.first, found.covers.last))
    assert (first, last) == ("2026年8月31日", "2026年9月27日")


def test_begin_and_end_of_a_section_in_one_cell_and_a_change_in_other_words(through_draft):
    rows = [["时段", "节次", "起止时间", "备注"], ["上午", "第一节", "8:00—8:45"], ["上午", "第二节", "8:55~9:40"]]
    found, wrong, _ = through_draft(rows, wanted=lambda _: True)
    assert wrong == []
    assert [tuple(one.data[name] for name in ("sections", "begins", "ends")) for one in found] == [
        ("1-1", "08:00", "08:45"), ("2-2", "08:55", "09:40"),
    ]  # fmt: skip
    rows = [["课程", "上课班级", "类别", "原时间", "新时间", "新地点", "新任课教师", "审核状态"]]
    rows += [["高等数学", "软件2601", "停课", "第2周 星期二 1-2节", None, None, None, "通过"]]
    rows += [["高等数学", "软件2601", "调课", "第2周 星期四 1-2节", "第2周 星期五 3-4节", "A1", "李建国", "通过"]]
    rows += [["高等数学", "软件2601", "代课", "第2周 星期四 1-2节", None, None, "李建国", "驳回"]]
    found, wrong, _ = through_draft(rows, wanted=lambda _: True)
    assert wrong == []
    assert [(one.data["status"], one.data.get("room"), one.data.get("teacher")) for one in found] == [
        ("cancelled", None, None), ("moved", "A1", "李建国"),
    ]  # fmt: skip


def test_the_sum_below_a_word_is_what_that_word_says(through_draft):
    rows = [["课程代码", "课程名称", "学时分配", None, None, "教学班组成", "任课教师"]]
    rows += [[None, None, "总计", "讲授", "实践"], ["G0101", "高等数学", 64, 32, 32, "软件2601", "李建国"]]
    merged = ["A1:A2", "B1:B2", "C1:E1", "F1:F2", "G1:G2"]
    found, wrong, text = through_draft(rows, wanted=lambda _: True, merged=merged)
    assert wrong == []
    assert [one.data["planned_hours"] for one in found] == [64], text


@pytest.mark.parametrize("head", ["异动日期", None])
def test_a_roll_that_says_who_is_gone_has_the_day_or_says_that_it_lacks_it(book, college, head):
    rows = [["行政班：软件2601"], ["学号", "姓名", "班级", "性别", "学籍状态", head]]
    rows += [["s1", "李娜", "软件2601", "女", "在籍"], ["s4", "赵六", "软件2601", "男", "休学", "2026年9月16日"]]
    _, sheets = book(表=rows)
    text = draft_mapping(guess_sheets("f.xlsx", sheets, Known(college.tables), college.days))
    assert ("day: {column: 异动日期, as: day}" in text) == bool(head)
    assert ("# day: no column was found for it" in text) == (head is None)


def test_a_post_whose_unit_stands_beside_it_is_the_role_of_both(through_draft):
    rows = [["工号", "姓名", "所在部门", "行政职务"]]
    rows += [
        ["00007", "李建国", "学生工作处", "处长"],
        ["00012", "王丽", "后勤处", "处长"],
        ["00040", "王丽", "教务处", "干事"],
    ]
    found, wrong, _ = through_draft(rows, wanted=lambda table: table.to == "directory/roles")
    assert wrong == []
    assert sorted((one.data["person"], one.data["role"], one.data.get("scope", "")) for one in found) == [
        ("00007", "department_head", "学生工作处"), ("00007", "student_affairs", ""),
        ("00012", "department_head", "后勤处"),
    ]  # fmt: skip


def test_a_time_of_reporting_belongs_to_the_table_and_a_short_name_stays_one_once_it_is_known(book, college):
    rows = [["行政班", "日期", "节次", "课程", "上报状态", "上报时间"]]
    rows += [["软件2601", "2026-09-08", "1-2节", "高等数学", "已上报", "2026-09-08 8:10"]]
    rows += [["软件2601", "2026-09-10", "1-2节", "高等数学", "已上报", "2026-09-10 8:10"]]
    (roll,) = guess_sheets("f.xlsx", book(表=rows)[1], Known(college.tables), college.days)
    assert [one.header for one in roll.columns if one.meaning == "submitted"] == ["上报时间"]
    rows = [["班级编号", "班级名称", "班级简称", "班主任"], ["k1", "软件2601", "程序一班", "王丽"]]
    (classes,) = guess_sheets("f.xlsx", book(表=rows)[1], Known(college.tables), college.days)
    assert [one.header for one in classes.columns if one.meaning == "class_alias"] == ["班级简称"]


def test_two_lessons_below_one_day_are_two_records(through_draft):
    rows = [["班级：软件2601"], ["学号", "姓名", "9.8", None], [None, None, "1-2", "3-4"]]
    rows += [["s1", "李娜", "√", "K"], ["s4", "赵六", None, "S"], [LEGEND]]
    found, wrong, _ = through_draft(rows, merged=["A2:A3", "B2:B3", "C2:D2"])
    assert wrong == []
    assert [(one.data["student"], one.data["lesson"], one.data["status"]) for one in found] == [
        ("s1", "k1|G0101|2026-09-08|1-2", "present"), ("s1", "k1|S0101|2026-09-08|3-4", "absent"),
        ("s4", "k1|S0101|2026-09-08|3-4", "leave"),
    ]  # fmt: skip
