"""Appeals: somebody says that one record is wrong, and whoever took it decides; in time, or it goes up. Pure.

Whoever took the record decides, or who stands in for them; where nobody took it, or they have left, the lesson's
teacher. What is not decided in time goes up: to the head of the teaching office, then of the department. Nobody decides
about themselves, nor what they have asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal, NamedTuple

import msgspec

from services.bounds import Int32
from services.directory import Person
from services.messages import FOREVER
from services.notify.ports import Directory

Claim = Literal["was_there", "slip", "wrong_student", "score", "other"]
CLAIMS: Mapping[str, tuple[Claim, ...]] = {
    "attendance": ("was_there", "slip", "wrong_student", "other"),
    "test": ("score", "wrong_student", "other"),
}
"""Kind of record → what may be said against one."""
State = Literal["open", "granted", "refused", "settled"]
"""settled: the record was corrected or taken back by somebody else, so that there was nothing left to decide."""
LONGEST_TEXT = 1000
"""Characters of what is said, and of the answer."""
STEPS = ("", "teaching_office_head", "department_head")
"""Who decides, one after the other: first whoever took the record, then these roles."""
_WITHOUT_TERM = 120 * 86_400_000
"""So long (ms) a record can be appealed against that belongs to no term of the calendar."""


class AppealRow(msgspec.Struct, kw_only=True):
    """One appeal, as the store has it. Instants are milliseconds."""

    id: int | None = None
    kind: str
    """Of the record: attendance, test."""
    key: str
    """The natural key of the record."""
    version: str
    """Of what the record said: against the same word is appealed once."""
    student: str
    class_id: str = ""
    course: str = ""
    teacher: str = ""
    """Of the lesson."""
    department: str = ""
    """Of its course and class, for the figures of a head."""
    record_at: int
    """When the lesson or test was."""
    source: str
    """Who says so."""
    was: str
    """What it said: a status, or a score."""
    taken_by: str = ""
    """Who took the record; empty: nobody says."""
    person: str
    """Who appeals: the student, or somebody for them."""
    claim: str
    text: str
    asked_at: int
    step: Int32 = 0
    """The place in STEPS up to which it has gone."""
    due_at: int | None = None
    """When it goes up unless it is decided; null: it cannot go further, or is decided."""
    state: State = "open"
    answer: str = ""
    became: str = ""
    """Of one that was granted, what the record says now."""
    warnings: str = ""
    """Numbers of the warnings that were open then and rested on the record, each between blanks: ` 3 17 `."""
    decided_by: str | None = None
    decided_at: int | None = None


class SlipRow(msgspec.Struct, kw_only=True):
    """The picture that goes with an appeal."""

    appeal: Int32
    person: str
    """The student, with whom it goes."""
    type: str
    picture: bytes
    at: int


class Policy(NamedTuple):
    """What a college allows of appeals."""

    is_on: bool = False
    slips: bool = False
    """Whether a picture may go with an appeal."""
    days: int = 3
    """Working days for each who decides."""


def about(row: AppealRow) -> dict[str, str]:
    """What the directory is asked with."""
    found = {"student": row.student, "class": row.class_id, "course": row.course, "teacher": row.teacher}
    return {name: value for name, value in found.items() if value}


def of_step(row: AppealRow, step: int, directory: Directory, at: datetime) -> list[Person]:
    """Who decides at one step, today."""
    context = about(row)
    if step:
        found = directory.holders(STEPS[step], context, at)
    elif row.taken_by and directory.is_there(row.taken_by, at):
        found = directory.instead(row.taken_by, at)
    else:
        found = directory.holders("course_teacher", context, at)
    return [one for one in found if one.id not in (row.student, row.person)]


def deciders(row: AppealRow, directory: Directory, at: datetime) -> set[str]:
    """Who may decide it today: whoever it has come to so far."""
    return {one.id for step in range(row.step + 1) for one in of_step(row, step, directory, at)}


def from_step(row: AppealRow, step: int, directory: Directory, at: datetime) -> tuple[int, list[Person]]:
    """The first step from this one on at which there is somebody, and who; else the last one, and nobody."""
    for one in range(step, len(STEPS)):
        if people := of_step(row, one, directory, at):
            return one, people
    return len(STEPS) - 1, []


def ends(record_at: int, term_end: int) -> int:
    """Until when (ms) a record can be appealed against: the end of its term."""
    return record_at + _WITHOUT_TERM if term_end >= FOREVER else term_end
