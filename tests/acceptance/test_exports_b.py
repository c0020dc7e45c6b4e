"""A second college's files, in a style of their own: first mappings by `prewarn mapping draft`, few lines by hand, and
what comes of them is what its plan says.
"""

import re
from collections import Counter
from datetime import date

import pytest

from services.ingest.mappings.days import Days
from services.ingest.mappings.draft import guess_sheets
from services.ingest.mappings.known import Known
from services.tabular.sheets import read_sheets
from tests.acceptance.exports_a.cells import ZONE
from tests.acceptance.exports_a.home import Commands
from tests.acceptance.exports_b.college import AT, College
from tests.acceptance.exports_b.files import FILES, write
from tests.faults.running import ROOT

PEOPLE = ("人事库导出.csv", "学生花名册.xls", "班级一览.txt", "开课一览.xlsx")
TIMETABLE = ("开课一览.xlsx", "作息时间表.xlsx", "放假通知.xlsx", "调课申请.csv")
RECORDS = (
    "课堂考勤登记.xlsx", "attendance_20261016.csv", "leave_requests.csv", "维修流转.xlsx", "测验成绩.xls",
    "学习评价.csv",
)  # fmt: skip
BY_HAND = {
    "测验成绩.xls": {"max_score: {is: 100}": "pass_score: {is: 60}\n    max_score: {is: 100}"},
}
"""What no file says."""
MEANT = {
    "人事库导出.csv": ("people", "person person_name department teaching_office post email left"),
    "学生花名册.xls": ("students", "- student student_name - department major class enrolled student_status"),
    "班级一览.txt": ("classes", "class_id class class_alias major department cohort tutor counsellor"),
    "开课一览.xlsx": ("courses", "course_id course teaching_office teacher class planned_hours when room"),
    "作息时间表.xlsx": ("bells", "- sections section_begins section_ends"),
    "放假通知.xlsx": ("days", "- off_from made_up"),
    "调课申请.csv": ("changes", "- class course lesson_change old_slot new_slot requested leave_status"),
    "课堂考勤登记.xlsx": ("attendance", "- student student_name marks - -"),
    "attendance_20261016.csv": (
        "attendance", "day sections course class student student_name attendance_status minutes_late",
    ),
    "leave_requests.csv": (
        "leave", "leave student_name student class leave_category begins ends leave_status requested reason",
    ),
    "维修流转.xlsx": ("ticket", "ticket ticket_category department location step step_time - rating"),
    "测验成绩.xls": ("test", "- test_name class course slot student student_name score"),
    "学习评价.csv": ("assessment", "period class student student_name course overall -"),
}  # fmt: skip
"""File → kind, and what its columns are; those that matter for nothing are a dash."""
ENOUGH = 0.8


class Office(Commands):
    """The IT teacher."""

    def __init__(self, folder, calendar):
        super().__init__(folder, calendar, ("absence-hours",))
        self.now = AT

    def draft(self, file, name):
        """A first mapping, with what no file says put in by hand."""
        to = self._settings.home / "mappings" / f"{name}.yaml"
        self._prewarn("mapping", "draft", file, "--name", name, "--to", to)
        text = to.read_text("utf-8")
        for there, better in BY_HAND.get(file.name, {}).items():
            assert there in text
            text = text.replace(there, better)
        to.write_text(text, "utf-8")
        return self._prewarn("mapping", "check", name)

    def people(self, files, to):
        said = self._prewarn("directory", "draft", *files, "--to", to)
        self._prewarn("directory", "import", to, "--limit", "0")
        return said

    def timetable(self, *files):
        return self._prewarn("timetable", "import", *files)

    def take(self, file, mapping):
        return self._prewarn("ingest", file, "--mapping", mapping)


@pytest.fixture(scope="module")
def college():
    return College()


@pytest.fixture(scope="module")
def folder(tmp_path_factory, college):
    place = tmp_path_factory.mktemp("exports_b")
    write(place, college)
    return place


@pytest.fixture(scope="module")
def played(folder, tmp_path_factory):
    """(what is known at the end, what each command said)."""
    home = Office(tmp_path_factory.mktemp("b") / "home", ROOT / "rules" / "calendar.yaml")
    said = {}
    for number, file in enumerate((*PEOPLE, *TIMETABLE[1:])):
        home.draft(folder / file, f"list-{number}")
    said["people"] = home.people([folder / name for name in (*PEOPLE,)], folder.parent / f"{folder.name}-people")
    said["timetable"] = home.timetable(*(folder / name for name in TIMETABLE))
    for number, file in enumerate(RECORDS):
        home.draft(folder / file, f"records-{number}")
        said[file] = home.take(folder / file, f"records-{number}")
    return home.state(), said


def test_of_each_file_most_columns_are_known_and_none_is_wrong_for_certain(folder):
    days = Days(ZONE, AT.date(), [(date(2026, 8, 31), date(2027, 1, 17))])
    right, total, wrong = 0, 0, []
    for name, (kind, meant) in MEANT.items():
        guess = guess_sheets(name, list(read_sheets(folder / name)), Known({}), days)[0]
        assert guess.kind == kind, name
        for column, what in zip(guess.columns, meant.split(), strict=True):
            total += what != "-"
            right += what == column.meaning
            bad = column.certainty == "certain" and what not in ("-", column.meaning)
            wrong += [(name, column.header, column.meaning)] * bad
    assert wrong == []
    assert right >= ENOUGH * total, f"{right} of {total}"


def test_the_directory_is_that_of_the_college(played, college):
    tables = played[0].directory.tables
    assert {one.id: one.class_id for one in tables.students} == {
        one: mine for one, (_, mine) in college.students.items()
    }
    tutors = {one.scope: one.person for one in tables.roles if one.role == "class_tutor"}
    assert tutors == {"JS26A": "0058", "JS26B": "0031", "DS26A": "0042"}, "two are called 王芳"
    assert {one.person for one in tables.roles if one.role == "counsellor"} == {"0220"}, "its zero was eaten"


def test_the_lessons_are_those_of_the_plan_with_its_holidays_and_changes(played, college):
    assert {*played[0].lessons()} == {one.id for one in college.lessons}


def test_every_record_says_what_happened(played, college):
    said = {
        (data["lesson"], data["student"]): (data["status"], data.get("minutes_late", 0))
        for data in played[0].data("attendance")
    }
    for (lesson, student), (status, minutes) in college.attendance.items():
        told = said.pop((lesson.id, student))
        leave = any(
            one == student and became == "Approved" and begin.date() == lesson.day
            for one, begin, _, _, became in college.leaves.values()
        )
        assert told[0] == status or (leave and told[0] == "leave"), (lesson, student)
        assert told[1] in (minutes, 0 if lesson.class_ != "DS26A" or leave else minutes)
    assert said == {}


def test_marks_tickets_and_assessments_are_as_many_as_the_files_say(played, college):
    state = played[0]
    assert Counter(data["status"] for data in state.data("test")) == Counter(
        {"缺考": "not_submitted", "缓考": "pending"}.get(level, "graded") for level in college.tests.values()
    )
    steps = {"提交申请": "created", "派单受理": "responded", "维修完工": "resolved", "用户评价": "rated"}
    assert {(data["ticket"], data["action"], data.get("rating", 0)) for data in state.data("ticket")} == {
        (ticket, steps[step], stars) for ticket, (_, every) in college.tickets.items() for step, _, stars in every
    }
    assert Counter(data["overall"] for data in state.data("assessment")) == Counter(
        {"A": "good", "B": "fair", "C": "poor"}[level] for level in college.assessments.values()
    )


def test_who_is_warned_has_so_many_hours(played, college):
    told = {one["subject"]: float(one["value"]) for one in played[0].warnings["absence-hours"]}
    assert told == pytest.approx({student: hours for student, hours in college.hours.items() if hours >= 4})


def test_nothing_was_refused(played):
    for file in RECORDS:
        assert re.search("rejected 拒收 0", played[1][file]), played[1][file]
    assert set(FILES) == {*PEOPLE, *TIMETABLE, *RECORDS}
