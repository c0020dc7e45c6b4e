"""Who teaches what in which class, and who is the tutor of a class, from the enrollments of teachers.

A class of classType scheduled is one course for some students; the directory knows the classes (homerooms) they are of.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from services.directory.oneroster.columns import iso
from services.directory.oneroster.files import Export, Record
from services.directory.oneroster.naming import named
from services.directory.oneroster.orgs import Orgs, days_of
from services.tabular.rows import Row


class _Taught(NamedTuple):
    person: str
    first: str
    last: str
    place: str


def tutors(export: Export, homerooms: Mapping[str, Record], staff: set[str]) -> Iterator[Row]:
    """The teachers of a homeroom are the tutors of that class."""
    for class_, found in _teachers(export, staff).items():
        for one in found if class_ in homerooms else ():
            yield _role("class_tutor", one, {"scope_kind": "class", "scope": class_})


def course_rows(export: Export, orgs: Orgs, staff: set[str]) -> tuple[list[Row], list[Row]]:
    """Rows of courses, each with the teacher who came last, and rows of roles with all of them by day."""
    taught = _by_course_and_class(export, staff)
    courses, roles = [], []
    for id_ in sorted(orgs.taught):
        course = export["courses"][id_]
        said = {"id": id_, **named(course.values["title"]), **orgs.office_of(course)}
        for class_, found in (taught[id_] or {"": []}).items():
            newest = max(found, key=lambda one: (one.last or "9999", one.first, one.person), default=None)
            teacher = {"teacher": newest.person} if newest else {}
            courses.append(Row({**said, "class": class_, **teacher}, course.place))
            roles += [
                _role("course_teacher", one, {"scope_kind": "course", "scope": id_, "class": class_})
                for one in found
                if len(found) > 1 or one.first or one.last
            ]
    return courses, roles


def _by_course_and_class(export: Export, staff: set[str]) -> defaultdict[str, dict[str, list[_Taught]]]:
    """Course → class → who teaches there; the class is blank where nobody knows whose students they are."""
    homerooms, students = _whose_students(export)
    teachers = _teachers(export, staff)
    found: defaultdict[str, defaultdict[str, list[_Taught]]] = defaultdict(lambda: defaultdict(list))
    for id_, section in export["classes"].items():
        if section.values["classType"] == "scheduled":
            for class_ in sorted({class_ for one in students[id_] for class_ in homerooms[one]}) or [""]:
                found[section.values["courseSourcedId"]][class_] += teachers.get(id_, [])
    once = {course: {class_: _once(all_) for class_, all_ in classes.items()} for course, classes in found.items()}
    return defaultdict(dict, once)


def _whose_students(export: Export) -> tuple[defaultdict[str, set[str]], defaultdict[str, set[str]]]:
    """Student → homerooms, and scheduled class → students."""
    homerooms: defaultdict[str, set[str]] = defaultdict(set)
    students: defaultdict[str, set[str]] = defaultdict(set)
    for one in export["enrollments"].values():
        id_, user = one.values["classSourcedId"], one.values["userSourcedId"]
        class_ = export["classes"].get(id_)
        if class_ is None or one.values["role"] != "student":
            continue
        if class_.values["classType"] == "homeroom":
            homerooms[user].add(id_)
        else:
            students[id_].add(user)
    return homerooms, students


def _teachers(export: Export, staff: set[str]) -> dict[str, list[_Taught]]:
    """Class → its primary teachers; all of them where none is primary."""
    every: defaultdict[str, list[tuple[bool, _Taught]]] = defaultdict(list)
    for one in export["enrollments"].values():
        values, class_ = one.values, export["classes"].get(one.values["classSourcedId"])
        if class_ is None or values["role"] != "teacher" or values["userSourcedId"] not in staff:
            continue
        first, last = days_of(one, export)
        taught = _Taught(values["userSourcedId"], iso(first), iso(last), one.place)
        every[values["classSourcedId"]].append((values["primary"] == "true", taught))
    return {id_: [one for primary, one in all_ if primary] or [one for _, one in all_] for id_, all_ in every.items()}


def _once(taught: list[_Taught]) -> list[_Taught]:
    """Two sections of one course may have the same teacher from the same day on; the longer span covers both."""
    longest: dict[tuple[str, str], _Taught] = {}
    for one in taught:
        known = longest.get((one.person, one.first), one)
        longest[one.person, one.first] = max(known, one, key=lambda each: each.last or "9999")
    return list(longest.values())


def _role(word: str, one: _Taught, scope: dict[str, str]) -> Row:
    return Row({"role": word, "person": one.person, **scope, "from": one.first, "to": one.last}, one.place)
