"""What rules can warn about, as the directory knows it: the contexts of such warnings, alike ones together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date, datetime, time
from typing import NamedTuple
from zoneinfo import ZoneInfo

from services.directory.records import Enrolment, Person, Role, SchoolClass
from services.directory.snapshot import Directory


class Tried(NamedTuple):
    """One thing to warn about, or several of which the same people hear."""

    name: str
    context: dict[str, str]
    size: int = 1


Subjects = list[Tried]
_Names = Callable[[Directory, date], Subjects]

_OF_NAME = {"lesson": ("course", "class"), "test": ("course", "class"), "source_name": ("source",)}
"""What is known of an id that the directory does not list."""
_KINDS = ("student", "course", "class", "teacher", "major", "department", "teaching_office", "source")


def subjects_of(by: tuple[str, ...], role: str, scope: str, directory: Directory, day: date) -> tuple[str, Subjects]:
    """What a rule with this `by` warns about, and what to call that; the role `student` is asked for each of them.

    Rules about anything else (tickets, tasks, indicators) are tried with everything that the role can be held for:
    `scope` is the nearest.
    """
    named = {kind for name in by for kind in _OF_NAME.get(name, (name,)) if kind in _KINDS}
    if "student" in named:
        each = "each " if role == "student" else ""
        shape = f"{each}student in course" if "course" in named else f"{each}student"
    elif {"course", "class"} <= named:
        shape = "course in class" if scope == "class" else "course"
    else:
        shape = next((kind for kind in _KINDS if kind in named), scope if by else "college")
    return shape, _SUBJECTS[shape](directory, day)


def named_for(scope: str, directory: Directory, day: date) -> Subjects:
    """Everything that a role of this nearest scope can be held for."""
    return _SUBJECTS["each student" if scope == "student" else scope](directory, day)


def there(row: SchoolClass | Enrolment | Person | Role, day: date) -> bool:
    """Whether it holds on a day."""
    return (row.from_day is None or row.from_day <= day) and (row.to_day is None or day <= row.to_day)


def _college(_directory: Directory, _day: date) -> Subjects:
    return [Tried("", {})]


def _departments(directory: Directory, _day: date) -> Subjects:
    return [Tried(row.id, {"department": row.id}) for row in directory.tables.departments]


def _teaching_offices(directory: Directory, _day: date) -> Subjects:
    return [Tried(row.id, {"teaching_office": row.id}) for row in directory.tables.teaching_offices]


def _majors(directory: Directory, _day: date) -> Subjects:
    return [Tried(row.id, {"major": row.id}) for row in directory.tables.majors]


def _classes(directory: Directory, day: date) -> Subjects:
    return [Tried(row.id, {"class": row.id}) for row in directory.tables.classes if there(row, day)]


def _sources(directory: Directory, _day: date) -> Subjects:
    return [Tried(row.id, {"source": row.id}) for row in directory.tables.sources]


def _courses(directory: Directory, day: date) -> Subjects:
    """Each course with each class that takes it; with itself where the directory knows none."""
    pairs = _pairs(directory, day)
    alone = {row.id for row in directory.tables.courses} - _with_classes(directory)
    return [
        *(Tried(f"{course} in {class_}", {"course": course, "class": class_}) for course, class_ in sorted(pairs)),
        *(Tried(course, {"course": course}) for course in sorted(alone)),
    ]


def _courses_in_classes(directory: Directory, day: date) -> Subjects:
    """What is said of the class that was taught; a course of which no class is known says nothing of one."""
    return [one for one in _courses(directory, day) if "class" in one.context]


def _teachers(directory: Directory, day: date) -> Subjects:
    tables = directory.tables
    present = {row.id for row in tables.people if there(row, day)}
    teach = {row.teacher for row in tables.courses if row.teacher}
    teach |= {row.person for row in tables.roles if row.role == "course_teacher" and there(row, day)}
    return [Tried(id_, {"teacher": id_}) for id_ in sorted(teach & present)]


def _students(directory: Directory, day: date) -> Subjects:
    """Students of one class have the same people, apart from themselves."""
    sizes = Counter(_class_of_each(directory, day).values())
    return [Tried(f"students of {id_}", {"class": id_}, count) for id_, count in sorted(sizes.items())]


def _each_student(directory: Directory, day: date) -> Subjects:
    return [Tried(id_, {"student": id_}) for id_ in sorted(_class_of_each(directory, day))]


def _students_in_courses(directory: Directory, day: date) -> Subjects:
    sizes = Counter(_class_of_each(directory, day).values())
    return [
        Tried(f"{course} in {class_}", {"course": course, "class": class_}, sizes[class_])
        for course, class_ in sorted(_pairs(directory, day))
        if sizes[class_]
    ]


def _each_student_in_courses(directory: Directory, day: date) -> Subjects:
    courses = Counter(class_ for _, class_ in _pairs(directory, day))
    found = sorted(_class_of_each(directory, day).items())
    return [Tried(id_, {"student": id_}, courses[class_]) for id_, class_ in found if courses[class_]]


_SUBJECTS: dict[str, _Names] = {
    "college": _college,
    "department": _departments,
    "teaching_office": _teaching_offices,
    "major": _majors,
    "class": _classes,
    "course": _courses,
    "course in class": _courses_in_classes,
    "teacher": _teachers,
    "source": _sources,
    "student": _students,
    "each student": _each_student,
    "student in course": _students_in_courses,
    "each student in course": _each_student_in_courses,
}


def _class_of_each(directory: Directory, day: date) -> dict[str, str]:
    """Student → class on that day, of those who are not suspended."""
    at = datetime.combine(day, time(), ZoneInfo(directory.time_zone))
    return {
        id_: class_
        for class_ in sorted({row.class_id for row in directory.tables.students})
        for id_ in directory.class_members(class_, at)
    }


def _all_pairs(directory: Directory) -> set[tuple[str, str]]:
    tables = directory.tables
    pairs = {(row.id, row.class_id) for row in tables.courses if row.class_id}
    return pairs | {
        (row.scope or "", row.class_id) for row in tables.roles if row.role == "course_teacher" and row.class_id
    }


def _with_classes(directory: Directory) -> set[str]:
    return {course for course, _ in _all_pairs(directory)}


def _pairs(directory: Directory, day: date) -> set[tuple[str, str]]:
    """Courses and the classes that take them, without those that have ended or not begun."""
    away = {row.id for row in directory.tables.classes if not there(row, day)}
    return {(course, class_) for course, class_ in _all_pairs(directory) if class_ not in away}
