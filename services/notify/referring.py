"""A question about a warning to an office: which offices can be asked, and who of them is told. Pure.

The warning stays with whoever is accountable for it; the office answers, and sees that warning only. Handing over
(handing_over.py) is what makes somebody else accountable.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Literal

from services.accounts import permissions
from services.accounts.asked import Matter
from services.accounts.permissions import REFERRED_TO
from services.directory import ASSIGNABLE, Person
from services.errors import SettingError
from services.i18n import say
from services.messages import nearest
from services.notify.ports import Directory
from services.notify.recipients import addresses_of, queue_of

State = Literal["waiting", "accepted", "answered", "refused", "taken_back"]
BEFORE_THE_OFFICE = ("waiting", "accepted")
"""States in which the office has it before it."""
NEXT = ("department_head", "college_office")
"""Who sees what no office accepts: the first of these who holds it, beside whoever asked."""
ReferralRefusal = Literal[
    "office_not_chosen",
    "office_not_offered",
    "office_vacant",
    "office_unreachable",
    "referred_already",
    "referral_not_yours",
    "referral_over",
    "referral_taken",
    "needs_question",
    "needs_answer",
    "needs_why",
    "answer_too_long",
    "only_referred",
    "referral_not_asked",
    "needs_why_back",
]
"""Why a referral, or what an office does with one, is refused."""


def read_offices(text: str) -> tuple[str, ...]:
    """The roles that PREWARN_REFERRALS names; the offices where it names none. Raises SettingError."""
    named = tuple(dict.fromkeys(one.strip() for one in text.split(",") if one.strip()))
    for one in named:
        if one not in ASSIGNABLE:
            right = nearest(one, ASSIGNABLE) or ", ".join(REFERRED_TO)
            raise SettingError(say("notify.referrals_no_role", name=one, right=right))
    return named or REFERRED_TO


def holders(office: str, giver: str, matter: Matter, directory: Directory, at: datetime) -> list[Person]:
    """Who is the office for this warning: whoever holds the role, but for who asks, and never whom it is about."""
    found = directory.holders(office, matter.context, at)
    return [one for one in found if one.id != giver and not permissions.is_about(one.id, matter)]


def why_not(
    office: str,
    offices: Collection[str],
    giver: str,
    matter: Matter,
    directory: Directory,
    at: datetime,
    mail: str | None,
) -> ReferralRefusal | None:
    """Why a warning cannot be referred to an office, if it cannot. `offices`: those that the college names."""
    if not office:
        return "office_not_chosen"
    if office not in offices:
        return "office_not_offered"
    found = holders(office, giver, matter, directory, at)
    if not found:
        return "office_vacant"
    return None if any(_can_be_told(one, mail) for one in found) else "office_unreachable"


def offered(
    offices: Collection[str], giver: str, matter: Matter, directory: Directory, at: datetime, mail: str | None
) -> list[str]:
    """The offices that reach somebody, in the college's order."""
    return [one for one in offices if why_not(one, offices, giver, matter, directory, at, mail) is None]


def _can_be_told(person: Person, mail: str | None) -> bool:
    return any(map(queue_of, addresses_of(person, mail)))
