"""What each kind of table becomes in a first mapping, and what its usual words stand for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Line(NamedTuple):
    """One field of a table."""

    field: str
    meanings: tuple[str, ...]
    """The first that a column has."""
    extra: str = ""
    needed: bool = True


class Form(NamedTuple):
    """What a kind of table becomes."""

    to: str
    lines: tuple[Line, ...]
    time: tuple[str, ...] = ()
    recorded: tuple[str, ...] = ()
    lesson: bool = False
    fixed: Mapping[str, str] = {}
    filled: str = ""
    """Rows stand for it where this meaning is not blank."""


_WHERE = (
    Line("class", ("class",), "as: class"),
    Line("course", ("course",), "", needed=False),
    Line("day", ("day", "slot", "lesson_begins")),
    Line("sections", ("sections", "slot")),
)
_UNIT = (Line("id", ("department",)), Line("name_zh", ("department",)))
_STUDENT = Line("student", ("student", "student_name"), "as: student")
_HALVES = 'halves: {上午: "%s", 下午: "%s", day: "%s"}'
FORMS: Mapping[str, tuple[Form, ...]] = {
    "attendance": (
        Form(
            "attendance",
            (
                *_WHERE,
                _STUDENT,
                Line("status", ("attendance_status", "marks")),
                Line("minutes_late", ("minutes_late",), "as: number, blank: null", needed=False),
            ),
            lesson=True,
        ),
    ),
    "rollcall": (Form("rollcall", _WHERE, time=("submitted",), lesson=True),),
    "leave": (
        Form(
            "leave",
            (
                Line("leave", ("leave",), "", needed=False),
                Line("class", ("class",), "as: class", needed=False),
                _STUDENT,
                Line("from", ("begins", "leave_span"), _HALVES % ("08:00", "14:00", "00:00")),
                Line("to", ("ends", "leave_span"), _HALVES % ("12:00", "18:00", "23:59")),
                Line("status", ("leave_result", "leave_status")),
                Line("category", ("leave_category",), "blank: null", needed=False),
                Line("reason", ("reason",), "blank: null", needed=False),
            ),
            time=("requested", "begins"),
            recorded=("decided", "resolved"),
        ),
    ),
    "test": (
        Form(
            "test",
            (
                *_WHERE,
                _STUDENT,
                Line("max_score", ("max_score",)),
                Line("pass_score", ("pass_score",), "", needed=False),
                Line("score", ("score",), "values: SCORE, as: number"),
                Line("status", ("score",), "values: STATUS, otherwise: graded"),
            ),
            lesson=True,
            fixed={"test": "{of: lesson.id}"},
        ),
    ),
    "assessment": (
        Form(
            "assessment",
            (
                Line("period", ("period",), "as: month", needed=False),
                Line("class", ("class",), "as: class", needed=False),
                Line("course", ("course",)),
                _STUDENT,
                Line("overall", ("overall",)),
            ),
        ),
    ),
    "ticket": (
        Form(
            "ticket",
            (
                Line("ticket", ("ticket",)),
                Line("category", ("ticket_category",)),
                Line("department", ("department",), "blank: null", needed=False),
                Line("priority", ("priority",), "blank: normal", needed=False),
                Line("location", ("location",), "blank: null", needed=False),
                Line("action", ("step",), "", needed=False),
                Line("rating", ("rating",), "as: integer, blank: null", needed=False),
            ),
            time=("step_time",),
        ),
    ),
    "lists": (Form("attendance", (*_WHERE, _STUDENT), lesson=True),),
    "people": (
        Form(
            "directory/people",
            (
                Line("id", ("person", "teacher_id")),
                Line("name", ("person_name", "student_name")),
                Line("email", ("email",), "blank: null", needed=False),
                Line("to", ("left",), "blank: null", needed=False),
            ),
        ),
        Form("directory/departments", _UNIT),
        Form(
            "directory/teaching_offices",
            (
                Line("id", ("teaching_office",)),
                Line("name_zh", ("teaching_office",)),
                Line("department", ("department",), "as: department", needed=False),
            ),
            filled="teaching_office",
        ),
    ),
    "enrolment": (
        Form(
            "directory/student_changes",
            (
                Line("student", ("student", "student_name"), "as: student"),
                Line("change", ("change",)),
                Line("day", ("change_day",), "as: day"),
                Line("class_before", ("class_before",), "blank: null", needed=False),
                Line("class_after", ("class_after",), "blank: null", needed=False),
            ),
        ),
    ),
    "plan": (
        Form(
            "timetable",
            (
                Line("class", ("class",), "as: class"),
                Line("course", ("course_id", "course")),
                Line("teacher", ("teacher_id", "teacher"), "blank: null", needed=False),
                Line("when", ("when",), "", needed=False),
                Line("weekday", ("weekday",), "", needed=False),
                Line("sections", ("sections",), "", needed=False),
                Line("weeks", ("weeks",), "", needed=False),
                Line("room", ("room",), "blank: null", needed=False),
            ),
        ),
    ),
    "changes": (
        Form(
            "timetable/changes",
            (
                Line("class", ("class",), "as: class"),
                Line("course", ("course_id", "course")),
                Line("day", ("old_day", "old_slot"), "as: day"),
                Line("sections", ("old_sections", "old_slot")),
                Line("status", ("lesson_change",), "", needed=False),
                Line("to_day", ("new_day", "new_slot"), "blank: null", needed=False),
                Line("to_sections", ("new_sections", "new_slot"), "blank: null", needed=False),
                Line("room", ("new_room",), "blank: null", needed=False),
                Line("teacher", ("new_teacher",), "blank: null", needed=False),
            ),
        ),
    ),
    "bells": (
        Form(
            "timetable/sections",
            (
                Line("sections", ("sections",)),
                Line("begins", ("section_begins", "section_span")),
                Line("ends", ("section_ends", "section_span")),
            ),
        ),
    ),
    "days": (),
    "students": (
        Form(
            "directory/students",
            (
                Line("id", ("student",)),
                Line("name", ("student_name", "person_name")),
                Line("class", ("class",), "as: class"),
                Line("from", ("enrolled",), "", needed=False),
            ),
        ),
    ),
    "classes": (
        Form("directory/departments", _UNIT),
        Form(
            "directory/majors",
            (
                Line("id", ("major_id", "major")),
                Line("name_zh", ("major",)),
                Line("department", ("department",), "as: department", needed=False),
            ),
        ),
        Form(
            "directory/classes",
            (
                Line("id", ("class_id",)),
                Line("name", ("class",)),
                Line("aliases", ("class_alias",), "blank: null", needed=False),
                Line("major", ("major_id", "major"), "as: major", needed=False),
                Line("cohort", ("cohort",), "", needed=False),
            ),
        ),
        *(
            Form(
                "directory/roles",
                (
                    Line("person", (f"{name}_id", name)),
                    Line("scope", ("class_id",)),
                    Line("department", ("department",), "as: department", needed=False),
                ),
                fixed={"role": f"{{is: {role}}}", "scope_kind": "{is: class}"},
            )
            for name, role in (("tutor", "class_tutor"), ("counsellor", "counsellor"), ("mentor", "class_mentor"))
        ),
    ),
    "courses": (
        Form(
            "directory/courses",
            (
                Line("id", ("course_id",)),
                Line("name_zh", ("course",)),
                Line("teaching_office", ("teaching_office",), "blank: null", needed=False),
                Line("planned_hours", ("planned_hours",), "", needed=False),
                Line("class", ("class",), "as: class"),
                Line("teacher", ("teacher_id", "teacher"), "as: person", needed=False),
            ),
        ),
    ),
}
STEPS = (("created", "reported"), ("responded", "accepted"), ("resolved", "resolved"), ("rated", "rating"))
POINTS = {
    **dict.fromkeys(("优", "优秀"), 95),
    **dict.fromkeys(("良", "良好"), 85),
    **dict.fromkeys(("中", "中等"), 75),
    **dict.fromkeys(("及格", "合格"), 65),
    **dict.fromkeys(("不及格", "不合格"), 50),
    "作弊": 0,
}
"""As in schemas/mappings/chaoxing-tests.yaml, of 100."""
LETTERS = {"a": "good", "b": "fair", "c": "poor"}
"""Of three; what the letters of a scale of four or five mean, only the college knows."""
OF_NAMES = (
    ("absent_names", "absent"),
    ("late_names", "late"),
    ("early_names", "early_leave"),
    ("leave_names", "leave"),
    ("present_names", "present"),
    ("mixed_names", ""),
)
"""Columns in which students are named → their status; empty: only the word in brackets behind a name says it."""
