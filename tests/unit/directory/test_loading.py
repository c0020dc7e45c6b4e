"""Files of a directory: what may be written, and what a person is told about everything else."""

# ruff: noqa: E501 - a message is read, and searched for, as one line
from __future__ import annotations

import codecs
from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.directory import UNRANKED, Directory, load
from services.errors import ConfigurationError, DirectoryError

OCTOBER = datetime(2026, 10, 8, tzinfo=UTC)


def told(folder) -> list[str]:
    with pytest.raises(DirectoryError) as caught:
        load(folder)
    return [str(problem) for problem in caught.value.problems]


BAD_ROWS = {
    "a required cell": ("people.csv", "zoe,", "people.csv row 7, column name: is empty (expected: a text)"),
    "e-mail": ("people.csv", "zoe,Zoe,zoe", "people.csv row 7, column email: 'zoe' is not an e-mail address (expected: name@domain)"),
    "e-mail of which a part would be mailed to": ("people.csv", "zoe,Zoe,zoe@college..test",
             "people.csv row 7, column email: 'zoe@college..test' is not an e-mail address (expected: name@domain)"),
    "two e-mail addresses": ("people.csv", "zoe,Zoe,zoe@college.test;eve@college.test",
             "people.csv row 7, column email: 'zoe@college.test;eve@college.test' is not an e-mail address (expected: name@domain)"),
    "channel, which is a secret": ("people.csv", "zoe,Zoe,,token",
                "people.csv row 7, column channel: the text is not an Apprise URL (expected: service://…)"),
    "language": ("people.csv", "zoe,Zoe,,,de", "people.csv row 7, column language: 'de' is not a language (expected: zh or en)"),
    "day": ("people.csv", "zoe,Zoe,,,,2026-02-30",
            "people.csv row 7, column from: '2026-02-30' is not a day (expected: 2026-09-01)"),
    "year": ("people.csv", "zoe,Zoe,,,,0202-02-03",
             "people.csv row 7, column from: '0202-02-03' is not a day (expected: 2026-09-01)"),
    "days out of order": ("people.csv", "zoe,Zoe,,,,2026-09-02,2026-09-01",
            "people.csv row 7, column to: 2026-09-01 is before 2026-09-02 (expected: the last day, not before `from`)"),
    "hours": ("courses.csv", "art,,,,-3", "courses.csv row 5, column planned_hours: '-3' is not a number of hours (expected: 64)"),
    "interval": ("sources.csv", "door,,1 hour",
                 "sources.csv row 3, column expected_interval: '1 hour' is not a duration (expected: 30m, 1h or 1d)"),
    "rank": ("sources.csv", "door,,,0",
             "sources.csv row 3, column rank: '0' is not a rank, a whole number from 1 on (expected: 1)"),
    "a rank between two": ("sources.csv", "door,,,1.5",
             "sources.csv row 3, column rank: '1.5' is not a rank, a whole number from 1 on (expected: 1)"),
    "lists": ("sources.csv", "door,,,,some",
             "sources.csv row 3, column lists: 'some' is not what a source lists (expected: all, exceptions_only, or blank if unknown)"),
    "status": ("students.csv", "s3,,m2601,2026-09-01,,,,休学",
             "students.csv row 5, column status: '休学' is not a status (expected: enrolled or suspended; blank is enrolled)"),
    "exemption without a reason": ("exemptions.csv", "s1,attendance,2026-09-01,,",
             "exemptions.csv row 2, column why: is empty (expected: a text)"),
    "exemption since ever": ("exemptions.csv", "s1,attendance,,,免修",
             "exemptions.csv row 2, column from: is empty (expected: a day)"),
    "exemption of a stranger": ("exemptions.csv", "s11,attendance,2026-09-01,,免修",
             "exemptions.csv row 2, column student: 's11' is not in students (expected: s1)"),
    "exemption that ends before it begins": ("exemptions.csv", "s1,attendance,2026-09-02,2026-09-01,免修",
             "exemptions.csv row 2, column to: 2026-09-01 is before 2026-09-02 (expected: the last day, not before `from`)"),
    "exemption twice": ("exemptions.csv", "s1,test,2026-09-01,,免修\ns1,test,2026-09-01,,病假",
             "exemptions.csv row 3, column student: s1, test, 2026-09-01 is already in exemptions.csv row 2 (expected: one row for each student and of and from)"),
    "too many cells": ("sources.csv", "door,,1h,,,x",
                 "sources.csv row 3: has 6 cells, but the header has 5 (expected: a comma inside a cell needs quotes)"),
    "an open quote": ("sources.csv", 'door,"anna', "sources.csv row 3: is not CSV: unexpected end of data"),
    "duplicate id": ("people.csv", "anna,Anna", "people.csv row 7, column id: anna is already in people.csv row 2 (expected: one row for each id)"),
    "duplicate pair": ("courses.csv", "algebra,,,,,n2601,",
             "courses.csv row 5, column id: algebra, n2601 is already in courses.csv row 3 (expected: one row for each id and class)"),
    "two classes from one day": ("students.csv", "s2,,n2601,2026-09-01",
             "students.csv row 5, column id: s2, 2026-09-01 is already in students.csv row 4 (expected: one row for each id and from)"),
    "two names of one course": ("courses.csv", "algebra,几何,,,,m2601,",
             "courses.csv row 5, column name_zh: algebra has another name_zh in courses.csv row 2 (expected: the same, or blank in all rows but one)"),
    "two names of one student": ("students.csv", "s1,李三,m2601,2026-12-01",
             "students.csv row 5, column name: s1 has another name in students.csv row 2 (expected: the same, or blank in all rows but one)"),
    "unknown reference": ("students.csv", "s3,,m2602,2026-09-01",
             "students.csv row 5, column class: 'm2602' is not in classes (expected: m2601)"),
    "unknown role": ("roles.csv", "class_tutr,anna,class,m2601",
             "roles.csv row 12, column role: there is no role 'class_tutr' (expected: class_tutor)"),
    "the role that is not given": ("roles.csv", "student,anna,,", None),
    "unknown kind of scope": ("roles.csv", "class_tutor,anna,clas,m2601",
             "roles.csv row 12, column scope_kind: there is no kind of scope 'clas' (expected: class)"),
    "kind of scope that the role has not": ("roles.csv", "department_head,anna,class,m2601",
             "roles.csv row 12, column scope_kind: department_head is not held for a class (expected: department or college)"),
    "college with a scope": ("roles.csv", "college_head,anna,,m2601",
             "roles.csv row 12, column scope: a role of the college has no scope (expected: blank, or a scope_kind)"),
    "scope is missing": ("roles.csv", "class_tutor,anna,class,",
             "roles.csv row 12, column scope: is empty (expected: the id of a class)"),
    "unknown scope": ("roles.csv", "class_tutor,anna,class,m2610",
             "roles.csv row 12, column scope: 'm2610' is not in classes (expected: m2601)"),
    "second scope of another role": ("roles.csv", "class_tutor,anna,class,m2601,m2601",
             "roles.csv row 12, column class: class_tutor has no second scope (expected: scope_kind class and the class in scope)"),
    "unknown person": ("roles.csv", "college_head,ana,,",
             "roles.csv row 12, column person: 'ana' is not in people (expected: anna)"),
    "loop of departments": ("departments.csv", "north,,,south\nsouth,,,north",
             "departments.csv row 5, column parent: a loop: north → south → north (expected: a department above it, or blank)"),
    "department that is its own parent": ("departments.csv", "north,,,north",
             "departments.csv row 5, column parent: a loop: north → north (expected: a department above it, or blank)"),
    "department against the major": ("classes.csv", "x,,nursing,,,,tech",
             "classes.csv row 5, column department: 'tech' is not the department of the major nursing (expected: care, or blank)"),
    "a student with the id of a person": ("students.csv", "anna,,m2601,,,,",
             "students.csv row 5, column id: anna is already a person in people.csv row 2 (expected: different ids for staff and students)"),
}  # fmt: skip


@pytest.mark.parametrize(("file", "row", "message"), BAD_ROWS.values(), ids=BAD_ROWS)
def test_a_bad_row_is_told_with_its_place_and_what_would_be_right(folder, add, file, row, message):
    add(file, row)
    problems = told(folder)
    assert len(problems) == 1
    if message is not None:
        assert problems == [message]


BAD_FILES = {
    "unknown column": ("sources.csv", "id,ownr\n", "sources.csv row 1, column ownr: there is no such column (expected: owner)"),
    "column twice": ("sources.csv", "id,owner,owner\n", "sources.csv row 1, column owner: is there twice"),
    "column is missing": ("sources.csv", "owner\nanna\n",
                          "sources.csv row 1, column id: is missing (expected: id, name_zh, name_en, owner, expected_interval, rank, lists)"),
    "empty": ("sources.csv", "", "sources.csv row 1, column id: is missing (expected: id, name_zh, name_en, owner, expected_interval, rank, lists)"),
    "stray file": ("source.csv", "id\n", "source.csv: is no file of the directory (expected: sources.csv)"),
    "yml": ("people.yml", "[]", "people.yml: is no file of the directory (expected: people.yaml)"),
    "both kinds": ("sources.yaml", "[]",
                   "sources.csv: there is also sources.yaml, and only one of them can be right (expected: one file for each table)"),
}  # fmt: skip


@pytest.mark.parametrize(("file", "text", "message"), BAD_FILES.values(), ids=BAD_FILES)
def test_a_bad_file_is_told_once(folder, file, text, message):
    (folder / file).write_text(text, encoding="utf-8")
    assert told(folder) == [message]


BAD_YAML = {
    "not YAML": ("- {id: a\n", "sources.yaml:2:1: is not YAML: expected ',' or '}', but got '<stream end>'"),
    "not a list": ("id: a\n", "sources.yaml:1:1: is not a list of rows (expected: - {id: …, name: …})"),
    "not a row": ("- a\n", "sources.yaml:1:3: is not a row (expected: - {id: …, name: …})"),
    "unknown column": ("- id: a\n  ownr: anna\n", "sources.yaml:2:3: there is no such column (expected: owner)"),
    "column twice": ("- {id: a, id: b}\n", "sources.yaml:1:11: id is there twice"),
    "not a single value": ("- {id: a, owner: [anna]}\n", "sources.yaml:1:18: owner is not a single value"),
    "a required cell": ("- owner: anna\n", "sources.yaml:1:3, column id: is empty (expected: a text)"),
    "a wrong cell": ("- id: a\n  owner: ana\n", "sources.yaml:2:10: 'ana' is not in people (expected: anna)"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "message"), BAD_YAML.values(), ids=BAD_YAML)
def test_bad_yaml_is_told_with_line_and_column(folder, text, message):
    (folder / "sources.csv").unlink()
    (folder / "sources.yaml").write_text(text, encoding="utf-8")
    assert told(folder) == [message]


def test_everything_that_is_wrong_is_told_at_once(folder, add):
    add("people.csv", "zoe,Zoe,zoe,token,de,yesterday,tomorrow")
    add("roles.csv", "janitor,anna,,")
    assert len(told(folder)) == 6


def test_a_reference_to_a_table_that_is_empty_is_told_once_and_not_for_every_row(folder):
    (folder / "sources.csv").write_text("id,owner\na,x\nb,y\n", encoding="utf-8")
    for name in ("people.csv", "roles.csv", "courses.csv"):
        (folder / name).unlink()
    assert told(folder) == [
        (
            "sources.csv, column owner: refers to people, and the directory has none "
            "(expected: a file people.csv or people.yaml)"
        )
    ]


def test_a_table_that_cannot_be_read_does_not_make_every_reference_to_it_wrong(folder):
    (folder / "people.csv").write_text("id,nam\n", encoding="utf-8")
    assert told(folder) == [
        "people.csv row 1, column nam: there is no such column (expected: name)",
        "people.csv row 1, column name: is missing (expected: id, name, email, channel, language, from, to)",
    ]


def test_a_folder_that_does_not_exist_is_not_an_empty_directory(tmp_path):
    assert "there is no such folder" in told(tmp_path / "nowhere")[0]


def test_an_unknown_time_zone_is_a_wrong_setting(folder):
    with pytest.raises(ConfigurationError, match="'Asia/Wuhai' is not a time zone"):
        load(folder, "Asia/Wuhai")


def test_a_file_that_is_no_text_is_told(folder):
    (folder / "people.csv").write_bytes(b"\xff\xff\x00")
    assert told(folder) == ["people.csv: is neither UTF-8 nor GB18030 text (expected: UTF-8)"]


@pytest.mark.parametrize(
    "encoded",
    [
        pytest.param(lambda text: text.encode(), id="UTF-8"),
        pytest.param(lambda text: codecs.BOM_UTF8 + text.encode(), id="UTF-8 with BOM"),
        pytest.param(lambda text: text.encode("gb18030"), id="GB18030"),
        pytest.param(lambda text: text.replace("\n", "\r\n").encode("gb18030"), id="GB18030 of Windows"),
    ],
)
def test_the_encoding_of_a_file_does_not_matter(folder, encoded):
    expected = load(folder).version
    for path in folder.iterdir():
        path.write_bytes(encoded(path.read_text(encoding="utf-8")))
    assert load(folder).version == expected


def test_an_empty_folder_is_the_empty_directory(tmp_path):
    assert load(tmp_path).version == Directory.empty().version


def test_blank_rows_and_missing_last_cells_are_nothing_and_rows_keep_their_numbers(folder, add):
    add("people.csv", ",,\n\nzoe,Zoe\nzoe,Zoe")
    assert told(folder)[0].startswith("people.csv row 10, column id: zoe is already in people.csv row 9")


def test_days_may_be_written_as_a_spreadsheet_writes_them_back(folder, add):
    add("roles.csv", "college_head,bo,,,,2026/9/1,2026/9/30")
    college = load(folder)
    assert college.holders("college_head", {}, datetime(2026, 9, 30, tzinfo=UTC))
    assert not college.holders("college_head", {}, OCTOBER)


def test_overlapping_class_tutors_are_allowed(folder, add):
    add("roles.csv", "class_tutor,bo,class,m2601,,,")
    tutors = load(folder).holders("class_tutor", {"class": "m2601"}, OCTOBER)
    assert [person.id for person in tutors] == ["bo", "dai"]


def test_yaml_holds_the_same_columns_and_ids_stay_as_they_are_written(tmp_path):
    (tmp_path / "people.yaml").write_text(
        "- {id: 007, name: no, to: 2026-12-31, email: null, channel: ~}\n- id: 1e3\n  name: 安娜\n", encoding="utf-8"
    )
    college = load(tmp_path)
    assert [(person.id, person.name) for person in college.people()] == [("007", "no"), ("1e3", "安娜")]
    assert college.person("007").email is None


def test_an_empty_yaml_file_is_an_empty_table(tmp_path):
    (tmp_path / "people.yaml").write_text("# nobody yet\n", encoding="utf-8")
    assert list(load(tmp_path).people()) == []


def test_an_interval_is_kept_in_seconds(folder):
    assert load(folder).tables.sources[0].expected_interval == 3600


def test_nobody_stands_in_for_oneself(folder):
    (folder / "leave.csv").write_text("person,substitute,from,to\nanna,anna,2026-10-01,\n", "utf-8")
    expected = "leave.csv row 2, column substitute: anna stands in for oneself (expected: somebody else, or nothing)"
    assert told(folder) == [expected]


def test_a_directory_of_before_there_were_exemptions_statuses_and_ranks_still_loads_and_bounds_nothing():
    stored = Path(__file__).parents[2] / "upgrade" / "at_34562ab" / "home" / "directory"
    assert "status" not in (stored / "students.csv").read_text("utf-8").splitlines()[0]
    assert not (stored / "exemptions.csv").exists()
    college = load(stored)
    student = college.tables.students[0]
    assert college.enrolled(student.id, OCTOBER)
    assert student.id in college.class_members(student.class_id, OCTOBER)
    assert college.exempt(student.id, "attendance", OCTOBER) is None
    assert (college.source_rank("door"), college.source_lists("phone")) == (UNRANKED, None)
