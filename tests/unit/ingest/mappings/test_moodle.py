"""What Moodle exports, as its code writes it: the gradebook, and the activity Attendance as text."""

import pytest

from services.ingest.mappings.catalog import fitting, known_mappings
from services.ingest.mappings.loading import load_mapping
from services.ingest.mappings.reading import is_event, open_mapped
from services.tabular.sheets import read_sheets
from tests.unit.ingest.mappings.conftest import SCHEMAS

GRADES = """"First name","Last name","ID number",Institution,Department,"Email address",\
"Quiz: 2026-09-08 limits (Real)",\
"Quiz: 2026-09-08 limits (Percentage)","Quiz: series (Percentage)","Course total (Percentage)",\
"Last downloaded from this course"
娜,李,s1,,,a@x.cn,8.00,"80.00 %",-,"80.00 %",1789000000
六,赵,s4,,,b@x.cn,-,-,"95,50 %","95,50 %",1789000000
"""
ATTENDANCE = (
    "Course\t高等数学\nGroup\tAll participants\n\n"
    "ID number\tLast name\tFirst name\t08 Sep 2026 08.00AM All students\t08 Sep 2026 10.00AM All students\t"
    "Taken sessions\tPoints\tPercentage\n"
    "s1\t李\t娜\tP (2/2)\tL (1/2)\t2\t3.0 / 4.0\t75.0\n"
    "s4\t赵\t六\tA (0/2)\t?\t1\t0.0 / 2.0\t0.0\n"
    "s5\t赵\t六\tE\t\t1\t1.0 / 2.0\t50.0\n"
)
FILES = {
    "moodle-grades": ("高等数学 Grades-20260910_1830-comma_separated.csv", GRADES),
    "moodle-attendance": ("MATH1_Attendances_20260910-1830.txt", ATTENDANCE),
}


@pytest.fixture
def exported(tmp_path, known_targets, college):
    def read(name):
        file, text = FILES[name]
        (tmp_path / file).write_text(text, "utf-8")
        mapping = load_mapping(SCHEMAS / "mappings" / f"{name}.yaml", known_targets)
        mapped = open_mapped(tmp_path / file, mapping, known_targets, college)
        return mapped, [record for _, record in mapped.records()]

    return read


def test_grades_in_percent_whose_name_has_the_day_are_read_and_others_refused(exported):
    _, (first, second) = exported("moodle-grades")
    assert first.problems == []
    assert first.data == {
        "course": "G0101", "student": "s1", "test": "G0101/Quiz: 2026-09-08 limits", "score": 80, "max_score": 100,
        "status": "graded",
    }  # fmt: skip
    assert (f"{first.time:%Y-%m-%d}", f"{first.recorded:%Y-%m-%d}") == ("2026-09-08", "2026-09-10")
    (problem,) = second.problems
    assert str(problem).startswith("row 3, column Quiz: series (Percentage): Quiz: series is not like")


def test_marks_of_sessions_are_those_of_the_lessons_that_begin_then(exported):
    mapped, records = exported("moodle-attendance")
    assert [str(problem) for record in records for problem in record.problems] == []
    assert [tuple(record.data[key] for key in ("lesson", "student", "status")) for record in records] == [
        ("k1|G0101|2026-09-08|1-2", "s1", "present"), ("k1|S0101|2026-09-08|3-4", "s1", "late"),
        ("k1|G0101|2026-09-08|1-2", "s4", "absent"), ("k1|G0101|2026-09-08|1-2", "s5", "leave"),
    ]  # fmt: skip
    assert mapped.exported.isoformat() == "2026-09-10T18:30:00+08:00"


@pytest.mark.parametrize("name", FILES)
def test_a_file_of_moodle_is_told_by_its_columns(name, tmp_path, known_targets):
    _, text = FILES[name]
    (tmp_path / "export.txt").write_text(text, "utf-8")
    mappings = known_mappings(SCHEMAS / "mappings", tmp_path, known_targets)
    assert fitting("export.txt", list(read_sheets(tmp_path / "export.txt")), mappings, is_event) == [name]
