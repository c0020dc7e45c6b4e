"""Records in the journal and in PostgreSQL, over a small college, and what the log says counts."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

import msgspec
import pytest

from services.directory import Directory
from services.directory.records import Enrolment, Exemption, SchoolClass, Source, Tables
from services.errors import BrokerError
from services.ingest.records.keys import Keys
from services.ingest.records.log import RecordLog
from services.ingest.records.runs import RunLog, Undone
from services.log.journal import Journal
from services.log.journal_records import JournalRecords
from services.log.postgres_records import PostgresRecords, address_of
from services.log.records import Run
from services.messages import CampusEvent, Rejection, Verdict, to_ms

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


def _newest(events: Iterable[CampusEvent]) -> dict[str, CampusEvent]:
    """Of each (source, id) the highest revision, the first of equal ones, unless it takes it back."""
    newest: dict[str, CampusEvent] = {}
    for event in events:
        ident = f"{event.source} {event.id}"
        if ident not in newest or event.revision > newest[ident].revision:
            newest[ident] = event
    return {ident: event for ident, event in newest.items() if not event.retracted}


class College:
    """A store of records, a log over it, and a directory and calendar that a test may replace."""

    def __init__(self, store, keys: Keys, heard) -> None:
        self.directory, self.closed_days = Directory(TABLES), {HOLIDAY}
        self.newest: tuple[Directory, set[date]] | None = None
        """What was published, and this process has not read yet."""
        self.heard = heard
        """Every event that the log was told, in its order."""
        self.store = store
        self.keys = keys
        self.log = RecordLog(store, keys, self, lambda: NOW)

    def present_directory(self) -> Directory:
        return self.directory

    def closed(self, at: datetime) -> bool:
        return at.date() in self.closed_days

    def bounds(self) -> str:
        return f"{self.directory.version} {sorted(self.closed_days)}"

    def refresh(self) -> bool:
        if self.newest is not None:
            self.directory, self.closed_days = self.newest
        return True

    def take(self, *events: CampusEvent) -> list[str]:
        """One call with these events; the verdicts."""
        return list(self.log.append(events))

    def counts(self) -> dict[str, CampusEvent]:
        """What counts, as somebody knows who only hears the log, in whatever order."""
        heard = self.heard()
        found = _newest(heard)
        assert found == _newest(reversed(heard))
        return found

    def statuses(self, kind: str = "attendance") -> dict[str, str]:
        """Student → status, of what counts."""
        return {one.data["student"]: one.data["status"] for one in self.counts().values() if one.kind == kind}


def a_run(college: College, *files: str) -> RunLog:
    """An import that has not begun yet; the same files are the same import again."""
    moment = to_ms(NOW)
    run = Run(begun=moment, heard=moment, files=list(files), digest=" ".join(files), host="here", pid=1)
    return RunLog(college.log, run)


def undo(college: College, run: RunLog) -> Undone:
    """Once it has ended."""
    if run.run.state == "open":
        run.done()
    return college.log.undo(run.run.id)


class Kafka:
    """Keeps what it is handed, unless it is `away`."""

    def __init__(self) -> None:
        self.events: list[CampusEvent] = []
        self.rejections: list[Rejection] = []
        self.away = False
        self.takes = 0.0
        """Seconds for rejects."""
        self.trouble = None

    def append(self, events: Sequence[CampusEvent]) -> list[Verdict]:
        if self.away:
            raise BrokerError("Kafka is away")
        self.events += events
        return ["accepted"] * len(events)

    def past(self):
        return [[msgspec.json.encode(self.events)]]

    def rejected(self):
        return [[msgspec.json.encode([one.in_english() for one in self.rejections]), b"of somebody else"]]

    def reject(self, rejections: Sequence[Rejection]) -> None:
        """Keeps them, unless it is `away`."""
        if self.away:
            raise BrokerError("Kafka is away")
        time.sleep(self.takes)
        self.rejections += rejections


_prefixes = count()


@pytest.fixture(scope="session")
def database(postgres_of_session) -> str:
    """One for all tests, each of which has a prefix of its own."""
    return postgres_of_session.database()


@pytest.fixture(params=["journal", pytest.param("postgresql", marks=pytest.mark.postgres)])
def college(request, tmp_path, schemas):
    if request.param == "journal":
        store = journal = Journal(tmp_path / "prewarn.db", lambda: NOW)
        yield College(
            JournalRecords(journal),
            Keys(schemas),
            lambda: [event for _, _, _, packed in journal.read(0, 10_000) for event in _decode(packed)],
        )
    else:
        kafka = Kafka()
        store = PostgresRecords(address_of(request.getfixturevalue("database")), f"test{next(_prefixes)}.", kafka)
        yield College(store, Keys(schemas), lambda: kafka.events)
    store.close()
