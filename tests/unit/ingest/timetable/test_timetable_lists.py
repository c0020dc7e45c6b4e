"""Timetables of other styles: lists, changes, section times and days off through our mappings."""

from datetime import date, time
from pathlib import Path

import pytest

from services.ingest.mappings.catalog import fitting, known_mappings
from services.ingest.mappings.days import Days
from services.ingest.mappings.known import Known
from services.ingest.mappings.lessons import Lessons
from services.ingest.mappings.reading import College, is_plan, open_mapped
from services.ingest.mappings.targets import targets
from services.ingest.schemas import load_schemas
from services.ingest.timetable.model import Term
from services.ingest.timetable.reading import is_part, read
from services.tabular.sheets import Sheet
from tests.unit.ingest.mappings.conftest import NOW, SCHEMAS, ZONE

TERM = Term(date(2026, 8, 31), date(2027, 1, 15))
TABLES = {
    "people": [
        {"id": "A7", "name": "董洁"}, {"id": "A8", "name": "程浩"}, {"id": "A9", "name": "程浩"},
    ],
    "classes": [{"id": "k1", "name": "2026级软件技术1班"}, {"id": "k2", "name": "2026级软件技术2班"}],
    "courses": [
        {"id": "B1", "name_zh": "高等数学A", "class": "k1", "teacher": "A7"},
        {"id": "B2", "name_zh": "程序设计", "class": "k1", "teacher": "A8"},
        {"id": "B2", "name_zh": "程序设计", "class": "k2", "teacher": "A9"},
    ],
}  # fmt: skip
PLAN = ["课程名称", "上课班级", "授课教师", "上课时间", "上课地点"]
ALGEBRA = ["高等数学A", "2026级软件技术1班,2026级软件技术2班", "董洁[A7]", "周一第1-2节{第1-2周}", "S1"]
CHANGES = [
    "课程名称",
    "上课班级",
    "调课类型",
    "原上课日期",
    "原节次",
    "新上课日期",
    "新节次",
    "新教室",
    "代课教师",
    "审核状态",
]


@pytest.fixture(scope="module")
def known_targets():
    return targets(load_schemas(SCHEMAS))


@pytest.fixture(scope="module")
def ours(known_targets):
    return known_mappings(SCHEMAS / "mappings", Path("none"), known_targets)


@pytest.fixture
def timetable(ours, known_targets):
    """(timetable, what is wrong as texts) of files: name → rows, through whichever of our mappings fits."""

    def through(**files):
        college = College(TABLES, Days(ZONE, date(2026, 11, 27), [(TERM.first, TERM.last)]), Lessons((), ZONE), NOW)
        sheets, lists, problems = [], [], []
        for name, rows in files.items():
            one = Sheet(name, False, [list(row) for row in rows], [], f"{name}.xlsx")
            if is_part(one):
                sheets.append(one)
                continue
            fit = fitting(f"{name}.xlsx", [one], ours, is_plan)
            assert fit, f"nothing fits {name}"
            lists.append(
                open_mapped(Path(f"{name}.xlsx"), ours[fit[0]].mapping, known_targets, college, is_plan, [one])
            )
        return read(sheets, TERM, Known(TABLES), problems, lists), [str(one) for one in problems]

    return through


def shown(lessons):
    return [(one.class_, one.course, str(one.on), one.first, one.last, one.teachers, one.room) for one in lessons]


def test_a_list_with_the_time_in_one_cell_is_a_lesson_for_each_class_and_week(timetable):
    found, wrong = timetable(plan=[["开课一览"], PLAN, ALGEBRA, ["备注：体育另行安排"]])
    assert wrong == []
    assert shown(found.standing.values()) == [
        (class_, "B1", on, 1, 2, ("A7",), "S1") for on in ("2026-08-31", "2026-09-07") for class_ in ("k1", "k2")
    ]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("周三第3-4节{第1-3周|单周}", [("2026-09-02", 3, 4), ("2026-09-16", 3, 4)]),
        ("1-2周 星期三 [3-4节]", [("2026-09-02", 3, 4), ("2026-09-09", 3, 4)]),
        ("周三3-4节1-2周", [("2026-09-02", 3, 4), ("2026-09-09", 3, 4)]),
        ("星期二第1,2节{2周};周五第5-6节{第1周}", [("2026-09-04", 5, 6), ("2026-09-08", 1, 2)]),
        ("周三(3-4节)第1-2周(双)", [("2026-09-09", 3, 4)]),
    ],
)
def test_how_a_list_says_when(timetable, text, wanted):
    found, wrong = timetable(plan=[PLAN, ["程序设计", "2026级软件技术2班", "程浩", text, ""]])
    assert wrong == []
    assert sorted((str(one.on), one.first, one.last) for one in found.standing.values()) == wanted
    assert {one.teachers for one in found.standing.values()} == {("A9",)}, "of two of one name who teaches the class"


def test_a_list_with_weekday_sections_and_weeks_in_columns(timetable):
    found, wrong = timetable(
        plan=[
            ["课程", "班级", "教师", "星期", "节次", "周次"],
            ["程序设计", "2026级软件技术1班", "A8", "星期三", "3-4", "1"],
        ]
    )
    assert (wrong, len(found.standing)) == ([], 1)


@pytest.mark.parametrize("text", ["周三第3-4节", "第3-4节{1-16周}", "周三{1-16周}", "周三第3-4节{1-16周|三周}", "待定"])
def test_what_does_not_say_when_is_a_problem_with_its_row(timetable, text):
    found, wrong = timetable(plan=[PLAN, ["程序设计", "2026级软件技术1班", "程浩", text, ""]])
    assert found.standing == {}
    assert [one.split(":")[0] for one in wrong] == ["plan.xlsx row 2"]


def test_a_grid_of_big_sections_with_lines_between_its_blocks(timetable):
    block = "程序设计\n程浩\n1-3(单周)[03-04节]\n机房2\n---------------------\n高等数学A\n董洁\n2(周)[03-04节]\nS1"
    found, wrong = timetable(
        **{
            "2026级软件技术1班": [
                ["节次", "星期一", "星期二", "星期三", "星期四", "星期五"],
                ["第一大节\n(01,02小节)"],
                ["第二大节\n(03,04小节)", None, None, block],
            ]
        }
    )
    assert wrong == []
    assert shown(found.standing.values()) == [
        ("k1", "B2", "2026-09-02", 3, 4, ("A8",), "机房2"),
        ("k1", "B1", "2026-09-09", 3, 4, ("A7",), "S1"),
        ("k1", "B2", "2026-09-16", 3, 4, ("A8",), "机房2"),
    ]


def test_a_list_and_a_grid_that_say_the_same_are_one_and_another_teacher_is_a_problem(timetable):
    grid = [
        ["节次", "星期一", "星期二", "星期三", "星期四", "星期五"],
        ["1-2", "高等数学A\n1-2周[1-2节]\n{}\nS1"],
    ]  # fmt: skip
    for teacher, problems in (("董洁", 0), ("A8", 1)):
        rows = [[cell.format(teacher) if cell else cell for cell in row] for row in grid]
        found, wrong = timetable(plan=[PLAN, ALGEBRA], **{"2026级软件技术1班": rows})
        assert (len(found.published), len(wrong)) == (4, problems), wrong


def test_changes_with_the_old_and_the_new_time_in_columns(timetable):
    row = ["高等数学A", "2026级软件技术1班"]
    found, wrong = timetable(
        plan=[PLAN, ALGEBRA],
        changes=[
            CHANGES,
            [*row, "停课", "2026-08-31", "1-2", None, None, None, None, "审核通过"],
            [*row, "调课", "2026-09-07", "1-2", "2026-09-12", "5-6", "S9", None, "审核通过"],
            ["高等数学A", "2026级软件技术2班", "代课", "2026-09-07", "1-2", None, None, None, "A8", "审核通过"],
            ["高等数学A", "2026级软件技术2班", "停课", "2026-08-31", "1-2", None, None, None, None, "驳回"],
        ],
    )
    assert wrong == []
    assert {(one.class_, str(one.on), one.status, one.teachers, one.room) for one in found.standing.values()} == {
        ("k1", "2026-08-31", "cancelled", ("A7",), "S1"),
        ("k1", "2026-09-07", "moved", ("A7",), "S1"),
        ("k1", "2026-09-12", "planned", ("A7",), "S9"),
        ("k2", "2026-08-31", "planned", ("A7",), "S1"),
        ("k2", "2026-09-07", "planned", ("A8",), "S1"),
    }


def test_a_change_that_does_not_say_what_becomes_of_the_lesson_is_a_problem(timetable):
    rows = [CHANGES, ["高等数学A", "2026级软件技术1班", None, "2026-08-31", "1-2", None, None, None, None, "通过"]]
    _, wrong = timetable(plan=[PLAN, ALGEBRA], changes=rows)
    assert [one.partition(" (")[0] for one in wrong] == [
        "changes.xlsx row 2: it is not said what becomes of the lesson"
    ]


def test_section_times_and_days_off_in_other_words(timetable):
    found, wrong = timetable(
        bells=[["节次", "开始时间", "结束时间"], ["第1节", "8:00", "8:45"], ["第2节", time(8, 55), "上午9:40"]],
        days=[
            ["节日", "放假日期", "调休上课日", "补哪天的课"],
            ["中秋", "9月25日-9月27日", None, None],
            ["国庆", "10月1日至10月7日", "9月20日", "10月6日"],
            ["元旦", "2027/1/1", None, None],
        ],
    )
    assert wrong == []
    assert found.bells[0].times == {1: (time(8), time(8, 45)), 2: (time(8, 55), time(9, 40))}
    assert len(found.term.off) == 3 + 7 + 1
    assert found.term.follows == {date(2026, 9, 20): date(2026, 10, 6)}


def test_a_make_up_day_that_does_not_say_whose_lessons_it_has_is_no_day_off(timetable):
    rows = [["节日", "放假日期", "调休上课日", "补哪天的课"], ["国庆", "10月1日至10月7日", "9月20日", None]]
    _, wrong = timetable(days=rows)
    (one,) = wrong
    assert one.startswith("days.xlsx row 2: 2026-09-20 is a day of lessons, and it is not said of which day")


def test_a_grid_of_all_classes_has_a_row_for_each_and_a_merged_cell_is_one_block(ours, known_targets):
    days = [f"星期{one}" for one in "一二三四五"]
    rows = [
        ["2026-2027学年第1学期班级总课表"],
        ["行政班", *[one for day in days for one in (day, None, None)]],
        [None, *["0102", "0304", "0506"] * 5],
        ["2026级软件技术1班", None, None, None, "高等数学A\n董洁\n1-2周\nS1\n\n程序设计\n程浩\n4周(双)\n机房2"],
        ["2026级软件技术2班", "程序设计\n程浩\n2周\n机房2"],
        ["26软件9班", None, "程序设计\n程浩\n2周\n机房2"],
        ["注:周五下午教研活动"],
    ]
    merged = [(2, 1, 3, 1), (1, 1, 1, 16), *((2, at, 2, at + 2) for at in range(2, 17, 3)), (5, 2, 5, 3)]
    problems = []
    sheet = Sheet("总课表", False, rows, merged, "all.xlsx")
    found = read([sheet], TERM, Known(TABLES), problems)
    assert [(one.where, str(one.what)) for one in problems] == [
        ("all.xlsx sheet 总课表 cell A6", "the class cannot be told: no class is called 26软件9班")
    ]
    assert sorted(shown(found.standing.values())) == [
        ("k1", "B1", "2026-09-01", 1, 2, ("A7",), "S1"),
        ("k1", "B1", "2026-09-08", 1, 2, ("A7",), "S1"),
        ("k1", "B2", "2026-09-22", 1, 2, ("A8",), "机房2"),
        ("k2", "B2", "2026-09-07", 1, 4, ("A9",), "机房2"),
    ]


@pytest.mark.parametrize(
    ("weekday", "day"), [(2, "2026-09-01"), ("2.0", "2026-09-01"), ("三", "2026-09-02"), ("8", None), ("二三", None)]
)
def test_a_weekday_in_a_column_of_its_own_may_be_a_number(timetable, weekday, day):
    found, wrong = timetable(
        list=[["班级", "课程", "周次", "星期", "节次"], ["2026级软件技术1班", "高等数学A", "1", weekday, "1-2"]]
    )
    assert [str(one.on) for one in found.standing.values()] == ([day] if day else [])
    told = "list.xlsx row 2: not a weekday: {} (expected: 星期一, 周一, or 1 to 7 for Monday to Sunday)"
    assert wrong == ([] if day else [told.format(weekday)])
