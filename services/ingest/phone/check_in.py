"""A student who has typed the code of a lesson: a signal that they are there, behind every word of their teachers."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from services.ingest.phone.lessons import Lesson
from services.ingest.phone.saving import CHECK_IN
from services.log.records import Record
from services.messages import CampusEvent, from_ms


def came(lesson: Lesson, student: str, at: datetime) -> CampusEvent:
    """The record of attendance that a check-in becomes."""
    hours = {"hours": lesson.event.data["hours"]} if lesson.event.data.get("hours") is not None else {}
    data = {**lesson.facts, **hours, "student": student, "status": "present"}
    return CampusEvent(source="", id="", kind="attendance", time=min(lesson.begins, at), recordedat=at, data=data)


def came_at(records: Iterable[Record]) -> dict[str, datetime]:
    """Student → when they typed the code, of the records of a lesson; whoever speaks of them otherwise."""
    return {
        record.student: from_ms(one.recorded)
        for record in records
        if record.kind == "attendance" and record.student is not None
        for one in record.said
        if one.event.source == CHECK_IN and not one.event.retracted
    }
