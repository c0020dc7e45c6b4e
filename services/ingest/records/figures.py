"""The figures of a roll-call: made of the attendance of a lesson, or sent, and what leave makes of those. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from services.messages import CampusEvent

PHONE = "phone"
"""The source of whatever teachers say on our pages."""


def figures(members: Iterable[str], marks: Iterable[tuple[str, str]]) -> dict[str, int]:
    """Of the students who are expected, by (student, status); who left early had come."""
    expected = set(members)
    said = [status for student, status in marks if student in expected]
    return {
        "present": said.count("present") + said.count("early_leave"),
        "late": said.count("late"),
        "leave": said.count("leave"),
        "absent": said.count("absent"),
    }


def with_leave(rollcall: CampusEvent, absent: int, on_leave: int) -> dict[str, int]:
    """The figures that leave makes others. `absent`: so many are on record as such, of whom so many are on leave.

    Who is absent on record and not in the figures had been counted as on leave by who sent them. Our own pages do so by
    the leave of then: where it was cancelled since, the figures are as without it.
    """
    data = rollcall.data
    before = data.get("leave") or 0
    said = data.get("absent")
    if said is None:  # whoever is not there
        said = max(0, (data.get("expected") or 0) - data["present"] - (data.get("late") or 0) - before)
    known = max(0, absent - said)
    more = max(on_leave - known, -before if rollcall.source == PHONE else 0)
    if not more:
        return {}
    return {"leave": before + more} | ({"absent": said - more} if data.get("absent") is not None else {})
