"""What follows where a source lists exceptions only, or everybody."""

from datetime import timedelta
from itertools import permutations

import msgspec
import pytest

from services.directory import Directory
from services.directory.records import Enrolment
from services.ingest.records.resolve import DERIVED
from tests.unit.ingest.records.conftest import MONDAY, TABLES, absent, lesson, said

HOUR = timedelta(hours=1)
OTHER = Enrolment(id="o1", class_id="k2")


def rolled(**more):
    return said("rollcall", **{"source": "app", "lesson": "L1", "class": "k1"} | more)


def figures(college):
    (found,) = [one.data for one in college.counts().values() if one.kind == "rollcall"]
    return {name: found.get(name) for name in ("expected", "present", "late", "leave", "absent")}


def test_who_is_no_exception_was_present_once_the_roll_call_was_handed_in(college):
    events = [
        lesson(),
        absent("s1", source="app"),
        absent("s2", source="app", status="early_leave"),
        rolled(at=MONDAY + HOUR / 6),
    ]
    for order in permutations(events):
        for event in order:
            college.take(event)
        assert college.statuses() == {"s1": "absent", "s2": "early_leave", "s3": "present", "s4": "present"}
        assert figures(college) == {"expected": 4, "present": 3, "late": 0, "leave": 0, "absent": 1}
    (derived, _) = [one for one in college.counts().values() if one.source == DERIVED]
    assert (derived.time, derived.data["hours"], derived.data["class"]) == (MONDAY, 2, "k1")
    college.take(rolled(at=MONDAY + HOUR / 6, _revision=1, _retracted=True))
    assert college.statuses() == {"s1": "absent", "s2": "early_leave"}


def test_without_a_roll_call_nobody_was_present(college):
    college.take(lesson(), absent("s1", source="app"))
    assert college.statuses() == {"s1": "absent"}
    assert [one.kind for one in college.counts().values() if one.kind == "rollcall"] == []


def test_what_follows_gives_way_to_a_record_of_whatever_source_and_comes_back(college):
    college.take(lesson(), rolled(), absent("s1", source="app"))
    college.take(absent("s3", source="phone", status="late"))
    assert college.statuses()["s3"] == "late"
    assert figures(college)["late"] == 1
    college.take(absent("s3", source="phone", status="late", _revision=1, _retracted=True))
    assert college.statuses()["s3"] == "present"
    assert figures(college)["late"] == 0


def test_figures_that_somebody_sends_stand(college):
    college.take(lesson(), absent("s1", source="app"), rolled(expected=40, present=30))
    assert figures(college) == {"expected": 40, "present": 30, "late": None, "leave": None, "absent": None}


def test_a_cancelled_lesson_has_no_present_students(college):
    college.take(lesson(status="cancelled"), rolled(), absent("s1", source="app"))
    assert [one.kind for one in college.counts().values()] == ["lesson"]


@pytest.mark.parametrize(("minutes", "status"), [(100, "leave"), (50, "present")], ids=["all of it", "a part"])
def test_leave_of_somebody_who_is_not_listed(minutes, status, college):
    college.take(lesson(), rolled(), absent("s1", source="app"))
    ends = MONDAY + timedelta(minutes=minutes)
    college.take(said("leave", student="s3", status="granted", **{"from": MONDAY.isoformat(), "to": ends.isoformat()}))
    assert college.statuses()["s3"] == status
    assert figures(college)["leave"] == (status == "leave")


def test_attendance_of_everybody_makes_the_roll_call_with_figures_once_all_are_there(college):
    everybody = [absent(f"s{n}", source="wall", status="present", at=MONDAY + n * HOUR / 60) for n in range(1, 5)]
    college.take(lesson(), *everybody[:3])
    assert figures(college) == {"expected": 4, "present": None, "late": None, "leave": None, "absent": None}
    college.take(everybody[3])
    assert figures(college) == {"expected": 4, "present": 4, "late": 0, "leave": 0, "absent": 0}
    college.take(msgspec.structs.replace(rolled(expected=4, present=1), source="phone"))
    assert figures(college)["present"] == 1


def test_nothing_follows_from_a_source_of_which_nobody_has_said_what_it_lists(college):
    college.take(lesson(), absent("s1"), rolled(source="sis"))
    assert college.statuses() == {"s1": "absent"}
    assert figures(college)["present"] is None


def test_a_lesson_of_several_classes_expects_all_of_them_and_names_each_with_its_own(college):
    college.directory = Directory(msgspec.structs.replace(TABLES, students=(*TABLES.students, OTHER)))
    college.take(lesson(classes=["k1", "k2"]), absent("s1", source="app"), rolled())
    assert college.statuses() == {"s1": "absent"} | dict.fromkeys(["o1", "s2", "s3", "s4"], "present")
    derived = {one.data["student"]: one.data["class"] for one in college.counts().values() if one.source == DERIVED}
    assert derived == {"o1": "k2", "s2": "k1", "s3": "k1", "s4": "k1"}
    assert figures(college)["expected"] == 5


def test_a_lesson_of_a_group_expects_those_of_it_who_are_enrolled(college):
    college.take(lesson(students=["s1", "s2", "gone"]), absent("s1", source="app"), rolled())
    assert college.statuses() == {"s1": "absent", "s2": "present"}
    assert figures(college)["expected"] == 2


def test_leave_that_is_granted_afterwards_lies_over_what_follows_too(college):
    college.take(lesson(), rolled(), absent("s1", source="app"))
    begin, end = MONDAY - HOUR, MONDAY + 3 * HOUR
    leave = said("leave", student="s3", status="granted", **{"from": begin.isoformat(), "to": end.isoformat()})
    college.take(leave)
    assert college.statuses()["s3"] == "leave"
    college.take(msgspec.structs.replace(leave, revision=1, retracted=True))
    assert college.statuses()["s3"] == "present"


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_roll_call_is_not_made_of_a_source_that_another_one_outranks(order, college):
    words = absent("s1", source="wall"), absent("s1", source="phone")
    college.take(lesson())
    for n in order:
        college.take(words[n])
    assert not [one for one in college.counts().values() if one.kind == "rollcall"]


def on_leave(student, status="granted", **more):
    hours = {"from": (MONDAY - HOUR).isoformat(), "to": (MONDAY + 3 * HOUR).isoformat()}
    return said("leave", student=student, status=status, **hours, **more)


FULL = {"expected": 40, "present": 36, "late": 1, "leave": 1, "absent": 2}


@pytest.mark.parametrize("order", [1, -1], ids=["as it was", "backwards"])
@pytest.mark.parametrize(
    ("sent", "absent_ones", "leave", "absent_then"),
    [
        pytest.param(FULL, ["s1", "s2"], 2, 1, id="one of those listed as absent"),
        pytest.param(FULL, ["s1"], 2, 1, id="the list names some of them alone"),
        pytest.param(FULL, ["s2"], 1, 2, id="the list does not name who is on leave"),
        pytest.param(FULL, [], 1, 2, id="figures alone"),
        pytest.param(FULL | {"leave": 2, "absent": 1}, ["s1", "s2"], 2, 1, id="the source had one on leave already"),
        pytest.param({"expected": 40, "present": 38}, ["s1", "s2"], 1, None, id="who is missing in the figures"),
        pytest.param({"expected": 40, "present": 40}, ["s1"], None, None, id="nobody is missing in the figures"),
        pytest.param({"present": 38}, ["s1"], None, None, id="nobody is said to be expected"),
    ],
)
def test_leave_lies_over_figures_that_somebody_sends_as_far_as_it_is_on_record_who_was_absent(
    sent, absent_ones, leave, absent_then, order, college
):
    events = [lesson(), rolled(source="sis", **sent), *map(absent, absent_ones), on_leave("s1")]
    for event in events[::order]:
        college.take(event)
    nothing = dict.fromkeys(FULL)
    assert figures(college) == nothing | sent | {"leave": leave, "absent": absent_then}
    college.take(on_leave("s1", "cancelled", _revision=1))
    assert figures(college) == nothing | sent
