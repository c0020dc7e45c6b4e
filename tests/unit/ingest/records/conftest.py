"""A journal with records over a small college, and what the log says counts."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import pytest

from services.directory import Directory
from services.directory.records import Enrolment, Exemption, SchoolClass, Source, Tables
from services.ingest.records.keys import Keys
from services.ingest.records.log import RecordLog
from services.log.journal import Journal
from services.messages import CampusEvent

MONDAY = datetime(2026, 9, 7, 0, 0, tzinfo=UTC)
"""08:00 in Shanghai."""
NOW = datetime(2026, 9, 30, tzinfo=UTC)
HOLIDAY = date(2026, 9, 10)
_decode = msgspec.json.Decoder(list[CampusEvent]).decode

TABLES = Tables(
    classes=(SchoolClass(id="k1"), SchoolClass(id="k2")),
    students=(
        *(Enrolment(id=f"s{n}", class_id="k1", from_day=date(2026, 8, 31)) for n in range(1, 5)),
        Enrolment(id="late", class_id="k1", from_day=date(2026, 9, 14)),
        Enrolment(id="gone", class_id="k1", from_day=date(2026, 8, 31), to_day=date(2026, 9, 6)),
        Enrolment(id="away", class_id="k1", from_day=date(2026, 8, 31), status="suspended"),
    ),
    sources=(
        Source(id="phone", rank=1),
        Source(id="sis", rank=2),
        Source(id="app", rank=3, lists="exceptions_only"),
        Source(id="wall", lists="all"),
    ),
    exemptions=(Exemption(student="s4", of="test", from_day=date(2026, 9, 8), why="injury"),),
)


def said(kind: str, *, source: str = "sis", ident: str = "", at: datetime = MONDAY, **data: Any) -> CampusEvent:
    """What a source says; envelope attributes start with an underscore."""
    envelope = {name[1:]: data.pop(name) for name in list(data) if name.startswith("_")}
    ident = ident or f"{kind}/" + "/".join(
        str(data[one]) for one in ("lesson", "test", "student", "ticket") if one in data
    )
    return CampusEvent(source=source, id=ident, kind=kind, time=at, data=data, **envelope)


def absent(student: str = "s1", lesson: str = "L1", **more: Any) -> CampusEvent:
    return said("attendance", **{"lesson": lesson, "student": student, "status": "absent", "class": "k1"} | more)


def lesson(name: str = "L1", begin: datetime = MONDAY, **more: Any) -> CampusEvent:
    """Published a week before; it takes 100 minutes."""
    moments = {"starts_at": begin.isoformat(), "ends_at": (begin + timedelta(minutes=100)).isoformat()}
    fields = {"lesson": name, "class": "k1", "status": "planned", "hours": 2, **moments} | more
    return said("lesson", at=MONDAY - timedelta(days=7), **fields)


class College:
    """The journal, its records and a directory that a test may replace."""

    def __init__(self, journal: Journal, keys: Keys) -> None:
        self.journal, self.directory, self.closed_days = journal, Directory(TABLES), {HOLIDAY}
        self.log = RecordLog(
            journal, keys, lambda: self.directory, lambda at: at.date() in self.closed_days, lambda: NOW
        )

    def take(self, *events: CampusEvent) -> list[str]:
        """One call with these events; the verdicts."""
        return list(self.log.append(events))

    def heard(self) -> list[CampusEvent]:
        """Every event that the log was told, in its order."""
        return [event for _, _, _, packed in self.journal.read(0, 10_000) for event in _decode(packed)]

    def counts(self) -> dict[str, CampusEvent]:
        """What counts, as somebody knows who only hears the log: of each (source, id) the highest revision."""
        newest: dict[str, CampusEvent] = {}
        for event in self.heard():
            ident = f"{event.source} {event.id}"
            if ident not in newest or event.revision > newest[ident].revision:
                newest[ident] = event
        return {ident: event for ident, event in newest.items() if not event.retracted}

    def statuses(self, kind: str = "attendance") -> dict[str, str]:
        """Student → status, of what counts."""
        return {one.data["student"]: one.data["status"] for one in self.counts().values() if one.kind == kind}


@pytest.fixture
def college(tmp_path, schemas):
    journal = Journal(tmp_path / "prewarn.db", lambda: NOW)
    yield College(journal, Keys(schemas))
    journal.close()
