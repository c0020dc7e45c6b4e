"""What people do with appeals: ask, decide; and what time does: an appeal that nobody decides goes up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple

import msgspec

from services.directory import Person
from services.messages import to_ms
from services.notify import appeals as pure
from services.notify.appeals import CLAIMS, LONGEST_TEXT, STEPS, AppealRow, SlipRow, State
from services.notify.config import NotifyConfig
from services.notify.ports import Ports
from services.notify.store import appeals, own, silences
from services.notify.store.engine import Connection, Store
from services.notify.telling import tell_of_appeal

Refusal = Literal["off", "term_over", "unknown_claim", "needs_text", "text_too_long", "needs_answer"]
"""Why it cannot be; the pages say it as `appeal_refused_…`."""
Correct = Callable[[], str | None]
"""Corrects the record; None once that is done, else why it was not."""


class Asked(NamedTuple):
    """The number of a new appeal, or why there is none."""

    number: int | None
    """Of the appeal: the new one, or the one that there was against the same word."""
    is_new: bool = False
    refused: Refusal | None = None


class Word(NamedTuple):
    """What somebody decides about an appeal."""

    person: str
    state: State
    answer: str
    became: str = ""
    record: str = ""
    """Id of the record that is corrected."""


class Decided(NamedTuple):
    """What became of a decision about an appeal."""

    row: AppealRow | None
    """As it stands now."""
    why_not: str | None = None
    """A refusal, `decided` if it was decided before, or what `Correct` said."""


@dataclass(frozen=True, slots=True)
class Appealing:
    """Over one store. All methods raise LogError."""

    database: Store
    config: NotifyConfig
    ports: Ports
    done: Callable[[set[str]], None]
    """Called with the outbox queues that have something to send."""

    def why_not(self, record_at: int) -> Refusal | None:
        """Why nobody can appeal against a record of an instant (ms) now, if nobody can."""
        if not self.config.appeals.is_on:
            return "off"
        end = pure.ends(record_at, self.config.working.term_end(record_at))
        return "term_over" if to_ms(self.ports.clock()) >= end else None

    def ask(self, row: AppealRow) -> Asked:
        """Keeps an appeal, and tells who decides. Against one word of a record there is one; another finds it."""
        now = self.ports.clock()
        row = msgspec.structs.replace(row, text=_clean(row.text), asked_at=to_ms(now))
        with self.database.writing() as connection:
            before = appeals.of_record(connection, row.kind, row.key, row.version)
            if before is not None:
                return Asked(before.id)
            if refused := self._refused(row):
                return Asked(None, refused=refused)
            step, people = pure.from_step(row, 0, self.ports.directory(), now)
            row = msgspec.structs.replace(row, step=step, due_at=self._due(step, bool(people), to_ms(now)))
            number = appeals.add(connection, row)
            if number is None:  # another process was faster
                before = appeals.of_record(connection, row.kind, row.key, row.version)
                return Asked(before.id if before is not None else None)
            queues = self._tell(connection, f"appeal {number}", people, now)
        self.done(queues)
        return Asked(number, is_new=True)

    def _refused(self, row: AppealRow) -> Refusal | None:
        if (why := self.why_not(row.record_at)) is not None:
            return why
        if row.claim not in CLAIMS.get(row.kind, ()):
            return "unknown_claim"
        return "needs_text" if not row.text else "text_too_long" if len(row.text) > LONGEST_TEXT else None

    def decide(self, number: int, word: Word, correct: Correct) -> Decided:
        """Somebody, who may, decides; `correct` is asked to correct the record before anything is written down.

        The appeal is held meanwhile: of two who decide at once, the second finds it decided.
        """
        now, answer = self.ports.clock(), _clean(word.answer)
        with self.database.writing() as connection:
            row = appeals.one(connection, number, held=True)
            if row is None or row.state != "open":
                return Decided(row, "decided")
            if word.state == "refused" and not answer:
                return Decided(row, "needs_answer")
            if len(answer) > LONGEST_TEXT:
                return Decided(row, "text_too_long")
            warnings = appeals.resting_on(connection, word.record) if word.state == "granted" else ""
            if (why := correct()) is not None:
                return Decided(row, why)
            row = msgspec.structs.replace(
                row,
                state=word.state,
                answer=answer,
                became=word.became,
                warnings=warnings,
                decided_by=word.person,
                decided_at=to_ms(now),
            )
            appeals.decide(connection, row)
            queues = self._tell(connection, f"appeal_answered {number}", self._asker(row, word.person), now)
        self.done(queues)
        return Decided(row)

    def _asker(self, row: AppealRow, decided_by: str) -> list[Person]:
        """Whoever asked; a student is sent something only where the college tells students."""
        if row.person == decided_by or (row.person == row.student and not self.config.students):
            return []
        if row.person == row.student:
            return list(self.ports.directory().holders("student", {"student": row.student}, self.ports.clock()))
        person = self.ports.directory().person(row.person)
        return [person] if person is not None else []

    def keep_slip(self, row: AppealRow, kind: str, picture: bytes) -> bool:
        """Keeps the picture of an appeal that is open; false if it is decided."""
        assert row.id is not None
        with self.database.writing() as connection:
            present = appeals.one(connection, row.id, held=True)
            if present is None or present.state != "open":
                return False
            at = to_ms(self.ports.clock())
            slip = SlipRow(appeal=row.id, person=row.student, type=kind, picture=picture, at=at)
            appeals.keep_slip(connection, slip)
        return True

    def go_up(self, connection: Connection, at: datetime) -> tuple[int, set[str]]:
        """What was not decided in time comes to the next who can; how many, and the queues with something to send."""
        now, queues = to_ms(at), set[str]()
        due = appeals.due(connection, now)
        for row in due:
            step, people = pure.from_step(row, min(row.step + 1, len(STEPS) - 1), self.ports.directory(), at)
            appeals.go_on(connection, row, step, self._due(step, bool(people), now))
            queues |= self._tell(connection, f"appeal {row.id}", people, at)
        return len(due), queues

    def waiting_for(self, person: str) -> list[AppealRow]:
        """What is open and theirs to decide today, the oldest first."""
        with self.database.reading() as connection:
            found = appeals.open_ones(connection)
        directory, at = self.ports.directory(), self.ports.clock()
        return [row for row in found if person in pure.deciders(row, directory, at)]

    def _due(self, step: int, has_somebody: bool, now: int) -> int | None:
        """When it goes up; from the last step never, unless nobody was there to be told: then it is tried again."""
        if step + 1 == len(STEPS) and has_somebody:
            return None
        return self.config.working.working_days_after(now, self.config.appeals.days)

    def _tell(self, connection: Connection, news: str, people: list[Person], at: datetime) -> set[str]:
        moment = self.config.moment(at, silences.current(connection, to_ms(at)), own.everybody(connection, self.config))
        return tell_of_appeal(connection, news, people, moment, self.config.mail)


def _clean(text: str) -> str:
    return text.replace("\0", "").strip()  # PostgreSQL has no text with that
