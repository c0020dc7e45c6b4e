from datetime import UTC, date, datetime

import pytest

from services.accounts.asked import Inbox, LeavePolicy, Matter, OfClass, OfLeave, OfStudent, Share, Who
from services.accounts.permissions import (
    allowed,
    classes_of,
    deciders,
    departments_of,
    looks_after,
    may_take,
    may_take_back,
    share_of,
    takers,
)
from services.directory import Directory, Person, Tables
from services.directory.records import Course, Department, Enrolment, Leave, Major, Role, SchoolClass

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


@pytest.mark.parametrize(
    ("person", "may"), [("tutor", True), ("stand-in", True), ("beside", False), ("head", False), ("nobody", False)]
)
def test_who_may_take_a_referral_back(person, may):
    assert may_take_back(person, "tutor", school(), AT) is may


def test_nobody_takes_over_a_warning_about_themselves():
    about = Matter({"teacher": "beside"}, {"beside", "head"})
    assert takers("tutor", about, school(), AT) == {"head", "stand-in"}


def test_heads_see_the_figures_of_their_department_and_offices_those_of_all():
    seen = {one: departments_of(Who(one), school(), AT) for one in ("head", "office", "tutor")}
    assert seen == {"head": {"d1"}, "office": None, "tutor": frozenset()}
    assert departments_of(Who("admin", operator=True), school(), AT) is None
    assert [allowed(Who(one), "figures", school(), AT).granted for one in seen] == [True, True, False]


def teaching():
    """Everybody who may have to do with a student of c1, which others have left, and who moved to c2 on Tuesday."""
    held = (
        ("class_tutor", "tutor", "class", "c1", None), ("counsellor", "counsellor", "major", "m1", None),
        ("class_mentor", "mentor", "class", "c1", None), ("department_head", "head", "department", "d1", None),
        ("teaching_office_head", "office-head", "teaching_office", "o1", None),
        ("major_head", "major", "major", "m1", None),
        ("quality_office", "office", None, None, None), ("rules_operator", "operator", None, None, None),
        ("course_teacher", "maths", "course", "math", "c1"), ("course_teacher", "both", "course", "math", "c1"),
        ("course_teacher", "both", "course", "art", "c1"), ("course_teacher", "elsewhere", "course", "math", "c2"),
        ("course_teacher", "anywhere", "course", "art", None), ("class_tutor", "tutor2", "class", "c2", None),
    )  # fmt: skip
    names = {one[1] for one in held} | {"stand-in", "nobody"}
    return Directory(
        Tables(
            people=tuple(Person(id=one, name=one) for one in sorted(names)),
            departments=(Department(id="d1"),),
            majors=(Major(id="m1", department="d1"),),
            classes=(SchoolClass(id="c1", major="m1"), SchoolClass(id="c2")),
            courses=(Course(id="math"), Course(id="art")),
            students=(
                Enrolment(id="student", class_id="c1"),
                Enrolment(id="left", class_id="c1", to_day=date(2026, 11, 22)),
                Enrolment(id="moves", class_id="c1", to_day=date(2026, 11, 23)),
                Enrolment(id="moves", class_id="c2", from_day=date(2026, 11, 24)),
                Enrolment(id="away", class_id="c1", status="suspended"),
            ),
            roles=tuple(
                Role(role=role, person=who, scope_kind=kind, scope=scope, class_id=class_)
                for role, who, kind, scope, class_ in held
            ),
            leave=(Leave(person="mentor", substitute="stand-in", from_day=AT.date(), to_day=AT.date()),),
        )
    )


ALL = Share("role")
SHARES = {
    "tutor": ALL, "counsellor": ALL, "stand-in": ALL, "head": ALL, "maths": Share("class", frozenset({"math"})),
    "both": Share("class", frozenset({"math", "art"})),
}  # fmt: skip
"""The others see nothing: not who is away, nor who teaches elsewhere, nor offices, operators, guardians."""


@pytest.mark.parametrize("student", ["student", "away"])
def test_what_of_a_student_is_seen_by_whom(student):
    directory = teaching()
    everybody = {one.id for one in directory.people()} | {"student", "left", "moves", "ghost"}
    for one in everybody:
        assert share_of(one, OfStudent(student), directory, AT) == SHARES.get(one), one
        granted = allowed(Who(one), OfStudent(student), directory, AT)
        assert granted.granted == (one in SHARES), one
    assert not allowed(Who("admin", operator=True), OfStudent(student), directory, AT).granted


@pytest.mark.parametrize("student", ["left", "ghost", "tutor", ""])
def test_of_who_has_left_or_is_no_student_nobody_sees_anything(student):
    directory = teaching()
    for one in ("tutor", "head", "maths", student):
        assert not allowed(Who(one), OfStudent(student, themself=True), directory, AT).granted, one


def test_a_student_sees_their_own_alone_and_only_if_the_college_says_so():
    directory = teaching()
    assert allowed(Who("student"), OfStudent("student"), directory, AT) == (False, "not_yours")
    assert allowed(Who("student"), OfStudent("student", themself=True), directory, AT) == (True, "own")
    assert allowed(Who("student"), OfStudent("moves", themself=True), directory, AT) == (False, "not_yours")
    assert allowed(Who("left"), OfStudent("left", themself=True), directory, AT) == (False, "not_there")


def test_who_moves_is_seen_by_those_of_the_class_of_the_day():
    directory, tomorrow = teaching(), AT.replace(day=24)
    seen = {
        at.day: {
            one for one in ("tutor", "tutor2", "maths", "elsewhere") if share_of(one, OfStudent("moves"), directory, at)
        }
        for at in (AT, tomorrow)
    }
    assert seen == {23: {"tutor", "maths"}, 24: {"tutor2", "elsewhere"}}


def test_the_classes_that_somebody_has():
    directory = teaching()
    found = {
        one: classes_of(one, directory, AT) for one in ("tutor", "counsellor", "stand-in", "both", "elsewhere", "head")
    }
    assert found == {
        "tutor": ["c1"], "counsellor": ["c1"], "stand-in": ["c1"], "both": ["c1"], "elsewhere": ["c2"], "head": [],
    }  # fmt: skip
    assert [looks_after(one, "c1", directory, AT) for one in ("tutor", "both")] == [True, False]
    assert allowed(Who("both"), OfClass("c1"), directory, AT).granted
    assert not allowed(Who("both"), OfClass("c2"), directory, AT).granted
    assert not allowed(Who("both"), OfClass("none"), directory, AT).granted


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
