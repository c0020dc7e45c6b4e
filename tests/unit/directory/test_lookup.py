"""Who is accountable on which day, and what follows from an event."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from services.directory import Directory, load

SHANGHAI = ZoneInfo("Asia/Shanghai")
OCTOBER_7 = datetime(2026, 10, 7, 23, 59, tzinfo=SHANGHAI)
OCTOBER_8 = datetime(2026, 10, 8, 0, 0, tzinfo=SHANGHAI)
NOVEMBER = datetime(2026, 11, 2, 8, 0, tzinfo=SHANGHAI)


@pytest.fixture
def college(folder) -> Directory:
    return load(folder)


def ids(people) -> list[str]:
    return [person.id for person in people]


@pytest.mark.parametrize(
    ("role", "context", "at", "expected"),
    [
        pytest.param("class_tutor", {"class": "m2601"}, OCTOBER_7, ["anna"], id="until the end of the last day"),
        pytest.param("class_tutor", {"class": "m2601"}, OCTOBER_8, ["dai"], id="from 00:00 of the first day"),
        pytest.param("class_tutor", {"class": "m2601"}, NOVEMBER, [], id="somebody who left gets nothing"),
        pytest.param("class_tutor", {"student": "s1"}, OCTOBER_7, ["anna"], id="class of the student"),
        pytest.param("counsellor", {"class": "m2601"}, OCTOBER_8, ["anna"], id="of the whole department"),
        pytest.param("counsellor", {"student": "s1"}, OCTOBER_8, ["bo"], id="of the class to which the student went"),
        pytest.param(
            "course_teacher",
            {"course": "algebra", "class": "m2601", "teacher": "bo"},
            OCTOBER_8,
            ["bo"],
            id="the teacher named by the warning",
        ),
        pytest.param("course_teacher", {"course": "algebra", "class": "m2601"}, OCTOBER_8, ["dai"], id="of the pair"),
        pytest.param(
            "course_teacher",
            {"course": "algebra", "class": "m2601", "teacher": "dai"},
            NOVEMBER,
            ["bo"],
            id="of the course, when the named one and the one of the pair left",
        ),
        pytest.param("course_teacher", {"course": "algebra", "class": "n2601"}, OCTOBER_8, ["bo"], id="of the course"),
        pytest.param("course_teacher", {"class": "m2601"}, OCTOBER_8, [], id="without a course"),
        pytest.param("department_head", {"department": "tech"}, OCTOBER_8, ["chen"], id="named department"),
        pytest.param("department", {"class": "m2601"}, OCTOBER_8, ["chen"], id="alias, and the department above"),
        pytest.param("department", {"course": "algebra"}, OCTOBER_8, ["chen"], id="department of the teaching office"),
        pytest.param("department", {"major": "mechatronics"}, OCTOBER_8, ["chen"], id="department of the major"),
        pytest.param("department", {"department": "care"}, OCTOBER_8, [], id="department without a head"),
        pytest.param("teaching_office", {"course": "algebra"}, OCTOBER_8, ["bo"], id="office of the course"),
        pytest.param("teaching_office", {"teacher": "dai"}, OCTOBER_8, ["bo"], id="office where the teacher teaches"),
        pytest.param("teaching_office", {"course": "english"}, OCTOBER_8, [], id="course without an office"),
        pytest.param("major", {"class": "m2601"}, OCTOBER_8, ["chen"], id="major of the class"),
        pytest.param("student_affairs", {"class": "nowhere"}, OCTOBER_8, ["anna", "chen"], id="college role"),
        pytest.param("source_owner", {"source": "phone"}, OCTOBER_8, ["anna"], id="owner in the column"),
        pytest.param(
            "source_owner",
            {"source": "prewarn", "source_name": "phone"},
            OCTOBER_8,
            ["anna"],
            id="a report of ingest about the source",
        ),
        pytest.param("student", {"student": "s2"}, OCTOBER_8, ["s2"], id="the student"),
        pytest.param("student", {"student": "s2"}, datetime(2026, 8, 31, tzinfo=SHANGHAI), [], id="not yet enrolled"),
        pytest.param("janitor", {"class": "m2601"}, OCTOBER_8, [], id="a word that is no role"),
    ],
)
def test_a_role_is_held_by_the_people_of_that_day(college, role, context, at, expected):
    assert ids(college.holders(role, context, at)) == expected


def test_days_are_days_in_the_time_zone_of_the_college(folder):
    moment = datetime(2026, 10, 7, 20, 0, tzinfo=UTC)  # 04:00 of the 8th in Shanghai
    assert ids(load(folder).holders("class_tutor", {"class": "m2601"}, moment)) == ["dai"]
    assert ids(load(folder, "UTC").holders("class_tutor", {"class": "m2601"}, moment)) == ["anna"]


def test_a_role_without_a_last_day_and_one_until_9999_hold_for_ever(folder, add):
    add("roles.csv", "class_tutor,anna,class,n2601,,2026-09-01,9999-12-31")
    assert ids(load(folder).holders("class_tutor", {"class": "n2601"}, datetime(2100, 1, 1, tzinfo=UTC))) == ["anna"]


def test_a_person_with_two_rows_for_one_role_is_told_once(folder, add):
    add("roles.csv", "student_affairs,anna,,,,2026-01-01,")
    assert ids(load(folder).holders("student_affairs", {}, OCTOBER_8)) == ["anna", "chen"]


def test_a_row_of_roles_goes_before_the_teacher_column_only_while_it_holds(folder, add):
    add("roles.csv", "course_teacher,anna,course,algebra,,2026-10-01,2026-10-07")
    college = load(folder)
    assert ids(college.holders("course_teacher", {"course": "algebra"}, OCTOBER_7)) == ["anna"]
    assert ids(college.holders("course_teacher", {"course": "algebra"}, OCTOBER_8)) == ["bo"]


def test_an_event_is_completed_from_its_student_and_its_course(college):
    data, problems = college.enrich("attendance", {"student": "s1", "course": "algebra"}, OCTOBER_7)
    assert problems == []
    assert data == {
        "student": "s1",
        "course": "algebra",
        "class": "m2601",
        "major": "mechatronics",
        "cohort": "2026",
        "department": "mech",
        "teaching_office": "maths",
        "planned_hours": 64,
        "teacher": "dai",
    }


def test_a_student_who_changed_class_is_in_the_class_of_that_day(college):
    data, _ = college.enrich("attendance", {"student": "s1", "course": "algebra"}, OCTOBER_8)
    assert (data["class"], data["department"], data["planned_hours"], data["teacher"]) == ("n2601", "care", 72, "bo")


def test_a_student_who_is_not_yet_enrolled_has_no_class(college):
    data = {"student": "s2"}
    assert college.enrich("test", data, datetime(2026, 8, 1, tzinfo=UTC)) == (data, [])


def test_of_two_overlapping_enrolments_the_one_that_began_last_counts(folder, add):
    add("students.csv", "s2,,n2601,2026-10-01,,,")
    assert load(folder).enrich("test", {"student": "s2"}, OCTOBER_7)[0]["class"] == "n2601"


def test_what_the_event_says_is_never_overwritten(college):
    said = {
        "student": "s1",
        "course": "algebra",
        "class": "open",
        "major": "other",
        "cohort": "2020",
        "department": "care",
        "teaching_office": "other",
        "planned_hours": 1,
        "teacher": "anna",
    }
    data, problems = college.enrich("attendance", said, OCTOBER_7)
    assert data is said
    assert problems == []


def test_a_null_says_nothing_and_is_completed_without_touching_the_original(college):
    said = {"student": "s2", "class": None}
    data, _ = college.enrich("test", said, OCTOBER_8)
    assert data["class"] == "m2601"
    assert said == {"student": "s2", "class": None}


def test_of_two_teachers_of_a_pair_the_event_must_say_which(folder, add):
    add("roles.csv", "course_teacher,anna,course,algebra,m2601,,")
    data, _ = load(folder).enrich("lesson", {"course": "algebra", "class": "m2601"}, OCTOBER_8)
    assert "teacher" not in data


def test_a_course_alone_belongs_to_the_department_of_its_teaching_office(college):
    data, _ = college.enrich("lesson", {"course": "algebra"}, OCTOBER_8)
    assert (data["teaching_office"], data["department"]) == ("maths", "tech")


def test_a_class_without_major_has_the_department_of_its_own_column(college):
    assert college.enrich("rollcall", {"class": "open"}, OCTOBER_8)[0] == {"class": "open", "department": "tech"}


def test_an_indicator_names_its_subject_in_the_field_of_its_level(college):
    data, problems = college.enrich("indicator", {"level": "major", "subject": "nursing", "value": 61}, OCTOBER_8)
    assert problems == []
    assert (data["major"], data["department"]) == ("nursing", "care")


def test_an_indicator_of_the_college_stays_as_it_is(college):
    said = {"level": "college", "subject": "college", "value": 61}
    assert college.enrich("indicator", said, OCTOBER_8)[0] is said


@pytest.mark.parametrize(
    ("kind", "data", "expected"),
    [
        pytest.param(
            "test", {"student": "s22"}, "data.student: 's22' is not a known student (expected: s2)", id="student"
        ),
        pytest.param(
            "test", {"class": "m2610"}, "data.class: 'm2610' is not a known class (expected: m2601)", id="class"
        ),
        pytest.param(
            "test", {"course": "algbra"}, "data.course: 'algbra' is not a known course (expected: algebra)", id="course"
        ),
        pytest.param(
            "test", {"teacher": "ann"}, "data.teacher: 'ann' is not a known person (expected: anna)", id="teacher"
        ),
        pytest.param("test", {"teacher": "xyz"}, "data.teacher: 'xyz' is not a known person", id="nothing is near"),
        pytest.param(
            "indicator",
            {"level": "course", "subject": "englisch"},
            "data.subject: 'englisch' is not a known course (expected: english)",
            id="subject of an indicator",
        ),
    ],
)
def test_an_unknown_id_is_a_problem_with_the_nearest_known_one(college, kind, data, expected):
    completed, problems = college.enrich(kind, data, OCTOBER_8)
    assert [str(problem) for problem in problems] == [expected]
    assert completed.items() >= data.items()


def test_a_college_that_keeps_no_table_of_students_does_not_have_them_checked(folder):
    (folder / "students.csv").unlink()
    assert load(folder).enrich("test", {"student": "whoever"}, OCTOBER_8)[1] == []


def test_the_empty_directory_completes_nothing_and_doubts_nothing():
    data = {"student": "s", "class": "c", "course": "k", "teacher": "t"}
    empty = Directory.empty()
    completed, problems = empty.enrich("attendance", data, OCTOBER_8)
    assert completed is data
    assert problems == []
    assert empty.holders("student_affairs", {}, OCTOBER_8) == []
    assert list(empty.people()) == []
    assert empty.names(data) == data | {"course_zh": "k", "course_en": "k"}


@pytest.mark.parametrize("value", [7, ["s1"], {"id": "s1"}, True], ids=["number", "list", "object", "boolean"])
def test_a_field_that_is_no_text_is_left_to_the_schema(college, value):
    data = {"student": value, "class": value, "course": value, "teacher": value, "level": value, "subject": value}
    assert college.enrich("indicator", data, OCTOBER_8) == (data, [])


def test_names_are_what_people_say_and_unknown_ids_stay(college):
    context = {
        "student": "s1",
        "class": "m2601",
        "course": "algebra",
        "teacher": "bo",
        "major": "nursing",
        "department": "nowhere",
        "lesson": "l1",
    }
    assert college.names(context) == {
        "student": "李一",
        "class": "机电2601",
        "course": "代数",
        "course_zh": "代数",
        "course_en": "Algebra",
        "teacher": "薄老师",
        "major": "护理",
        "major_zh": "护理",
        "major_en": "护理",
        "department": "nowhere",
        "department_zh": "nowhere",
        "department_en": "nowhere",
        "lesson": "l1",
    }


def test_a_person_is_found_by_id_and_so_is_a_student(college):
    assert college.person("anna").email == "anna@college.test"
    assert college.person("dai").language == "en"
    assert (college.person("s1").name, college.person("s1").email) == ("李一", "s1@college.test")
    assert college.person("nobody") is None
    assert ids(college.people()) == ["anna", "bo", "chen", "dai", "eve"]


def test_the_version_is_the_content_whatever_the_order_of_the_rows(folder):
    before = load(folder)
    header, *rows = (folder / "people.csv").read_text(encoding="utf-8").splitlines()
    (folder / "people.csv").write_text("\n".join([header, *reversed(rows)]), encoding="utf-8")
    assert load(folder).version == before.version
    (folder / "people.csv").write_text("\n".join([header, *rows[:-1]]), encoding="utf-8")
    assert load(folder).version != before.version
    assert load(folder, "UTC").version != load(folder).version


def test_a_snapshot_cannot_be_changed(college):
    with pytest.raises(FrozenInstanceError):
        college.version = "other"


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        pytest.param("anna,chen,2026-10-01,2026-10-07", ["chen"], id="the substitute"),
        pytest.param("anna,chen,2026-10-01,2026-10-06", ["anna"], id="back on the day after"),
        pytest.param("anna,chen,2026-10-08,", ["anna"], id="not before the first day"),
        pytest.param("anna,chen,2026-10-01,\nchen,bo,2026-10-05,", ["bo"], id="the substitute's substitute"),
        pytest.param("anna,chen,2026-10-01,\nchen,anna,2026-10-05,", ["anna"], id="a circle tells whom it was about"),
        pytest.param("anna,,2026-10-01,", ["anna"], id="nobody else: told nevertheless"),
        pytest.param("anna,chen,2026-10-01,\nanna,bo,2026-10-05,2026-10-09", ["bo", "chen"], id="two rows of one day"),
        pytest.param("anna,,2026-10-01,\nanna,bo,2026-10-05,", ["bo"], id="the second row names somebody"),
        pytest.param("anna,chen,2026-10-01,\nanna,bo,2026-10-01,", ["bo", "chen"], id="two rows from one day on"),
        pytest.param("anna,eve,2026-10-01,\nanna,bo,2026-10-05,", ["bo"], id="a substitute who is not there yet"),
        pytest.param("anna,eve,2026-10-01,", ["anna"], id="nobody but a substitute who is not there yet"),
        pytest.param("anna,chen,2026-10-01,\nanna,bo,2026-10-01,\nchen,bo,2026-10-01,", ["bo"], id="both lead to one"),
    ],
)
def test_whoever_is_on_leave_is_stood_in_for(folder, rows, expected):
    (folder / "leave.csv").write_text(f"person,substitute,from,to\n{rows}\n", "utf-8")
    assert ids(load(folder).holders("class_tutor", {"class": "m2601"}, OCTOBER_7)) == expected


def test_a_teacher_of_two_departments_has_two_heads_and_one_who_is_of_both_is_told_once(folder, add):
    add("teaching_offices.csv", "care-office,护理教研室,,care")
    add("courses.csv", "hygiene,卫生,Hygiene,care-office,32,,bo")
    add("roles.csv", "department_head,anna,department,care,,,")
    of_bo = {"teacher": "bo"}
    assert ids(load(folder).holders("department", of_bo, OCTOBER_8)) == ["anna", "chen"]
    assert ids(load(folder).holders("teaching_office", of_bo, OCTOBER_8)) == ["bo"]
    add("roles.csv", "department_head,chen,department,care,,,")
    assert ids(load(folder).holders("department", of_bo, OCTOBER_8)) == ["anna", "chen"]


@pytest.mark.parametrize(
    ("context", "expected"),
    [
        pytest.param({"department": "mech"}, ["chen"], id="a department with a head above it"),
        pytest.param({"department": "care"}, ["bo"], id="a department without a head"),
        pytest.param({"ticket": "R1"}, ["bo"], id="taken in by the college, without a department"),
    ],
)
def test_intake_has_two_levels_the_department_then_the_college(folder, add, context, expected):
    add("roles.csv", "department_head,bo,,,,,")
    assert ids(load(folder).holders("department", context, OCTOBER_8)) == expected


def test_a_head_who_left_is_followed_by_the_college(folder, add):
    add("roles.csv", "department_head,dai,department,care,,,")
    add("roles.csv", "department_head,bo,college,,,,")
    care = {"department": "care"}
    assert ids(load(folder).holders("department", care, OCTOBER_8)) == ["dai"]
    assert ids(load(folder).holders("department", care, NOVEMBER)) == ["bo"]


def test_of_two_holders_the_one_who_is_there_answers(folder):
    with (folder / "roles.csv").open("a", encoding="utf-8") as file:
        file.write("class_tutor,chen,class,m2601,,,\n")
    (folder / "leave.csv").write_text("person,substitute,from,to\nanna,,2026-10-01,\n", "utf-8")
    assert ids(load(folder).holders("class_tutor", {"class": "m2601"}, OCTOBER_7)) == ["chen"]
