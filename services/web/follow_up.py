"""What a warning's page shows of referrals, talks and attempts to reach somebody. Pure but for what it reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from services.accounts import permissions
from services.accounts.asked import Matter, Who
from services.notify import referring
from services.notify.referring import BEFORE_THE_OFFICE
from services.notify.rows import ReferralRow, WarningRow
from services.notify.store import referrals, talks
from services.notify.store.engine import Connection
from services.notify.store.talks import TalkSeen
from services.web.reader import Reader

if TYPE_CHECKING:
    from services.notify.service import Notify


class ReferralShown(NamedTuple):
    """A question to an office, as a page shows it."""

    number: int
    office: str
    state: str
    """A key of the terms `referral`."""
    asked: str
    """Who asked, and when."""
    question: str
    taken: str
    """Who of the office has it, and since when; when it was taken back; empty: nobody."""
    taker_left: bool
    answer: str
    late: bool
    """Nobody of the office is at it, and the next in line was told."""
    mine: bool
    """It is before the office of whoever looks, and nobody else there has it in hand."""
    accepted: bool
    """By whoever looks."""
    may_take_back: bool
    """Whoever looks asked, or stands in, and there is no answer yet."""


class TalkShown(NamedTuple):
    """A talk, as a page shows it."""

    when: str
    way: str
    by: str
    agreed: str
    next_day: str
    notes: str
    for_whom: str
    """Of notes, who reads them; empty: whoever sees the warning."""
    withheld: bool
    number: int
    corrects: int | None
    """The talk in whose place it is."""
    corrected: str
    """When another one was written in its place; empty: it stands."""
    mine: bool
    """Whoever looks wrote it down."""


class FollowUp(NamedTuple):
    """What the templates follow_up.html and referral.html show of a warning."""

    referrals: list[ReferralShown]
    talks: list[TalkShown]
    tried: int
    """How often somebody was not reached."""
    tried_last: str
    only_referred: bool
    """Whoever looks sees it by a referral alone."""
    to_talk_to: bool
    """The warning names somebody beside whoever looks."""
    of_student: bool
    """A notice can be given."""


def shown(notify: Notify, connection: Connection, row: WarningRow, who: Who, reader: Reader) -> FollowUp:
    """What somebody is shown of a warning."""
    matter = notify.sight.matter(connection, row)
    directory = reader.directory
    decision = permissions.allowed(who, matter, directory, reader.now)
    tried = talks.attempts(connection, row)
    talked = talks.seen(connection, row, who.person, matter, directory, reader.now)
    return FollowUp(
        referrals=[referral(one, who.person, matter, reader) for one in referrals.of_warning(connection, row)],
        talks=[talk(one, who.person, reader) for one in talked],
        tried=len(tried),
        tried_last=reader.time(tried[-1][1]) if tried else "",
        only_referred=decision.why == "referred",
        to_talk_to=bool({matter.context.get("student"), matter.context.get("teacher")} - {None, who.person}),
        of_student="student" in matter.context,
    )


def before_office(
    notify: Notify, connection: Connection, person: str, reader: Reader, most: int
) -> list[tuple[ReferralRow, WarningRow]]:
    """What waits for an office of somebody, and nobody else there has in hand, the longest-waiting first."""
    found = referrals.of_offices(connection, notify.config.offices, most)
    return [
        (one, row) for one, row in found if referral(one, person, notify.sight.matter(connection, row), reader).mine
    ]


def referral(row: ReferralRow, person: str, matter: Matter, reader: Reader) -> ReferralShown:
    """A referral as somebody sees it, with what they can do."""
    directory = reader.directory
    office = referring.holders(row.office, row.person, matter, directory, reader.now)
    open_, left = row.state in BEFORE_THE_OFFICE, False
    if row.taken_by is not None and row.state == "accepted":
        left = not directory.is_there(row.taken_by, reader.now)
    mine = open_ and any(one.id == person for one in office) and (left or row.taken_by in (None, person))
    by = "" if row.taken_by is None or row.state == "taken_back" else reader.person(row.taken_by)
    at = row.answered_at or row.taken_at
    return ReferralShown(
        number=row.id or 0,
        office=reader.role(row.office),
        state=row.state,
        asked=f"{reader.person(row.person)} · {reader.time(row.at)}",
        question=row.note,
        taken=" · ".join(one for one in (by, reader.time(at) if at is not None else "") if one),
        taker_left=left,
        answer=row.answer,
        late=row.raised_at is not None and (row.state == "waiting" or left),
        mine=mine,
        accepted=row.state == "accepted" and row.taken_by == person,
        may_take_back=open_ and permissions.may_take_back(person, row.person, directory, reader.now),
    )


def talk(seen: TalkSeen, person: str, reader: Reader) -> TalkShown:
    """A talk as somebody sees it, without notes that are not for them."""
    row = seen.talk
    for_whom = ""
    if row.visibility == "role":
        for_whom = reader.role(row.role) if row.role else reader.person(row.person)
    way = reader.term("talk_way", row.way)
    return TalkShown(
        when=f"{row.day} {row.clock}".strip(),
        way=f"{way} · {row.place}" if row.place else way,
        by=reader.person(row.person),
        agreed=row.agreed,
        next_day=row.next_day,
        notes=row.notes,
        for_whom=for_whom,
        withheld=seen.withheld,
        number=row.id or 0,
        corrects=row.corrects,
        corrected=reader.time(seen.corrected) if seen.corrected is not None else "",
        mine=row.person == person,
    )
