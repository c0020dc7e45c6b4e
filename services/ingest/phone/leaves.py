"""Leave that is asked for, decided and ended on our pages: versions of one record of kind `leave`.

What other systems say of leave stands beside it, and can be ended here like our own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, Literal, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from services.accounts.asked import LeavePolicy
from services.directory import Directory
from services.ingest.phone.saving import Typed
from services.ingest.records.resolve import begin_of, end_of, speaking
from services.log.records import Record, Records
from services.messages import CampusEvent, from_ms, key_values, to_ms

KIND = "leave"
CATEGORIES = ("sick", "personal", "official", "other")
LONGEST_TEXT = 2_000
"""Characters of a reason and of an answer, as the schema has it."""
NOON = time(13)
"""Between the lessons of the morning and those of the afternoon."""
_LONGEST = timedelta(days=200)
"""Of a leave, where the calendar knows no term."""
_BEFORE, _AHEAD = timedelta(days=60), timedelta(days=250)
"""Around now: the leave that lists show of those who look after many."""
_FEW = 2_000
"""Students that are asked for one by one."""
STANDING = ("pending", "granted")
Wrong = Literal["order", "too_old", "no_term", "past_term", "term_over", "too_long", "not_enrolled"]
Term = tuple[date, date]


class Leave(NamedTuple):
    """One of a student, by the word that speaks for it."""

    key: str
    event: CampusEvent
    begins: datetime
    ends: datetime
    said: datetime
    """When that word was said."""
    version: str
    """Another one whenever somebody says something of it."""

    @property
    def student(self) -> str:
        """Id of whose it is."""
        return str(self.event.data["student"])

    @property
    def status(self) -> str:
        """How it stands: pending, granted, refused, cancelled."""
        return str(self.event.data["status"])

    def by(self, what: Literal["asked", "decided", "ended"]) -> str:
        """Id of who has; empty where nobody says."""
        return str(self.event.data.get(f"{what}_by", ""))


class Asked(NamedTuple):
    """The leave that somebody asks for, as it was read."""

    student: str
    begins: datetime
    ends: datetime
    category: str
    reason: str


def leave_of(record: Record, directory: Directory) -> Leave | None:
    """None if nobody says any more that there is one."""
    said = speaking(record, directory.source_rank)
    if said is None:
        return None
    words = sorted((one.event.source, one.event.revision, one.recorded, one.event.retracted) for one in record.said)
    version = hashlib.sha256(msgspec.json.encode([record.key, words])).hexdigest()[:16]
    event = said.event
    return Leave(record.key, event, begin_of(event), end_of(event), from_ms(said.recorded), version)


def find_leave(records: Records, key: str, directory: Directory) -> Leave | None:
    """One of them, if there is one."""
    found = next(records.load([(KIND, key)]), None)
    return leave_of(found, directory) if found is not None else None


def leaves_of(records: Records, students: Sequence[str], directory: Directory, now: datetime) -> list[Leave]:
    """Of these students, the newest begin first; of very many students those around now alone."""
    if len(students) <= _FEW:
        found = records.of_students(KIND, students)
    else:
        wanted = set(students)
        near = records.between(KIND, to_ms(now - _BEFORE), to_ms(now + _AHEAD))
        found = (one for one in near if one.student in wanted)
    leaves = [leave for one in found if (leave := leave_of(one, directory)) is not None]
    return sorted(leaves, key=lambda one: (one.begins, one.key), reverse=True)


def version_of(leaves: Iterable[Leave]) -> str:
    """Of all leave of a student: whoever asks for more has seen it."""
    encoded = msgspec.json.encode(sorted((one.key, one.version) for one in leaves))
    return hashlib.sha256(encoded).hexdigest()[:16]


def overlapping(leaves: Iterable[Leave], begins: datetime, ends: datetime) -> list[Leave]:
    """Those that stand, or wait, and lie over some of a time."""
    return [one for one in leaves if one.status in STANDING and one.begins < ends and begins < one.ends]


def days_of(begins: datetime, ends: datetime, zone: ZoneInfo) -> int:
    """How many days of the calendar a leave touches; half a day is one."""
    first, last = begins.astimezone(zone).date(), (ends - timedelta(milliseconds=1)).astimezone(zone).date()
    return (last - first).days + 1


def wrong(
    asked: Asked, directory: Directory, terms: Sequence[Term], policy: LeavePolicy, now: datetime, zone: ZoneInfo
) -> tuple[Wrong, date | None] | None:
    """Why a time cannot be asked for, with the day that bounds it; None if it can."""
    if asked.begins >= asked.ends:
        return "order", None
    today, first = now.astimezone(zone).date(), asked.begins.astimezone(zone).date()
    last = (asked.ends - timedelta(milliseconds=1)).astimezone(zone).date()
    oldest = today - timedelta(days=policy.days_back)
    if first < oldest:
        return "too_old", oldest
    if (found := _out_of_term(first, last, today, terms)) is not None:
        return found
    ends = (asked.begins, asked.ends - timedelta(milliseconds=1))
    away = next((at for at in ends if not directory.enrolled(asked.student, at)), None)
    return None if away is None else ("not_enrolled", away.astimezone(zone).date())


def _out_of_term(first: date, last: date, today: date, terms: Sequence[Term]) -> tuple[Wrong, date] | None:
    if not terms:
        return ("too_long", first + _LONGEST) if last - first > _LONGEST else None
    term = next((one for one in terms if one[0] <= first <= one[1]), None)
    if term is None:
        return "no_term", first
    if last > term[1]:
        return "past_term", term[1]
    return ("term_over", term[1]) if term[1] < today else None


def id_of_request(typed: Typed) -> str:
    """Of one that is sent once or several times the same."""
    return f"phone-{hashlib.sha256(f'{typed.by} {typed.submission}'.encode()).hexdigest()[:12]}"


def asked_for(asked: Asked, typed: Typed, zone: ZoneInfo) -> CampusEvent:
    """The request, which waits to be decided."""
    data = {"leave": id_of_request(typed), "student": asked.student, "status": "pending"}
    data |= {"from": _said(asked.begins, zone), "to": _said(asked.ends, zone), "category": asked.category}
    return _event(data | {"reason": asked.reason, "asked_by": typed.by}, typed.at, typed)


def decided(leave: Leave, granted: bool, ends: datetime, answer: str, typed: Typed, zone: ZoneInfo) -> CampusEvent:
    """What it becomes; granted it may end sooner than was asked for."""
    data = {**leave.event.data, "status": "granted" if granted else "refused", "decided_by": typed.by}
    data |= {"to": _said(ends, zone)} if granted and ends != leave.ends else {}
    return _event(data | ({"answer": answer} if answer else {}), leave.event.time, typed)


def ended(leave: Leave, ends: datetime | None, typed: Typed, zone: ZoneInfo) -> CampusEvent:
    """It ends sooner, or (None) was none: what it lay over from then on is as if it had never been."""
    change = {"status": "cancelled"} if ends is None else {"to": _said(ends, zone)}
    return _event({**leave.event.data, **change, "ended_by": typed.by}, leave.event.time, typed)


def class_of(leave: Leave, directory: Directory, now: datetime) -> str:
    """The student's class; of one who has left, the one that they were of when the leave was asked for."""
    known = directory.class_of(leave.student, now) or leave.event.data.get("class")
    return str(known or directory.class_of(leave.student, leave.event.time) or "")


def student_of(key: str) -> str:
    """Whose leave a key is of."""
    return key_values(key)[0]


def _said(at: datetime, zone: ZoneInfo) -> str:
    return at.astimezone(zone).isoformat()


def _event(data: Mapping[str, Any], at: datetime, typed: Typed) -> CampusEvent:
    return CampusEvent(source="", id="", kind=KIND, time=at, recordedat=typed.at, data=dict(data))
