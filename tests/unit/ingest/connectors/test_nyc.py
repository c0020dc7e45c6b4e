"""New York's attendance file, row by row."""

import gzip
from datetime import UTC, datetime

import pytest

from services.errors import ConfigurationError, ProblemsError
from services.ingest.connectors import nyc
from services.ingest.validation import wire_value
from services.messages import Problem

HEADER = "school,district,borough,date,attendance_pct"
FILE = "nyc.csv.gz"


@pytest.fixture
def read(write):
    def read(*rows, header=HEADER):
        return nyc(write(FILE, header, *rows))

    return read


def roll_call(imported):
    return next(event.data for event in imported.events() if event.kind == "rollcall")


def test_a_row_is_a_lesson_and_its_roll_call(read):
    imported = read("01M019,01,M,2013-09-09,89.01")
    lesson, rollcall = imported.events()
    assert (lesson.source, lesson.id, lesson.kind) == ("nyc", "lesson/01M019/2013-09-09", "lesson")
    assert lesson.time == datetime(2013, 9, 9, 4, tzinfo=UTC), "00:00 in New York"
    assert lesson.data == {
        "lesson": "01M019-2013-09-09",
        "class": "01M019",
        "starts_at": "2013-09-09T12:00:00Z",
        "ends_at": "2013-09-09T19:00:00Z",
        "status": "held",
    }
    assert (rollcall.source, rollcall.id, rollcall.kind) == ("nyc", "rollcall/01M019/2013-09-09", "rollcall")
    assert rollcall.time == datetime(2013, 9, 9, 19, tzinfo=UTC), "15:00 in New York"
    assert rollcall.data == {
        "lesson": "01M019-2013-09-09",
        "class": "01M019",
        "expected": 10000,
        "present": 8901,
        "late": 0,
        "leave": 0,
        "absent": 1099,
    }


def test_times_follow_new_yorks_winter_time(read):
    lesson, _ = read("01M019,01,M,2013-11-04,89.01").events()
    assert lesson.time == datetime(2013, 11, 4, 5, tzinfo=UTC)
    assert lesson.data["ends_at"] == "2013-11-04T20:00:00Z"


def test_a_school_that_had_not_submitted_has_a_lesson_without_a_roll_call(read):
    assert [event.kind for event in read("01M015,01,M,2013-09-09,NS").events()] == ["lesson"]


@pytest.mark.parametrize(
    ("percentage", "present"),
    [
        pytest.param("100.00", 10000, id="everybody"),
        pytest.param("0.00", 0, id="nobody"),
        pytest.param("0.29", 29, id="binary fractions would make it 28"),
        pytest.param("94.99", 9499, id="just below the yellow threshold"),
        pytest.param("95", 9500, id="without decimals"),
        pytest.param(" 95.1 ", 9510, id="with blanks around it"),
    ],
)
def test_percentages_are_counted_exactly(read, percentage, present):
    counted = roll_call(read(f"01M019,01,M,2013-09-09,{percentage}"))
    assert (counted["present"], counted["absent"]) == (present, 10000 - present)


def test_events_come_in_the_order_of_the_file_and_can_be_read_again(read):
    imported = read("B,01,M,2013-09-09,90.00", "A,01,M,2013-09-09,NS", "A,01,M,2013-09-10,91.00")
    first = [event.id for event in imported.events()]
    assert first == [
        "lesson/B/2013-09-09",
        "rollcall/B/2013-09-09",
        "lesson/A/2013-09-09",
        "lesson/A/2013-09-10",
        "rollcall/A/2013-09-10",
    ]
    assert [event.id for event in imported.events()] == first
    assert imported.rows == 3


def test_events_conform_to_their_schemas(read, validator):
    for event in read("01M019,01,M,2013-09-09,89.01").events():
        assert validator.check_value(wire_value(event), "nyc", "event 1") == event


def test_the_directory_has_a_tutor_for_each_school_and_a_head_for_each_district(read):
    tables = read("01M019,01,M,2013-09-09,89.01", "01M020,01,M,2013-09-09,89.01").directory()
    assert [row["id"] for row in tables["people"]] == ["tutor-01M019", "tutor-01M020", "head-01"]
    assert tables["departments"] == [{"id": "district-01", "name_zh": "第 01 学区", "name_en": "District 01"}]
    assert tables["classes"][0] == {"id": "01M019", "name": "01M019", "department": "district-01"}
    assert [(row["role"], row["person"], row["scope_kind"], row["scope"]) for row in tables["roles"]] == [
        ("class_tutor", "tutor-01M019", "class", "01M019"),
        ("class_tutor", "tutor-01M020", "class", "01M020"),
        ("department_head", "head-01", "department", "district-01"),
    ]


def test_the_directory_that_was_imported_says_who_is_accountable_that_year(read, directory_of):
    directory = directory_of(read("01M019,01,M,2013-09-09,89.01"))
    day = datetime(2014, 3, 3, 12, tzinfo=UTC)
    data, problems = directory.enrich("lesson", {"class": "01M019"}, day)
    assert (data["department"], problems) == ("district-01", [])
    assert [person.id for person in directory.holders("class_tutor", {"class": "01M019"}, day)] == ["tutor-01M019"]
    assert [person.id for person in directory.holders("department", {"class": "01M019"}, day)] == ["head-01"]


def test_a_school_without_a_district_has_no_department_but_a_tutor(read, directory_of):
    imported = read("TOTAL,,,2013-09-09,89.01")
    assert [event.kind for event in imported.events()] == ["lesson", "rollcall"]
    assert imported.problems == []
    directory = directory_of(imported)
    day = datetime(2013, 9, 9, 12, tzinfo=UTC)
    assert directory.enrich("lesson", {"class": "TOTAL"}, day) == ({"class": "TOTAL"}, [])
    assert [person.id for person in directory.holders("class_tutor", {"class": "TOTAL"}, day)] == ["tutor-TOTAL"]


def test_a_school_whose_district_is_missing_in_some_rows_keeps_it(read):
    imported = read("05M195,,,2013-09-09,89.01", "05M195,05,M,2013-09-10,89.01", "05M195,,,2013-09-11,89.01")
    assert imported.directory()["classes"] == [{"id": "05M195", "name": "05M195", "department": "district-05"}]


@pytest.mark.parametrize(
    ("row", "where", "what"),
    [
        pytest.param("A,01,M,2013-09-09,9x.1", "column attendance_pct", "'9x.1' is not a percentage", id="no number"),
        pytest.param("A,01,M,2013-09-09,100.01", "column attendance_pct", "'100.01' is not a", id="more than all"),
        pytest.param("A,01,M,2013-09-09,-1", "column attendance_pct", "'-1' is not a", id="fewer than nobody"),
        pytest.param("A,01,M,2013-09-09,", "column attendance_pct", "'' is not a percentage", id="blank"),
        pytest.param("A,01,M,2013-09-09,nan", "column attendance_pct", "'nan' is not a percentage", id="nan"),
        pytest.param("A,01,M,2013-02-30,90.00", "column date", "'2013-02-30' is not a day", id="no such day"),
        pytest.param("A,01,M,9 Sep 2013,90.00", "column date", "'9 Sep 2013' is not a day", id="another form"),
        pytest.param(",01,M,2013-09-09,90.00", "column school", "'' is not an id", id="no school"),
        pytest.param("A\x07,01,M,2013-09-09,90.00", "column school", "'A\\x07' is not an id", id="control character"),
        pytest.param("A,01,M,2013-09-09", "", "has 4 cells, but the header has 5", id="too few cells"),
        pytest.param('"A,01,M,2013-09-09,90.00', "", "has 1 cells, but the header has 5", id="quote left open"),
    ],
)
def test_a_bad_row_is_a_problem_with_its_number_and_the_others_go_on(read, row, where, what):
    imported = read("B,01,M,2013-09-09,90.00", row, "C,01,M,2013-09-09,90.00")
    assert [event.data["class"] for event in imported.events()] == ["B", "B", "C", "C"]
    (problem,) = imported.problems
    assert problem.where == f"{FILE} row 3" + (f", {where}" if where else "")
    assert str(problem.what).startswith(what)


def test_everything_that_is_wrong_with_a_row_is_told(read):
    imported = read(",01,M,never,much")
    assert list(imported.events()) == []
    assert [problem.where.rpartition(" ")[2] for problem in imported.problems] == ["school", "date", "attendance_pct"]


def test_a_second_reading_does_not_tell_the_problems_twice(read):
    imported = read("A,01,M,2013-09-09,90.00", "A,01,M,2013-09-10,bad")
    for _ in range(2):
        list(imported.events())
        assert len(imported.problems) == 1


def test_bytes_that_are_not_utf_8_spoil_their_row_only(tmp_path):
    path = tmp_path / FILE
    rows = f"{HEADER}\n".encode() + b"\xff\xfe,01,M,2013-09-09,90.00\nB,01,M,2013-09-09,90.00\n"
    path.write_bytes(gzip.compress(rows))
    imported = nyc(path)
    assert [event.data["class"] for event in imported.events()] == ["B", "B"]
    assert [problem.where for problem in imported.problems] == [f"{FILE} row 2, column school"]


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param(("\ufeff" + HEADER + "\r", "A,01,M,2013-09-09,90.00\r"), id="as spreadsheets write it"),
        pytest.param((HEADER, "", "A,01,M,2013-09-09,90.00", ""), id="blank lines"),
        pytest.param(("date,attendance_pct,district,school", "2013-09-09,90.00,01,A"), id="other order of columns"),
        pytest.param(('"school","district","date","attendance_pct"', '"A","01","2013-09-09","90.00"'), id="quotes"),
        pytest.param((HEADER, "A,01,M,2013/9/9,90.00"), id="spreadsheet date"),
    ],
)
def test_what_does_not_change_the_meaning_is_accepted(write, lines):
    imported = nyc(write(FILE, *lines))
    assert [event.id for event in imported.events()] == ["lesson/A/2013-09-09", "rollcall/A/2013-09-09"]
    assert imported.problems == []


def test_a_file_that_was_unpacked_is_read_too(tmp_path):
    path = tmp_path / "nyc.csv"
    path.write_text(f"{HEADER}\nA,01,M,2013-09-09,90.00\n", "utf-8")
    assert len(list(nyc(path).events())) == 2


def test_missing_columns_are_named_with_the_nearest_that_is_there(read):
    with pytest.raises(ProblemsError) as error:
        read("A,01,90", header="school,distict,attendance_pct")
    assert tuple(problem.in_english() for problem in error.value.problems) == (
        Problem(
            where=f"{FILE} row 1",
            what="there is no column date",
            expected="school, date, attendance_pct, district",
        ),
        Problem(
            where=f"{FILE} row 1",
            what="there is no column district, but distict",
            expected="school, date, attendance_pct, district",
        ),
    )


@pytest.mark.parametrize(
    ("content", "what"),
    [
        pytest.param(b"school,date\n", "is not readable gzip", id="not compressed"),
        pytest.param(gzip.compress(HEADER.encode() * 500)[:-12], "ends in the middle", id="cut off"),
        pytest.param(gzip.compress(HEADER.encode() + b"\n"), "has no rows", id="only a header"),
        pytest.param(gzip.compress(b""), "there is no column school", id="empty"),
    ],
)
def test_a_file_that_cannot_be_the_right_one_is_refused(tmp_path, content, what):
    path = tmp_path / FILE
    path.write_bytes(content)
    with pytest.raises(ProblemsError, match=what):
        nyc(path)


def test_a_file_that_breaks_off_is_refused_before_its_first_event(tmp_path):
    rows = "".join(f"S{n},01,M,2013-09-09,{n % 100}.{n % 7}{n % 10}\n" for n in range(5000))
    path = tmp_path / FILE
    path.write_bytes(gzip.compress(f"{HEADER}\n{rows}".encode())[:-2000])
    with pytest.raises(
        ProblemsError, match=r"nyc\.csv\.gz: ends in the middle \(expected: the whole file; copy it again"
    ):
        nyc(path)


def test_no_such_file_is_said_so(tmp_path):
    with pytest.raises(ConfigurationError, match="there is no file"):
        nyc(tmp_path / "other.csv.gz")
