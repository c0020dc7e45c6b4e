from datetime import UTC, date, datetime

import pytest

from services.accounts.permissions import (
    Inbox,
    LeavePolicy,
    Matter,
    OfLeave,
    Who,
    allowed,
    deciders,
    departments_of,
    may_take,
    takers,
)
from services.directory import Directory, Person, Tables
from services.directory.records import Department, Enrolment, Leave, Role, SchoolClass

AT = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
CLASS = Matter({"class": "c1"}, {"told"})


def directory(**rows):
    people = tuple(Person(id=one, name=one) for one in ("tutor", "stand-in", "told"))
    tutor = Role(role="class_tutor", person="tutor", scope_kind="class", scope="c1")
    return Directory(Tables(people=people, classes=(SchoolClass(id="c1"),), roles=(tutor,), **rows))


@pytest.mark.parametrize(
    ("person", "why"), [("tutor", "role"), ("told", "told"), ("stand-in", "not_yours"), ("ghost", "not_there")]
)
def test_a_decision_names_its_reason(person, why):
    found = allowed(Who(person), CLASS, directory(), AT)
    assert found == (why in ("role", "told"), why)


def test_who_stands_in_sees_what_the_other_would_and_their_inbox_while_they_are_away():
    away = directory(leave=(Leave(person="tutor", substitute="stand-in", from_day=AT.date(), to_day=AT.date()),))
    assert allowed(Who("stand-in"), CLASS, away, AT) == (True, "role")
    assert allowed(Who("stand-in"), Inbox("tutor"), away, AT) == (True, "stands_in")
    later = AT.replace(day=25)
    assert allowed(Who("stand-in"), CLASS, away, later) == (False, "not_yours")
    assert allowed(Who("stand-in"), Inbox("tutor"), away, later) == (False, "not_yours")


def test_who_has_left_sees_nothing_though_they_were_told():
    gone = Directory(Tables(people=(Person(id="told", name="told", to_day=datetime(2026, 11, 22, tzinfo=UTC).date()),)))
    assert allowed(Who("told"), CLASS, gone, AT) == (False, "not_there")
    assert allowed(Who("told"), "start", gone, AT) == (False, "not_there")


def test_an_operator_of_no_directory_has_the_pages_of_operators_and_no_warning():
    admin = Who("admin", operator=True)
    assert [allowed(admin, page, directory(), AT).granted for page in ("figures", "deliveries", "set_aside")] == [
        True
    ] * 3
    assert allowed(admin, CLASS, directory(), AT) == (False, "not_yours")
    assert allowed(admin, Inbox("tutor"), directory(), AT) == (False, "not_yours")


def school():
    """A tutor with a colleague and a stand-in, a head, an office, and a student who was told."""
    names = ("tutor", "beside", "stand-in", "head", "office", "told", "gone")
    held = (("class_tutor", "tutor", "class", "c1"), ("class_tutor", "beside", "class", "c2"),
            ("department_head", "head", "department", "d1"), ("quality_office", "office", None, None))  # fmt: skip
    return Directory(
        Tables(
            people=tuple(
                Person(id=one, name=one, to_day=date(2026, 11, 22) if one == "gone" else None) for one in names
            ),
            departments=(Department(id="d1"),),
            classes=(SchoolClass(id="c1", department="d1"), SchoolClass(id="c2", department="d1")),
            students=(Enrolment(id="student", class_id="c1"),),
            roles=tuple(Role(role=role, person=who, scope_kind=kind, scope=scope) for role, who, kind, scope in held),
            leave=(Leave(person="tutor", substitute="stand-in", from_day=AT.date(), to_day=AT.date()),),
        )
    )


OF_STUDENT = Matter({"student": "student", "class": "c1", "department": "d1"}, {"told", "gone", "student"})


@pytest.mark.parametrize(
    ("to", "may"),
    [
        ("beside", True), ("stand-in", True), ("head", True), ("told", True), ("office", False), ("gone", False),
        ("student", False), ("nobody", False),
    ],
)  # fmt: skip
def test_who_may_take_a_warning_over(to, may):
    assert may_take(to, "tutor", OF_STUDENT, school(), AT) is may
    assert (to in takers("tutor", OF_STUDENT, school(), AT)) is may


def test_nobody_takes_over_a_warning_about_themselves():
    about = Matter({"teacher": "beside"}, {"beside", "head"})
    assert takers("tutor", about, school(), AT) == {"head", "stand-in"}


def test_heads_see_the_figures_of_their_department_and_offices_those_of_all():
    seen = {one: departments_of(Who(one), school(), AT) for one in ("head", "office", "tutor")}
    assert seen == {"head": {"d1"}, "office": None, "tutor": frozenset()}
    assert departments_of(Who("admin", operator=True), school(), AT) is None
    assert [allowed(Who(one), "figures", school(), AT).granted for one in seen] == [True, True, False]


ACTS = ("see", "ask", "decide", "end")
LEAVE_HELD = (
    ("class_tutor", "tutor", "class", "c1"), ("class_tutor", "other", "class", "c2"),
    ("counsellor", "counsellor", "department", "d1"), ("class_mentor", "mentor", "class", "c1"),
    ("department_head", "head", "department", "d1"), ("student_affairs", "office", None, None),
)  # fmt: skip


def leave_college(*leave, without=()):
    """Who decides on the leave of `student`; `without`: nobody holds these roles."""
    names = ("tutor", "other", "counsellor", "mentor", "head", "office", "stand-in", "teacher")
    held = [one for one in LEAVE_HELD if one[0] not in without]
    return Directory(
        Tables(
            people=tuple(Person(id=one, name=one) for one in names),
            departments=(Department(id="d1"),),
            classes=(SchoolClass(id="c1", department="d1"), SchoolClass(id="c2", department="d1")),
            students=(Enrolment(id="student", class_id="c1"), Enrolment(id="s2", class_id="c1")),
            roles=tuple(Role(role=role, person=who, scope_kind=kind, scope=scope) for role, who, kind, scope in held),
            leave=leave,
        )
    )


def away(person, substitute=None):
    return Leave(person=person, substitute=substitute, from_day=AT.date(), to_day=AT.date())


@pytest.mark.parametrize(
    ("person", "days", "may"),
    [
        ("tutor", 3, ACTS), ("tutor", 4, ("see", "ask", "end")), ("counsellor", 3, ACTS),
        ("counsellor", 4, ("see", "ask", "end")), ("head", 4, ("see", "decide", "end")),
        ("office", 1, ("see", "decide", "end")), ("other", 1, ()), ("mentor", 1, ()), ("teacher", 1, ()), ("s2", 1, ()),
        ("student", 1, ("see", "ask", "end")),
    ],
)  # fmt: skip
def test_what_somebody_may_do_with_a_leave(person, days, may):
    policy, college = LeavePolicy(students=True), leave_college()
    granted = {
        act: allowed(Who(person), OfLeave(act, "student", "c1", policy, days), college, AT).granted for act in ACTS
    }
    assert granted == {act: act in may for act in ACTS}


def test_students_have_no_part_in_their_leave_unless_the_college_says_so():
    for act in ACTS:
        assert allowed(Who("student"), OfLeave(act, "student", "c1", LeavePolicy(), 1), leave_college(), AT) == (
            False, "not_yours",
        )  # fmt: skip


@pytest.mark.parametrize(
    ("college", "days", "named"),
    [
        (leave_college(), 1, ["tutor"]),
        (leave_college(), 4, ["head"]),
        (leave_college(away("tutor", "stand-in")), 1, ["stand-in"]),
        (leave_college(away("tutor")), 1, ["counsellor"]),
        (leave_college(away("tutor"), without=("counsellor",)), 1, ["head"]),
        (leave_college(away("head")), 4, ["office"]),
        (leave_college(without=("department_head",)), 4, ["office"]),
        (leave_college(away("office"), without=("class_tutor", "counsellor", "department_head")), 1, ["office"]),
        (leave_college(without=[one[0] for one in LEAVE_HELD]), 1, []),
    ],
    ids=[
        "tutor", "long", "who stands in", "away", "away and no other", "head away", "no head", "all away", "nobody",
    ],
)  # fmt: skip
def test_who_is_to_decide_is_the_nearest_who_is_there(college, days, named):
    assert deciders(OfLeave("decide", "student", "c1", LeavePolicy(), days), college, AT) == named


def test_nobody_decides_on_their_own_leave_though_they_hold_the_role():
    roles = (Role(role="class_tutor", person="student", scope_kind="class", scope="c1"),)
    college = Directory(
        Tables(
            people=(Person(id="student", name="student"),),
            classes=(SchoolClass(id="c1"),),
            students=(Enrolment(id="student", class_id="c1"),),
            roles=roles,
        )
    )
    mine = OfLeave("decide", "student", "c1", LeavePolicy(students=True), 1)
    assert not allowed(Who("student"), mine, college, AT).granted
    assert deciders(mine, college, AT) == []
