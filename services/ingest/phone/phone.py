"""The way in for what teachers type on our pages: their lessons, roll-calls, tests and assessments."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from services.directory import Directory
from services.ingest.intake import Intake
from services.ingest.phone.appealed import OneRecord, corrected, read_record, records_of
from services.ingest.phone.assessment import Assessment, Facts, Month, facts_of, read_assessment, versions
from services.ingest.phone.check_in import came
from services.ingest.phone.class_week import ClassWeek, read_class_week
from services.ingest.phone.days import LessonDays
from services.ingest.phone.history import History, read_history
from services.ingest.phone.leaves import Leave, Term, find_leave, leaves_of, version_of
from services.ingest.phone.lesson_test import LessonTest, read_lesson_test
from services.ingest.phone.lessons import Lesson, find_lesson, lesson_of
from services.ingest.phone.roll_call import Mark, RollCall, read_roll_call
from services.ingest.phone.saving import CHECK_IN, Saved, Typed, is_known, save
from services.ingest.records.keys import Keys
from services.ingest.records.log import Bounds as RecordBounds
from services.ingest.records.log import RecordLog
from services.log.records import Key, Records, RecordStore
from services.messages import CampusEvent, to_ms

_LONGEST = timedelta(hours=12)
"""Of a lesson, where what it meets is looked for."""


class Bounds(RecordBounds, Protocol):
    """What bounds records, with a directory that also knows who teaches."""

    def present_directory(self) -> Directory:
        """The directory as it is now."""

    def terms(self) -> Sequence[Term]:
        """First and last day of each term of the calendar."""


class Phone:
    """One for all pages; several threads may share it. All methods raise LogError."""

    def __init__(
        self, store: RecordStore, keys: Keys, bounds: Bounds, intake: Intake, clock: Callable[[], datetime]
    ) -> None:
        """`clock`: the present instant of the log, which is that of a replay in the demo."""
        self.reading, self.keys, self.clock = store.reading, keys, clock
        self.closed, self.terms = bounds.closed, bounds.terms
        self._bounds, self._intake = bounds, intake
        self._log = RecordLog(store, keys, bounds, clock)
        self._days = LessonDays(store.reading, bounds.closed)

    @property
    def directory(self) -> Directory:
        """As of now."""
        return self._bounds.present_directory()

    def lesson(self, id_: str) -> Lesson | None:
        """One of them, if there is one."""
        with self.reading() as records:
            return find_lesson(records, self.keys, id_, self.directory, self.closed)

    def lessons(self, person: str, between: tuple[datetime, datetime]) -> list[Lesson]:
        """Those that somebody teaches, or stands in for, and that begin in a time; as of a few seconds ago."""
        return self._days.of(person, between, self.clock(), self.directory)

    def history(self, student: str, between: tuple[datetime, datetime]) -> History:
        """What counts of a student in a time."""
        with self.reading() as records:
            return read_history(records, self.keys, student, between, self.directory, self.closed)

    def class_week(self, class_: str, between: tuple[datetime, datetime]) -> ClassWeek:
        """The lessons of a class that begin in a time, and what is recorded of its students there."""
        directory = self.directory
        lessons = self._days.of_class(class_, between, self.clock(), directory)
        with self.reading() as records:
            return read_class_week(records, class_, lessons, directory)

    def clash(self, lesson: Lesson, begins: datetime) -> Lesson | None:
        """What its teacher or one of its classes has already while it would take place from `begins` on."""
        ends, mine = begins + (lesson.ends - lesson.begins), {*lesson.classes}
        with self.reading() as records:
            near = records.between("lesson", to_ms(begins - _LONGEST), to_ms(ends))
            found = [lesson_of(one, self.directory, self.closed) for one in near]
        for one in found:
            if one is None or one.reason or one.id == lesson.id or one.ends <= begins or one.begins >= ends:
                continue
            teacher = lesson.event.data.get("teacher")
            if not mine.isdisjoint(one.classes) or (teacher and one.event.data.get("teacher") == teacher):
                return one
        return None

    def roll_call(self, lesson: str) -> RollCall | None:
        """As it stands; None if there is no such lesson."""
        with self.reading() as records:
            return read_roll_call(records, lesson, self.directory, self.closed)

    def check_in(self, lesson: Lesson, student: str, submission: str) -> Saved:
        """Takes in that a student has typed the lesson's code."""
        now = self.clock()
        typed = Typed(submission, "", now, student)
        events = [came(lesson, student, now)]
        return save(events, typed, lambda _: "", self.keys, self._log, self._intake, CHECK_IN)

    def save_roll_call(self, lesson: str, events: Sequence[CampusEvent], typed: Typed) -> Saved:
        """Takes in what is about a lesson, unless somebody else has said something of it meanwhile."""

        def version(records: Records) -> str:
            found = read_roll_call(records, lesson, self.directory, self.closed)
            return found.version if found is not None else ""

        return self.save(events, typed, version)

    def lessons_of(self, class_: str, between: tuple[datetime, datetime]) -> list[Lesson]:
        """Those of a class that begin in a time and take place, in the order of their begins."""
        with self.reading() as records:
            near = records.between("lesson", *map(to_ms, between))
            found = [lesson_of(one, self.directory, self.closed) for one in near]
        mine = [one for one in found if one is not None and not one.reason and class_ in one.classes]
        return sorted(mine, key=lambda one: (one.begins, one.id))

    def leave(self, key: str) -> Leave | None:
        """One by its natural key, if there is one."""
        with self.reading() as records:
            return find_leave(records, key, self.directory)

    def leaves(self, students: Sequence[str]) -> list[Leave]:
        """Of these students; of very many the ones around now."""
        with self.reading() as records:
            return leaves_of(records, students, self.directory, self.clock())

    def ask_for_leave(self, event: CampusEvent, typed: Typed) -> Saved:
        """Takes a request in, unless something else has been said of the student's leave than `typed` has seen."""

        def version(records: Records) -> str:
            return version_of(leaves_of(records, [event.data["student"]], self.directory, self.clock()))

        return self.save([event], typed, version)

    def save_leave(self, leave: Leave, event: CampusEvent, typed: Typed) -> Saved:
        """Takes a decision in, or an end, unless somebody else has said something of that leave meanwhile."""

        def version(records: Records) -> str:
            found = find_leave(records, leave.key, self.directory)
            return found.version if found is not None else ""

        return self.save([event], typed, version)

    def is_known(self, typed: Typed) -> bool:
        """Whether it was taken before: sent twice it counts once."""
        with self.reading() as records:
            return is_known(records, typed)

    def month(self, month: Month) -> Facts:
        """What is known of a month of a class in a course, and who teaches it."""
        with self.reading() as records:
            return facts_of(records, month, self.directory, self.closed, self.clock())

    def assessment(self, month: Month, facts: Facts, person: str) -> Assessment:
        """As it stands, of whoever teaches it, or stands in."""
        with self.reading() as records:
            return read_assessment(records, self.keys, month, facts, person, self.directory, self.clock())

    def save_assessment(
        self, found: Assessment, events: Sequence[CampusEvent], students: Sequence[str], typed: Typed
    ) -> Saved:
        """Takes in what is said of some students, unless something else has been said of one of them meanwhile."""
        return self.save(events, typed, lambda records: versions(records, self.keys, found, students))

    def lesson_test(self, lesson: str, attempt: int = 1) -> LessonTest | None:
        """As it stands; None if there is no such lesson."""
        with self.reading() as records:
            return read_lesson_test(records, lesson, self.directory, self.closed, attempt)

    def save_lesson_test(self, seen: LessonTest, events: Sequence[CampusEvent], typed: Typed) -> Saved:
        """Takes results in, unless somebody else has said something of the test meanwhile."""

        def version(records: Records) -> str:
            found = read_lesson_test(records, seen.lesson.id, self.directory, self.closed, seen.attempt, seen.test)
            return found.version if found is not None else ""

        return self.save(events, typed, version)

    def records_of(self, student: str, since: datetime) -> list[OneRecord]:
        """What stands of a student since then and is not just "present", the newest first."""
        with self.reading() as records:
            return records_of(records, student, since, self.keys, self.directory, self.closed)

    def record(self, kind: str, key: str) -> OneRecord | None:
        """A record of a student, as it stands."""
        with self.reading() as records:
            return read_record(records, kind, key, self.keys, self.directory, self.closed)

    def keys_of(self, idents: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Key]:
        """(source, id) → the record that it is about."""
        with self.reading() as records:
            found = records.keys_of([f"{source} {id_}" for source, id_ in idents])
        named = ((one, found.get(f"{one[0]} {one[1]}")) for one in idents)
        return {one: key for one, key in named if key is not None}

    def correct(self, seen: OneRecord, says: Mark | float, typed: Typed) -> Saved:
        """Takes in that a record says something else, unless it was corrected since it was `seen`."""

        def version(records: Records) -> str:
            now = read_record(records, seen.kind, seen.key, self.keys, self.directory, self.closed)
            roll_call = read_roll_call(records, seen.place, self.directory, self.closed)
            return f"{now.version if now else ''} {roll_call.version if roll_call else ''}"

        with self.reading() as records:
            roll_call = read_roll_call(records, seen.place, self.directory, self.closed)
            events = corrected(records, seen, says, roll_call, typed, self.keys, self.directory)
            present = version(records)
        if not events or present.partition(" ")[0] != typed.seen:
            return Saved("changed")
        return self.save(events, typed._replace(seen=present), version)

    def save(self, events: Sequence[CampusEvent], typed: Typed, version: Callable[[Records], str]) -> Saved:
        """Takes events in, in one commit, as long as what was seen is still so (`version`)."""
        saved = save(events, typed, version, self.keys, self._log, self._intake)
        if any(event.kind == "lesson" for event in events):
            self._days.forget()
        return saved
