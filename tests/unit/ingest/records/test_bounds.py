"""Enrolment, calendar, the lesson, exemptions, leave and attempts bound what counts, whatever comes first."""

from datetime import date, timedelta
from itertools import permutations

import msgspec
import pytest

from services.directory import Directory
from services.directory.records import Enrolment, Exemption
from tests.unit.ingest.records.conftest import MONDAY, TABLES, absent, lesson, said

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
HOLIDAY = MONDAY + 3 * DAY


def result(student="s1", score=50, **more):
    return said(
        "test", **{"test": "Q1", "student": student, "score": score, "max_score": 100, "status": "graded"} | more
    )


def rolled(**more):
    return said("rollcall", **{"lesson": "L1", "class": "k1", "expected": 4, "present": 2} | more)


def leave(student="s1", begin=MONDAY, end=MONDAY + 4 * HOUR, status="granted", **more):
    fields = {"leave": "v1", "student": student, "from": begin.isoformat(), "to": end.isoformat(), "status": status}
    return said("leave", ident="v1", at=MONDAY, **fields | more)


@pytest.mark.parametrize(
    ("events", "kinds"),
    [
        ([lesson(status="cancelled"), absent(), rolled(), result(lesson="L1")], ["lesson"]),
        ([lesson(moved_to="L9"), absent(), rolled(), result(lesson="L1")], []),
        ([lesson(begin=HOLIDAY), absent(at=HOLIDAY), rolled(at=HOLIDAY), result(lesson="L1", at=HOLIDAY)], []),
        ([absent(at=HOLIDAY), rolled(at=HOLIDAY), result(at=HOLIDAY)], ["test"]),
        ([lesson(), absent(), rolled(), result(lesson="L1")], ["attendance", "lesson", "rollcall", "test"]),
    ],
    ids=["cancelled", "moved", "closed day", "closed day, no lesson known", "held"],
)  # fmt: skip
def test_what_hangs_on_a_lesson_goes_with_it_whatever_comes_first(events, kinds, college):
    for number, order in enumerate(permutations(events)):
        for event in order:
            college.take(msgspec.structs.replace(event, revision=100 + 2 * number))
        assert sorted(event.kind for event in college.counts().values()) == kinds
        for event in order:
            college.take(msgspec.structs.replace(event, revision=101 + 2 * number, retracted=True))
        assert college.counts() == {}


def test_a_cancelled_lesson_that_takes_place_after_all_gives_its_records_back(college):
    college.take(lesson(status="cancelled"), absent(), result(lesson="L1"))
    college.take(lesson(status="held", _revision=1))
    assert sorted(event.kind for event in college.counts().values()) == ["attendance", "lesson", "test"]


@pytest.mark.parametrize(
    ("student", "there"), [("s1", True), ("late", False), ("gone", False), ("away", False), ("nobody", True)]
)
def test_records_outside_of_the_enrolment_do_not_count(student, there, college):
    college.take(absent(student), result(student))
    assert bool(college.counts()) is there


def test_a_lesson_on_another_day_than_its_record_decides_by_its_own_day(college):
    college.take(lesson(begin=MONDAY + 7 * DAY), absent("late", at=MONDAY))
    assert set(college.statuses()) == {"late"}


def test_an_assessment_counts_for_whom_was_there_in_its_month(college):
    fields = {"course": "c", "teacher": "t", "overall": "poor"}
    college.take(*(said("assessment", ident=f"{who}{month}", student=who, period=month, at=MONDAY + 20 * DAY, **fields)
                   for who in ("gone", "late") for month in ("2026-08", "2026-09", "2026-10")))  # fmt: skip
    assert {(one.data["student"], one.data["period"]) for one in college.counts().values()} == {
        ("gone", "2026-08"),
        ("gone", "2026-09"),
        *(("late", month) for month in ("2026-08", "2026-09", "2026-10")),
    }


def test_an_exemption_holds_for_its_kind_and_its_days(college):
    college.take(result("s4"), result("s4", test="Q2", at=MONDAY + DAY), absent("s4", at=MONDAY + DAY))
    assert sorted(one.data.get("test", "-") for one in college.counts().values()) == ["-", "Q1"]


def test_of_several_attempts_the_newest_graded_one_counts(college):
    first, second = result(score=40), result(score=70, attempt=2, ident="2", at=MONDAY + DAY)
    third = result(score=None, status="not_submitted", attempt=3, ident="3", at=MONDAY + 2 * DAY)
    for order in permutations([first, second, third]):
        college.take(*order)
        assert [one.data["score"] for one in college.counts().values()] == [70]
    college.take(msgspec.structs.replace(second, revision=1, retracted=True))
    assert [one.data["score"] for one in college.counts().values()] == [40]


def test_a_ticket_is_what_its_newest_step_says_it_is(college):
    steps = [
        said("ticket", ident="1", ticket="R", action="created", category="repair", department="a"),
        said(
            "ticket", ident="2", ticket="R", action="reassigned", category="repair", priority="urgent", at=MONDAY + HOUR
        ),
        said("ticket", ident="3", ticket="R", action="resolved", category="complaint", at=MONDAY + 2 * HOUR),
    ]
    for order in permutations(steps):
        for event in order:
            college.take(event)
        found = [
            (one.data["category"], one.data["priority"], one.data["department"]) for one in college.counts().values()
        ]
        assert found == [("complaint", "urgent", "a")] * 3


@pytest.mark.parametrize("order", [0, 1])
@pytest.mark.parametrize(
    ("granted", "status"),
    [
        (leave(), "leave"),
        (leave(begin=MONDAY + HOUR), "leave"),
        (leave(begin=MONDAY + 2 * HOUR), "absent"),
        (leave(begin=MONDAY - DAY, end=MONDAY), "absent"),
        (leave(status="pending"), "absent"),
        (leave(student="s2"), "absent"),
        (leave(begin=MONDAY - 20 * DAY, end=MONDAY + 20 * DAY), "leave"),
    ],
    ids=["its hours", "a part of it", "after it", "before it", "not granted", "somebody else's", "for weeks"],
)  # fmt: skip
def test_leave_lies_over_the_records_of_its_hours_whichever_comes_first(granted, status, order, college):
    events = [[lesson(), absent()], [granted]]
    for some in events if order else reversed(events):
        college.take(*some)
    assert college.statuses()["s1"] == status
    college.take(leave(begin=MONDAY - 20 * DAY, end=MONDAY - 19 * DAY, _revision=1, student=granted.data["student"]))
    assert college.statuses()["s1"] == "absent"


def test_leave_that_is_cancelled_lifts_again_and_who_came_stays_present(college):
    college.take(lesson(), absent("s1"), absent("s2", status="late"), leave())
    assert college.statuses() == {"s1": "leave", "s2": "late"}
    college.take(leave(status="cancelled", _revision=1))
    assert college.statuses() == {"s1": "absent", "s2": "late"}


def test_a_directory_dated_back_takes_in_anew_what_it_touches(college):
    college.take(lesson(), absent("s1"), absent("s2"), absent("late"))
    assert set(college.statuses()) == {"s1", "s2"}
    before = len(college.heard())
    students = [one for one in TABLES.students if one.id not in ("s1", "late")]
    joined = Enrolment(id="late", class_id="k1", from_day=date(2026, 9, 1))
    left = Enrolment(id="s1", class_id="k1", from_day=date(2026, 8, 31), to_day=date(2026, 9, 6))
    exempt = Exemption(student="s2", of="attendance", from_day=date(2026, 9, 1), why="competition")
    changed = msgspec.structs.replace(TABLES, students=(*students, joined, left), exemptions=(exempt,))
    college.directory = Directory(changed)
    college.log.review()
    assert set(college.statuses()) == {"late"}
    assert len(college.heard()) == before + 3
    college.log.review()
    assert len(college.heard()) == before + 3


def test_a_day_that_is_closed_afterwards_takes_its_lessons_away(college):
    college.take(lesson(), absent())
    college.closed_days.add(MONDAY.date())
    college.log.review()
    assert college.counts() == {}
    college.closed_days.clear()
    college.log.review()
    assert sorted(event.kind for event in college.counts().values()) == ["attendance", "lesson"]


def test_a_mark_by_the_list_of_a_class_that_the_student_is_not_in_any_more_does_not_count(college):
    moved = (
        Enrolment(id="mo", class_id="k1", from_day=date(2026, 8, 31), to_day=date(2026, 9, 5)),
        Enrolment(id="mo", class_id="k2", from_day=date(2026, 9, 6)),
    )
    college.directory = Directory(msgspec.structs.replace(TABLES, students=(*TABLES.students, *moved)))
    college.take(lesson(), lesson("L2", **{"class": "k2"}), lesson("L3", students=["mo"]))
    college.take(absent("mo"), absent("mo", "L2", **{"class": "k2"}), absent("mo", "L3"), absent("s1", "L2"))
    college.take(result("mo", lesson="L1"), result("mo", test="Q2", lesson="L2"))
    counted = sorted(
        (one.data["student"], one.data["lesson"]) for one in college.counts().values() if one.kind == "attendance"
    )
    assert counted == [("mo", "L2"), ("mo", "L3"), ("s1", "L2")]
    assert sorted(one.data["test"] for one in college.counts().values() if one.kind == "test") == ["Q1", "Q2"]


def test_who_has_left_by_the_clock_is_told_once_and_whoever_returns_is_taken_back(college):
    def told():
        return [
            (one.data["value"], one.revision, one.retracted, one.time)
            for one in college.heard()
            if one.kind == "ending"
        ]

    last = MONDAY - 8 * HOUR
    assert college.log.tell_who_left() == 1
    assert told() == [("gone", 0, False, last)]
    assert college.log.tell_who_left() == 0
    students = [one for one in TABLES.students if one.id != "gone"]
    back = Enrolment(id="gone", class_id="k1", from_day=date(2026, 8, 31))
    college.directory = Directory(msgspec.structs.replace(TABLES, students=(*students, back)))
    assert college.log.tell_who_left() == 1
    assert told()[1:] == [("gone", 1, True, last)]
