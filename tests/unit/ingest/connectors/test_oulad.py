"""The Open University's tables: who was expected to hand in what by when, and what was handed in."""

import gzip
from datetime import UTC, datetime

import pytest

from services.errors import ConfigurationError, ProblemsError
from services.ingest.connectors import oulad
from services.ingest.validation import wire_value

ASSESSMENTS = "code_module,code_presentation,id_assessment,assessment_type,date,weight"
SUBMISSIONS = "id_assessment,id_student,date_submitted,is_banked,score"
REGISTRATIONS = "code_module,code_presentation,id_student,date_registration,date_unregistration"
DUE_DAY_19 = "AAA,2013J,1752,TMA,19,10"


@pytest.fixture
def read(write, tmp_path):
    def read(assessments=(DUE_DAY_19,), submissions=(), registrations=()):
        write("assessments.csv.gz", ASSESSMENTS, *assessments)
        write("studentAssessment.csv.gz", SUBMISSIONS, *submissions)
        write("studentRegistration.csv.gz", REGISTRATIONS, *registrations)
        return oulad(tmp_path)

    return read


def test_a_registered_student_is_expected_to_hand_in_by_the_end_of_the_due_day(read):
    (event,) = read(registrations=["AAA,2013J,11391,-159,"]).events()
    assert (event.source, event.id, event.kind) == ("oulad", "set/1752/11391", "test")
    assert event.time == datetime(2013, 9, 30, 23, tzinfo=UTC), "day 0, 00:00 in London's summer time"
    assert event.data == {
        "test": "1752",
        "course": "AAA-2013J",
        "class": "AAA-2013J",
        "student": "11391",
        "max_score": 100,
        "pass_score": 40,
        "status": "pending",
        "due_at": "2013-10-20T23:00:00Z",
    }


def test_the_due_day_ends_by_londons_clock_also_in_winter(read):
    (event,) = read(["AAA,2013J,1753,TMA,54,20"], registrations=["AAA,2013J,11391,-159,"]).events()
    assert event.data["due_at"] == "2013-11-25T00:00:00Z"


@pytest.mark.parametrize(
    ("days", "is_expected"),
    [
        pytest.param("-159,", True, id="long before"),
        pytest.param(",", True, id="always"),
        pytest.param("19,", True, id="registered on the due day"),
        pytest.param("20,", False, id="registered a day later"),
        pytest.param("-159,19", False, id="left on the due day"),
        pytest.param("-159,20", True, id="left a day later"),
    ],
)
def test_only_who_is_registered_on_the_due_day_is_expected_to_hand_in(read, days, is_expected):
    assert len(list(read(registrations=[f"AAA,2013J,11391,{days}"]).events())) == is_expected


def test_a_test_is_set_for_a_late_comer_when_he_comes(read):
    (event,) = read(registrations=["AAA,2013J,11391,7,"]).events()
    assert event.time == datetime(2013, 10, 7, 23, tzinfo=UTC)


def test_students_of_other_courses_are_not_expected(read):
    assert list(read(registrations=["BBB,2013J,11391,0,"]).events()) == []


def test_a_submission_is_a_graded_test_at_noon(read):
    (event,) = read(submissions=["1752,11391,18,0,78"]).events()
    assert (event.id, event.kind) == ("submission/1752/11391", "test")
    assert event.time == datetime(2013, 10, 19, 11, tzinfo=UTC), "12:00 in London"
    assert event.data == {
        "test": "1752",
        "course": "AAA-2013J",
        "class": "AAA-2013J",
        "student": "11391",
        "max_score": 100,
        "pass_score": 40,
        "status": "graded",
        "score": 78,
        "submitted_at": "2013-10-19T11:00:00Z",
    }


def test_a_submission_without_a_score_is_pending_and_not_due(read):
    (event,) = read(submissions=["1752,11391,-10,0,"]).events()
    assert event.data["status"] == "pending"
    assert event.data["submitted_at"] == "2013-09-21T11:00:00Z"
    assert {"score", "due_at"} & event.data.keys() == set()


def test_events_come_by_time_and_then_by_id(read):
    imported = read(
        ["AAA,2013J,1752,TMA,19,10", "AAA,2013J,1753,TMA,54,20"],
        ["1752,2,18,0,78", "1752,1,18,0,66.5", "1753,1,-2,0,80"],
        ["AAA,2013J,2,-5,", "AAA,2013J,1,-5,"],
    )
    assert [event.id for event in imported.events()] == [
        "submission/1753/1",
        "set/1752/1",
        "set/1752/2",
        "set/1753/1",
        "set/1753/2",
        "submission/1752/1",
        "submission/1752/2",
    ]
    assert imported.rows == 7


def test_events_conform_to_their_schemas(read, validator):
    imported = read(submissions=["1752,1,18,0,66.5", "1752,2,18,0,"], registrations=["AAA,2013J,1,0,"])
    for event in imported.events():
        assert validator.check_value(wire_value(event), "oulad", "event 1") == event


def test_the_directory_has_teachers_a_counsellor_and_nameless_students(read, directory_of):
    imported = read(registrations=["AAA,2013J,11391,-159,", "AAA,2013J,28400,7,30", "AAA,2013J,31604,30,30"])
    assert imported.directory()["students"] == [
        {"id": "11391", "class": "AAA-2013J", "from": "2013-04-25", "to": ""},
        {"id": "28400", "class": "AAA-2013J", "from": "2013-10-08", "to": "2013-10-30"},
    ], "31604 was never there"
    directory, day = directory_of(imported), datetime(2014, 1, 1, tzinfo=UTC)
    about = {"course": "AAA-2013J", "class": "AAA-2013J", "student": "11391"}
    assert [person.id for person in directory.holders("course_teacher", about, day)] == ["teacher-AAA-2013J"]
    assert [person.id for person in directory.holders("counsellor", about, day)] == ["counsellor"]


def test_a_student_of_two_courses_from_the_same_day_is_in_one_class_of_the_directory(read, directory_of):
    imported = read(registrations=["AAA,2013J,390029,-20,", "BBB,2013J,390029,-20,"])
    assert directory_of(imported).tables.students[0].class_id == "AAA-2013J"
    assert len(imported.directory()["students"]) == 1


@pytest.mark.parametrize(
    ("tables", "where", "what"),
    [
        pytest.param({"submissions": ["1752,1,x,0,78"]}, "studentAssessment", "'x' is not a number of days", id="day"),
        pytest.param({"submissions": ["1752,1,18,0,101"]}, "studentAssessment", "'101' is not a score", id="score"),
        pytest.param({"submissions": ["1752,1,18,0,A+"]}, "studentAssessment", "'A+' is not a score", id="grade"),
        pytest.param({"submissions": ["1725,1,18,0,78"]}, "studentAssessment", "'1725' is not in assess", id="test"),
        pytest.param({"submissions": ["1752,,18,0,78"]}, "studentAssessment", "'' is not an id", id="student"),
        pytest.param({"submissions": ["1752,1,18,78"]}, "studentAssessment", "has 4 cells", id="cells"),
        pytest.param({"registrations": ["AAA,2013J,1,soon,"]}, "studentRegistration", "'soon' is not a", id="from"),
        pytest.param({"registrations": ["AAA,2013J,1,0,1.5"]}, "studentRegistration", "'1.5' is not a", id="to"),
        pytest.param({"registrations": ["AAA,2014B,1,0,"]}, "studentRegistration", "'2014B' is another", id="year"),
        pytest.param({"assessments": ["AAA,2013J,1,Exam,,100"]}, "assessments", "'' is not a number of", id="due"),
    ],
)
def test_a_bad_row_is_a_problem_with_its_number_and_is_skipped(read, tables, where, what):
    imported = read(**tables)
    assert list(imported.events()) == []
    (problem,) = imported.problems
    assert problem.where.startswith(f"{where}.csv.gz row 2")
    assert str(problem.what).startswith(what)


def test_a_second_row_of_one_registration_is_a_problem(read):
    imported = read(registrations=["AAA,2013J,1,0,", "AAA,2013J,1,5,"])
    assert len(list(imported.events())) == 1
    (problem,) = imported.problems
    assert problem.where == "studentRegistration.csv.gz row 3, column id_student"


def test_an_unknown_assessment_is_answered_with_the_nearest(read):
    imported = read(submissions=["1725,1,18,0,78"])
    list(imported.events())
    assert imported.problems[0].expected == "1752"


def test_wrong_columns_of_all_files_are_told_at_once(read, write, tmp_path):
    read()
    write("assessments.csv.gz", ASSESSMENTS.replace("id_assessment", "id_assesment"))
    write("studentAssessment.csv.gz", SUBMISSIONS.replace("score", "mark"))
    with pytest.raises(ProblemsError) as error:
        oulad(tmp_path)
    assert [(problem.where, str(problem.what)) for problem in error.value.problems] == [
        ("assessments.csv.gz row 1", "there is no column id_assessment, but id_assesment"),
        ("studentAssessment.csv.gz row 1", "there is no column score"),
    ]


def test_a_file_that_is_not_there_is_named(read, tmp_path):
    read()
    (tmp_path / "studentRegistration.csv.gz").unlink()
    with pytest.raises(ConfigurationError, match=r"there is no file studentRegistration\.csv\.gz in "):
        oulad(tmp_path)


def test_a_file_that_is_cut_off_is_refused_before_its_first_event(read, tmp_path):
    read()
    path = tmp_path / "studentAssessment.csv.gz"
    rows = "".join(f"1752,{n * 7919 % 10007},{n % 40},0,{n * 31 % 101}\n" for n in range(5000))
    path.write_bytes(gzip.compress(f"{SUBMISSIONS}\n{rows}".encode())[:-2000])
    with pytest.raises(ProblemsError, match=r"studentAssessment\.csv\.gz: ends in the middle"):
        oulad(tmp_path)
