"""Who was not in a lesson, by name: the first thing that whoever is warned of it asks."""

from __future__ import annotations

from services.ingest.phone.phone import Phone
from services.web.view_models import Reader


def missed(phone: Phone, lesson: str, reader: Reader) -> list[tuple[str, str, str]]:
    """(id, name, `旷课`) of all who were absent, on leave, late or left early; none where no roll was called.

    For whoever sees a warning of the lesson. Raises LogError.
    """
    found = phone.roll_call(lesson)
    if found is None or found.taken is None:
        return []
    return [
        (one.student, reader.person(one.student), reader.term("value", one.mark.status))
        for one in found.students
        if not one.exempt and one.mark.status != "present"
    ]
