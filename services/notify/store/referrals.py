"""Questions about a warning to an office: asked, accepted, refused, answered, and what time does to them.

Each is a line of the audit trail. The warning stays with whoever is accountable for it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, insert, select, update

from services.accounts import permissions
from services.directory import Person
from services.messages import to_ms
from services.notify import referring
from services.notify.deadlines import LONGEST_TEXT
from services.notify.referring import BEFORE_THE_OFFICE
from services.notify.rows import EscalationRow, ReferralRow, WarningRow
from services.notify.store import deliveries, steps, tables
from services.notify.store.acting import Acting
from services.notify.store.acts import Acts, Refusal, RefusedError, clean
from services.notify.store.engine import columns_of, rows_of

CAUSE = "referral"
"""Of the step that looks whether somebody of the office is at it."""
_f, _w, _e = tables.referral.c, tables.warning.c, tables.escalation.c


@dataclass(frozen=True, slots=True)
class Referrals:
    """What people do with referrals; each returns why it was refused, if it was."""

    acts: Acts

    def refer(self, person: str, warning_id: str, office: str, question: str) -> Refusal | None:
        """Asks an office, whose holders are told and see the warning. The same again changes nothing."""
        question = clean(question)

        def ask(on: Acting) -> None:
            open_ = [one for one in of_warning(on.connection, on.row) if one.state in BEFORE_THE_OFFICE]
            same = next((one for one in open_ if one.office == office), None)
            if same is not None and (same.person, same.note) == (person, question):
                return
            if on.row.status != "open" or on.row.level == "praise":
                raise RefusedError("not_open")
            config, directory = self.acts.config, self.acts.ports.directory()
            matter = self.acts.sight.matter(on.connection, on.row)
            if why := referring.why_not(office, config.offices, person, matter, directory, on.at, config.mail):
                raise RefusedError(why)
            if not question or len(question) > LONGEST_TEXT:
                raise RefusedError("note_too_long" if question else "needs_question")
            if same is not None:
                raise RefusedError("referred_already")
            row = ReferralRow(warning=on.row.number, at=to_ms(on.at), person=person, office=office, note=question)
            new = insert(tables.referral).values(columns_of(row)).returning(_f.id)
            number = int(on.connection.execute(new).scalar_one())
            self._look_again(on, number)
            on.note("referred", question, office)
            people = referring.holders(office, person, matter, directory, on.at)
            on.queues |= self.acts.tell(on, people, f"referred {number}")

        return self.acts.do(person, warning_id, ask)

    def accept(self, person: str, warning_id: str, number: int) -> Refusal | None:
        """Somebody of the office has it in hand. Of who has left it can be taken over."""

        def accept(on: Acting) -> None:
            row = self._before_office(on, number)
            if row.state == "accepted" and row.taken_by == person:
                return
            self._take(on, row, state="accepted")
            self._look_again(on, number)
            on.note("referral_accepted", "", row.office)

        return self.acts.do(person, warning_id, accept, offices=True)

    def refuse(self, person: str, warning_id: str, number: int, why: str) -> Refusal | None:
        """It is not for this office: it goes back to who asked, who is told. The office sees the warning no more."""
        return self._end(person, warning_id, number, clean(why), "refused")

    def answer(self, person: str, warning_id: str, number: int, answer: str) -> Refusal | None:
        """The office answers, whether or not it had accepted before; who asked is told."""
        return self._end(person, warning_id, number, clean(answer), "answered")

    def take_back(self, person: str, warning_id: str, number: int, why: str) -> Refusal | None:
        """While there is no answer, whoever asked asks no more; who was told hears of it, and sees it no more."""
        why = clean(why)

        def end(on: Acting) -> None:
            row, directory = of_number(on.connection, on.row, number), self.acts.ports.directory()
            if row is None or not permissions.may_take_back(person, row.person, directory, on.at):
                raise RefusedError("referral_not_asked")
            if (row.state, row.answer) == ("taken_back", why):
                return
            if row.state not in BEFORE_THE_OFFICE:
                raise RefusedError("referral_over")
            if not why or len(why) > LONGEST_TEXT:
                raise RefusedError("answer_too_long" if why else "needs_why_back")
            self._settle(on, row, state="taken_back", answer=why, answered_at=to_ms(on.at))
            on.note("referral_taken_back", why, row.office)
            on.queues |= self.acts.tell(on, self._told_of(on, row), f"referral_taken_back {number}")

        return self.acts.do(person, warning_id, end)

    def _told_of(self, on: Acting, row: ReferralRow) -> list[Person]:
        """Who of the office may have heard of a referral, or has accepted it; the others are sent nothing any more."""
        news, why, directory = f"referred {row.id}", deliveries.TAKEN_BACK, self.acts.ports.directory()
        heard = {
            one
            for one in deliveries.recipients(on.connection, row.warning, news)
            if deliveries.tell_no_more(on.connection, row.warning, one, news, why)
        }
        if row.taken_by is not None:
            heard.add(row.taken_by)
        known = (directory.person(one) for one in sorted(heard - {on.person}))
        return [one for one in known if one is not None]

    def _end(self, person: str, warning_id: str, number: int, text: str, state: str) -> Refusal | None:
        def end(on: Acting) -> None:
            known = of_number(on.connection, on.row, number)
            if known is not None and (known.state, known.taken_by, known.answer) == (state, person, text):
                return
            row = self._before_office(on, number)
            if not text:
                raise RefusedError("needs_answer" if state == "answered" else "needs_why")
            if len(text) > LONGEST_TEXT:
                raise RefusedError("answer_too_long")
            self._take(on, row, state=state, answer=text, answered_at=to_ms(on.at))
            on.note(f"referral_{state}", text, row.office)
            on.queues |= self.acts.tell(on, self._asker(on, row), f"referral_{state} {number}")

        return self.acts.do(person, warning_id, end, offices=True)

    def _before_office(self, on: Acting, number: int) -> ReferralRow:
        """The referral, if it is before the office of whoever acts, and nobody else there has it in hand."""
        row, directory = of_number(on.connection, on.row, number), self.acts.ports.directory()
        matter = self.acts.sight.matter(on.connection, on.row)
        asker = "" if row is None else row.person
        mine = row is not None and any(
            one.id == on.person for one in referring.holders(row.office, asker, matter, directory, on.at)
        )
        if row is None or not mine:
            raise RefusedError("referral_not_yours")
        if row.state not in BEFORE_THE_OFFICE:
            raise RefusedError("referral_over")
        if row.taken_by not in (None, on.person) and directory.is_there(row.taken_by or "", on.at):
            raise RefusedError("referral_taken")
        return row

    def _take(self, on: Acting, row: ReferralRow, **effect: object) -> None:
        taken = {} if row.taken_by == on.person else {"taken_by": on.person, "taken_at": to_ms(on.at)}
        self._settle(on, row, **taken, **effect)

    def _settle(self, on: Acting, row: ReferralRow, **effect: object) -> None:
        on.connection.execute(update(tables.referral).where(_f.id == row.id).values(raised_at=None, **effect))
        mine = (_e.warning == row.warning, _e.cause == CAUSE, _e.step == row.id, _e.status == "waiting")
        done = update(tables.escalation).where(*mine)
        on.connection.execute(done.values(status="stopped", reason="acted_on", decided_at=to_ms(on.at)))

    def _look_again(self, on: Acting, number: int) -> None:
        """Some working days from now, whether somebody of the office is at it."""
        config = self.acts.config
        on.later(CAUSE, config.working.working_days_after(to_ms(on.at), config.referral_days), step=number)

    def _asker(self, on: Acting, row: ReferralRow) -> list[Person]:
        """Who asked, or stands in for them, who may see the warning from now on."""
        people = list(self.acts.ports.directory().instead(row.person, on.at))
        let_see(on.connection, on.row, people, row.person)
        return people


def let_see(connection: Connection, row: WarningRow, people: Sequence[Person], of: str, role: str = "") -> None:
    """They may see the warning from now on, as `role`, or else as what `of` sees it."""
    known = steps.roles(connection, row.number)
    for person in people:
        if person.id not in known and person.id != of:
            steps.add_recipient(connection, row, person.id, role or known.get(of, ""))


def of_warning(connection: Connection, row: WarningRow) -> list[ReferralRow]:
    """All of a warning, the oldest first."""
    mine = select(tables.referral).where(_f.warning == row.number).order_by(_f.id)
    return rows_of(connection, mine, ReferralRow)


def of_number(connection: Connection, row: WarningRow, number: int) -> ReferralRow | None:
    """A referral of a warning by its number; None if it has none such."""
    return next((one for one in of_warning(connection, row) if one.id == number), None)


def of_offices(connection: Connection, offices: Collection[str], most: int) -> list[tuple[ReferralRow, WarningRow]]:
    """What these offices have before them, the longest-waiting first, with its warning."""
    return _with_warnings(connection, (_f.office.in_(offices), _f.state.in_(BEFORE_THE_OFFICE)), most)


def asked_by(connection: Connection, person: str, most: int) -> list[tuple[ReferralRow, WarningRow]]:
    """What somebody has asked, the newest first, with its warning."""
    return _with_warnings(connection, (_f.person == person,), most, newest=True)


def _with_warnings(
    connection: Connection, which: tuple[ColumnElement[bool], ...], most: int, *, newest: bool = False
) -> list[tuple[ReferralRow, WarningRow]]:
    order = _f.id.desc() if newest else _f.id.asc()
    found = rows_of(connection, select(tables.referral).where(*which).order_by(order).limit(most), ReferralRow)
    numbers = {one.warning for one in found}
    warnings = rows_of(connection, select(tables.warning).where(_w.number.in_(numbers)), WarningRow)
    by_number = {row.number: row for row in warnings}
    return [(one, by_number[one.warning]) for one in found]


def unattended(
    connection: Connection, step: EscalationRow, row: WarningRow, at: datetime, is_there: Callable[[str], bool]
) -> ReferralRow | None:
    """The referral of a step that is due, if nobody of the office is at it, marked so; None: it is, or is over."""
    found = of_number(connection, row, step.step)
    if found is None or found.state not in BEFORE_THE_OFFICE or row.status != "open":
        return None
    if found.state == "accepted" and is_there(found.taken_by or ""):
        return None
    connection.execute(update(tables.referral).where(_f.id == found.id).values(raised_at=to_ms(at)))
    steps.note(connection, row, "referral_unattended", found.office, at)
    return found


def is_at_it(connection: Connection, step: EscalationRow, row: WarningRow) -> bool:
    """Whether the referral of a step is accepted, so that one looks again."""
    found = of_number(connection, row, step.step)
    return found is not None and found.state == "accepted" and found.raised_at is None and row.status == "open"
