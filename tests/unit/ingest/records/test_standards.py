"""A teacher's own standard for the tests of a course gives results a pass mark that their source does not name."""

from datetime import timedelta
from itertools import permutations

import pytest

from tests.unit.ingest.records.conftest import MONDAY, lesson, said


def standard(begin=MONDAY, mark=70, **more):
    data = {"teacher": "t1", "course": "math", "from": begin.isoformat(), "max_score": 100, "pass_score": mark}
    return said("test_standard", source="phone", ident=f"standard/{begin:%d%H}", at=begin, **data | more)


def result(student="s1", at=MONDAY, **more):
    data = {"test": "Q1", "student": student, "course": "math", "teacher": "t1", "class": "k1", "status": "graded"}
    return said("test", at=at, **data | {"score": 65, "max_score": 100} | more)


def marks(college):
    return {one.data["student"]: one.data.get("pass_score") for one in college.counts().values() if one.kind == "test"}


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_it_holds_whatever_came_first(college, order):
    events = [standard(), result(), lesson("L1")]
    for n in order:
        college.take(events[n])
    assert marks(college) == {"s1": 70}


OTHERS = {
    "another course": {"course": "art"}, "another teacher": {"teacher": "t2"}, "no teacher": {"teacher": None},
    "before it begins": {"at": MONDAY - timedelta(days=1)}, "not marked yet": {"status": "pending", "score": None},
}  # fmt: skip


@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS)
def test_it_holds_for_nothing_else(college, other):
    data = {name: value for name, value in other.items() if value is not None}
    one = result(**data)
    for name, value in other.items():
        if value is None:
            del one.data[name]
    college.take(standard(), one)
    assert marks(college) == {"s1": None}


def test_what_a_source_says_itself_stands_and_another_highest_score_is_reckoned_with(college):
    college.take(standard(), result(pass_score=50), result("s2", test="Q2", score=20, max_score=30))
    assert marks(college) == {"s1": 50, "s2": 21}


def test_a_newer_one_holds_from_its_day_on_and_goes_when_it_is_taken_back(college):
    tuesday = MONDAY + timedelta(days=1)
    college.take(standard(), result(), result("s2", tuesday))
    college.take(standard(tuesday, 80))
    assert marks(college) == {"s1": 70, "s2": 80}
    college.take(standard(tuesday, 80, _revision=1, _retracted=True))
    assert marks(college) == {"s1": 70, "s2": 70}
    college.take(standard(mark=60, _revision=1))
    assert marks(college) == {"s1": 60, "s2": 60}
