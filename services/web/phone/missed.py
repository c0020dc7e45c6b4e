"""Who was not in a lesson, by name: the first thing that whoever is warned of it asks."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from services.ingest.phone.phone import Phone
from services.web.appeals.view import path_of
from services.web.reader import Reader


class Missed(NamedTuple):
    """A student who was not at a lesson."""

    id: str
    name: str
    status: str
    """`旷课`."""
    appeal: str
    """The page on which who looks can appeal for them; empty: they may not."""


def missed(phone: Phone, lesson: str, reader: Reader, may_appeal: Callable[[str], bool]) -> list[Missed]:
    """All who were absent, on leave, late or left early; none where no roll was called.

    For whoever sees a warning of the lesson. Raises LogError.
    """
    found = phone.roll_call(lesson)
    if found is None or found.taken is None:
        return []
    return [
        Missed(
            one.student,
            reader.person(one.student),
            reader.term("value", one.mark.status),
            path_of("attendance", phone.keys.made("attendance", {"lesson": lesson, "student": one.student}))
            if may_appeal(one.student)
            else "",
        )
        for one in found.students
        if not one.exempt and one.mark.status != "present"
    ]
