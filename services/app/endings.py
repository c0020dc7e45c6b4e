"""Who has left: the day on which a student's last enrolment ended becomes an event `ending` in the log, once.

The event's id names the student; a day that changes is a revision, and a student who is enrolled again a retraction.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from services.directory import Directory
from services.log.journal import Journal
from services.messages import CampusEvent, from_ms, to_ms

SOURCE = "prewarn/directory"
_META = "endings"


class _Told(msgspec.Struct, array_like=True):
    """The newest that the log was told of a student."""

    at: int
    """When they left (ms)."""
    revision: int
    retracted: bool = False


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(dict[str, _Told]).decode


def tell_who_left(journal: Journal, directory: Directory, now: datetime) -> int:
    """Tells the log what it does not know yet of who has left by `now`; returns how many events that took.

    Of a student whom the directory does not know any more, what was said stays. Interrupted, it says the same again.
    """
    told = _decode(journal.meta(_META, "{}"))
    new: dict[str, _Told] = {}
    for student, until in directory.enrolled_until().items():
        known = told.get(student)
        if until is not None and until <= now:
            if known is None or known.retracted or known.at != to_ms(until):
                new[student] = _Told(to_ms(until), known.revision + 1 if known else 0)
        elif known is not None and not known.retracted:
            new[student] = _Told(known.at, known.revision + 1, retracted=True)
    left = new
    while left:
        verdicts = journal.append([_event(student, one) for student, one in left.items()])
        # A revision that stands in the log otherwise was written before a crash, of a directory that is another now.
        left = {one: left[one] for one, verdict in zip(left, verdicts, strict=True) if verdict == "conflict"}
        for one in left.values():
            one.revision += 1
    if new:
        journal.set_meta(_META, _encode({**told, **new}).decode())
    return len(new)


def _event(student: str, one: _Told) -> CampusEvent:
    return CampusEvent(
        source=SOURCE,
        id=f"ending/student/{student}",
        kind="ending",
        time=from_ms(one.at),
        revision=one.revision,
        retracted=one.retracted,
        data={"subject_field": "student", "value": student, "reason": "left"},
    )
