"""Who works beside whom, and who is the head of which departments, on which day."""

from datetime import UTC, date, datetime

import pytest

from services.directory import Directory, Person, Tables
from services.directory.records import Course, Department, Leave, Major, Role, SchoolClass, TeachingOffice

AT = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
PEOPLE = (
    "tutor",
    "beside",
    "elsewhere",
    "head",
    "stand-in",
    "algebra",
    "analysis",
    "drawing",
    "office",
    "office-too",
    "gone",
)
LAST = {"gone": date(2026, 11, 22)}


def held(role, person, kind=None, scope=None, **days):
    return Role(role=role, person=person, scope_kind=kind, scope=scope, **days)


@pytest.fixture
def college():
    return Directory(
        Tables(
            people=tuple(Person(id=one, name=one, to_day=LAST.get(one)) for one in PEOPLE),
            departments=(Department(id="tech"), Department(id="care"), Department(id="mech", parent="tech")),
            teaching_offices=(
                TeachingOffice(id="maths", department="tech"), TeachingOffice(id="arts", department="care"),
            ),
            majors=(Major(id="m", department="tech"), Major(id="n", department="care")),
            classes=(SchoolClass(id="m1", major="m"), SchoolClass(id="m2", major="m"), SchoolClass(id="n1", major="n")),
            courses=(
                Course(id="algebra", teaching_office="maths", teacher="algebra"),
                Course(id="analysis", teaching_office="maths"),
                Course(id="drawing", teaching_office="arts"),
            ),
            roles=(
                held("class_tutor", "tutor", "class", "m1"), held("class_tutor", "beside", "class", "m2"),
                held("class_tutor", "gone", "class", "m2"), held("class_tutor", "elsewhere", "class", "n1"),
                held("department_head", "head", "department", "tech"),
                held("course_teacher", "analysis", "course", "analysis"),
                held("course_teacher", "drawing", "course", "drawing"),
                held("quality_office", "office"), held("quality_office", "office-too"),
            ),
            leave=(Leave(person="head", substitute="stand-in", from_day=date(2026, 11, 24)),),
        )
    )  # fmt: skip


@pytest.mark.parametrize(
    ("person", "beside"),
    [
        pytest.param("tutor", {"beside"}, id="the same role in the department, and nobody who has left"),
        pytest.param("elsewhere", set(), id="not that of another department"),
        pytest.param("algebra", {"analysis"}, id="who teaches in the department, by whichever table"),
        pytest.param("drawing", set(), id="who teaches in another one"),
        pytest.param("office", {"office-too"}, id="a role of the college"),
        pytest.param("head", set(), id="whose role nobody else holds"),
        pytest.param("nobody", set(), id="whom nobody knows"),
    ],
)
def test_colleagues_hold_the_same_role_in_the_same_department(person, beside, college):
    assert college.colleagues(person, AT) == beside


def test_a_head_answers_for_their_department_and_for_those_below_that_have_none(college):
    assert college.headed_by("head", AT) == {"tech", "mech"}
    assert college.headed_by("tutor", AT) == set()


def test_who_stands_in_for_a_head_is_one_as_long(college):
    later = AT.replace(day=25)
    assert college.headed_by("stand-in", AT) == set()
    assert college.headed_by("stand-in", later) == {"tech", "mech"}
    assert college.headed_by("head", later) == set()
