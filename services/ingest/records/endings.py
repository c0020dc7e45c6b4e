"""Who has left: the day on which a student's last enrolment ended becomes an event `ending` in the log, once.

The event's id names the student; a day that changes is a revision, and a student who is enrolled again a retraction.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

import msgspec

from services.log.records import Transaction
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


def tell_who_left(commit: Transaction, until: Mapping[str, datetime | None], now: datetime) -> int:
    """Tells the log what it does not know yet of who has left by `now`; returns how many events that took.

    `until`: student → when the last of their enrolments ends. Of a student who is not in it, what was said stays.
    """
    told = _decode(commit.records.meta(_META) or "{}")
    new = dict(_changes(told, until, now))
    if new:
        commit.tell([(to_ms(now), _event(student, one)) for student, one in new.items()])
        commit.records.set_meta(_META, _encode({**told, **new}).decode())
    return len(new)


def _changes(
    told: Mapping[str, _Told], until: Mapping[str, datetime | None], now: datetime
) -> Iterator[tuple[str, _Told]]:
    for student, end in until.items():
        known = told.get(student)
        if end is not None and end <= now:
            if known is None or known.retracted or known.at != to_ms(end):
                yield student, _Told(to_ms(end), known.revision + 1 if known else 0)
        elif known is not None and not known.retracted:
            yield student, _Told(known.at, known.revision + 1, retracted=True)


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
