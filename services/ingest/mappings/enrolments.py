"""学籍异动: what changes in a list of their own make of the enrolments of a roll that says how things are today."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any, NamedTuple

from services.i18n import say
from services.messages import Json, Message, Problem

CHANGES = "student_changes"
"""The target `directory/student_changes`, which is no table of the directory."""
LEFT, SUSPENDED, MOVED, RETURNED = "left", "suspended", "moved", "returned"
_DAY = timedelta(days=1)


class Change(NamedTuple):
    """One change of one student, from its day on; a roll that only says what somebody is has no day."""

    student: str
    change: str
    day: date | None
    before: str
    """Class that is left, where the list says it."""
    after: str
    place: str


def change_of(data: Mapping[str, Any], place: str) -> Change:
    """What a row of the target says."""
    day = date.fromisoformat(data["day"]) if "day" in data else None
    return Change(
        data["student"], data["change"], day, data.get("class_before", ""), data.get("class_after", ""), place
    )


class RowAt(NamedTuple):
    """A row of the directory that files describe, and where it stands."""

    cells: Json
    place: str


Rows = dict[str, list[RowAt]]
"""Student → their rows."""


def with_changes(rows: Rows, changes: Iterable[Change], problems: list[Problem]) -> Rows:
    """The enrolments after the changes. The roll's row says the present class; before a change of class it was another.

    A change that does not go with the roll, or whose day nobody says, is a problem, and the row stays as it is.
    """
    of_student: defaultdict[str, list[Change]] = defaultdict(list)
    for one in dict.fromkeys(changes):
        of_student[one.student].append(one)
    found = dict(rows)
    for student, every in of_student.items():
        dated = sorted((one for one in every if one.day is not None), key=_day_of)
        undated = [one for one in every if one.day is None]
        said = {one.change for one in dated}
        problems += [
            _wrong(one, say("mapping.change_without_day", change=one.change))
            for one in undated
            if one.change not in said and not _ends(rows.get(student, []))
        ]
        if not dated or student not in rows:
            problems += [_wrong(one, say("mapping.change_of_nobody", student=student)) for one in dated]
        elif len(rows[student]) > 1:
            problems += [_wrong(one, say("mapping.change_said_twice", student=student)) for one in dated]
        else:
            found[student] = _split(rows[student][0], dated, problems)
    return found


def _day_of(one: Change) -> date:
    assert one.day is not None
    return one.day


def _ends(rows: list[RowAt]) -> bool:
    """Whether the roll has the day itself."""
    return any(row.cells.get("to") or row.cells.get("status") for row in rows)


def _split(roll: RowAt, changes: list[Change], problems: list[Problem]) -> list[RowAt]:
    row, place = roll
    moves = [one for one in changes if one.change == MOVED]
    now = row["class"]
    at = moves[0].before if moves else now
    if not at:
        problems.append(_wrong(moves[0], say("mapping.blank", field="class_before")))
        return [roll]
    spans: list[RowAt] = []
    present: Json | None = {**row, "class": at}
    for one in changes:
        first = _day_of(one)
        if present is not None:
            # Of whom no suspension is listed, nothing is known before they came back.
            came_back = one is changes[0] and one.change == RETURNED
            if str(present.get("from") or "") < first.isoformat() and not came_back:
                spans.append(RowAt({**present, "to": (first - _DAY).isoformat()}, place))
            at = present["class"]
        if one.change == MOVED:
            following = next((other.before for other in moves if _day_of(other) > first), "")
            at = one.after or following or now
        elif one.change == RETURNED:
            at = one.after or at
        present = None
        if one.change != LEFT:
            present = {**row, "class": at, "from": first.isoformat()}
            present |= {"status": SUSPENDED} if one.change == SUSPENDED else {}
    if present is not None:
        spans.append(RowAt(present, place))
        if present["class"] != now:
            problems.append(_wrong(changes[-1], say("mapping.change_to_another_class", roll=now, change=at)))
    return spans


def _wrong(change: Change, what: Message) -> Problem:
    return Problem(where=change.place, what=what, expected=say("mapping.a_change"))
