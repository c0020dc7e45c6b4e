"""`prewarn standards show`: which value applies, and why each other one does not."""

import json

import pytest
from typer.testing import CliRunner

from services.cli import app
from services.errors import ProblemsError
from tests.unit.operate.explain.conftest import event, make, take_in

pytestmark = pytest.mark.commands


def values(found, standard):
    (one,) = [one for one in found["standards"] if one["standard"] == standard]
    return one, {value["line"]: value["reason"] for value in [one["applies"], *one["others"]] if value}


def test_the_most_specific_wins_and_each_loser_has_its_reason(ask, college):
    one, reasons = values(ask("standards", "show", "s1", "--at", "2026-11-01", "--json"), "student.with_scopes")
    first = one["line"] + 6
    assert reasons == {
        first: "less_specific", first + 1: "less_specific", first + 2: "applies", first + 3: "another_scope",
        first + 4: "not_in_force_yet", first + 5: "scope_unknown",
    }  # fmt: skip
    applies = one["applies"]
    assert (applies["warning"], applies["clear"], applies["from"]) == ({"yellow": 3}, {"yellow": 2}, "2026-09-01")
    lines = (college / "rules" / applies["file"]).read_text("utf-8").splitlines()
    assert "mechatronics" in lines[applies["line"] - 1]
    assert (one["set_by"], one["unit"], one["rules"]) == ("学生工作处", "lessons", ["scopes"])


def test_the_day_decides(ask):
    found = ask("standards", "show", "s1", "--at", "2026-08-31", "--rule", "scopes", "--json")
    assert values(found, "student.with_scopes")[0]["applies"]["from"] == "2025-09-01"
    found = ask("standards", "show", "s1", "--at", "2027-09-01", "--rule", "scopes", "--json")
    assert values(found, "student.with_scopes")[0]["applies"]["scope"] == {"student": "s1"}
    found = ask("standards", "show", "s1", "--at", "2024-01-01", "--rule", "scopes", "--json")
    assert values(found, "student.with_scopes")[0]["applies"] is None


def test_attributes_come_from_the_directory_and_from_the_question(ask):
    found = ask("standards", "show", "s1", "--at", "2026-11-01", "--json")
    assert found["attributes"] == {
        "student": "s1", "class": "k1", "major": "mechatronics", "cohort": "2026", "department": "tech",
    }  # fmt: skip
    one, _ = values(
        ask("standards", "show", "s1", "--at", "2026-11-01", "--with", "teacher_stage=new", "--json"),
        "student.with_scopes",
    )
    assert one["applies"]["scope"] == {"teacher_stage": "new"}


@pytest.mark.parametrize(
    ("subject", "standard"),
    [
        ("dai", "teacher.rollcalls_missing_often"), ("algebra", "course.arrival_rate"),
        ("mechatronics", "major.employment_rate"), ("college", "college.budget_spent"),
        ("s1/algebra", "student.absence_streak"),
    ],
)  # fmt: skip
def test_each_kind_of_subject_has_its_standards(ask, subject, standard):
    found = ask("standards", "show", subject, "--at", "2026-11-01", "--json")
    assert standard in [one["standard"] for one in found["standards"]]


def test_a_person_reads_it_in_both_languages(ask):
    text = ask("standards", "show", "s1", "--at", "2026-11-01", "--rule", "scopes")
    assert "✓ 黄色 ≥ 3; 解除线 黄色 2  standards/student.yaml:" in text
    assert "适用范围不如 major=mechatronics 具体" in text
    assert "✓ yellow ≥ 3; clear yellow 2  standards/student.yaml:" in text
    assert "in force from 2027-09-01 only" in text
    assert "only for teacher_stage new, and there is no teacher_stage here" in text


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("mechatronix",), "(expected: mechatronics"),
        (("机电一体化",), "mechatronics (机电一体化技术)"),
        (("s1", "--rule", "quotient"), "own.yaml:2: quotient has no standard"),
        (("s1", "--with", "colour=red"), "unknown colour (expected: one of department"),
        (("s1", "--with", "colour"), "colour is not NAME=VALUE"),
        (("s1", "--at", "1.9.2026"), "is not a date"),
    ],
)
def test_what_is_asked_wrongly_is_told_with_what_would_be_right(ask, arguments, sentence):
    with pytest.raises(ProblemsError) as error:
        ask("standards", "show", *arguments)
    assert sentence in str(error.value)


def mark(begins, passes, teacher="dai", course="algebra", **more):
    data = {"teacher": teacher, "course": course, "from": f"{begins}T08:00:00+08:00", "max_score": 50}
    return event("test_standard", f"{teacher} {course} {begins}", f"{begins}T08:00", **data, pass_score=passes, **more)


@pytest.fixture
def marked(tmp_path):
    """A college whose teachers have set pass marks; asks it."""
    home = make(tmp_path / "college")
    with (home / "directory" / "courses.csv").open("a", encoding="utf-8") as courses:
        courses.write("drawing,制图,Drawing,maths,32,k1,dai\n")
    said = [
        *(mark("2026-09-01", 30), mark("2026-10-01", 32.5), mark("2026-11-10", 40)),
        *(mark("2026-09-01", 35, course="drawing"), mark("2026-09-01", 25, teacher="bo")),
        *(mark("2026-10-02", 10), mark("2026-10-02", 10, revision=1, retracted=True)),
    ]
    assert take_in(home, said).rejected == 0

    def ask(*arguments):
        result = CliRunner().invoke(app, ["--home", str(home), "standards", "show", *arguments])
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout) if "--json" in arguments else result.stdout

    return ask


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ("algebra", [("bo", "algebra", 25, True), ("dai", "algebra", 32.5, True), ("dai", "algebra", 40, False)]),
        ("teacher:dai/algebra", [("dai", "algebra", 32.5, True), ("dai", "algebra", 40, False)]),
        ("teacher:bo", [("bo", "algebra", 25, True)]),
        ("s1", []),
        ("college", []),
    ],
)
def test_teachers_pass_marks_stand_beside_the_standards_those_in_force_and_those_to_come(marked, subject, expected):
    found = marked(subject, "--at", "2026-11-01", "--json")["pass_marks"]
    assert [(one["teacher"], one["course"], one["pass_score"], one["in_force"]) for one in found] == expected


def test_a_pass_mark_is_told_in_words(marked):
    lines = marked("teacher:dai/algebra", "--at", "2026-11-01", "--language", "en").splitlines()
    at = lines.index("Pass marks that teachers have set for their lesson tests (for results whose source names none):")
    assert "32.5 of 50, from 2026-10-01T08:00+08:00" in lines[at + 1]
    assert lines[at + 1].startswith("  ✓")
    assert lines[at + 2].startswith("  ✗")
