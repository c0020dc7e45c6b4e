"""Who works beside whom: the same role in the same department; and which departments somebody is the head of."""

from __future__ import annotations

from collections.abc import Iterator

from services.directory.accountable import holders
from services.directory.index import Index, present
from services.directory.records import Person

Post = tuple[str, str]
"""A role and the department that it is held in; empty: the whole college."""


def colleagues(index: Index, id_: str, second: float) -> set[str]:
    """See `Directory.colleagues`."""
    posts = list(_posts(index, second))
    mine = {post for post, person in posts if person.id == id_}
    return {person.id for post, person in posts if post in mine} - {id_}


def headed_by(index: Index, id_: str, second: float) -> set[str]:
    """See `Directory.headed_by`."""
    found = {one: holders(index, "department_head", {"department": one}, second) for one in index.departments}
    return {one for one, heads in found.items() if any(head.id == id_ for head in heads)}


def _posts(index: Index, second: float) -> Iterator[tuple[Post, Person]]:
    for (role, kind, scope), rows in index.holders.items():
        department = _department(index, kind, scope)
        if department is not None:
            yield from (((role, department), person) for person in present(rows, second))
    for (course, class_), teachers in index.teachers.items():
        for person in present(teachers, second):
            yield ("course_teacher", _of_course(index, course, class_)), person
    for (course, class_), one in index.standing_teachers.items():
        for person in present([one], second):
            yield ("course_teacher", _of_course(index, course, class_)), person


def _department(index: Index, kind: str, scope: str) -> str | None:
    """None: the scope is of no department, so that nobody is a colleague by it."""
    if kind == "college":
        return ""
    if kind == "department":
        return scope
    if kind == "class":
        return index.class_fields.get(scope, {}).get("department")
    if kind == "major":
        return index.majors[scope].department if scope in index.majors else None
    if kind == "teaching_office":
        return index.offices[scope].department if scope in index.offices else None
    return None


def _of_course(index: Index, course: str, class_: str) -> str:
    """The department of a course; of one that has none, the course itself: those who teach it are colleagues."""
    office = index.course_fields.get(course, {}).get("teaching_office", "")
    if office in index.offices and (department := index.offices[office].department):
        return department
    return index.class_fields.get(class_, {}).get("department") or f"course {course}"
