from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from services.ingest.timetable import grid
from services.ingest.timetable.lessons import changed, events, planned
from services.ingest.timetable.model import Bell, Change, Instead, Plan, Teaching, Term
from services.tabular.sheets import Sheet

TERM = Term(date(2026, 8, 31), date(2026, 10, 18))
ZONE = ZoneInfo("Asia/Shanghai")
AT = datetime(2026, 8, 1, tzinfo=ZONE)
PLAN = Plan("C1", "MA", (Teaching("T1"),), 2, 3, 4, frozenset(range(1, 8)), "A1", place="plan C4")
SUMMER = Bell({3: (time(10), time(10, 45)), 4: (time(10, 55), time(11, 40))}, until=date(2026, 9, 30))
WINTER = Bell({3: (time(10, 5), time(10, 50)), 4: (time(11), time(11, 45))}, since=date(2026, 10, 1))


def days(*plans, term=TERM):
    return [(one.on.isoformat(), one.course) for one in planned(plans, term, []).values()]


def test_a_plan_is_given_on_its_weekday_in_its_weeks():
    assert days(Plan("C1", "MA", (), 2, 3, 4, frozenset({1, 3}))) == [("2026-09-01", "MA"), ("2026-09-15", "MA")]


def test_a_make_up_day_has_weekday_and_week_of_the_day_that_it_replaces():
    odd, even = (Plan("C1", name, (), 2, 3, 4, frozenset(weeks)) for name, weeks in (("ODD", {3, 5}), ("EVEN", {4, 6})))
    term = Term(TERM.first, TERM.last, frozenset({date(2026, 10, 6)}), {date(2026, 9, 20): date(2026, 10, 6)})
    # 2026-09-20 is a Sunday of week 3, 2026-10-06 a Tuesday of week 6.
    assert ("2026-09-20", "EVEN") in days(odd, even, term=term)
    assert not {"2026-10-06"} & {on for on, _ in days(odd, even, term=term)}
    assert ("2026-09-20", "ODD") not in days(odd, even, term=term)


def test_a_term_that_begins_in_the_middle_of_a_week_has_that_week_as_its_first():
    term = Term(date(2026, 9, 3), date(2026, 9, 30))
    assert (term.week(date(2026, 9, 6)), term.week(date(2026, 9, 7)), term.day(2, 1)) == (1, 2, date(2026, 9, 7))


def test_who_teaches_one_after_the_other_leads_in_their_weeks():
    plan = Plan(
        "C1", "MA", (Teaching("T1", frozenset({1})), Teaching("T2", frozenset({2}))), 2, 3, 4, frozenset({1, 2})
    )
    assert [one.teachers for one in planned([plan], TERM, []).values()] == [("T1",), ("T2",)]


def test_two_courses_of_a_class_at_once_are_a_problem_told_once():
    problems = []
    other = Plan("C1", "EN", (), 2, 4, 5, frozenset({1, 2}), place="plan C5")
    assert len(planned([PLAN, other], TERM, problems)) == 9
    assert [(one.where, str(one.what)) for one in problems] == [
        ("plan C5", "MA and EN are given at the same time in week 1")
    ]


def change(instead, on=date(2026, 9, 8)):
    return Change("C1", "MA", on, 3, 4, instead, datetime(2026, 9, 1, 9), "row 3")  # noqa: DTZ001 - of the college


@pytest.mark.parametrize(
    ("instead", "wanted"),
    [
        pytest.param(None, [("cancelled", "A1", ("T1",), None)], id="cancelled"),
        pytest.param(
            Instead(date(2026, 9, 8), 3, 4, "B2", ("T1",)), [("planned", "B2", ("T1",), None)], id="another room"
        ),
        pytest.param(
            Instead(date(2026, 9, 8), 3, 4, "A1", ("T9",)), [("planned", "A1", ("T9",), None)], id="another teacher"
        ),
        pytest.param(
            Instead(date(2026, 9, 12), 1, 2, "A1", ()),
            [("moved", "A1", ("T1",), "C1|MA|2026-09-12|1-2"), ("planned", "A1", ("T1",), None)],
            id="another day",
        ),
    ],
)
def test_what_becomes_of_a_lesson(instead, wanted):
    before = planned([PLAN], TERM, [])
    after = changed(before, [change(instead)], [])
    said = sorted((one for one in after.values() if one.said), key=lambda one: one.on)
    assert [(one.status, one.room, one.teachers, one.moved_to) for one in said] == wanted
    assert {id_: one for id_, one in after.items() if not one.said}.items() <= before.items()


def test_a_change_of_a_lesson_that_is_not_planned_is_a_problem_with_its_row():
    problems = []
    before = planned([PLAN], TERM, [])
    assert changed(before, [change(None, date(2026, 9, 9))], problems) == before
    assert [one.where for one in problems] == ["row 3"]


def test_times_are_those_of_the_part_of_the_year():
    made = events(planned([PLAN], TERM, []).values(), [SUMMER, WINTER], AT, ZONE, "t", [])
    starts = [one["data"]["starts_at"] for one in made]
    assert starts[:1] + starts[-1:] == ["2026-09-01T10:00:00+08:00", "2026-10-13T10:05:00+08:00"]


def test_sections_without_times_are_one_problem():
    problems = []
    assert events(planned([PLAN], TERM, []).values(), [], AT, ZONE, "t", problems) == []
    assert [str(one.what) for one in problems] == ["nothing says when sections 3, 4 begin and end"]


DAYS = [None, "节次", "星期一", "星期二", "星期三", "星期四", "星期五"]
STAFF = {"程浩", "曹颖"}
NAMES = grid.Names(
    lambda name: f"<{name}>", lambda name: name, lambda name, course, class_: name, lambda name: name in STAFF
)


def read(cell, merged=(), column=3):
    row = [None, "第3节", *[None] * (column - 3), cell]
    sheet = Sheet(
        "C1", hidden=False, rows=[["班级：甲班"], DAYS, row, [None, "第4节"]], merged=list(merged), file="a.xlsx"
    )
    problems = []
    return list(grid.plans(sheet, NAMES, problems)), [(one.where, str(one.what)) for one in problems]


@pytest.mark.parametrize(
    "cell",
    [
        pytest.param("高数\n周二第3-4节{第1-4周|单周}\n李\nA1", id="正方"),
        pytest.param("高数\n李\n1-4(单周)[03-04节]\nA1", id="强智"),
        pytest.param("高数\n(3-4节)1-4周(单)/A1/李", id="新正方"),
        pytest.param("高数\n1-4周(单) 3-4节\n李\nA1", id="weeks before sections"),
    ],
)
def test_a_block_as_systems_write_it(cell):
    ((one,), problems) = read(cell, column=4)
    assert problems == []
    assert (one.class_, one.course, one.weekday, one.first, one.last) == ("<甲班>", "高数", 2, 3, 4)
    assert (one.weeks, one.teachers, one.room) == ({1, 3}, (Teaching("李"),), "A1")


@pytest.mark.parametrize("weeks", ["1-4周,6-9周", "1-4,6-9周", "1-4周、6-9周", "1-4周, 6-9周"])
def test_weeks_of_several_spans_are_all_there(weeks):
    ((one,), problems) = read(f"高数\n{weeks}\n3-4节\n程浩\nA1")
    assert (problems, one.weeks, one.room) == ([], {1, 2, 3, 4, 6, 7, 8, 9}, "A1")


def test_weeks_that_are_not_understood_are_a_problem_and_not_half_of_them():
    found, problems = read("高数\n1-4周,节后\n3-4节\n程浩\nA1")
    assert (found, len(problems)) == ([], 1)


def test_a_block_that_names_no_sections_has_those_of_its_rows():
    ((one,), _) = read("高数\n1-4周\n李\nA1", merged=[(3, 3, 4, 3)])
    assert (one.weekday, one.first, one.last) == (1, 3, 4)


def test_several_blocks_of_a_cell_and_what_is_none_told_by_its_cell():
    plans, problems = read("高数\n周一第3-4节{第1周}\n李\nA1\n\n英语\n李\nA2\n\n英语\n周一第3-4节{第2周}\n王\nA2")
    assert [one.course for one in plans] == ["高数", "英语"]
    assert problems == [("a.xlsx sheet C1 cell C3", "cannot be read: 英语 / 李 / A2")]
