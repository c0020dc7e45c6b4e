"""What counts of one student in a time: attendance, tests, assessments, leave."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from services.directory import Directory
from services.ingest.phone.lessons import Lesson, lesson_of
from services.ingest.phone.results import STANDARD_SHARE
from services.ingest.records.keys import Keys
from services.ingest.records.resolve import speaking
from services.log.records import Record, Records
from services.messages import CampusEvent, to_ms

_KINDS = ("attendance", "test", "assessment", "leave")


class Tested(NamedTuple):
    """A test with the attempt that counts."""

    event: CampusEvent
    earlier: Sequence[float]
    """Scores of the attempts before it, oldest first."""

    @property
    def score(self) -> float | None:
        """None of who is not graded."""
        graded = self.event.data["status"] == "graded"
        score: float | None = self.event.data.get("score")
        return score if graded else None

    @property
    def is_passed(self) -> bool:
        """By the teacher's pass mark; without one by 60 % of the highest score, as S5 has it."""
        data, score = self.event.data, self.score
        mark = data.get("pass_score")
        if mark is None:
            mark = STANDARD_SHARE * data.get("max_score", 100)
        return score is not None and score >= mark

    @property
    def percent(self) -> float | None:
        """The score in per cent of the highest; None where there is none."""
        score, highest = self.score, self.event.data.get("max_score")
        return None if score is None or not highest else 100 * score / highest


class History(NamedTuple):
    """All that counts, in no order."""

    attendance: Sequence[CampusEvent]
    tests: Sequence[Tested]
    assessments: Sequence[CampusEvent]
    leaves: Sequence[CampusEvent]
    lessons: Mapping[str, Lesson]
    """Those that something beside `present` is said of, as far as they are known."""
    first: datetime | None
    """When the earliest record of all takes place, in this time or before."""

    def begins(self, event: CampusEvent) -> datetime:
        """When what is said takes place: a lesson's begin, else when it was said."""
        lesson = self.lessons.get(event.data.get("lesson", ""))
        return event.time if lesson is None else lesson.begins


def read_history(
    records: Records,
    keys: Keys,
    student: str,
    between: tuple[datetime, datetime],
    directory: Directory,
    closed: Callable[[datetime], bool],
) -> History:
    """From the first to before the second instant."""
    found: dict[str, list[CampusEvent]] = {kind: [] for kind in _KINDS}
    earlier: dict[str, list[tuple[int, float]]] = {}
    for record in records.of_student(student, *map(to_ms, between)):
        if record.kind not in found:
            continue
        if record.told is not None and record.told.counts:
            found[record.kind].append(record.told.event)
        elif record.reason == "newer_attempt":
            _before(record, earlier, directory)
    named = {
        one.data["lesson"]
        for kind in ("attendance", "test")
        for one in found[kind]
        if one.data.get("lesson") is not None and one.data["status"] != "present"
    }
    wanted = [("lesson", keys.made("lesson", {"lesson": one})) for one in sorted(named)]
    lessons = (lesson_of(one, directory, closed) for one in records.load(wanted))
    first = records.first_of_student(student)
    return History(
        attendance=found["attendance"],
        tests=[Tested(one, [score for _, score in sorted(earlier.get(one.data["test"], ()))]) for one in found["test"]],
        assessments=found["assessment"],
        leaves=found["leave"],
        lessons={one.id: one for one in lessons if one is not None},
        first=None if first is None else _moment(first, between[0]),
    )


def _before(record: Record, earlier: dict[str, list[tuple[int, float]]], directory: Directory) -> None:
    """Notes the score of an attempt that counts no more."""
    said = speaking(record, directory.source_rank)
    data = {} if said is None else said.event.data
    if data.get("status") == "graded" and data.get("score") is not None:
        earlier.setdefault(data["test"], []).append((int(data.get("attempt", 1)), data["score"]))


def _moment(milliseconds: int, like: datetime) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, like.tzinfo)
