"""What is read of one student, and of a class in a week, in both stores."""

from datetime import date, timedelta

import msgspec
import pytest

from services.directory import Directory
from services.directory.records import Enrolment
from services.ingest.phone.class_week import read_class_week
from services.ingest.phone.history import read_history
from services.ingest.phone.lessons import lesson_of
from tests.unit.ingest.records.conftest import MONDAY, TABLES, absent, lesson, said

DAY, WEEK = timedelta(days=1), timedelta(days=7)


def history(college, student="s1", begin=MONDAY - DAY, end=MONDAY + 3 * WEEK):
    with college.store.reading() as records:
        return read_history(records, college.keys, student, (begin, end), college.directory, college.closed)


def result(score, attempt=1, at=MONDAY, **more):
    return said(
        "test",
        at=at,
        ident=f"t/{attempt}/{more.get('student', 's1')}",
        **{"test": "t1", "student": "s1", "course": "math", "lesson": "L1", "status": "graded"}
        | {"score": score, "max_score": 50, "attempt": attempt}
        | more,
    )


def test_what_counts_of_a_student_and_of_nobody_else(college):
    leave = {"leave": "v", "status": "granted", "category": "sick"}
    leave |= {"from": (MONDAY + 2 * DAY).isoformat(), "to": (MONDAY + 4 * DAY).isoformat()}
    college.take(
        lesson(),
        lesson("L2", MONDAY + DAY),
        lesson("L3", MONDAY + DAY, status="cancelled"),
        absent(),
        absent(lesson="L2", status="present", at=MONDAY + DAY),
        absent(lesson="L3", at=MONDAY + DAY),
        absent("s2"),
        said("leave", student="s1", ident="leave", at=MONDAY, **leave),
        said("assessment", student="s1", period="2026-09", course="math", teacher="t", overall="poor", ident="a"),
    )
    found = history(college)
    assert sorted((one.data["lesson"], one.data["status"]) for one in found.attendance) == [
        ("L1", "absent"),
        ("L2", "present"),
    ]
    assert [one.data["category"] for one in found.leaves] == ["sick"]
    assert [one.data["overall"] for one in found.assessments] == ["poor"]
    assert set(found.lessons) == {"L1"}
    assert found.first == MONDAY
    assert found.begins(found.attendance[0]).tzinfo is not None
    assert history(college, "s3") == ([], [], [], [], {}, None)


def test_a_time_has_its_first_instant_and_not_its_last(college):
    college.take(lesson(), absent(), lesson("L2", MONDAY + WEEK), absent(lesson="L2", at=MONDAY + WEEK))
    one_week = history(college, begin=MONDAY, end=MONDAY + WEEK)
    assert [one.data["lesson"] for one in one_week.attendance] == ["L1"]
    later = history(college, begin=MONDAY + WEEK, end=MONDAY + 2 * WEEK)
    assert [one.data["lesson"] for one in later.attendance] == ["L2"]
    assert later.first == MONDAY


def test_the_newest_attempt_stands_with_the_scores_before_it(college):
    college.take(lesson(), result(20), result(29.5, attempt=2, at=MONDAY + DAY), result(50, student="s2"))
    (found,) = history(college).tests
    assert (found.score, list(found.earlier), found.percent, found.is_passed) == (29.5, [20], 59, False)
    college.take(result(25, attempt=3, at=MONDAY + 2 * DAY, pass_score=25))
    (found,) = history(college).tests
    assert (found.score, list(found.earlier), found.is_passed) == (25, [20, 29.5], True)


@pytest.mark.parametrize("status", ["not_submitted", "pending", "exempt"])
def test_a_test_without_a_score_is_not_passed_and_in_no_mean(college, status):
    college.take(lesson(), result(None, status=status))
    (found,) = history(college).tests
    assert (found.score, found.percent, found.is_passed) == (None, None, False)


def week(college, class_="k1"):
    with college.store.reading() as records:
        found = [
            known
            for one in records.between("lesson", 0, 1 << 50)
            if (known := lesson_of(one, college.directory, college.closed)) is not None and class_ in known.classes
        ]
        return read_class_week(records, class_, sorted(found, key=lambda one: one.begins), college.directory)


def test_a_class_in_a_week_is_who_was_of_it_at_each_lesson(college):
    others = [one for one in TABLES.students if one.id != "s3"]
    moved = [
        Enrolment(id="s3", class_id="k1", from_day=date(2026, 8, 31), to_day=date(2026, 9, 7)),
        Enrolment(id="s3", class_id="k2", from_day=date(2026, 9, 8)),
    ]
    college.directory = Directory(msgspec.structs.replace(TABLES, students=(*others, *moved)))
    college.take(
        lesson(),
        lesson("L2", MONDAY + DAY),
        lesson("L3", MONDAY + 2 * DAY, students=["s1"]),
        lesson("L4", MONDAY + 2 * DAY, status="cancelled"),
        absent("s3"),
        said("rollcall", lesson="L1", **{"class": "k1"}, ident="r"),
    )
    found = week(college)
    assert [(one.lesson.id, one.is_rolled) for one in found.lessons] == [("L1", True), ("L2", False), ("L3", False)]
    assert found.lessons[0].cells == {"s1": "unsaid", "s2": "unsaid", "s3": "absent", "s4": "unsaid"}
    assert set(found.lessons[1].cells) == {"s1", "s2", "s4"}
    assert set(found.lessons[2].cells) == {"s1"}
    assert found.students == {"s1", "s2", "s3", "s4"}
    assert week(college, "k2").lessons == []
