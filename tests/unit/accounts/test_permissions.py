from datetime import UTC, datetime

import pytest

from services.accounts.permissions import Inbox, Matter, Who, allowed
from services.directory import Directory, Person, Tables
from services.directory.records import Leave, Role, SchoolClass

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
