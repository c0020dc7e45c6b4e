"""Talks about a warning, who may read their notes, and when somebody was not reached."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from msgspec.structs import replace
from sqlalchemy import ColumnElement, Connection, insert, select, update

from services.accounts import permissions
from services.accounts.asked import Matter
from services.messages import from_ms, to_ms
from services.notify import talking
from services.notify.deadlines import LONGEST_TEXT
from services.notify.ports import Directory
from services.notify.rows import TalkRow, WarningRow
from services.notify.store import tables, undo
from services.notify.store.acting import Acting
from services.notify.store.acts import Acts, Refusal, RefusedError, clean
from services.notify.store.engine import columns_of, rows_of
from services.notify.talking import TalkRefusal

CAUSE = "next_talk"
"""Of the step that reminds of the next talk."""
NOT_REACHED = "not_reached"
_t, _a, _e = tables.talk.c, tables.act.c, tables.escalation.c


class TalkSeen(NamedTuple):
    """A talk as somebody may read it."""

    talk: TalkRow
    withheld: bool
    """There are notes, for others alone: they are not in it."""
    corrected: int | None = None
    """When (ms) another talk was written in its place; None: it stands."""


@dataclass(frozen=True, slots=True)
class Talks:
    """What people write down of talks; each returns why it was refused, if it was."""

    acts: Acts

    def record(
        self, person: str, warning_id: str, typed: Mapping[str, str], corrects: int | None = None
    ) -> Refusal | dict[str, TalkRefusal] | None:
        """Writes a talk down; or what is wrong, by the field of the form. The same again changes nothing.

        `corrects`: the number of a talk of theirs that it stands in place of; that one stays as it was written.
        """
        wrong: dict[str, TalkRefusal] = {}

        def record(on: Acting) -> None:
            config, mine = self.acts.config, _of_warning(on.connection, on.row)
            former = next((one for one in mine if one.id == corrects), None)
            if corrects is not None and (former is None or former.person != person):
                raise RefusedError("talk_not_yours")
            was = {} if former is None else {"day": former.day, "next_day": former.next_day}
            found = talking.read(typed, from_ms(on.row.opened_at), on.at, config.zone, config.working, was)
            if isinstance(found, dict):
                wrong.update(found)
                return
            matter = self.acts.sight.matter(on.connection, on.row)
            roles = permissions.roles_of(person, matter, self.acts.ports.directory(), on.at)
            row = TalkRow(
                warning=on.row.number,
                at=to_ms(on.at),
                person=person,
                role=next(iter(roles), "") if former is None else former.role,
                **found._asdict(),
                corrects=corrects,
            )
            if any(replace(one, id=None, at=row.at, role=row.role) == row for one in mine):
                return
            if former is not None and replace(former, id=None, at=row.at, corrects=corrects) == row:
                return
            if former is not None and any(one.corrects == corrects for one in mine):
                raise RefusedError("talk_corrected_already")
            new = insert(tables.talk).values(columns_of(row)).returning(_t.id)
            number = int(on.connection.execute(new).scalar_one())
            if former is None or (former.id == _newest_of(mine, person) and former.next_day != row.next_day):
                self._remind(on, row, number)
            on.note("talked" if former is None else "talk_corrected", row.agreed, row.day)

        refused = self.acts.do(person, warning_id, record, offices=True)
        return refused or wrong or None

    def _remind(self, on: Acting, row: TalkRow, number: int) -> None:
        """Of the talk that is next now; of an earlier one of the same person nobody is reminded any more."""
        earlier = select(_t.id).where(_t.warning == row.warning, _t.person == row.person)
        waiting = (_e.warning == row.warning, _e.cause == CAUSE, _e.status == "waiting", _e.step.in_(earlier))
        done = update(tables.escalation).where(*waiting)
        on.connection.execute(done.values(status="stopped", reason="acted_on", decided_at=to_ms(on.at)))
        if row.next_day:
            config = self.acts.config
            on.later(CAUSE, talking.reminds_at(row.next_day, config.zone, config.working), step=number)

    def not_reached(self, person: str, warning_id: str) -> Refusal | None:
        """Whoever it is about was not reached. It can be undone for a minute; a second tap within it is a slip."""

        def note(on: Acting) -> None:
            newest = [one for one in attempts(on.connection, on.row) if one[0] == person][-1:]
            if newest and to_ms(on.at) - newest[0][1] < undo.MINUTE:
                return
            on.was.acts.append(on.note(NOT_REACHED, "", ""))

        return self.acts.do(person, warning_id, note, offices=True)

    def parents_informed(self, person: str, warning_id: str, consent: str, day: str) -> Refusal | None:
        """Notes that parents were informed, with whose consent and on which day; where the college wants that."""
        consent, day = clean(consent), day.strip()

        def note(on: Acting) -> None:
            if not self.acts.config.parents:
                raise RefusedError("parents_off")
            if not consent or len(consent) > LONGEST_TEXT:
                raise RefusedError("note_too_long" if consent else "parents_needs_consent")
            if not talking.consent_day(day, on.at, self.acts.config.zone):
                raise RefusedError("parents_needs_day")
            if not on.did(("parents_informed",), consent, day):
                on.note("parents_informed", consent, day)

        return self.acts.do(person, warning_id, note)


def seen(
    connection: Connection, row: WarningRow, person: str, matter: Matter, directory: Directory, at: datetime
) -> list[TalkSeen]:
    """The talks about a warning, the oldest first, without the notes that somebody may not read."""
    roles = set(permissions.roles_of(person, matter, directory, at))
    found, every = [], _of_warning(connection, row)
    corrected = {one.corrects: one.at for one in every}
    for one in every:
        may = one.visibility == "all" or person == one.person or one.role in roles
        found.append(TalkSeen(one if may else replace(one, notes=""), not may, corrected.get(one.id)))
    return found


def own(connection: Connection, row: WarningRow, person: str, number: int | None) -> TalkRow | None:
    """A talk that somebody wrote down and that stands, by its number."""
    mine = select(tables.talk).where(_t.warning == row.number, _t.person == person, _t.id == number, standing())
    return next(iter(rows_of(connection, mine, TalkRow)), None)


def _of_warning(connection: Connection, row: WarningRow) -> list[TalkRow]:
    mine = select(tables.talk).where(_t.warning == row.number).order_by(_t.id)
    return rows_of(connection, mine, TalkRow)


def _newest_of(talks: list[TalkRow], person: str) -> int | None:
    """The number of the talk that somebody had last, as it was written last; a correction keeps its place."""
    place: dict[int | None, int | None] = {}
    for one in talks:
        if one.person == person:
            place[one.id] = place.get(one.corrects, one.id)
    return max(place, key=lambda number: (place[number] or 0, number or 0), default=None)


def standing() -> ColumnElement[bool]:
    """Of a talk: no other one is in its place."""
    corrected = select(_t.corrects).where(_t.corrects.is_not(None))
    return _t.id.not_in(corrected)


def of_step(connection: Connection, number: int) -> str | None:
    """Who has the next talk that a step reminds of."""
    return connection.execute(select(_t.person).where(_t.id == number)).scalar_one_or_none()


def attempts(connection: Connection, row: WarningRow) -> list[tuple[str, int]]:
    """(who, when in ms) of each time that whoever it is about was not reached, the oldest first."""
    mine = select(_a.id, _a.person, _a.at, _a.action, _a.detail).where(_a.warning == row.number, _a.person != "")
    lines = connection.execute(mine.order_by(_a.id)).all()
    found: list[tuple[str, int]] = []
    for line in lines:
        if line.action == NOT_REACHED:
            found.append((line.person, line.at))
        elif line.action == undo.UNDONE and line.detail == NOT_REACHED:
            place = max(n for n, one in enumerate(found) if one[0] == line.person)
            del found[place]
    return found
