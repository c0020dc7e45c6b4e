"""The roll-call of one lesson: who is expected, what stands of each, and what a teacher's word becomes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Literal, NamedTuple

import msgspec

from services.directory import Directory
from services.ingest.phone.check_in import came_at
from services.ingest.phone.lessons import Lesson, lesson_of, students_of
from services.ingest.phone.saving import CHECK_IN, Typed
from services.ingest.records.figures import figures
from services.ingest.records.resolve import DERIVED, begin_of, end_of
from services.log.records import Record, Records
from services.messages import CampusEvent

Status = Literal["present", "late", "early_leave", "leave", "absent"]
STATUSES: tuple[Status, ...] = ("present", "absent", "late", "leave", "early_leave")
"""In the order of taps."""
MOST_MINUTES = 240
LONGEST_NOTE = 200


class Mark(NamedTuple):
    """What is said of a student."""

    status: Status = "present"
    minutes: int | None = None
    """So many late."""
    note: str = ""


class Expected(NamedTuple):
    """A student of the lesson."""

    student: str
    mark: Mark
    """What stands; before anybody has said something: present, or on leave where that was granted."""
    on_leave: bool = False
    """It was granted for this lesson."""
    asked_leave: bool = False
    """It was asked for, for this lesson, and nobody has decided."""
    exempt: str = ""
    """Why they need not come; nothing is said of them."""
    came: datetime | None = None
    """When they typed the lesson's code, if they did; what stands may be another thing."""


class RollCall(NamedTuple):
    """A lesson's, as it stands."""

    lesson: Lesson
    students: Sequence[Expected]
    taken: CampusEvent | None
    """The roll-call that counts."""
    taken_by: str
    """Id of who took it; empty where nobody says."""
    version: str

    @property
    def figures(self) -> dict[str, int]:
        """present, late, leave, absent → how many of those who should come."""
        coming = [one for one in self.students if not one.exempt]
        return figures((one.student for one in coming), ((one.student, one.mark.status) for one in coming))


def read_roll_call(
    records: Records, lesson: str, directory: Directory, closed: Callable[[datetime], bool]
) -> RollCall | None:
    """None if there is no such lesson."""
    group = list(records.of_groups([f"lesson/{lesson}"]))
    itself = next((one for one in group if one.kind == "lesson"), None)
    found = lesson_of(itself, directory, closed)
    if found is None:
        return None
    students = students_of(found, directory)
    marked = {one.student: one for one in group if one.kind == "attendance" and one.student is not None}
    leaves, asked = on_leave(records, found, students), on_leave(records, found, students, "pending")
    expected = []
    came = came_at(group)
    by = ""
    for student in students:
        told = marked[student].told if student in marked else None
        event = told.event if told is not None and told.counts else None
        by = by or ("" if event is None else str(event.data.get("taken_by", "")))
        exempt = directory.exempt(student, "attendance", found.begins) or ""
        mark = _mark(event, Mark("leave") if student in leaves else Mark())
        is_asked = student in asked and student not in leaves
        expected.append(Expected(student, mark, student in leaves, is_asked, exempt, came.get(student)))
    taken = next((one.told.event for one in group if one.kind == "rollcall" and one.told and one.told.counts), None)
    return RollCall(found, expected, taken, by, _version(group, students, found, taken))


def said(roll_call: RollCall, marks: Mapping[str, Mark], typed: Typed) -> list[CampusEvent]:
    """What a teacher's word becomes: a record of each student, and the roll-call that closes it.

    Whoever is on leave that was granted is absent, which that leave makes leave: cancelled, it makes it no more.
    """
    lesson = roll_call.lesson
    hours = {"hours": lesson.event.data["hours"]} if lesson.event.data.get("hours") is not None else {}
    coming = [one for one in roll_call.students if not one.exempt]
    events = []
    for one in coming:
        mark = marks.get(one.student, one.mark)
        status = "absent" if mark.status == "leave" and one.on_leave else mark.status
        data = {**lesson.facts, **hours, "student": one.student, "status": status, "taken_by": typed.by}
        data |= {"minutes_late": mark.minutes} if mark.minutes is not None and status == "late" else {}
        data |= {"note": mark.note} if mark.note else {}
        events.append(_event("attendance", data, min(lesson.begins, typed.at), typed))
    return [closed_with(roll_call, marks, typed), *events]


def closed_with(roll_call: RollCall, marks: Mapping[str, Mark], typed: Typed) -> CampusEvent:
    """The roll-call itself, with its figures."""
    coming = [one for one in roll_call.students if not one.exempt]
    counted = figures(
        (one.student for one in coming), ((one.student, marks.get(one.student, one.mark).status) for one in coming)
    )
    lesson = roll_call.lesson
    rolled = {**lesson.facts, "class": lesson.event.data["class"], "expected": len(coming), **counted}
    # A correction of tomorrow makes no roll-call late that was taken today.
    at = typed.at if roll_call.taken is None else min(roll_call.taken.time, typed.at)
    return _event("rollcall", rolled, at, typed)


def cancelled(lesson: Lesson, typed: Typed) -> list[CampusEvent]:
    """It does not take place."""
    return [_event("lesson", {**lesson.event.data, "status": "cancelled"}, typed.at, typed)]


def moved(lesson: Lesson, begins: datetime, typed: Typed) -> list[CampusEvent]:
    """It takes place at another time, as long as it would have."""
    ends = begins + (lesson.ends - lesson.begins)
    other = f"{lesson.id[:100]}@{begins:%m%d%H%M}"
    times = {"starts_at": begins.isoformat(), "ends_at": ends.isoformat()}
    there = {name: value for name, value in lesson.event.data.items() if name not in ("sections", "moved_to")}
    here = {**lesson.event.data, "status": "moved", "moved_to": other}
    return [
        _event("lesson", {**there, **times, "lesson": other, "status": "planned"}, typed.at, typed),
        _event("lesson", here, typed.at, typed),
    ]


def restored(lesson: Lesson, instead: Lesson | None, typed: Typed) -> list[CampusEvent]:
    """It takes place after all, and the one in its stead does not."""
    here = {name: value for name, value in lesson.event.data.items() if name != "moved_to"}
    events = [_event("lesson", {**here, "status": "planned"}, typed.at, typed)]
    if instead is not None:
        gone = _event("lesson", instead.event.data, typed.at, typed)
        events.append(msgspec.structs.replace(gone, retracted=True))
    return events


def _event(kind: str, data: Mapping[str, object], time: datetime, typed: Typed) -> CampusEvent:
    return CampusEvent(source="", id="", kind=kind, time=time, recordedat=typed.at, data=dict(data))


def _mark(event: CampusEvent | None, otherwise: Mark) -> Mark:
    if event is None:
        return otherwise
    minutes = event.data.get("minutes_late")
    return Mark(event.data["status"], None if minutes is None else round(minutes), event.data.get("note", ""))


def on_leave(records: Records, lesson: Lesson, students: Iterable[str], status: str = "granted") -> set[str]:
    """Who has leave that was granted, or is otherwise of this status, for some of the lesson."""
    found = set()
    for record in records.of_students("leave", students):
        told = record.told
        if told is not None and told.counts and told.event.data["status"] == status:
            leave = told.event
            if begin_of(leave) < lesson.ends and lesson.begins < end_of(leave):
                found.add(leave.data["student"])
    return found


def _version(group: Iterable[Record], students: Sequence[str], lesson: Lesson, taken: CampusEvent | None) -> str:
    """Another one whenever somebody has said something of the lesson, leave lies over it, or somebody else is expected.

    Codes that students type meanwhile are in no teacher's way.
    """
    said_of = sorted(
        (one.kind, one.key, word.event.source, word.event.revision, word.recorded, word.event.retracted)
        for one in group
        for word in one.said
        if word.event.source != CHECK_IN
    )
    on_leave = taken.data.get("leave") if taken is not None and taken.source != DERIVED else None
    encoded = msgspec.json.encode([lesson.id, students, said_of, on_leave])
    return hashlib.sha256(encoded).hexdigest()[:16]
