"""Drafts of what systems export: codes beside names, states with remarks, sessions in English, repairs, two tables."""

from datetime import date, datetime

import pytest

from services.ingest.mappings.catalog import fitting, known_mappings
from services.ingest.mappings.draft import guess_sheets
from services.ingest.mappings.draft_yaml import draft_mapping
from services.ingest.mappings.known import Known
from services.ingest.mappings.loading import load_mapping
from services.ingest.mappings.reading import is_directory, is_event, open_mapped
from services.tabular.sheets import read_sheets
from tests.unit.ingest.mappings.conftest import SCHEMAS


@pytest.fixture
def through_draft(book, read, college):
    """(data of records, what is wrong, the draft) of rows that are read by their own draft."""

    def made(rows, wanted=is_event, **options):
        _, sheets = book(表=rows, **options)
        text = draft_mapping(guess_sheets("f.xlsx", sheets, Known(college.tables), college.days))
        if "tables: []" in text:
            return [], [], text
        records, wrong = read(text, rows=rows, wanted=wanted, **options)
        return [one.data for one in records], wrong, text

    return made


def test_the_code_of_a_course_may_stand_beside_its_name(through_draft):
    rows = [["课程", "教研室", "总学时", "教学班名称", "任课教师"]]
    rows += [["[G0101]高等数学", "软件技术教研室", 64, "软件2601、软件2602", "00007/李建国"]]
    rows += [["[S0101]大学英语（一）", "软件技术教研室", "48.0", "软件2601", "00012/王丽"]]
    found, wrong, _ = through_draft(rows, wanted=is_directory)
    assert wrong == []
    assert [(one["id"], one["name_zh"], one["class"], one["teacher"]) for one in found] == [
        ("G0101", "高等数学", "k1", "00007"), ("G0101", "高等数学", "k2", "00007"),
        ("S0101", "大学英语(一)", "k1", "00012"),
    ]  # fmt: skip


ROLL = ["学号", "姓名", "性别", "行政班级", "学籍状态", "异动日期", "入学日期"]


def changes(found):
    return [(one["student"], one["change"], one.get("day")) for one in found if "change" in one]


@pytest.mark.parametrize("by", ["draft", "zhengfang-students"])
def test_a_state_with_a_remark_is_the_change_that_it_says(through_draft, book, known_targets, college, by):
    rows = [ROLL] + [
        [student, "李娜", "女", "软件2601", state, day, "2025-09-01"]
        for student, state, day in (
            ("s1", "在籍", None),
            ("s2", "休学（因病）", "2026.09.21"),
            ("s3", "在籍（转入）", "2026.09.14"),
            ("s4", "退学", "2026.09.16"),
        )
    ]
    if by == "draft":
        found, wrong, _ = through_draft(rows, wanted=is_directory)
    else:
        path, sheets = book(表=rows)
        mapping = load_mapping(SCHEMAS / "mappings" / f"{by}.yaml", known_targets)
        mapped = open_mapped(path, mapping, known_targets, college, is_directory, sheets)
        records = [record for _, record in mapped.records()]
        found, wrong = [one.data for one in records], [str(each) for one in records for each in one.problems]
    assert wrong == []
    assert changes(found) == [
        ("s2", "suspended", "2026-09-21"), ("s3", "returned", "2026-09-14"), ("s4", "left", "2026-09-16"),
    ]  # fmt: skip


def test_a_state_may_have_its_day_with_it(through_draft):
    rows = [[*ROLL[:5], ROLL[6]]]
    rows += [["s1", "李娜", "女", "软件2601", "在籍", "2025-09-01"]]
    rows += [["s4", "赵六", "女", "软件2601", "退学（2026-09-16）", "2025-09-01"]]
    found, wrong, _ = through_draft(rows, wanted=is_directory)
    assert (wrong, changes(found)) == ([], [("s4", "left", "2026-09-16")])


def test_who_left_is_told_by_the_state_that_has_a_day(through_draft):
    rows = [["工号", "姓名", "所在部门", "人员状态"], ["00007", "李建国", "信息工程系", "在职（返聘）"]]
    rows += [["00012", "王丽", "信息工程系", "离校(2026-10-11)"]]
    found, wrong, _ = through_draft(rows, wanted=is_directory)
    assert wrong == []
    assert [(one["id"], one.get("to")) for one in found if "name" in one] == [("00007", None), ("00012", "2026-10-11")]


def test_records_of_a_clock_with_minutes_in_the_word_and_sections_beside_their_times(through_draft):
    rows = [["姓名", "账号", "所在部门", "日期", "班次", "课程名称", "打卡状态"]]
    rows += [
        ["李娜", "s1", "信息工程系/软件2601", "2026/09/08 星期二", "第1-2节 08:00-09:40", "高等数学", said]
        for said in ("正常", "迟到12分钟", "病假（已批）", "旷课", "正常")
    ]
    found, wrong, _ = through_draft(rows)
    assert wrong == []
    told = [("present", None), ("late", 12), ("leave", None), ("absent", None), ("present", None)]
    assert [(one["status"], one.get("minutes_late")) for one in found] == told


def test_sessions_in_english_are_found_by_their_begin(through_draft):
    rows = [["Class", "Course", "Session start", "Session end", "Student ID", "Status"]]
    rows += [
        ["软件2601", "高等数学", "2026-09-08T00:00:00Z", "2026-09-08T01:40:00Z", student, said]
        for student, said in (("s1", "Present"), ("s4", "Left early"), ("s5", "Excused"))
    ]
    found, wrong, _ = through_draft(rows)
    assert wrong == []
    assert [(one["lesson"], one["status"]) for one in found] == [
        ("k1|G0101|2026-09-08|1-2", status) for status in ("present", "early_leave", "leave")
    ]


def test_a_test_is_of_the_lesson_in_which_it_was(through_draft):
    rows = [["高等数学 随堂测验成绩（满分100）"], ["学号", "姓名", "班级", "测验时间", "成绩"]]
    rows += [["s1", "李娜", "软件2601", "2026年9月8日 上午8:05", "85(补)"]]
    rows += [["s4", "赵六", "软件2601", "2026年9月8日 上午8:05", "缺考"]]
    rows += [["任课教师（签字）：", None, None, None, "日期："]]
    found, wrong, _ = through_draft(rows)
    assert wrong == []
    assert [(one["lesson"], one.get("score"), one["status"]) for one in found] == [
        ("k1|G0101|2026-09-08|1-2", 85, "graded"), ("k1|G0101|2026-09-08|1-2", None, "not_submitted"),
    ]  # fmt: skip


def test_exercises_of_several_lessons_in_percent(through_draft):
    rows = [["课程：高等数学  班级：软件2601"]]
    rows += [["学号", "姓名", "课堂练习(2026-09-08第1-2节)", "课堂练习(2026-09-10第1-2节)", "综合正确率"]]
    rows += [["s1", "李娜", "85%", "未参与", "43%"], ["s4", "赵六", "70%", "60%", "65%"]]
    found, wrong, _ = through_draft(rows)
    assert wrong == []
    assert [(one["lesson"].split("|")[2], one.get("score"), one["status"]) for one in found] == [
        ("2026-09-08", 85, "graded"), ("2026-09-10", None, "not_submitted"),
        ("2026-09-08", 70, "graded"), ("2026-09-10", 60, "graded"),
    ]  # fmt: skip


@pytest.mark.parametrize("header", ["填表人（必填）", "填报教师", "评价人", "提交者", "答题人", "您的姓名："])
def test_who_filled_an_assessment_in_is_its_teacher(through_draft, header):
    rows = [[header, "授课课程", "班级", "学号", "学生姓名", "评价月份", "总体评价"]]
    rows += [["王丽", "大学英语（一）", "软件2602", "s2", "李娜", "9月", "好"]]
    rows += [[None, "大学英语（一）", "软件2602", "s3", "周杰", "9月", "差"]]
    found, wrong, _ = through_draft(rows)
    assert wrong == []
    assert [one["teacher"] for one in found] == ["00040", "00040"], "王丽 who teaches there; who teaches"


def test_accounts_of_a_form_are_no_teachers(through_draft):
    rows = [["提交者", "授课课程", "班级", "学号", "评价月份", "总体评价"]]
    rows += [[f"微信用户{n}", "高等数学", "软件2601", "s1", "9月", "好"] for n in range(3)]
    found, wrong, text = through_draft(rows)
    assert wrong == []
    assert "teacher: {of: course.teacher}" in text
    assert {one["teacher"] for one in found} == {"00007"}


REPAIRS = ["报修编号", "报修区域", "维修项目", "紧急程度", "报修时间", "派单时间", "完工时间"]


def test_a_system_for_repairs_has_kinds_of_its_own_and_instants_at_midnight(through_draft):
    eight = datetime.fromisoformat("2026-09-08 08:00")
    rows = [REPAIRS, ["BX202601", "3栋", "水电维修", "紧急", date(2026, 9, 8), eight, None]]
    rows += [
        ["BX202602", "3栋", "门窗", "一般", eight, 46274, None],
        ["BX202603", "3栋", "空调", "一般", 46273.5, 46273.75, eight],
    ]
    found, wrong, text = through_draft(rows)
    assert wrong == []
    assert [one["ticket"] for one in found] == [
        "BX202601",
        "BX202601",
        "BX202602",
        "BX202602",
        "BX202603",
        "BX202603",
        "BX202603",
    ]
    assert "category: {is: repair}  # likely: 报修编号, 维修项目" in text


def test_kinds_that_are_known_are_not_all_repairs(through_draft):
    rows = [REPAIRS, ["BX202601", "3栋", "投诉", "紧急", "2026-09-08 8:00", "2026-09-08 9:00", None]]
    rows += [["BX202602", "3栋", "门窗", "一般", "2026-09-08 8:00", "2026-09-08 9:00", None]]
    _, wrong, text = through_draft(rows)
    assert "is: repair" not in text
    assert "the word 门窗 is not known" in "".join(wrong)


def test_a_legend_may_have_blanks_and_another_circle(through_draft):
    rows = [["班级：软件2601   课程名称：高等数学"], ["考勤符号：√ 出勤；× 旷课；△ 迟到；◯ 请假"]]
    rows += [["学号", "姓名", "第2周\n9/8\n1-2节", "第2周\n9/10\n1-2节", "缺勤次数"]]
    rows += [["s1", "李娜", "√", "×", 1], ["s4", "赵六", "◯", "○", 0], ["教师签名：", None, "班长签名："]]
    found, wrong, _ = through_draft(rows)
    assert wrong == []
    assert [one["status"] for one in found] == ["present", "absent", "leave", "leave"]


def test_two_tables_of_one_sheet_are_drafted_each(through_draft):
    rows = [["一、作息时间"], ["节次", "上课", "下课"], ["第1节", "8:00", "8:40"], ["第2节", "8:50", "9:30"]]
    rows += [["二、放假与调休"], ["假期名称", "放假时间", "调课安排"]]
    rows += [["国庆节", "10月1日至7日，共7天", "9月20日（星期日）上10月7日（星期三）的课，10月10日上10月6日的课"]]
    found, wrong, _ = through_draft(rows, wanted=lambda table: table.to.startswith("timetable"))
    assert wrong == []
    assert [one.get("follows") or one.get("to") or one["begins"] for one in found] == [
        "08:00", "08:50", "2026-10-07", "2026-10-07", "2026-10-06",
    ]  # fmt: skip


def test_a_register_of_who_came_home_late_is_no_roll(through_draft):
    rows = [["学号", "姓名", "班级", "楼栋", "日期", "情况"], ["s1", "李娜", "软件2601", "3栋", "2026-09-08", "晚归"]]
    _, _, text = through_draft(rows)
    assert "tables: []" in text


CANVAS = """Student,ID,SIS User ID,SIS Login ID,Section,Quiz 2026-09-08 (9001),Quiz 2026-09-10 (9002),Current Score
    Points Possible,,,,,20.0,10.0,(read only)
李娜,7001,s1,x,软件2601,18.0,EX,88.1
赵六,7002,s4,y,软件2601,,7.0,70.0
"""


def test_a_gradebook_of_canvas_says_of_how_many_points_below_its_header(tmp_path, known_targets, college):
    path = tmp_path / "2026-09-28T0930_Grades-G0101.csv"
    path.write_text(CANVAS, "utf-8")
    ours = known_mappings(SCHEMAS / "mappings", tmp_path, known_targets)
    assert fitting(path.name, list(read_sheets(path)), ours, is_event) == ["canvas-grades"]
    records = [one for _, one in open_mapped(path, ours["canvas-grades"].mapping, known_targets, college).records()]
    assert [one.problems for one in records] == [[], [], []]
    told = [(one.data["student"], one.data.get("score"), one.data["max_score"], one.data["status"]) for one in records]
    assert told == [("s1", 18, 20, "graded"), ("s1", None, 10, "exempt"), ("s4", 7, 10, "graded")]
    assert [f"{one.time:%m-%d}" for one in records] == ["09-08", "09-10", "09-10"]


def test_a_mapping_of_the_college_goes_before_ours(tmp_path, known_targets, book):
    text = """mapping: roll
files: ["*学籍信息*"]
tables:
- to: directory/students
  fields: {id: 学号, name: 姓名, class: 行政班级}
"""
    (tmp_path / "roll.yaml").write_text(text, "utf-8")
    _, sheets = book(表=[ROLL, ["s1", "李娜", "女", "软件2601", "在籍", None, "2025-09-01"]])
    known = known_mappings(SCHEMAS / "mappings", tmp_path, known_targets)
    assert fitting("学籍信息.xls", sheets, known, is_directory)[0] == "roll"


def test_levels_of_a_lesson_are_marks_of_a_hundred(through_draft):
    rows = [["班级", "学号", "姓名", "课程", "考核日期", "节次", "成绩等级"]]
    rows += [["软件2601", "s1", "李娜", "高等数学", "2026-09-08", "1-2", "优"]]
    rows += [["软件2601", "s4", "赵六", "高等数学", "2026-09-08", "1-2", "不及格"]]
    found, wrong, _ = through_draft(rows)
    assert wrong == []
    assert [(one["score"], one["max_score"]) for one in found] == [(95, 100), (50, 100)]


def test_what_people_ask_for_at_a_hotline_is_a_ticket(through_draft):
    rows = [["诉求编号", "诉求人", "诉求时间", "诉求类别", "转办部门", "转办时间", "办结时间", "满意情况"]]
    rows += [["SQ202601", "李娜", "2026-09-08 8:00", "投诉", "后勤处", "2026-09-08 9:00", "2026-09-09 9:00", "满意"]]
    found, wrong, _ = through_draft(rows)
    assert wrong == []
    assert [one["action"] for one in found] == ["created", "responded", "resolved", "rated"]


@pytest.mark.parametrize("header", ["批准日期", "变更日期", "学籍异动日期"])
def test_the_day_of_a_change_has_several_names(through_draft, header):
    rows = [["姓名", "学号", "异动类型", "原班级", header], ["李娜", "s1", "休学", "软件2601", "2026-09-10"]]
    found, wrong, _ = through_draft(rows, wanted=is_directory)
    assert (wrong, changes(found)) == ([], [("s1", "suspended", "2026-09-10")])


def test_a_day_alone_is_no_time_of_export_and_who_seals_a_list_is_no_record(book, read, college):
    rows = [["学籍异动名册　统计时间：2026年9月28日"], ["学号", "姓名", "异动类别", "异动起始日期", "异动前班级"]]
    rows += [["s1", "李娜", "休学", "2026年9月21日", "软件2601"]]
    rows += [["教务处（盖章）", None, None, "2026年9月28日"], ["全班平均分", None, None, "2026年9月28日"]]
    _, sheets = book(表=rows)
    text = draft_mapping(guess_sheets("f.xlsx", sheets, Known(college.tables), college.days))
    found, wrong = read(text, rows=rows, wanted=is_directory)
    assert (wrong, [one.data["student"] for one in found]) == ([], ["s1"])
    assert "exported_at" not in text


def test_marks_written_by_hand_say_in_one_sign_who_was_not_there(through_draft):
    rows = [["课程：高等数学　班级：软件2601"], ["学号", "姓名", "9.08小测（满分20）", "9.10小测（满分20）"]]
    found, wrong, _ = through_draft([*rows, ["s1", "李娜", "缺", 9], ["s4", "赵六", "免", "缓"]])
    assert wrong == []
    assert [one["status"] for one in found] == ["not_submitted", "graded", "exempt", "pending"]
