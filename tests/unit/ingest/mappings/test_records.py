"""From rows to events: where values stand, tables of values, conditions, several records out of one row."""

from pathlib import Path

import pytest

from services.ingest.mappings.reading import event_of, open_mapped
from services.tabular.sheets import CellError, Sheet

ATTENDANCE = """mapping: m
source: s
tables:
- to: attendance
  fields:
    class: {column: 班级, as: class}
    course: {column: 课程, blank: null}
    day: 日期
    sections: 节次
    lesson: {as: lesson}
    student: {column: 学生, as: student, within: class}
    status: 结果
    minutes_late: {column: 分钟, as: number, when: {column: 结果, is: 迟到}}
"""
HEAD = ["班级", "课程", "日期", "节次", "学生", "结果", "分钟"]


def test_a_row_of_attendance_takes_from_its_lesson_what_it_does_not_say(read):
    records, wrong = read(
        ATTENDANCE, [HEAD, ["软件2601", "高等数学", "9月8日", "1-2节", "李　娜", "迟到", "迟到8分钟"]]
    )
    assert wrong == []
    assert records[0].data == {
        "class": "k1",
        "course": "G0101",
        "lesson": "k1|G0101|2026-09-08|1-2",
        "student": "s1",
        "status": "late",
        "minutes_late": 8,
        "teacher": "00007",
        "hours": 2,
    }
    assert records[0].time.isoformat() == "2026-09-08T08:00:00+08:00"


def test_a_field_can_hold_for_some_rows_only(read):
    records, _ = read(ATTENDANCE, [HEAD, ["软件2601", "", "9月8日", "1-2节", "李娜", "旷课", 8]])
    assert "minutes_late" not in records[0].data


def test_everything_that_is_wrong_with_a_row_is_told_at_once_by_its_columns(read):
    _, wrong = read(ATTENDANCE, [HEAD, ["软件2601", "", "昨天", "1,2,5节", "赵六", "不知道", None]])
    columns = [one.partition(": ")[0].partition("column ")[2] for one in wrong]
    assert columns == ["日期", "节次", "学生", "结果"]
    assert "赵六 may be s4 (k1), s5 (k1)" in "".join(wrong)


def test_what_the_row_said_is_kept_for_whoever_looks_after_it(read):
    records, _ = read(ATTENDANCE, [HEAD, ["软件2601", "", "昨天", "1-2", "s1", "旷课", None]])
    assert records[0].original == {"班级": "软件2601", "日期": "昨天", "节次": "1-2", "学生": "s1", "结果": "旷课"}


def test_a_student_of_another_class_is_not_taken_for_one_of_the_row(read):
    _, wrong = read(ATTENDANCE, [HEAD, ["软件2602", "", "2026-09-22", "3-4", "李建国", "旷课", None]])
    assert "no" in wrong[0]
    _, wrong = read(ATTENDANCE, [HEAD, ["软件2602", "", "2026-09-22", "3-4", "赵六", "旷课", None]])
    assert "赵六 may be" in wrong[0]


def test_whoever_has_moved_since_is_found_by_the_class_of_today_where_nobody_else_is_called_so(read):
    text = ATTENDANCE.replace("    lesson: {as: lesson}\n", "    lesson: {is: L1}\n").replace(
        "  fields", "  time: 日期\n  fields"
    )
    rows = [HEAD, ["软件2602", "", "2026-09-08 08:00", "3-4", "周杰", "旷课", None]]
    records, wrong = read(text, rows)
    assert (records[0].data["student"], wrong) == ("s3", [])


def test_whoever_has_moved_is_found_in_the_class_of_that_day(read):
    records, wrong = read(ATTENDANCE, [HEAD, ["软件2602", "", "2026-09-22", "3-4", "周杰", "旷课", None]])
    assert (records[0].data["student"], wrong) == ("s3", [])


TICKET = """mapping: m
source: {id: s}
tables:
- to: ticket
  fields:
    ticket: 单号
    category: 类别
    priority: {column: 急, values: {加急: urgent}, blank: normal, otherwise: normal}
  rows:
  - time: 报修
    retracted: {column: 状态, values: {已撤销: true}, otherwise: false}
    fields: {action: {is: created}, step: {is: 1}}
  - time: 完成
    fields: {action: {is: resolved}, step: {is: 2}}
  - when: 评分
    time: 完成
    fields: {action: {is: rated}, step: {is: 3}, rating: {column: 评分, as: integer}}
"""
TICKETS = ["单号", "类别", "急", "报修", "完成", "评分", "状态"]


def test_one_row_is_several_events_and_none_where_there_is_no_time(read):
    rows = [
        TICKETS,
        ["T1", "报修", "加急", "2026-09-08 08:00", "2026-09-08 10:00", "5分", "已评价"],
        ["T2", "投诉", None, "2026-09-08 08:00", None, None, "已撤销"],
    ]
    records, wrong = read(TICKET, rows)
    assert wrong == []
    assert [(one.data["ticket"], one.data["action"], one.data["priority"], one.retracted) for one in records] == [
        ("T1", "created", "urgent", False),
        ("T1", "resolved", "urgent", False),
        ("T1", "rated", "urgent", False),
        ("T2", "created", "normal", True),
    ]
    assert records[2].data["rating"] == 5


def test_a_cell_that_names_several_is_a_record_for_each(read):
    text = """mapping: m
source: s
tables:
- to: rollcall
  when: {column: 状态, is: [已提交, 已点名]}
  parts: {class: {column: 班级, split: '[;,]'}}
  time: 时间
  fields: {class: {part: class, as: class}, lesson: {text: "{class}|{day}|{sections}"}, day: 日期, sections: 节次}
"""
    rows = [
        ["班级", "日期", "节次", "状态", "时间"],
        ["软件2601；软件2602", "9月8日", "第1、2节", "已提交", "2026-09-08 8:11"],
        ["软件2601", "9月9日", "1-2", "未提交", None],
    ]
    records, wrong = read(text, rows)
    assert wrong == []
    assert [one.data["lesson"] for one in records] == ["k1|2026-09-08|1-2", "k2|2026-09-08|1-2"]


def test_pieces_have_groups_and_one_that_is_not_like_the_pattern_is_told(read):
    text = """mapping: m
tables:
- to: directory/roles
  parts: {teacher: {column: 教师, split: ',', pattern: '^(\\d+)\\((?P<weeks>.+周)\\)$'}}
  fields:
    role: {is: course_teacher}
    person: {part: teacher}
    scope_kind: {is: course}
    scope: 课程
    from: {part: weeks, as: weeks, take: begins}
    to: {part: weeks, as: weeks, take: ends}
"""
    rows = [["课程", "教师"], ["高等数学", "7(1-9周),40(10-20周)"], ["高等数学", "7"]]
    records, wrong = read(text, rows, wanted=lambda table: True)
    assert [(one.data["person"], one.data["scope"], one.data["from"], one.data["to"]) for one in records[:2]] == [
        ("00007", "G0101", "2026-08-31", "2026-11-01"),
        ("00040", "G0101", "2026-11-02", "2027-01-15"),
    ]
    assert len(wrong) == 1
    assert wrong[0].startswith("row 3, column 教师: 7 is not like")


def test_values_stand_above_the_table_in_its_name_in_a_cell_and_on_another_sheet(mapping, book, known_targets, college):
    text = """mapping: m
source: s
exported_at: {title: '导出时间:(\\S+ \\S+)'}
covers: {kind: test, from: {file: '_(\\d{8})-'}, to: {file: '-(\\d{8})'}}
tables:
- to: test
  sheet: "*"
  parts: {course: {sheet: '^([^-]+)'}}
  time: {title: '考试时间:(.+)'}
  fields:
    test: {cell: B1}
    student: 学号
    course: {part: course, as: course}
    score: 成绩
    max_score: {is: 20}
    pass_score: {beside: '合格线:{course}', on_sheet: 说明, pattern: '^(\\d+)'}
    status: {is: graded}
"""
    path, sheets = book(
        name="成绩_20260901-20260930.xlsx",
        **{
            "高等数学-软件": [
                ["测验", "第一次"],
                ["导出时间：2026-11-01 08:00"],
                ["考试时间：2026年9月8日 上午9:00"],
                ["学号", "成绩"],
                ["s1", 15],
            ],
            "说明": [["合格线：高等数学", None, "12分（满分20分）"]],
        },
    )
    mapped = open_mapped(path, mapping(text), known_targets, college, sheets=sheets)
    ((reader, record),) = mapped.records()
    assert record.problems == []
    assert mapped.covers == "test of 2026-09-01 to 2026-09-30"
    told = event_of(record, reader.found.table, mapped)
    assert told["time"] == "2026-09-08T09:00:00+08:00"
    assert told["recordedat"] == "2026-11-01T08:00:00+08:00"
    assert told["data"] == {
        "test": "第一次",
        "student": "s1",
        "course": "G0101",
        "score": 15,
        "max_score": 20,
        "pass_score": 12,
        "status": "graded",
    }


@pytest.mark.parametrize(
    ("word", "score", "status"),
    [
        (85, 85, "graded"),
        ("85分", 85, "graded"),
        ("优", 95, "graded"),
        ("缺考", None, "not_submitted"),
        ("８５", 85, "graded"),
    ],
)
def test_words_become_points_or_no_points_by_a_table(read, word, score, status):
    text = """mapping: m
source: s
values: {points: {优: 95, 缺考: null}}
tables:
- to: test
  time: 时间
  fields:
    test: 检测
    student: 学号
    max_score: {is: 100}
    score: {column: 成绩, values: points}
    status: {column: 成绩, values: {缺考: not_submitted}, otherwise: graded}
"""
    records, wrong = read(text, [["检测", "学号", "成绩", "时间"], ["Q1", "s1", word, "2026-09-08 8:00"]])
    assert wrong == []
    assert (records[0].data.get("score"), records[0].data["status"]) == (score, status)


def test_two_columns_together_can_be_a_word(read):
    text = """mapping: m
source: s
tables:
- to: leave
  time: 开始
  fields:
    student: 学号
    from: {column: 开始, halves: {上午: "08:00"}}
    to: {column: 结束, halves: {上午: "12:00", day: "18:00"}}
    status: {join: [状态, 结果], values: {已完成/同意: granted}}
"""
    head = ["学号", "开始", "结束", "状态", "结果"]
    records, wrong = read(
        text,
        [
            head,
            ["s1", "2026-09-08 08:00", "2026-09-08", "已完成", "同意"],
            ["s2", "2026-09-08 08:00", "2026-09-08 上午", "已撤销", None],
        ],
    )
    assert wrong == []
    assert [(one.data["status"], one.data["to"]) for one in records] == [
        ("granted", "2026-09-08T18:00:00+08:00"),
        ("cancelled", "2026-09-08T12:00:00+08:00"),
    ]


def test_a_field_that_needs_itself_has_no_value_and_nothing_hangs(read):
    text = ATTENDANCE.replace("day: 日期", 'day: {text: "{lesson}"}')
    records, _ = read(text, [HEAD, ["软件2601", "", "9月8日", "1-2节", "s1", "旷课", None]])
    assert "lesson" not in records[0].data


def test_an_error_of_a_spreadsheet_and_a_formula_without_a_value_are_told(mapping, known_targets, college):
    rows = [HEAD, ["软件2601", "", "9月8日", "1-2", CellError("#N/A"), None, None]]
    sheet = Sheet("表", False, rows, [], uncalculated=frozenset({(2, 6)}))
    mapped = open_mapped(Path("f.xlsx"), mapping(ATTENDANCE), known_targets, college, sheets=[sheet])
    ((_, record),) = mapped.records()
    assert [str(one).partition(" (")[0] for one in record.problems] == [
        "row 2, column 学生: #N/A is an error, no value",
        "row 2, column 结果: a formula that was never calculated",
    ]
