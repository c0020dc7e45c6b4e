"""What unknown columns probably are: on a college's files right in most, and never wrong where it is certain."""

import random
from dataclasses import replace

import pytest

from services.ingest.mappings.draft import guess_sheets
from services.ingest.mappings.draft_words import UNIMPORTANT
from services.ingest.mappings.draft_yaml import draft_mapping
from services.ingest.mappings.known import Known
from services.tabular.sheets import read_sheets
from tests.acceptance.exports_a import college as script
from tests.unit.ingest.mappings.draft_truth import NEVER_CERTAIN, TRUTH

ENOUGH = 0.8
RENAMED = {
    "学号": "学生号码",
    "考勤结果": "出勤",
    "班级": "行政班级名",
    "节次": "第几节",
    "课程名称": "所上课程",
    "工单号": "单据编号",
}


@pytest.fixture(scope="module")
def folder(shared_data):
    return shared_data.parent / "exports" / "a"


@pytest.fixture(scope="module")
def files(folder):
    return {name: list(read_sheets(folder / name)) for name in dict.fromkeys(name for name, _ in TRUTH)}


@pytest.fixture(scope="module")
def people(folder):
    """The directory of the same college."""
    return Known(script.read(folder).tables)


@pytest.fixture
def days(college):
    return college.days


def judged(files, known, days, renamed=None):
    """(how many are right, of how many, what is wrong and certain)."""
    right, total, wrong = 0, 0, []
    for name, sheets in files.items():
        for guess in guess_sheets(name, sheets, known, days):
            kind, truth = TRUTH.get((name, guess.sheet), ("", {}))
            if not truth:
                continue
            truth = {(renamed or {}).get(header, header): meanings for header, meanings in truth.items()}
            for column in guess.columns:
                meant = truth.get(column.header)
                if meant is not None:
                    total += 1
                    right += column.meaning in meant
                if column.certainty == "certain" and column.meaning not in UNIMPORTANT:
                    bad = column.meaning not in meant if meant is not None else column.header in NEVER_CERTAIN
                    wrong += [(name, column.header, column.meaning)] * bad
            right += guess.kind == kind
            total += 1
    return right, total, wrong


@pytest.mark.properties  # all files of a college
@pytest.mark.shared
@pytest.mark.parametrize("empty", [True, False], ids=["before there is a directory", "with the directory"])
def test_most_columns_that_matter_are_right_and_none_is_wrong_for_certain(files, people, days, empty):
    right, total, wrong = judged(files, Known({}) if empty else people, days)
    assert total > 110
    assert wrong == []
    assert right >= ENOUGH * total, f"{right} of {total}"


@pytest.mark.properties
@pytest.mark.shared
@pytest.mark.parametrize("seed", range(3))
def test_so_it_is_with_renamed_and_reordered_columns(files, people, days, seed):
    changed = {
        name: [reordered(renamed(sheet), seed) for sheet in sheets]
        for name, sheets in files.items()
        if "雨课堂" not in name
    }
    right, total, wrong = judged(changed, people, days, RENAMED)
    assert wrong == []
    assert right >= ENOUGH * total, f"{right} of {total}"


def renamed(sheet):
    rows = [[RENAMED.get(cell, cell) if isinstance(cell, str) else cell for cell in row] for row in sheet.rows]
    return replace(sheet, rows=rows)


def reordered(sheet, seed):
    """In another order; merged cells come apart, as they do in a CSV."""
    width = max(map(len, sheet.rows), default=0)
    order = random.Random(seed).sample(range(width), width)
    rows = [[row[at] if at < len(row) else None for at in order] for row in sheet.rows]
    return replace(sheet, rows=rows, merged=[])


def test_a_draft_is_a_right_mapping_and_says_what_is_not_certain(book, mapping, college):
    path = book(
        表=[
            ["姓名", "学号", "行政班", "上课日期", "节次", "考勤结果"],
            *[["李娜", "s1", "软件2601", "2026-09-08", "1-2节", "旷课"]] * 5,
        ]
    )
    text = draft_mapping(guess_sheets("考勤_20260908.xlsx", path[1], Known(college.tables), college.days))
    (table,) = mapping(text).tables
    assert table.to == "attendance"
    assert {*table.base.fields} == {"class", "day", "sections", "student", "status", "lesson"}
    assert 'files: ["*考勤*.xlsx"]' in text
    assert "status: 考勤结果  # certain: 旷课" in text


def test_what_nobody_knows_is_drafted_as_nothing(book, mapping, college):
    path = book(表=[["甲", "乙", "丙"], ["x", "y", "z"]])
    found = guess_sheets("f.xlsx", path[1], Known(college.tables), college.days)
    assert all(not one.kind for one in found)
    assert "tables: []" in draft_mapping(found)


def drafted(book, mapping, college, rows, name="f.xlsx", **options):
    """(guess, mapping) of one sheet."""
    path = book(name=name, 表=rows, **options)
    (guess,) = guess_sheets(name, path[1], Known(college.tables), college.days)
    return guess, mapping(draft_mapping([guess]))


REGISTER = [
    ["班级：软件2601   课程：高等数学"],
    ["序号", "学号", "姓名", "9-8 1-2节", "9-10 1-2节"],
    [1, "s1", "李娜", "√", "×"],
    [2, "s4", "赵六", "○", "√"],
    ["说明：√出勤 ×旷课 △迟到 ○请假"],
]


def test_a_register_with_a_column_for_each_lesson_is_read_by_its_draft_and_its_legend(book, read, college):
    _, sheets = book(表=REGISTER)
    text = draft_mapping(guess_sheets("f.xlsx", sheets, Known(college.tables), college.days))
    found, wrong = read(text, rows=REGISTER)
    assert wrong == []
    assert [(one.data["student"], one.data["lesson"][-14:], one.data["status"]) for one in found] == [
        ("s1", "2026-09-08|1-2", "present"), ("s1", "2026-09-10|1-2", "absent"),
        ("s4", "2026-09-08|1-2", "leave"), ("s4", "2026-09-10|1-2", "present"),
    ]  # fmt: skip


def test_signs_without_a_legend_are_no_words_that_a_draft_knows(book, read, college):
    rows = [row for row in REGISTER if "说明" not in str(row[0])]
    _, sheets = book(表=rows)
    text = draft_mapping(guess_sheets("f.xlsx", sheets, Known(college.tables), college.days))
    _, wrong = read(text, rows=rows)
    assert ["○" in one for one in wrong] == [True], "nobody knows whether a ring is leave or lateness"


LOG = [
    ["日期", "节次", "班级", "课程", "旷课学生", "迟到学生", "请假学生"],
    ["9月8日", "1、2", "软件2601", "高等数学", "李娜、周杰", "无", "赵六（病假）"],
]


def test_a_log_with_lists_of_names_is_a_roll_call_and_whom_it_names(book, read, college):
    _, sheets = book(表=LOG)
    (guess,) = guess_sheets("f.xlsx", sheets, Known(college.tables), college.days)
    text = draft_mapping([guess])
    assert (guess.kind, guess.lists, "lists: exceptions_only" in text) == ("lists", "exceptions_only", True)
    found, wrong = read(text, rows=LOG)
    assert [one.data.get("status") for one in found if not one.problems] == [None, "absent", "absent"]
    assert len(wrong) == 1
    assert "赵六 may be s4 (k1), s5 (k1)" in wrong[0], "of two of one name in one class nobody is guessed"


def leave_of(at):
    return [
        ["Request No", "Student ID", "Leave Type", "Start Time", "End Time", "Status", "Submit Time"],
        ["L1", "s1", "Sick", f"{at} 8:00 AM", f"{at} 12:00 PM", "Approved", f"{at} 7:11 AM"],
    ]


def test_days_with_the_year_behind_have_a_format_and_two_are_never_certain(book, mapping, college):
    guess, found = drafted(book, mapping, college, leave_of("11/18/2026"))
    assert guess.of("begins").format == "%m/%d/%Y %I:%M %p"
    assert found.tables[0].base.fields["from"][0].format == "%m/%d/%Y %I:%M %p"
    guess, _ = drafted(book, mapping, college, leave_of("08/09/2026"))
    assert {guess.of(one).certainty for one in ("begins", "ends")} == {"guess"}
    assert guess.of("begins").other == "%d/%m/%Y %I:%M %p"


def test_what_no_column_says_is_looked_for_above_the_header(book, read, college):
    rows = [
        ["签到统计"], ["课程：高等数学"], ["开始时间：2026-09-08 08:00"],
        ["姓名", "学号/工号", "行政班级", "签到时间", "签到状态"],
        ["李娜", "s1", "软件2601", "2026-09-08 07:58", "已签"], ["赵六", "s4", "软件2601", "-", "未签"],
    ]  # fmt: skip
    _, sheets = book(表=rows)
    text = draft_mapping(guess_sheets("f.xlsx", sheets, Known(college.tables), college.days))
    found, wrong = read(text, rows=rows)
    assert wrong == []
    assert [(one.data["lesson"], one.data["status"]) for one in found] == [
        ("k1|G0101|2026-09-08|1-2", "present"), ("k1|G0101|2026-09-08|1-2", "absent"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("letters", "drafted_as"), [("ABC", "A: good, B: fair, C: poor"), ("ABCD", ""), ("AB", "")], ids=str
)
def test_letters_are_words_only_where_there_are_three(book, college, letters, drafted_as):
    rows = [["统计月份", "班级", "学号", "课程名称", "评学等级"]]
    rows += [["2026-09", "软件2601", "s1", "高等数学", one] for one in letters]
    _, sheets = book(表=rows)
    text = draft_mapping(guess_sheets("f.xlsx", sheets, Known(college.tables), college.days))
    assert "good" not in text if not drafted_as else drafted_as in text


def test_words_for_marks_are_drafted_as_far_as_they_occur(book, college):
    rows = [["学号", "姓名", "班级", "课程", "考试日期", "节次", "成绩", "总分"]]
    rows += [["s1", "李娜", "软件2601", "高等数学", "2026-09-08", "1-2", one, 100] for one in ("优", "缺考", "合", 60)]
    _, sheets = book(表=rows)
    text = draft_mapping(guess_sheets("f.xlsx", sheets, Known(college.tables), college.days))
    assert "values: {优: 95, 缺考: null}, as: number" in text.replace("缺考: null, 优: 95", "优: 95, 缺考: null")
    assert "values: {缺考: not_submitted}, otherwise: graded" in text


@pytest.mark.parametrize(("totals", "meaning"), [([100] * 6, "max_score"), ([61, 72, 83, 94, 55, 76], "score")])
def test_a_total_is_full_marks_only_where_all_have_the_same(book, college, totals, meaning):
    rows = [["学号", "姓名", "班级", "课程", "考试日期", "节次", "总分"]]
    rows += [["s1", "李娜", "软件2601", "高等数学", "2026-09-08", "1-2", one] for one in totals]
    (guess,) = guess_sheets("f.xlsx", book(表=rows)[1], Known(college.tables), college.days)
    assert guess.columns[-1].meaning == meaning
    assert guess.columns[-1].certainty != "certain"
