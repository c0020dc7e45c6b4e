"""What an operator asks before a directory goes live: what changes, whom does it not reach; and its installation."""

from __future__ import annotations

import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.directory import Directory, Tables, check, difference, install, load
from services.directory.nearest import Nearest
from services.directory.records import Enrolment, Person, SchoolClass
from services.directory.roles import ALIASES, ROLES
from services.errors import DirectoryError
from services.messages import EscalationStep, RuleCard, Text

OCTOBER = datetime(2026, 10, 8, 4, tzinfo=UTC)


def card(rule: str, *to: str, escalate: tuple[str, ...] = ()) -> RuleCard:
    return RuleCard(
        rule=rule,
        row=None,
        title=Text(rule, rule),
        message=Text("", ""),
        source="",
        to=list(to),
        escalate=[EscalationStep(after=60.0, to=role) for role in escalate],
    )


def checked(folder, *cards: RuleCard) -> list[str]:
    return [str(problem) for problem in check(load(folder), cards, OCTOBER)]


def test_a_directory_does_not_differ_from_itself(folder):
    assert difference(load(folder), load(folder)) == []


def test_added_removed_and_changed_rows_are_told_with_their_fields(folder, add):
    before = load(folder)
    people = (folder / "people.csv").read_text(encoding="utf-8")
    (folder / "people.csv").write_text(people.replace("anna@college.test", "a@college.test"), encoding="utf-8")
    (folder / "sources.csv").unlink()
    add("students.csv", "s3,李三,m2601,2026-10-01,,,")
    assert [str(found) for found in difference(before, load(folder))] == [
        "people anna changed: email anna@college.test → a@college.test",
        "students s3/2026-10-01 added: id – → s3, name – → 李三, class – → m2601, from – → 2026-10-01",
        "sources phone removed: id phone → –, owner anna → –, expected_interval 3600 → –",
    ]


def test_a_difference_never_shows_a_channel(folder):
    before = load(folder)
    people = (folder / "people.csv").read_text(encoding="utf-8")
    (folder / "people.csv").write_text(people.replace("json://chen.test", "json://token.test"), encoding="utf-8")
    (found,) = difference(before, load(folder))
    assert found.fields == {"channel": ("a secret", "another secret")}


def test_a_check_is_silent_when_every_role_reaches_somebody(folder):
    assert checked(folder, card("k1", "teaching_office", "student_affairs", escalate=("source_owner",))) == []


def test_a_role_that_nobody_holds_is_told_once_with_all_classes_and_rules(folder):
    assert checked(folder, card("s1", "class_tutor"), card("s2", escalate=("class_tutor",))) == [
        (
            "role class_tutor 班主任: nobody holds it for 2 of 3: n2601, open; named by rules s1, s2 "
            "(expected: a row of roles with role class_tutor)"
        )
    ]


def test_a_course_is_tried_with_each_of_its_classes_and_alone_when_none_is_known(folder):
    assert checked(folder, card("k1", "course_teacher")) == [
        (
            "role course_teacher 任课教师: nobody holds it for 1 of 3: english; named by rule k1 "
            "(expected: a row of roles with role course_teacher)"
        )
    ]


def test_an_alias_and_its_role_are_the_same(folder):
    problems = checked(folder, card("k1", "department"), card("k2", "department_head"))
    assert problems == [
        (
            "role department_head 系主任: nobody holds it for 1 of 3: care; named by rules k1, k2 "
            "(expected: a row of roles with role department_head)"
        )
    ]


def test_a_college_role_without_holder_is_told_without_a_list(folder):
    assert checked(folder, card("q3", "college_duty")) == [
        (
            "role college_duty 学院值班: nobody holds it; named by rule q3 "
            "(expected: a row of roles with role college_duty)"
        )
    ]


def test_a_word_that_is_no_role_is_told_with_the_nearest_one(folder):
    assert checked(folder, card("q3", "colege_duty")) == [
        "rule q3: there is no role 'colege_duty' (expected: college_duty)"
    ]


def test_a_role_with_nothing_to_be_held_for_is_told(folder):
    (folder / "sources.csv").unlink()
    assert checked(folder, card("d1", "source_owner")) == [
        "role source_owner 数据源负责人: the directory has nothing of the kind source; named by rule d1"
    ]


def test_a_person_whom_nothing_can_reach_is_told_once_for_all_roles(folder):
    people = (folder / "people.csv").read_text(encoding="utf-8")
    (folder / "people.csv").write_text(people.replace("anna@college.test", ""), encoding="utf-8")
    assert checked(folder, card("d1", "source_owner", "student_affairs")) == [
        (
            "person anna (安娜): has neither channel nor email, but is to be told as source_owner (phone); "
            "student_affairs (expected: a channel or an e-mail address)"
        )
    ]


def test_students_whom_nothing_can_reach_are_told_together(folder):
    assert checked(folder, card("p1", "student")) == [
        (
            "students: 1 have neither channel nor email, but are to be told: s2 "
            "(expected: a channel or an e-mail address)"
        )
    ]


def test_classes_that_have_ended_are_not_asked_about(folder):
    after = datetime(2031, 1, 1, tzinfo=UTC)
    (problem,) = check(load(folder), [card("s1", "class_mentor")], after)
    assert problem.what == "nobody holds it for 1 of 1: open; named by rule s1"
    (problem,) = check(load(folder), [card("k1", "course_teacher")], after)
    assert problem.what == "nobody holds it for 1 of 1: english; named by rule k1"


def test_a_long_list_is_cut_so_that_a_person_can_read_it():
    college = Directory(Tables(classes=tuple(SchoolClass(id=f"c{number:02}") for number in range(14))))
    (problem,) = check(college, [card("s1", "class_tutor")], OCTOBER)
    assert problem.what.endswith("c08, c09 and 4 more; named by rule s1")


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_an_installed_folder_is_the_same_directory_and_holds_only_its_files(folder, tmp_path):
    (folder / "notes.txt").write_text("not a table")
    home = tmp_path / "home" / "directory"
    install(folder, home)
    assert load(home).version == load(folder).version
    assert "notes.txt" not in files(home)
    assert [path.name for path in home.parent.iterdir()] == ["directory"]


def test_a_second_installation_keeps_the_one_before_and_no_file_of_it_mixes_in(folder, tmp_path):
    home = tmp_path / "home" / "directory"
    install(folder, home)
    first = files(home)
    (folder / "sources.csv").unlink()
    install(folder, home)
    install(folder, home)
    (folder / "students.csv").unlink()
    install(folder, home)
    assert sorted(files(home)) == sorted(first.keys() - {"sources.csv", "students.csv"})
    assert sorted(files(home.with_name("directory.previous"))) == sorted(first.keys() - {"sources.csv"})


def test_a_folder_with_errors_is_refused_and_the_installed_one_stays(folder, add, tmp_path):
    home = tmp_path / "home" / "directory"
    install(folder, home)
    before = files(home)
    add("people.csv", "anna,twice")
    with pytest.raises(DirectoryError):
        install(folder, home)
    assert files(home) == before
    assert [path.name for path in home.parent.iterdir()] == ["directory"]


def test_the_previous_folder_can_be_installed_again(folder, tmp_path):
    home = tmp_path / "home" / "directory"
    install(folder, home)
    first = load(home).version
    (folder / "sources.csv").unlink()
    install(folder, home)
    install(home.with_name("directory.previous"), home)
    assert load(home).version == first


def test_after_a_crash_between_the_two_renames_the_previous_folder_is_loaded_and_can_be_replaced(folder, tmp_path):
    home = tmp_path / "home" / "directory"
    install(folder, home)
    home.rename(home.with_name("directory.previous"))
    assert load(home).version == load(folder).version
    install(folder, home)
    assert home.is_dir()


def test_who_loads_during_installations_gets_one_folder_or_the_other_but_never_a_mixture(folder, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(folder, other)
    (other / "sources.csv").unlink()
    (other / "students.csv").unlink()
    home = tmp_path / "home" / "directory"
    install(folder, home)
    whole = {load(folder).version, load(other).version}
    with ThreadPoolExecutor() as pool:
        installations = pool.submit(lambda: [install(place, home) for place in [other, folder] * 15])
        seen = set()
        while not installations.done():
            seen.add(load(home).version)
        installations.result()
    assert seen
    assert seen <= whole


def test_the_nearest_of_ten_thousand_ids_is_found_wherever_the_slip_is():
    nearest = Nearest(f"2026{number:06}" for number in range(10_000))
    assert nearest("2026001234x") == "2026001234"
    assert nearest("O026001234") == "2026001234"
    assert nearest("20260O1234") == "2026001234"
    assert nearest("somebody") == ""


def test_looking_up_costs_the_same_number_of_steps_in_a_large_college_as_in_a_small_one():
    assert steps(college_of(10)) == steps(college_of(3000))


def college_of(size: int) -> Directory:
    return Directory(
        Tables(
            people=tuple(Person(id=f"p{number}", name="x") for number in range(size)),
            classes=tuple(SchoolClass(id=f"c{number}", department="d") for number in range(size)),
            students=tuple(Enrolment(id=f"s{number}", class_id=f"c{number}") for number in range(size)),
        )
    )


def steps(college: Directory) -> int:
    """Lines of Python that the look-ups run: a measure of work that no slow machine changes."""
    counted = 0

    def trace(_frame, event, _argument):
        nonlocal counted
        counted += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        college.enrich("attendance", {"student": "s5", "course": "k", "teacher": "p5"}, OCTOBER)
        college.holders("class_tutor", {"student": "s5"}, OCTOBER)
        college.names({"student": "s5", "teacher": "p5"})
        college.person("p5")
    finally:
        sys.settrace(before)
    return counted


def test_every_role_word_has_two_titles_and_every_alias_leads_to_one():
    assert all(word.title.zh and word.title.en and word.scopes for word in ROLES.values())
    assert set(ALIASES.values()) <= ROLES.keys()
    assert not ALIASES.keys() & ROLES.keys()
