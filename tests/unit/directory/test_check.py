"""Does every warning reach somebody: one line for each cause, however many rules and subjects it concerns."""

# ruff: noqa: E501 - a message is read, and searched for, as one line
from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest

from services.directory import Asked, Directory, Tables, check, load
from services.directory.records import Enrolment, Person, Role, SchoolClass

OCTOBER = datetime(2026, 10, 8, 4, tzinfo=UTC)
NOVEMBER = datetime(2026, 11, 8, 4, tzinfo=UTC)


def asked(rule: str, *to: str, by: str = "subject", later: tuple[str, ...] = ()) -> Asked:
    return Asked(rule, tuple(by.split()), to, later)


def holes(folder, *rules: Asked, at: datetime = OCTOBER) -> list[str]:
    return [str(hole) for hole in check(load(folder), rules, at).holes]


def rewrite(folder, name, before, after):
    text = (folder / name).read_text("utf-8")
    assert before in text
    (folder / name).write_text(text.replace(before, after), "utf-8")


def test_a_check_is_silent_when_every_role_reaches_somebody(folder):
    found = check(load(folder), [asked("k1", "teaching_office", "student_affairs", later=("source_owner",))], OCTOBER)
    assert (found.holes, found.pairs, found.reached) == ([], 1, 1)


def test_a_role_that_nobody_holds_is_one_line_for_all_classes_and_rules(folder):
    assert holes(folder, asked("s1", "class_tutor"), asked("s2", later=("class_tutor",))) == [
        (
            "class_tutor 班主任: 无人担任 nobody holds it (n2601, open); 4 pairs of 2 rules: s1, s2 "
            "(expected: a row of roles with role class_tutor)"
        )
    ]


def test_a_rule_about_students_counts_each_of_them_and_one_about_their_courses_each_of_these(folder, add):
    add("students.csv", "s3,李三,n2601,2026-09-01,,,")
    add("courses.csv", "hygiene,卫生,Hygiene,,,n2601,bo")
    by_student, in_course = (check(load(folder), [asked("s", "class_tutor", by=by)], OCTOBER) for by in
                             ("student", "student course"))  # fmt: skip
    assert (by_student.pairs, by_student.reached, by_student.holes[0].pairs) == (3, 1, 2)
    assert (in_course.pairs, in_course.reached, in_course.holes[0].pairs) == (5, 1, 4)
    assert by_student.holes[0].of == in_course.holes[0].of == ["n2601"]


def test_nothing_is_said_of_students_while_they_are_suspended(folder, add):
    add("students.csv", "s2,,m2601,2026-10-01,2026-10-31,,,suspended")
    rule = asked("s", "counsellor", by="student")
    assert [check(load(folder), [rule], at).pairs for at in (OCTOBER, NOVEMBER)] == [1, 2]


@pytest.mark.parametrize(
    ("by", "role", "pairs", "of"),
    [
        ("teacher", "teaching_office", 3, ["dai"]),
        ("course", "teaching_office", 3, ["english"]),
        ("course class", "class_tutor", 2, ["n2601"]),
        ("lesson", "course_teacher", 3, ["english"]),
        ("class", "department", 3, ["care"]),
        ("major", "major", 2, ["nursing"]),
        ("department", "department", 3, ["care"]),
        ("ticket", "department", 3, ["care"]),
        ("source_name", "source_owner", 2, ["fax"]),
        ("", "college_duty", 1, [""]),
    ],
)
def test_a_rule_is_tried_with_all_that_it_can_warn_about(folder, add, by, role, pairs, of):
    add("courses.csv", "drawing,制图,Drawing,,16,m2601,anna")
    add("sources.csv", "fax,,")
    add("teaching_offices.csv", "care-office,护理,,care")
    rewrite(folder, "roles.csv", "course_teacher,dai,course,algebra,m2601", "course_teacher,dai,course,english,")
    if role != "course_teacher":
        rewrite(folder, "courses.csv", "drawing,制图,Drawing,,", "drawing,制图,Drawing,maths,")
    else:
        rewrite(folder, "roles.csv", "course_teacher,dai,course,english", "counsellor,dai,class,open")
    found = check(load(folder), [asked("r", role, by=by)], OCTOBER)
    assert (found.pairs, [hole.of for hole in found.holes]) == (pairs, [of])


def test_somebody_who_has_left_and_holds_a_role_is_named(folder):
    assert holes(folder, asked("s1", "class_tutor", by="class"), at=NOVEMBER) == [
        (
            "class_tutor 班主任: 无人担任 nobody holds it (n2601, open); 2 pairs of rule s1 "
            "(expected: a row of roles with role class_tutor)"
        ),
        (
            "class_tutor 班主任: 担任者当日不在岗，且无他人担任 who holds it is not there on that day (dai (戴老师)); "
            "1 pairs of rule s1 (expected: somebody who is there)"
        ),
    ]


def test_of_two_who_hold_what_one_should_hold_it_is_told_and_their_substitutes_do_not_count(folder, add):
    add("roles.csv", "major_head,bo,major,mechatronics,,,")
    add("leave.csv", "person,substitute,from,to\nchen,anna,2026-10-01,\nchen,bo,2026-10-02,")
    assert holes(folder, asked("m", "major", by="class")) == [
        (
            "major_head 专业负责人: 无人担任 nobody holds it (nursing, open); 2 pairs of rule m "
            "(expected: a row of roles with role major_head)"
        ),
        "major_head 专业负责人: 应由一人担任，却有多人 several hold it, and one should (mechatronics); 1 pairs of rule m",
    ]


def test_several_may_hold_an_office(folder):
    assert holes(folder, asked("o", "student_affairs")) == []


def test_people_whom_nothing_can_reach_are_one_line_for_all_roles(folder):
    rewrite(folder, "people.csv", "anna@college.test", "")
    assert holes(folder, asked("d1", "source_owner", "student_affairs")) == [
        "people: 既无渠道也无邮箱 has neither channel nor e-mail (anna (安娜)); 2 pairs of rule d1"
    ]


def test_students_whom_nothing_can_reach_are_a_line_of_their_own(folder):
    assert holes(folder, asked("p1", "student", by="student"), asked("p2", "student", by="student course")) == [
        "students: 既无渠道也无邮箱 has neither channel nor e-mail (s2 (李二)); 2 pairs of 2 rules: p1, p2"
    ]


def test_a_pair_is_reached_when_one_of_the_roles_is(folder):
    found = check(load(folder), [asked("s1", "class_tutor", "counsellor", by="class")], OCTOBER)
    assert (found.pairs, found.reached) == (3, 2)
    found = check(load(folder), [asked("s1", "class_tutor", "student_affairs", by="class")], OCTOBER)
    assert (found.pairs, found.reached) == (3, 3)
    found = check(load(folder), [asked("s1", "class_tutor", by="class", later=("student_affairs",))], OCTOBER)
    assert (found.pairs, found.reached) == (3, 1)


def test_a_role_of_the_college_reaches_for_all_that_another_role_is_held_for(folder):
    found = check(load(folder), [asked("t", "class_tutor", "student_affairs")], OCTOBER)
    assert (found.pairs, found.reached) == (3, 3)
    found = check(load(folder), [asked("t", "class_tutor", "college_duty")], OCTOBER)
    assert (found.pairs, found.reached) == (3, 1)


def test_a_person_with_two_roles_is_one_pair(folder):
    rewrite(folder, "people.csv", "anna@college.test", "")
    found = check(
        load(folder), [asked("s", "class_tutor", "counsellor", by="class")], datetime(2026, 10, 5, tzinfo=UTC)
    )
    assert [(hole.who, hole.pairs) for hole in found.holes if hole.who == "people"] == [("people", 1)]


def test_an_alias_and_its_role_are_the_same_and_asked_once(folder):
    found = check(load(folder), [asked("k", "department", "department_head", by="department")], OCTOBER)
    assert (found.pairs, [hole.pairs for hole in found.holes]) == (3, [1])


def test_a_word_that_is_no_role_is_told_with_the_nearest_one(folder):
    assert holes(folder, asked("q3", "colege_duty")) == [
        "colege_duty: 没有这一职责 there is no such role; 0 pairs of rule q3 (expected: college_duty)"
    ]


def test_a_role_with_nothing_to_be_held_for_is_told(folder):
    (folder / "sources.csv").unlink()
    assert holes(folder, asked("d1", "source_owner", by="source_name")) == [
        (
            "source_owner 数据源负责人: 目录中没有可对应的内容 the directory has nothing that it could be held for; "
            "0 pairs of rule d1 (expected: a row of sources with its owner)"
        )
    ]


def test_who_owns_a_source_or_teaches_a_course_stands_with_the_source_and_the_course(folder, add):
    add("sources.csv", "fax,,")
    add("courses.csv", "drawing,制图,Drawing,,,m2601,")
    asked_for = asked("d1", "source_owner", by="source_name"), asked("t2", "course_teacher", by="course")
    found = {one.who.split()[0]: (one.of, one.expected) for one in check(load(folder), asked_for, OCTOBER).holes}
    assert found["source_owner"] == (["fax"], "column owner of sources")
    assert found["course_teacher"] == (["drawing in m2601", "english"], "column teacher of courses")


def test_a_college_that_does_not_list_its_students_has_its_classes_tried(folder):
    (folder / "students.csv").unlink()
    found = check(load(folder), [asked("s1", "class_tutor", by="student")], OCTOBER)
    assert (found.pairs, [hole.of for hole in found.holes]) == (3, [["n2601", "open"]])


def test_classes_that_have_ended_are_not_asked_about(folder):
    found = check(load(folder), [asked("s1", "class_mentor", by="class")], datetime(2031, 1, 1, tzinfo=UTC))
    assert [hole.of for hole in found.holes] == [["open"]]
    found = check(load(folder), [asked("k1", "course_teacher", by="lesson")], datetime(2031, 1, 1, tzinfo=UTC))
    assert [hole.of for hole in found.holes] == [["english"]]


def test_a_long_list_is_cut_so_that_a_person_can_read_it():
    college = Directory(Tables(classes=tuple(SchoolClass(id=f"c{number:02}") for number in range(14))))
    (hole,) = check(college, [asked("s1", "class_tutor", by="class")], OCTOBER).holes
    assert "c08, c09 and 4 more); 14 pairs" in str(hole)
    assert len(msgspec.to_builtins(hole)["of"]) == 14


def test_each_role_is_resolved_once_however_many_rules_name_it(monkeypatch):
    """And once for a class, however many students it has."""
    college = Directory(
        Tables(
            people=(Person(id="t", name="T", email="t@x.test"),),
            classes=tuple(SchoolClass(id=f"c{number}") for number in range(5)),
            roles=(Role(role="class_tutor", person="t"),),
            students=tuple(Enrolment(id=f"s{number}", class_id=f"c{number % 5}") for number in range(1000)),
        )
    )
    looked = []
    holders = Directory.holders
    monkeypatch.setattr(Directory, "holders", lambda *given: looked.append(given) or holders(*given))
    found = check(college, [asked(f"r{number}", "class_tutor", by="student") for number in range(50)], OCTOBER)
    assert (found.pairs, found.reached, len(looked)) == (50_000, 50_000, 5)
