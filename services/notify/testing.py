"""What tests hand to Notify instead of a college, the clock and the providers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import msgspec

from services.directory import Person
from services.directory.records import Exemption
from services.messages import (
    Change,
    Evidence,
    Level,
    Mode,
    RuleCard,
    Text,
    WarningChange,
    WarningFacts,
    WarningReading,
)
from services.notify.texts import Message

MORNING = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
"""A Monday, nine o'clock in China."""


class College:
    """A directory in which each role has fixed holders, whatever the context."""

    def __init__(self, roles: Mapping[str, Sequence[Person]], names: Mapping[str, str] | None = None) -> None:
        self.roles = {role: list(people) for role, people in roles.items()}
        self.known = dict(names or {})
        self.away: dict[str, list[Person]] = {}
        """Who is away → who stands in."""
        self.gone: set[str] = set()
        """Who has left."""
        self.heads: dict[str, set[str]] = {}
        """Head → departments."""
        self.exemptions: dict[tuple[str, str], tuple[datetime, datetime]] = {}
        """(student, rule) → from when to before when they are exempt."""

    def holders(self, role: str, _context: Mapping[str, str], _at: datetime) -> Sequence[Person]:
        """The holders of a role."""
        return self.roles.get(role, [])

    def person(self, id: str, /) -> Person | None:  # noqa: A002 - as the directory calls it
        """Anybody who holds a role."""
        everybody = (person for people in self.roles.values() for person in people)
        return next((person for person in everybody if person.id == id), None)

    def instead(self, id: str, _at: datetime, /) -> Sequence[Person]:  # noqa: A002 - as the directory calls it
        """Whoever `away` names, else the person."""
        return self.away.get(id) or [person for person in [self.person(id)] if person is not None]

    def is_there(self, id: str, _at: datetime, /) -> bool:  # noqa: A002 - as the directory calls it
        """Anybody who holds a role, but for whom `gone` names."""
        return self.person(id) is not None and id not in self.gone

    def class_of(self, _student: str, _at: datetime, /) -> str | None:
        """Nobody is of a class."""
        return None

    def class_members(self, _class: str, _at: datetime, /) -> Sequence[str]:
        """Nobody."""
        return []

    def classes_of(self, _id: str, _roles: Collection[str], _at: datetime, /) -> Sequence[str]:
        """None."""
        return []

    def courses_taught(self, _id: str, _class: str, _at: datetime, /) -> set[str]:
        """None."""
        return set()

    def exemptions_of(self, _student: str, /) -> Sequence[Exemption]:
        """None that has a text."""
        return []

    def is_away(self, id: str, _at: datetime, /) -> bool:  # noqa: A002 - as the directory calls it
        """Whoever `away` names."""
        return id in self.away

    def colleagues(self, id: str, _at: datetime, /) -> set[str]:  # noqa: A002 - as the directory calls it
        """Whoever holds one of the same roles."""
        same = (people for people in self.roles.values() if any(person.id == id for person in people))
        return {person.id for people in same for person in people} - {id}

    def headed_by(self, id: str, _at: datetime, /) -> set[str]:  # noqa: A002 - as the directory calls it
        """As `heads` says."""
        return self.heads.get(id, set())

    def exempt(self, student: str, of: str, at: datetime, /) -> str | None:
        """As `exemptions` says."""
        begin, end = self.exemptions.get((student, of), (at, at))
        return "exempt" if begin <= at < end else None

    def names(self, context: Mapping[str, str]) -> dict[str, str]:
        """The names given, ids where none was."""
        return {key: self.known.get(value, value) for key, value in context.items()}


class ManualClock:
    """A clock that a test sets."""

    def __init__(self, now: datetime = MORNING) -> None:
        self.now = now

    def __call__(self) -> datetime:
        """The present instant."""
        return self.now

    def advance(self, by: timedelta) -> None:
        """Lets time pass."""
        self.now += by


class RecordingChannel:
    """A channel that keeps what it is given; `answer` may raise instead of accepting."""

    def __init__(self, answer: Callable[[Message], None] = lambda _message: None) -> None:
        self.sent: list[tuple[str, str, Message]] = []
        self.answer = answer
        self._lock = threading.Lock()

    def __call__(self, address: str, recipient: str, message: Message) -> None:
        """Takes one message."""
        with self._lock:
            self.sent.append((address, recipient, message))
        self.answer(message)


CARD = RuleCard(
    rule="absence-streak",
    row="S2",
    title=Text("连续旷课", "Consecutive absences"),
    message=Text("{student} 在 {course} 连续旷课 {value} 次", "{student}: {value} consecutive absences in {course}"),
    source="六(一) 学生日常考勤",
    to=["class_tutor", "course_teacher"],
)


def facts(subject: str = "S1/MATH", *, level: Level = "yellow", value: float = 2, **changed: Any) -> WarningFacts:
    """Facts of a warning about `student/course`, opened an hour before MORNING."""
    student, _, course = subject.partition("/")
    lesson = Evidence(
        source="rollcall",
        id=f"{subject}-1",
        at=MORNING - timedelta(days=1),
        fields={"status": "absent", "lesson": "L1"},
    )
    return msgspec.structs.replace(
        WarningFacts(
            warning_id=str(uuid5(NAMESPACE_URL, subject)),
            level=level,
            highest_level=level,
            value=value,
            threshold=value,
            window="all",
            evidence=[lesson],
            opened_at=MORNING - timedelta(hours=1),
            first_event="rollcall 1",
            context={"student": student, "course": course},
        ),
        **changed,
    )


def change(
    kind: Change = "opened", sequence: int = 1, *, mode: Mode = "live", reason: str = "threshold_reached", **of: Any
) -> WarningChange:
    """One transition of the warning that `of`, as for `facts`, describes."""
    subject = of.get("subject", "S1/MATH")
    shown = facts(**of)
    return WarningChange(
        warning_id=shown.warning_id,
        sequence=sequence,
        change=kind,
        rule=CARD.rule,
        rule_version="v1",
        row=CARD.row,
        standard="student.absence_streak",
        subject=subject,
        reason=reason,
        at=MORNING - timedelta(hours=1),
        mode=mode,
        facts=shown,
    )


def reading(**of: Any) -> WarningReading:
    """New facts without a transition."""
    return WarningReading(rule=CARD.rule, subject=of.get("subject", "S1/MATH"), at=MORNING, facts=facts(**of))
