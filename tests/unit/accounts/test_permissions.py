from datetime import UTC, date, datetime

import pytest

from services.accounts.permissions import Inbox, Matter, Who, allowed, departments_of, may_take, takers
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
