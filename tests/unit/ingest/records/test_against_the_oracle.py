"""Random small colleges, sent in any order: the log ends with exactly what the slow evaluator says counts."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from services.directory import Directory
from services.directory.records import Enrolment, Exemption, SchoolClass, Source, Tables
from services.messages import CampusEvent
from tests.oracle.what_counts import FIGURES, TICKET, key_of, what_counts
from tests.unit.ingest.records.conftest import MONDAY, NOW, a_run, undo

pytestmark = pytest.mark.properties

SEEDS = range(40)
ZONE = ZoneInfo("Asia/Shanghai")
STUDENTS = [f"s{n}" for n in range(5)]
LESSONS = [f"L{n}" for n in range(4)]
SOURCES = ("phone", "sis", "twin", "app", "wall", "nobody")
MATTERS = ("status", *FIGURES, *TICKET)


class Plan:
    """All that one seed decides: the directory, the closed days, and what is sent."""

    def __init__(self, seed: int) -> None:
        self.some = random.Random(seed)
        self.closed = {self.day() for _ in range(self.some.choice((0, 0, 1)))}
        self.tables = Tables(
            classes=tuple(SchoolClass(id=one) for one in ("k1", "k2")),
            students=tuple(row for student in STUDENTS for row in self.rows(student)),
            sources=tuple(Source(id=one, rank=rank, lists=lists) for one, rank, lists in self.sources()),
            exemptions=tuple(
                Exemption(student=one, of=self.some.choice(("attendance", "test")), from_day=self.day(), why="health")
                for one in self.some.sample(STUDENTS, self.some.choice((0, 1, 2)))
            ),
        )
        self.said = 0
        self.begins = [MONDAY]
        self.sent = [event for make in (self.lesson, self.presence, self.rest) for event in make()]

    def day(self) -> date:
        return date(2026, 9, 7) + timedelta(days=self.some.randrange(4))

    def at(self) -> datetime:
        return MONDAY + timedelta(days=self.some.randrange(4), hours=self.some.randrange(8))

    def rows(self, student: str) -> list[Enrolment]:
        """Who stays, comes late, leaves, is suspended and comes back, or changes class."""
        first, home, turn = date(2026, 8, 31), self.some.choice(("k1", "k1", "k2")), self.day()
        before = turn - timedelta(days=1)
        other = self.some.choice(("k1", "k2"))
        match self.some.randrange(8):
            case 0:
                return [Enrolment(id=student, class_id=home, from_day=turn)]
            case 1:
                return [Enrolment(id=student, class_id=home, from_day=first, to_day=turn)]
            case 2:
                return [
                    Enrolment(id=student, class_id=home, from_day=first, to_day=before),
                    Enrolment(id=student, class_id=home, from_day=turn, status="suspended"),
                ]
            case 3:
                return [
                    Enrolment(id=student, class_id=home, from_day=first, to_day=before),
                    Enrolment(id=student, class_id=other, from_day=turn),
                ]
        return [Enrolment(id=student, class_id=home, from_day=first)]

    def sources(self) -> list[tuple[str, int | None, Any]]:
        lists = {one: self.some.choice((None, "all", "exceptions_only")) for one in ("phone", "sis", "twin")}
        return [
            ("phone", 1, lists["phone"]),
            ("sis", 2, lists["sis"]),
            ("twin", 2, lists["twin"]),
            ("app", self.some.choice((3, None)), "exceptions_only"),
            ("wall", None, "all"),
        ]

    def words(self, kind: str, at: datetime, *contents: dict[str, Any]) -> list[CampusEvent]:
        """What one or more sources say of one record, with corrections, retractions and new ids."""
        found = []
        for source in self.some.sample(SOURCES, self.some.choice((1, 1, 2, 3))):
            for _ in range(self.some.choice((1, 1, 1, 2, 3))):
                self.said += 1
                data = self.some.choice(contents)
                name = "/".join(str(data[one]) for one in _NAMES if one in data)
                found.append(
                    CampusEvent(
                        source=source,
                        id=f"{kind}/{name}/{self.some.choice('aab')}",
                        kind=kind,
                        time=at,
                        revision=self.some.choice((0, 0, 1, 2)),
                        retracted=self.some.random() < 0.2,
                        recordedat=MONDAY
                        + timedelta(days=5, seconds=self.some.randrange(10**6), milliseconds=self.said),
                        data=data,
                    )
                )
        return found

    def lesson(self) -> list[CampusEvent]:
        found = []
        for name in LESSONS:
            if self.some.random() < 0.15:
                continue  # nobody publishes it
            contents = []
            for _ in range(2):
                begin = self.at()
                self.begins.append(begin)
                data: dict[str, Any] = {"lesson": name, "class": self.some.choice(("k1", "k1", "k2")), "hours": 2}
                data |= {"starts_at": begin.isoformat(), "ends_at": (begin + timedelta(minutes=100)).isoformat()}
                data["status"] = self.some.choice(("planned", "held", "held", "held", "cancelled"))
                if self.some.random() < 0.1:
                    data |= {"status": "moved", "moved_to": "elsewhere"}
                if self.some.random() < 0.2:
                    data["classes"] = ["k1", "k2"]
                if self.some.random() < 0.2:
                    data["students"] = self.some.sample(STUDENTS, 3)
                contents.append(data)
            found += self.words("lesson", MONDAY - timedelta(days=7), *contents)
        return found

    def presence(self) -> list[CampusEvent]:
        found = []
        for name in LESSONS:
            at = self.at()
            for student in self.some.sample(STUDENTS, self.some.randrange(6)):
                of = {"lesson": name, "student": student, "class": "k1"}
                statuses = self.some.choices(("absent", "absent", "present", "late", "early_leave", "leave"), k=2)
                found += self.words("attendance", at, *({**of, "status": status} for status in statuses))
            if self.some.random() < 0.6:
                bare = {"lesson": name, "class": "k1"}
                full = bare | {"expected": 9, "present": 5, "late": 1, "leave": 1, "absent": 2}
                found += self.words("rollcall", at, bare, bare, full)
        return found

    def rest(self) -> list[CampusEvent]:
        """Tests, tickets and leave."""
        found = []
        for student in STUDENTS:
            for attempt in range(1, self.some.randrange(1, 4)):
                of: dict[str, Any] = {"test": "T", "student": student, "attempt": attempt, "lesson": LESSONS[0]}
                graded = of | {"status": "graded", "score": attempt, "max_score": 9}
                found += self.words("test", self.at(), graded, of | {"status": "pending"})
            if self.some.random() < 0.5:
                begin = self.some.choice(self.begins) - timedelta(minutes=self.some.choice((0, 30, 600)))
                spans = [begin + timedelta(hours=self.some.choice((1, 3, 30))) for _ in range(2)]
                statuses = self.some.choices(("granted", "granted", "granted", "refused", "cancelled"), k=2)
                of = {"student": student, "leave": "a", "from": begin.isoformat()}
                told = ({**of, "to": to.isoformat(), "status": one} for to, one in zip(spans, statuses, strict=True))
                found += self.words("leave", begin, *told)
        for step, action in enumerate(("created", "responded", "reassigned", "resolved")):
            of = {"ticket": "Q", "action": action, "step": step}
            contents = []
            for _ in range(2):
                data = of | {"category": self.some.choice(("repair", "complaint"))}
                data |= {"priority": self.some.choice(("normal", "urgent")), "department": self.some.choice("de")}
                contents.append(data)
            found += self.words("ticket", MONDAY + timedelta(hours=step), *contents)
        return found

    def shuffled(self) -> list[list[CampusEvent]]:
        """All of it in random order and batches, some of it twice."""
        events = [*self.sent, *self.some.sample(self.sent, len(self.sent) // 5)]
        self.some.shuffle(events)
        batches = []
        while events:
            size = self.some.choice((1, 1, 1, 2, 20))
            batches.append(events[:size])
            events = events[size:]
        return batches


_NAMES = ("lesson", "test", "student", "attempt", "leave", "ticket", "action")


def _seen(source: str, data: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    return source, {name: data[name] for name in MATTERS if name in data}


def outcome(college: Any) -> dict[Any, Any]:
    found: dict[Any, Any] = {}
    for one in college.counts().values():
        key = key_of(one)
        assert key not in found, f"{key} counts twice"
        found[key] = _seen(one.source, one.data)
    return found


def right(plan: Plan, sent: list[CampusEvent] | None = None) -> dict[Any, Any]:
    events = plan.sent if sent is None else sent
    records = what_counts(((event, NOW) for event in events), plan.tables, plan.closed, ZONE)
    return {key: _seen(one.source, one.data) for key, one in records.items() if one.reason is None}


def _holds(college: Any, seed: int, bounds: str, order: int) -> None:
    plan = Plan(seed)
    plan.some.seed(order)
    bounded = Directory(plan.tables), plan.closed
    if bounds == "known before":
        college.directory, college.closed_days = bounded
    for batch in plan.shuffled():
        assert "conflict" not in college.take(*batch)
    college.directory, college.closed_days = bounded
    college.log.review()
    assert outcome(college) == right(plan)


@pytest.mark.parametrize("college", ["journal"], indirect=True)
@pytest.mark.parametrize(("bounds", "order"), [("known before", 1), ("known before", 2), ("known afterwards", 3)])
@pytest.mark.parametrize("seed", SEEDS)
def test_what_counts_is_what_the_slow_evaluator_says(seed, bounds, order, college):
    _holds(college, seed, bounds, order)


@pytest.mark.parametrize("bounds", ["known before", "known afterwards"])
def test_every_store_of_records_ends_the_same(bounds, college):
    _holds(college, 11, bounds, 4)


def _holds_when_undone(college: Any, seed: int) -> None:
    """Batches are of four imports or of none; two imports are undone, one of them perhaps before others come."""
    plan = Plan(seed)
    plan.some.seed(seed)
    college.directory, college.closed_days = Directory(plan.tables), plan.closed
    runs = [a_run(college, f"file {n}") for n in range(4)]
    batches = [(plan.some.choice([None, *runs]), batch) for batch in plan.shuffled()]
    undone = plan.some.sample(runs, 2)
    last = max((n for n, (run, _) in enumerate(batches) if run is undone[0]), default=-1)
    stands: list[CampusEvent] = []
    for n, (run, batch) in enumerate(batches):
        assert "conflict" not in (college.take(*batch) if run is None else run.append(batch))
        stands += [] if run in undone else batch
        if n == last and seed % 2:
            undo(college, undone[0])
    for run in undone:
        undo(college, run)
    assert outcome(college) == right(plan, stands)


@pytest.mark.parametrize("college", ["journal"], indirect=True)
@pytest.mark.parametrize("seed", SEEDS)
def test_what_was_undone_is_as_if_it_had_never_come(seed, college):
    _holds_when_undone(college, seed)


def test_every_store_of_records_undoes_the_same(college):
    _holds_when_undone(college, 12)
