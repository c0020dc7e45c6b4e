"""What a leave that is decided or ended makes of the figures of roll-calls that were taken on our pages before."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from services.directory import Directory
from services.ingest.phone.leaves import Leave, leaves_of
from services.ingest.phone.roll_call import RollCall, read_roll_call
from services.ingest.phone.saving import SOURCE, Typed
from services.ingest.records.resolve import begin_of, end_of, figures, speaking
from services.log.records import Record, Records
from services.messages import CampusEvent, to_ms

_LESSON = "lesson/"
_LONGEST = timedelta(hours=12)
"""Of a lesson that began before the leave."""


class Recounted(NamedTuple):
    """A roll-call with its figures as they are by the leave of now."""

    lesson: str
    version: str
    """Of the roll-call that was seen."""
    event: CampusEvent


def recounted(
    records: Records,
    leave: Leave,
    after: CampusEvent,
    directory: Directory,
    closed: Callable[[datetime], bool],
    typed: Typed,
) -> Iterator[Recounted]:
    """Of the lessons in which the student was called absent. `after`: what becomes of the leave.

    Absent, on leave: the rules see each record as it counts, but the figures of a roll-call are those that were sent.
    """
    begins, ends = leave.begins - _LONGEST, max(leave.ends, end_of(after))
    others = [
        (one.begins, one.ends)
        for one in leaves_of(records, [leave.student], directory, typed.at)
        if one.status == "granted" and one.key != leave.key
    ]
    granted = [*others, *([(begin_of(after), end_of(after))] if after.data["status"] == "granted" else [])]
    for group in records.groups_of_student(leave.student, to_ms(begins), to_ms(ends) + 1):
        call = _taken_here(records, group, directory, closed)
        if call is None:
            continue
        said = {(one.kind, one.student): _said(one, directory) for one in records.of_groups([group])}
        mark, roll = said.get(("attendance", leave.student)), said.get(("rollcall", None))
        if mark is None or mark.data["status"] != "absent" or roll is None:
            continue
        lesson = call.lesson
        is_on_leave = any(first < lesson.ends and lesson.begins < last for first, last in granted)
        marks = {one.student: one.mark.status for one in call.students if not one.exempt}
        marks[leave.student] = "leave" if is_on_leave else "absent"
        counted = figures(marks, marks.items())
        if any(roll.data.get(name) != n for name, n in counted.items()):
            data = {**roll.data, **counted}
            event = CampusEvent(source="", id="", kind="rollcall", time=roll.time, recordedat=typed.at, data=data)
            yield Recounted(lesson.id, call.version, event)


def _taken_here(
    records: Records, group: str, directory: Directory, closed: Callable[[datetime], bool]
) -> RollCall | None:
    """A lesson's roll-call that was taken on our pages and counts."""
    if not group.startswith(_LESSON):
        return None
    call = read_roll_call(records, group.removeprefix(_LESSON), directory, closed)
    is_ours = call is not None and call.taken is not None and call.taken.source == SOURCE
    return call if is_ours else None


def _said(record: Record, directory: Directory) -> CampusEvent | None:
    """The word that speaks, as it was sent."""
    found = speaking(record, directory.source_rank)
    return found.event if found is not None and found.event.source == SOURCE else None
