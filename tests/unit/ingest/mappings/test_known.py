"""Who is meant: by id, by an id without its zeros, by name; of several nobody is guessed."""

from datetime import date, time

import pytest

from services.ingest.mappings.cells import WrongCell
from services.ingest.mappings.known import Known, class_shape
from services.ingest.mappings.lessons import Lessons
from services.ingest.mappings.sections import Sections
from tests.unit.ingest.mappings.conftest import LESSONS, TABLES, ZONE


@pytest.fixture
def known():
    return Known(TABLES, {"classes": {"老班": "k2"}})


@pytest.mark.parametrize(
    ("table", "cell", "found"),
    [
        ("people", "00012", "00012"),
        ("people", 12.0, "00012"),
        ("people", "12", "00012"),
        ("people", "012", "00012"),
        ("people", "李建国", "00007"),
        ("people", "李　建国", "00007"),
        ("classes", "软件2601", "k1"),
        ("classes", "软件２６０１班", "k1"),
        ("classes", "信息工程系/软件2601班", "k1"),
        ("classes", "某学院-信息工程系-软件2602班", "k2"),
        ("classes", "26软件1班", "k1"),
        ("classes", "2026级软件(2)班", "k2"),
        ("classes", "软件26-2班", "k2"),
        ("classes", "程序一班", "k1"),
        ("classes", "老班", "k2"),
        ("courses", "大学英语（一）", "S0101"),
        ("courses", "大学英语(一)", "S0101"),
        ("courses", "g0101", "G0101"),
        ("students", "周杰", "s3"),
        ("majors", "软件技术", "510203"),
        ("departments", "信息工程系", "info"),
    ],
)
def test_whoever_is_meant_beyond_doubt_is_found(known, table, cell, found):
    assert known.tables[table].find(cell) == found


def test_zeros_that_a_spreadsheet_ate_are_put_back_only_where_one_fits(known):
    with pytest.raises(WrongCell, match="700 with its zeros may be 0700, 00700"):
        known.tables["people"].find(700)


def test_of_two_of_one_name_both_are_named(known):
    with pytest.raises(WrongCell, match=r"李娜 may be s1 \(k1\), s2 \(k2\)"):
        known.tables["students"].find("李娜")
    assert known.tables["students"].find("李娜", lambda ids: [one for one in ids if one == "s2"]) == "s2"


def test_a_name_that_nobody_has_is_refused_with_the_nearest(known):
    with pytest.raises(WrongCell, match=r"^no .+ is called 高等数字$") as error:
        known.tables["courses"].find("高等数字")
    assert error.value.expected == "高等数学"


def test_an_id_that_nobody_has_stays_for_whoever_takes_it_in(known):
    assert known.tables["students"].find("2601010199") == "2601010199"


def test_where_nobody_is_known_anything_goes():
    assert Known({}).tables["classes"].find("软件2601") == "软件2601"


@pytest.mark.parametrize("name", ["软件技术", "王丽", "2601", "一班"])
def test_what_has_no_cohort_and_number_has_no_shape_of_a_class(name):
    assert class_shape(name) is None


def test_who_teaches_a_course_is_who_does_on_that_day(known):
    assert known.teacher("G0101", "k1", date(2026, 10, 31)) == "00007"
    assert known.teacher("G0101", "k1", date(2026, 11, 1)) == "00040"
    assert known.class_of("s3", date(2026, 9, 20)) == "k1"
    assert known.class_of("s3", date(2026, 9, 21)) == "k2"


@pytest.fixture
def lessons():
    return Lessons(LESSONS, ZONE)


def test_a_lesson_is_found_by_class_day_and_sections_or_begin_or_course(lessons):
    on = date(2026, 9, 8)
    assert lessons.find("k1", on, Sections(3, 4)).course == "S0101"
    assert lessons.find("k1", on, begins=time(10)).course == "S0101"
    assert lessons.find("k1", on, course="S0101").course == "S0101"


def test_the_lesson_that_takes_place_goes_before_one_that_was_moved(lessons):
    assert lessons.find("k1", date(2026, 9, 10), Sections(1, 2)).course == "G0101"
    assert not lessons.find("k1", date(2026, 9, 9), Sections(1, 2)).stands


@pytest.mark.parametrize(
    ("on", "sections", "course", "says"),
    [
        (date(2026, 9, 8), Sections(5, 6), "", "class k1 has no lesson on 2026-09-08 at 5-6"),
        (date(2026, 9, 8), Sections(1, 1), "", "has no lesson"),
        (date(2026, 9, 8), Sections(1, 2), "S0101", "is one of another course than S0101"),
        (date(2026, 9, 8), None, "", "more than one such lesson"),
    ],
)
def test_a_lesson_that_is_not_there_is_told(lessons, on, sections, course, says):
    with pytest.raises(WrongCell, match=says):
        lessons.find("k1", on, sections, course=course)


BESIDE = Known({"people": [{"id": "A8", "name": "程浩"}, {"id": "A9", "name": "程浩"}, {"id": "A7", "name": "董 洁"}]})


@pytest.mark.parametrize(
    "cell", ["程浩(A8)", "程浩（A8）", "A8/程浩", "程浩[A8]", "A8 程浩", "A8-程浩", "程浩-A8", "程浩<a8>"]
)
def test_an_id_beside_its_own_name_tells_two_of_one_name_apart(cell):
    assert BESIDE.tables["people"].find(cell) == "A8"
    assert BESIDE.tables["people"].known(cell) == "A8"


@pytest.mark.parametrize("cell", ["董洁(A8)", "程浩(A6)", "程浩(A8)、董洁(A7)"])
def test_an_id_beside_the_name_of_somebody_else_is_nobody(cell):
    assert BESIDE.tables["people"].known(cell) is None
