"""Kinds of tables of which a first mapping is drafted: what it says is read as it stands."""

import pytest

from services.ingest.mappings.draft import guess_sheets
from services.ingest.mappings.draft_yaml import draft_mapping
from services.ingest.mappings.headers import Header
from services.ingest.mappings.known import Known
from services.ingest.mappings.reading import is_directory
from tests.unit.ingest.mappings.conftest import SCHEMAS


def test_times_of_the_sections_are_drafted(book, mapping, college):
    rows = [
        ["时段", "节次", "上课时间", "下课时间"],
        ["上午", "第1节", 0.333, 0.364],
        ["上午", "第2节", "9:00", "9:45"],
    ]
    (guess,) = guess_sheets("f.xlsx", book(表=rows)[1], Known(college.tables), college.days)
    (table,) = mapping(draft_mapping([guess])).tables
    assert (guess.kind, table.to) == ("bells", "timetable/sections")
    assert sorted(table.base.fields) == ["begins", "ends", "sections"]


DAYS_OFF = [
    ["节日", "放假时间", "调休安排"],
    ["中秋节", "9月25日至27日", None],
    ["国庆节", "10月1日至7日，共7天", "9月20日补10月6日（周二）的课、10月10日补10月7日的课"],
]


def test_days_off_and_several_days_that_are_made_up_in_one_cell_are_drafted(book, read, college):
    rows = [[*row] for row in DAYS_OFF]
    rows[0][2] = "调休补课"
    text = draft_mapping(guess_sheets("f.xlsx", book(表=rows)[1], Known(college.tables), college.days))
    found, wrong = read(text, rows=rows, wanted=lambda _: True)
    assert wrong == []
    assert [one.data for one in found] == [
        {"from": "2026-09-25", "to": "2026-09-27"}, {"from": "2026-10-01", "to": "2026-10-07"},
        {"from": "2026-09-20", "follows": "2026-10-06"}, {"from": "2026-10-10", "follows": "2026-10-07"},
    ]  # fmt: skip


def test_a_day_that_is_made_up_without_its_day_is_refused(book, read, college):
    rows = [["节日", "放假时间", "调休补课"], ["国庆节", "10月1日至7日", "10月10日、11日上班"]]
    text = draft_mapping(guess_sheets("f.xlsx", book(表=rows)[1], Known(college.tables), college.days))
    found, wrong = read(text, rows=rows, wanted=lambda _: True)
    assert [one.data for one in found if not one.problems] == [{"from": "2026-10-01", "to": "2026-10-07"}]
    assert len(wrong) == 2
    assert "10月11日上班" in wrong[1], "nobody knows whose lessons that day has"


def test_one_column_may_say_day_and_sections(book, read, college):
    rows = [
        ["Class 班级", "上课时间", "Student No 学号", "Status 考勤状态"],
        ["软件2601", "第2周 星期二 第1-2节", "s1", "迟到"],
        ["软件2601", "2026-09-08 1-2节", "s4", "旷课"],
    ]
    text = draft_mapping(guess_sheets("f.xlsx", book(表=rows)[1], Known(college.tables), college.days))
    found, wrong = read(text, rows=rows)
    assert wrong == []
    assert [(one.data["lesson"], one.data["status"]) for one in found] == [
        ("k1|G0101|2026-09-08|1-2", "late"), ("k1|G0101|2026-09-08|1-2", "absent"),
    ]  # fmt: skip


def test_a_row_for_each_step_of_a_ticket(book, read, college):
    rows = [["报修单号", "报修类别", "流转环节", "操作时间", "满意度"]]
    rows += [
        ["W101", "维修", "提交申请", "2026-09-08 8:00", None],
        ["W101", "维修", "用户评价", "2026-09-09 8:00", "★★★★☆"],
    ]
    rows += [["W101", "维修", "派单受理", "2026-09-08 9:00", None]]
    text = draft_mapping(guess_sheets("f.xlsx", book(表=rows)[1], Known(college.tables), college.days))
    found, wrong = read(text, rows=rows)
    assert wrong == []
    assert [(one.data["action"], one.data.get("rating")) for one in found] == [
        ("created", None), ("rated", 4), ("responded", None),
    ]  # fmt: skip


def test_a_tutor_of_two_of_one_name_is_who_teaches_in_the_department(book, read, college):
    rows = [["班级编码", "班级全称", "所属专业", "所在学院", "班主任"]]
    rows += [
        ["k1", "软件2601", "软件技术", "信息工程系", "李建国"],
        ["k2", "软件2602", "软件技术", "信息工程系", "王丽"],
    ]
    text = draft_mapping(guess_sheets("f.xlsx", book(表=rows)[1], Known(college.tables), college.days))
    found, wrong = read(text, rows=rows, wanted=lambda table: table.to == "directory/roles")
    assert wrong == []
    assert [(one.data["scope"], one.data["person"]) for one in found] == [("k1", "00007"), ("k2", "00040")]


def test_posts_are_drafted_as_roles(book, read, college):
    rows = [["职工编码", "教工名字", "工作单位", "教研室名", "担任职务", "附加信息"]]
    rows += [["00012", "王丽", "信息工程系", "软件技术教研室", "系主任", "专业带头人(软件技术)"]]
    rows += [["00007", "李建国", "信息工程系", "软件技术教研室", "软件技术教研室主任", ""]]
    rows += [["00040", "王丽", "学生工作处", "", "学生工作处处长", ""], ["0700", "甲", "学院领导", "", "院长", ""]]
    text = draft_mapping(guess_sheets("f.xlsx", book(表=rows)[1], Known({}), college.days))
    found, wrong = read(text, rows=rows, wanted=lambda table: table.to == "directory/roles")
    assert wrong == []
    assert {(one.data["role"], one.data["person"], one.data.get("scope")) for one in found} == {
        ("department_head", "00012", "info"), ("major_head", "00012", "510203"),
        ("teaching_office_head", "00007", "sw"),
        ("student_affairs", "00040", None), ("college_head", "0700", None),
    }  # fmt: skip


def test_a_draft_reads_when_it_was_made_and_what_it_covers_and_only_roll_calls_that_were_handed_in(
    book, mapping, college
):
    rows = [["统计日期：2026-08-31 至 2026-09-11    导出时间：2026-09-11 18:00"]]
    rows += [["日期", "节次", "班级", "课程", "学号", "考勤结果", "迟到时长"]]
    rows += [["2026-09-08", "1-2节", "软件2601", "高等数学", "s1", "早退", "8"]] * 3
    found = mapping(draft_mapping(guess_sheets("f.xlsx", book(表=rows)[1], Known(college.tables), college.days)))
    assert found.exported
    assert (found.covers.kind, len(found.covers.first), len(found.covers.last)) == ("attendance", 1, 1)
    assert found.tables[0].base.fields["minutes_late"][0].when[0].columns == ("考勤结果",)
    rows = [["日期", "节次", "班级", "课程", "点名状态", "提交时间"]]
    rows += [["2026-09-08", "1-2节", "软件2601", "高等数学", "未提交", None]] * 3
    found = mapping(draft_mapping(guess_sheets("f.xlsx", book(表=rows)[1], Known(college.tables), college.days)))
    like = found.tables[0].when[0].like
    assert [bool(like.search(one)) for one in ("已提交", "已上报", "提交", "未提交", "停课")] == [
        True,
        True,
        True,
        False,
        False,
    ]


def test_headers_that_are_made_of_whom_and_what_are_known(book, college):
    rows = [["学籍编号", "学员姓名", "行政班级名称", "课程编码", "课程名称", "任课教师姓名", "考勤结果"]]
    rows += [["s1", "李娜", "软件2601", "G0101", "高等数学", "李建国", "旷课"]] * 3
    (guess,) = guess_sheets("f.xlsx", book(表=rows)[1], Known(college.tables), college.days)
    assert [one.meaning for one in guess.columns] == [
        "student", "student_name", "class", "course_id", "course", "teacher", "attendance_status",
    ]  # fmt: skip


def test_a_header_in_two_languages_is_found_by_either_and_one_with_a_slash_is_another_column():
    header = Header([["Staff No 工号", "学号/工号", "Name 姓名"]])
    assert (header.find(["工号"]), header.find(["Name"]), header.find(["学号"])) == ([0], [2], [])


def test_a_plan_of_courses_is_one_of_lessons_too_with_its_weekdays_and_the_classes_of_a_range(book, read, college):
    rows = [
        ["2026-2027学年第一学期课程安排"],
        ["课程代码", "课程名称", "Teacher 任课教师", "教学班级", "星期", "节次", "周次", "Room", "总学时"],
        ["G0101", "高等数学", "李建国、王丽", "软件2601-2602", "星期一", "1-2", "1-16", "A201", 64],
        ["S0101", "大学英语（一）", "王丽", "软件2601", "星期三", "3-4", "1-16单", "B201", 32],
    ]
    text = draft_mapping(guess_sheets("f.xlsx", book(表=rows)[1], Known(college.tables), college.days))
    found, wrong = read(text, rows=rows, wanted=lambda one: one.to == "timetable")
    assert wrong == []
    assert [(one.data["class"], one.data["course"], one.data["weekday"], len(one.data["weeks"])) for one in found] == [
        ("k1", "G0101", "星期一", 16), ("k2", "G0101", "星期一", 16), ("k1", "S0101", "星期三", 8),
    ]  # fmt: skip


def test_the_name_of_a_test_is_no_mark_though_it_has_a_number(book, college):
    rows = [
        ["学生学号", "行政班级", "测验日期", "上课节次", "课程", "测验", "得分", "总分"],
        ["s1", "软件2601", "2026-09-08", "1-2", "程序设计基础", "第1次随堂检测", 8, 10],
        ["s4", "软件2601", "2026-09-08", "1-2", "程序设计基础", "第1次随堂检测", "缺考", 10],
    ]
    (guess,) = guess_sheets("f.xlsx", book(表=rows)[1], Known(college.tables), college.days)
    assert [one.header for one in guess.columns if one.meaning == "score"] == ["得分"]
    assert "column: 测验" not in draft_mapping([guess])


STAFF = [
    ["工号", "姓名", "所属单位", None, "岗位", None],
    [None, None, "院(系)/部", "教研室", "党政职务", "职称"],
    ["00012", "王丽", "信息工程系", "软件技术教研室", "教研室主任", "讲师"],
    ["00007", "李建国", "信息工程系", "—", "系主任", "教授"],
]
MERGED = ["A1:A2", "B1:B2", "C1:D1", "E1:F1"]


def test_posts_below_a_header_of_two_rows_and_an_office_that_is_none(book, read, college):
    _, sheets = book(表=STAFF, merged=MERGED)
    text = draft_mapping(guess_sheets("f.xlsx", sheets, Known(college.tables), college.days))
    found, wrong = read(text, rows=STAFF, merged=MERGED, wanted=is_directory)
    assert wrong == []
    assert [one.data["role"] for one in found if "role" in one.data] == ["teaching_office_head", "department_head"]
    assert [one.data["id"] for one in found if one.data.get("department")] == ["软件技术教研室"]


def test_odd_and_even_weeks_in_a_column_of_their_own_and_sections_of_two_digits_each(book, read, college):
    rows = [["课程编号", "课程名称", "上课班级", "授课教师", "星期", "节次", "周次", "单双周", "教学场地"]]
    rows += [["G0101", "高等数学", "软件2601", "李建国", 1, "0102", "1-5", "全", "A301"]]
    rows += [["S0101", "大学英语（一）", "软件2601", "王丽", 4, "0304", "1-5", "单", "A302"]]
    rows += [["S0101", "大学英语（一）", "软件2602", "王丽", 5, "0304", "2-6", "双", "A302"]]
    text = draft_mapping(guess_sheets("f.xlsx", book(表=rows)[1], Known(college.tables), college.days))
    ours = (SCHEMAS / "mappings" / "timetable-list.yaml").read_text("utf-8")
    for each in (text, ours):
        found, _ = read(each, rows=rows, wanted=lambda _: True)
        assert [(str(one.data["sections"]), one.data["weeks"]) for one in found if "weeks" in one.data] == [
            ("1-2", [1, 2, 3, 4, 5]), ("3-4", [1, 3, 5]), ("3-4", [2, 4, 6]),
        ]  # fmt: skip


LOG = [
    ["班级", "上课日期", "节次", "课程", "授课教师", "缺勤学生", "迟到早退"],
    ["软件2601", "9月8日 星期二", "1、2", "高等数学", "李建国", "李娜（病假）、周杰", "周杰（迟到）；李娜(早退)"],
    ["软件2601", "9月10日 星期四", "1、2", "高等数学", "李建国", "无", "周杰(迟到)"],
]


def test_names_in_a_cell_have_the_reason_that_stands_in_brackets_behind_them(book, read, college):
    text = draft_mapping(guess_sheets("f.xlsx", book(表=LOG)[1], Known(college.tables), college.days))
    assert "status: {part: said, blank: absent}" in text
    found, wrong = read(text, rows=LOG)
    assert wrong == []
    assert [one.data.get("status") for one in found if "status" in one.data] == [
        "leave", "absent", "late", "early_leave", "late",
    ]  # fmt: skip
    rows = [[cell.replace("（迟到）", "").replace("(早退)", "").replace("(迟到)", "") for cell in row] for row in LOG]
    text = draft_mapping(guess_sheets("f.xlsx", book(表=rows)[1], Known(college.tables), college.days))
    assert "# 迟到早退: nothing behind the names says what they are" in text
    assert "status: {is: }" not in text


@pytest.fixture
def through_draft(book, read, college):
    """(data of records, what is wrong, the draft) of rows that are read by their own draft."""

    def made(rows, **options):
        _, sheets = book(表=rows, **options)
        text = draft_mapping(guess_sheets("f.xlsx", sheets, Known(college.tables), college.days))
        found, wrong = ([], []) if "tables: []" in text else read(text, rows=rows, **options)
        return [one.data for one in found], wrong, text

    return made


def test_leave_from_and_to_in_one_column(through_draft):
    rows = [["审批单号", "申请人学号", "班级", "假别", "起止时间", "提交时间", "审批结果"]]
    said = ("2026-09-08 08:00 ~ 2026-09-08 12:00", "2026-09-09 上午 至 2026-09-10 下午", "2026-09-11 - 2026-09-12")
    rows += [["SP01", "s1", "软件2601", "病假", one, "2026-09-07 20:00", "已通过"] for one in said]
    found, wrong, _ = through_draft(rows)
    assert wrong == []
    assert [(one["from"][5:16], one["to"][5:16]) for one in found] == [
        ("09-08T08:00", "09-08T12:00"), ("09-09T08:00", "09-10T18:00"), ("09-11T00:00", "09-12T23:59"),
    ]  # fmt: skip


def test_a_workflow_says_day_and_time_apart_and_where_it_stands_is_no_step(through_draft, read, college):
    rows = [["流程编号", "创建日期", "创建时间", "报修分类", "维修地点", "受理时间", "完工时间", "当前节点"]]
    rows += [["HQ2026001", "2026-09-08", "07:45", "水电", "3号楼", "2026-09-08 09:00", None, "处理"]]
    rows += [["HQ2026002", "2026/9/9", "16:05", "木工", "3号楼", None, None, "受理"]]
    records, wrong = read(through_draft(rows)[2], rows=rows)
    assert wrong == []
    assert [(one.data["action"], f"{one.time.astimezone(college.days.zone):%m-%d %H:%M}") for one in records] == [
        ("created", "09-08 07:45"), ("responded", "09-08 09:00"), ("created", "09-09 16:05"),
    ]  # fmt: skip


def test_attempts_of_a_quiz_are_no_leave_and_the_tidiness_of_rooms_is_no_test(through_draft):
    head = ["姓名", "学号", "班级", "课程", "状态", "开始时间", "完成", "节次", "日期", "成绩/20.00"]
    row = ["李娜", "s1", "软件2601", "高等数学", "完成", "2026-09-08 08:10", "2026-09-08 08:20", "1-2", "2026-09-08"]
    found, wrong, _ = through_draft([head, [*row, 18]])
    assert (wrong, [(one["score"], one["max_score"]) for one in found]) == ([], [(18, 20)])
    rooms = [["检查日期", "宿舍号", "床位", "学号", "姓名", "班级", "得分(百分制)"]]
    assert "tables: []" in through_draft([*rooms, ["2026-09-08", "201", "1", "s1", "李娜", "软件2601", 85]])[2]


def test_wide_tables_say_begin_month_or_full_marks_above_or_in_their_header(through_draft):
    rows = [["学号", "姓名", "行政班", "2026-09-08 08:00", None, "2026-09-10 08:00", None]]
    rows += [
        [None, None, None, *["签到状态", "签到时间"] * 2],
        ["s1", "李娜", "软件2601", "已签到", "8:01", "未签到", "--"],
    ]
    found, wrong, _ = through_draft(rows, merged=["D1:E1", "F1:G1"])
    assert wrong == []
    assert [(one["lesson"][-14:], one["status"]) for one in found] == [
        ("2026-09-08|1-2", "present"), ("2026-09-10|1-2", "absent"),
    ]  # fmt: skip
    rows = [["课程：高等数学"], ["学号", "姓名", "班级", "九月", None, None, "十月", None, None]]
    rows += [
        [None, None, None, *["出勤", "作业", "总评"] * 2],
        ["s1", "李娜", "软件2601", "好", "好", "差", "中", "中", "好"],
    ]
    found, wrong, _ = through_draft(rows, merged=["A2:A3", "B2:B3", "C2:C3", "D2:F2", "G2:I2"])
    assert (wrong, [(one["period"], one["overall"]) for one in found]) == (
        [],
        [("2026-09", "poor"), ("2026-10", "good")],
    )
    rows = [["课程：高等数学　班级：软件2601"], ["学号", "姓名", "9.08小测\n（满分20）", "9.10小测\n（满分10）"]]
    found, wrong, _ = through_draft([*rows, ["s1", "李娜", 15, 9]])
    assert (wrong, [(one["score"], one["max_score"]) for one in found]) == ([], [(15, 20), (9, 10)])
