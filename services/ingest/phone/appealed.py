"""One record of one student: what stands of it, and what it becomes when it is corrected. Pure but for the reading."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from services.directory import Directory
from services.ingest.phone.lessons import Lesson, find_lesson
from services.ingest.phone.roll_call import Mark, RollCall, closed_with
from services.ingest.phone.saving import Typed
from services.ingest.records.keys import Keys
from services.ingest.records.resolve import DERIVED, speaking
from services.log.records import Record, Records
from services.messages import CampusEvent, from_ms, to_ms

KINDS = ("attendance", "test")
"""Of which single records can be appealed against."""
Closed = Callable[[datetime], bool]


class OneRecord(NamedTuple):
    """A record that counts, or did."""

    kind: str
    key: str
    student: str
    at: datetime
    """When the lesson or test was."""
    event: CampusEvent | None
    """What counts; None: nothing does any more."""
    version: str
    """Another one whenever something else counts."""
    lesson: Lesson | None

    @property
    def data(self) -> Mapping[str, Any]:
        """Of what counts; empty where nothing does."""
        return {} if self.event is None else self.event.data

    @property
    def was(self) -> str:
        """What it says: a status, or a score; empty where nothing counts."""
        found = self.data.get("score") if self.kind == "test" else self.data.get("status")
        return "" if found is None else f"{found:g}" if isinstance(found, float) else str(found)

    @property
    def place(self) -> str:
        """The lesson that it is of; empty of a test that is of none."""
        return self.lesson.id if self.lesson is not None else str(self.data.get("lesson", ""))

    @property
    def highest(self) -> float:
        """Of a test, the highest score that can be had."""
        return float(self.data.get("max_score") or 0)

    def about(self, name: str) -> str:
        """A field of the record, or else of its lesson."""
        found = self.data.get(name)
        if found is None and self.lesson is not None:
            found = self.lesson.event.data.get(name)
        return "" if found is None else str(found)


def read_record(
    records: Records, kind: str, key: str, keys: Keys, directory: Directory, closed: Closed
) -> OneRecord | None:
    """None if there is no such record of a student."""
    found = next(records.load([(kind, key)]), None) if kind in KINDS else None
    return _one(records, found, keys, directory, closed) if found is not None else None


def records_of(
    records: Records, student: str, since: datetime, keys: Keys, directory: Directory, closed: Closed
) -> list[OneRecord]:
    """What counts of a student since then, but for lessons at which they were present; the newest first."""
    mine = [one for kind in KINDS for one in records.of_students(kind, [student]) if one.at >= to_ms(since)]
    found = (_one(records, one, keys, directory, closed) for one in mine if one.told is not None and one.told.counts)
    shown = [one for one in found if one is not None and one.was not in ("", "present")]
    return sorted(shown, key=lambda one: (one.at, one.kind, one.key), reverse=True)


def corrected(
    records: Records,
    seen: OneRecord,
    says: Mark | float,
    roll_call: RollCall | None,
    typed: Typed,
    keys: Keys,
    directory: Directory,
) -> list[CampusEvent]:
    """What the record becomes, and the figures of its roll-call where somebody has sent them; nothing if it is gone.

    Whoever took it has taken it still: who decided, the appeal says.
    """
    record = next(records.load([(seen.kind, seen.key)]), None)
    said = speaking(record, directory.source_rank) if record is not None else None
    if said is None:
        return []
    data = {name: value for name, value in said.event.data.items() if name != "minutes_late"}
    if not isinstance(says, Mark):
        return [_event(said.event, data | {"status": "graded", "score": says}, typed)]
    data |= {"status": says.status, "taken_by": data.get("taken_by") or typed.by}
    data |= {"minutes_late": says.minutes} if says.status == "late" and says.minutes is not None else {}
    events = [_event(said.event, data, typed)]
    if roll_call is not None and _has_figures(records, roll_call.lesson, keys, directory):
        events.append(closed_with(roll_call, {seen.student: says}, typed))
    return events


def _has_figures(records: Records, lesson: Lesson, keys: Keys, directory: Directory) -> bool:
    """Whether somebody has sent them: those that follow from the records follow anew."""
    record = next(records.load([("rollcall", keys.made("rollcall", {"lesson": lesson.id}))]), None)
    said = speaking(record, directory.source_rank) if record is not None else None
    return said is not None and said.event.source != DERIVED and said.event.data.get("absent") is not None


def _event(before: CampusEvent, data: Mapping[str, Any], typed: Typed) -> CampusEvent:
    return CampusEvent(source="", id="", kind=before.kind, time=before.time, recordedat=typed.at, data=dict(data))


def _one(records: Records, record: Record, keys: Keys, directory: Directory, closed: Closed) -> OneRecord | None:
    told = record.told
    if told is None or record.student is None:
        return None
    named = told.event.data.get("lesson")
    lesson = find_lesson(records, keys, named, directory, closed) if named else None
    at = lesson.begins if lesson is not None else from_ms(record.at) if record.at >= 0 else told.event.time
    facts = f"{record.kind} {record.key} {told.event.revision} {told.counts}"
    version = hashlib.sha256(facts.encode()).hexdigest()[:16]
    event = told.event if told.counts else None
    return OneRecord(record.kind, record.key, record.student, at, event, version, lesson)
