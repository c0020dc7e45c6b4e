"""Who was not in a lesson, by name: the first thing that whoever is warned of it asks."""

from __future__ import annotations

from collections.abc import Callable

from services.ingest.phone.phone import Phone
from services.web.appeals.view import path_of
from services.web.view_models import Reader


def missed(phone: Phone, lesson: str, reader: Reader, may_appeal: Callable[[str], bool]) -> list[tuple[str, str, str]]:
    """(name, `旷课`, where to appeal) of all who were absent, on leave, late or left early; none without a roll-call.

    For whoever sees a warning of the lesson; the last is empty if they may not appeal for the student. Raises LogError.
    """
    found = phone.roll_call(lesson)
    if found is None or found.taken is None:
        return []
    return [
        (
            reader.person(one.student),
            reader.term("value", one.mark.status),
            path_of("attendance", phone.keys.made("attendance", {"lesson": lesson, "student": one.student}))
            if may_appeal(one.student)
            else "",
        )
        for one in found.students
        if not one.exempt and one.mark.status != "present"
    ]
