"""Whoever asks the store for a warning gets it if they may see it (accounts/permissions.py), else a line is written.

Every way to a single warning, or to a person's, leads through here, whichever page or act it is for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import msgspec
from sqlalchemy import Connection, select

from services.accounts import permissions
from services.accounts.asked import Asked, Decision, Matter, OfStudent, Share, Who
from services.accounts.rows import AccessRow
from services.messages import Evidence, to_ms
from services.notify.ports import Cards, Clock, Directory
from services.notify.referring import BEFORE_THE_OFFICE
from services.notify.rows import WarningRow, decode_context
from services.notify.store import accounts, of_students, tables
from services.notify.store.engine import Store, rows_of
from services.notify.wording import Facts, context_of_subject

_w, _r, _f = tables.warning.c, tables.recipient.c, tables.referral.c
_EVIDENCE = msgspec.json.Decoder(list[Evidence])


@dataclass(frozen=True, slots=True)
class Sight:
    """What people see of one store."""

    database: Store
    directory: Callable[[], Directory]
    cards: Cards
    clock: Clock

    def may(self, who: Who, what: Asked) -> bool:
        """Whether somebody may open a page; if not, it is written down."""
        decision = permissions.allowed(who, what, self.directory(), self.clock())
        if not decision.granted:
            self._write_down(who, _named(what), decision)
        return decision.granted

    def share(self, who: Who, what: OfStudent) -> Share | None:
        """What of a student somebody sees; nothing is written down, for links to what they may open."""
        at, directory = self.clock(), self.directory()
        found = permissions.allowed(who, what, directory, at).granted
        return permissions.share_of(who.person, what, directory, at) if found else None

    @contextmanager
    def student(self, who: Who, what: OfStudent) -> Iterator[tuple[Connection, Share | None]]:
        """A view of the store and what of a student they see; None if nothing, which is written down."""
        share = self.share(who, what)
        with self.database.reading() as connection:
            yield connection, share
        if share is None:
            self.may(who, what)

    def openable(self, connection: Connection, who: Who, rows: Sequence[WarningRow]) -> set[int]:
        """Which of these warnings somebody may open, by their number; that a case opens its parts is left out."""
        told, directory, at = (
            of_students.told_of(connection, [one.number for one in rows]),
            self.directory(),
            self.clock(),
        )
        return {
            one.number
            for one in rows
            if permissions.allowed(who, Matter(self._context(one), told[one.number]), directory, at).granted
        }

    @contextmanager
    def reading(self, who: Who, warning_id: str) -> Iterator[tuple[Connection, WarningRow | None]]:
        """A view of the store and the warning in it; None if there is none for them, which is written down."""
        with self.database.reading() as connection:
            row, decision = self._warning(connection, who, warning_id, held=False)
            yield connection, row
        if decision is not None and not decision.granted:
            self._write_down(who, f"warning {warning_id}", decision)

    def held(self, connection: Connection, who: Who, warning_id: str) -> tuple[WarningRow | None, Decision | None]:
        """The warning, if they may act on it, held until the transaction ends; and why not, for `write_down`."""
        return self._warning(connection, who, warning_id, held=True)

    def write_down(self, who: Who, what: str, decision: Decision) -> None:
        """Behind the transaction of an act that was refused."""
        self._write_down(who, what, decision)

    def _write_down(self, who: Who, what: str, decision: Decision) -> None:
        line = AccessRow(at=to_ms(self.clock()), person=who.person, what=what, why=decision.why)
        with self.database.writing() as connection:
            accounts.refused(connection, line)

    def _warning(
        self, connection: Connection, who: Who, warning_id: str, *, held: bool
    ) -> tuple[WarningRow | None, Decision | None]:
        wanted = select(tables.warning).where(_w.id == warning_id)
        found = rows_of(connection, wanted.with_for_update() if held else wanted, WarningRow)
        if not found:
            return None, None
        decision = permissions.allowed(who, self.matter(connection, found[0]), self.directory(), self.clock())
        return found[0] if decision.granted else None, decision

    def matter(self, connection: Connection, row: WarningRow) -> Matter:
        """What decides who may see a warning."""
        cases = [self._alone(connection, one) for one in _cases(connection, row)]
        alone = self._alone(connection, row)
        referrals = connection.execute(select(_f.office, _f.state, _f.taken_by).where(_f.warning == row.number)).all()
        return Matter(
            alone.context,
            alone.told,
            cases,
            offices=sorted({one.office for one in referrals if one.state in BEFORE_THE_OFFICE}),
            answered_by={one.taken_by for one in referrals if one.state == "answered"},
        )

    def _alone(self, connection: Connection, row: WarningRow) -> Matter:
        told = connection.execute(select(_r.person).where(_r.warning == row.number))
        return Matter(self._context(row), {one[0] for one in told})

    def _context(self, row: WarningRow) -> dict[str, str]:
        facts = Facts(row.subject, row.level, row.value, row.threshold, decode_context(row.context))
        return context_of_subject(self.cards(row.rule_version, row.rule), facts)


def _named(what: Asked) -> str:
    return what if isinstance(what, str) else what.name


def _cases(connection: Connection, row: WarningRow) -> list[WarningRow]:
    """What sums the warning up: open cases of its row and subject, and whatever rests on it by its evidence."""
    ends = [*(i for i, letter in enumerate(row.subject) if letter == "/"), len(row.subject)]
    mine = select(tables.warning).where(_w.subject.in_([row.subject[:end] for end in ends]), _w.mutes.is_not(None))
    return [
        one
        for one in rows_of(connection, mine.where(_w.number != row.number), WarningRow)
        if (one.status == "open" and row.row in (one.mutes or "").split()) or _rests_on(one, row.id)
    ]


def _rests_on(case: WarningRow, warning_id: str) -> bool:
    return any(one.id.partition("/")[0] == warning_id for one in _EVIDENCE.decode(case.evidence))
