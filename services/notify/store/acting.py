"""One warning in the transaction of an act: what each act does to it, and the lines and events that tell of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, func, insert, select, update

from services.messages import RuleCard, to_ms
from services.notify import deadlines, handing_over
from services.notify.feedback import of_act
from services.notify.rows import ActRow, EscalationRow, WarningRow
from services.notify.store import deliveries, feedback, steps, tables, undo
from services.notify.store.engine import columns_of, rows_of

_w, _a = tables.warning.c, tables.act.c


@dataclass(slots=True)
class Acting:
    """One warning in the transaction of an act; its row is held until the end."""

    connection: Connection
    row: WarningRow
    person: str
    at: datetime
    working: deadlines.WorkingTime
    was: undo.Before
    """The warning before the act."""
    queues: set[str] = field(default_factory=set)
    """Of messages that are held no more."""
    was_overdue: bool = False
    """And the rules have not been told yet that it is so no more."""

    def acknowledge(self, note: str = "") -> None:
        """The person takes it up: nobody else is told because nobody did, and a measure is expected."""
        now = to_ms(self.at)
        deadline = deadlines.to_name_a_measure(self.row.level, now, self.working)
        self.settle(acknowledged_at=now, acknowledged_by=self.person, deadline=deadline)
        self.record("acknowledged", note, deadline=deadline)
        steps.stop(self.connection, [self.row.number], "acknowledged", now)
        self.remind(deadline)

    def hand_over(self, to: str, note: str, card: RuleCard | None) -> int:
        """Makes somebody else accountable; how often the warning has been handed over by now."""
        now, was = to_ms(self.at), self.row
        if was.acknowledged_at is not None:
            steps.stop(self.connection, [was.number], "handed_over", now)
        for step in handing_over.chain(was, card, self.at, self.working):
            steps.add(self.connection, step)
        until = handing_over.deadline(was, card, now, self.working)
        self.settle(handed_to=to, acknowledged_at=None, acknowledged_by=None, deadline=until)
        known = steps.roles(self.connection, was.number)
        if to not in known:
            steps.add_recipient(self.connection, self.row, to, known.get(self.person, ""))
            self.was.added = to
        self.record("handed_over", note, to, deadline=until)
        return self.times_handed_over()

    def times_handed_over(self) -> int:
        """How often, those times included that were undone."""
        mine = (_a.warning == self.row.number, _a.action == "handed_over")
        return int(self.connection.execute(select(func.count()).where(*mine)).scalar_one())

    def remind(self, deadline: int | None) -> None:
        """The person is reminded a working day before; a reminder of an earlier deadline goes."""
        now = to_ms(self.at)
        steps.stop(self.connection, [self.row.number], "acted_on", now)
        at = None if deadline is None else deadlines.to_remind(deadline, now, self.working)
        if at is not None:
            self.later("reminder", at)

    def look_back(self, until: int | None) -> None:
        """On the day of the measure somebody is asked whether it helped; of a former measure nobody is."""
        steps.stop_looking_back(self.connection, self.row.number, "acted_on", to_ms(self.at))
        if until is not None:
            self.later("look_back", deadlines.to_look_back(until, self.working))

    def later(self, cause: str, due_at: int, step: int = 1) -> None:
        """Something that time does to the warning at `due_at` (ms)."""
        step_row = EscalationRow(
            warning=self.row.number, sequence=self.row.sequence, cause=cause, step=step, due_at=due_at
        )
        steps.add(self.connection, step_row)

    def settle(self, **effect: Any) -> None:
        """Changes the warning; whoever acts on an overdue one has a new deadline. Nobody is pressed any more."""
        deliveries.relieve(self.connection, self.row.number)
        self.was_overdue = self.was_overdue or self.row.overdue_at is not None
        self.row = msgspec.structs.replace(self.row, **effect, overdue_at=None)
        mine = update(tables.warning).where(_w.number == self.row.number)
        self.connection.execute(mine.values(**effect, overdue_at=None))
        steps.restand(self.connection, self.row)

    def record(self, action: str, text: str = "", detail: str = "", *, done: bool = False, **more: Any) -> None:
        """A line of the audit trail, and what the rules hear of it: the act, and that nothing is overdue any more.

        `done`: of a measure, that it was taken already.
        """
        self.was.acts.append(self.note("measure_done" if done else action, text, detail))
        event = of_act(self.row, action, self.at, person=self.person, **more)
        self.was.events.append(event)
        feedback.add(self.connection, [event])
        self.tell_state()

    def tell_state(self) -> None:
        """The rules hear that it is overdue no more, if it was."""
        if self.was_overdue:
            steps.tell_state(self.connection, self.row, self.at)
            self.was_overdue = False

    def note(self, action: str, text: str, detail: str) -> int:
        """A line of the audit trail; its number."""
        line = ActRow(
            warning=self.row.number,
            at=to_ms(self.at),
            person=self.person,
            action=action,
            text=text,
            detail=detail,
            value=self.row.value,
        )
        return int(self.connection.execute(insert(tables.act).values(columns_of(line)).returning(_a.id)).scalar_one())

    def did(self, actions: tuple[str, ...], text: str, detail: str) -> bool:
        """Whether just this is the newest that anybody did with the warning, by the person, less than a minute ago."""
        acts = undo.by_people(acts_of(self.connection, self.row))
        if not acts or acts[-1].person != self.person or acts[-1].action not in actions:
            return False
        return (acts[-1].text, acts[-1].detail) == (text, detail) and to_ms(self.at) - acts[-1].at < undo.MINUTE

    def verdicts(self) -> tuple[str, int]:
        """What the person says so far (empty: nothing), and the revision of what they say next."""
        mine = [act for act in acts_of(self.connection, self.row) if act.person == self.person and undo.of_verdict(act)]
        standing = undo.standing(mine)
        return (standing[-1].detail if standing else ""), len(mine)


def version(connection: Connection, row: WarningRow) -> str:
    """Of a warning as people look at it: another change, or another act of anybody, makes another version."""
    acts = undo.by_people(acts_of(connection, row))
    return f"{row.sequence}-{acts[-1].id if acts else 0}"


def acts_of(connection: Connection, row: WarningRow) -> list[ActRow]:
    """Its audit trail, oldest first."""
    return rows_of(connection, select(tables.act).where(_a.warning == row.number).order_by(_a.id), ActRow)
