"""A simulated college: no warning is wrong and none is missing, compared both ways with the plan that made its data."""

from collections import Counter

import pytest

from tests.acceptance.simulated_college import College
from tests.acceptance.simulated_warnings import RULES, compared, right, table, through_prewarn

_STUDENTS, _SEED = 120, 22


@pytest.fixture(scope="module")
def college():
    return College(_STUDENTS, _SEED)


@pytest.fixture(scope="module")
def found(college, tmp_path_factory):
    return through_prewarn(college, tmp_path_factory.mktemp("simulated"))


def test_the_plan_has_something_to_warn_of_by_each_rule(college):
    expected = right(college)
    assert {key[0] for key in expected} == set(RULES)
    assert {"yellow", "orange", "red"} == set(expected.values())


def test_the_plan_has_everything_that_goes_wrong_in_a_college(college):
    lessons = college.lessons.values()
    assert {"planned", "cancelled", "moved"} == {lesson.status for lesson in lessons}
    assert any(lesson.starts.month == 10 and lesson.starts.day < 8 for lesson in lessons)
    spans = Counter(len(one.spans) for one in college.students.values())
    assert set(spans) == {1, 2, 3}
    sent = [event for _, event in college.events]
    assert {"app", "scanner", "timetable", "tests", "slips"} == {event["source"] for event in sent}
    assert any(event.get("retracted") for event in sent)
    assert any(event["data"].get("attempt") == 2 for event in sent)


def test_a_comparison_tells_what_is_wrong_what_is_missing_and_what_has_another_level():
    found = {("rollcall-missing", "a"): "yellow", ("rollcall-missing", "b"): "yellow"}
    wanted = {("rollcall-missing", "b"): "orange", ("rollcall-missing", "c"): "yellow"}
    assert compared(found, wanted) == {
        "wrong": [("rollcall-missing", "a")],
        "missing": [("rollcall-missing", "c")],
        "other level": [("rollcall-missing", "b")],
    }


def test_no_warning_is_wrong_and_none_is_missing(college, found):
    assert not any(compared(found, right(college)).values()), table(college, found)


def test_the_last_week_first_and_the_directory_last_end_with_the_same(college, found, tmp_path):
    turned = through_prewarn(college, tmp_path, turned=True)
    assert not any(compared(turned, found).values()), compared(turned, found)
