"""Which classes somebody has: looks after by a role, or teaches in."""

from __future__ import annotations

from collections.abc import Collection

from services.directory.accountable import holders
from services.directory.index import Index


def classes_of(index: Index, id_: str, roles: Collection[str], second: float) -> list[str]:
    """See `Directory.classes_of`."""
    return sorted(
        class_
        for class_ in {*index.classes, *index.in_class}
        if any(one.id == id_ for role in roles for one in holders(index, role, {"class": class_}, second))
        or courses_taught(index, id_, class_, second)
    )


def courses_taught(index: Index, id_: str, class_: str, second: float) -> set[str]:
    """See `Directory.courses_taught`."""
    return {
        course
        for course in index.in_class.get(class_, ())
        if any(one.id == id_ for one in holders(index, "course_teacher", {"course": course, "class": class_}, second))
    }
