"""What may be asked for, who asks, and the answer: the words in which permissions are spoken of."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NamedTuple

Why = Literal["told", "role", "class", "case", "referred", "own", "stands_in", "everybody", "not_there", "not_yours"]
"""Named reason of a decision; the last two are refusals."""
Page = Literal[
    "account",
    "start",
    "day",
    "classes",
    "check_in",
    "leaves",
    "referrals",
    "appeals",
    "figures",
    "deliveries",
    "set_aside",
]
"""Pages that are about no single warning or person. account: one's own password and sessions; day: own lessons;
classes: those that one looks after or teaches; referrals: what one has referred, and what was referred to one's office.

check_in: the form for a code, which says nothing of anybody; leaves: the list of those that one may see;
appeals: those that one has asked for or decides, and what is on record of oneself.
"""


class Who(NamedTuple):
    """Somebody who is signed in."""

    person: str
    operator: bool = False
    """By their local account."""


class Inbox(NamedTuple):
    """The warnings that one person was told of."""

    person: str

    @property
    def name(self) -> str:
        """What the audit trail calls it."""
        return f"inbox {self.person}"


@dataclass(frozen=True, slots=True)
class Matter:
    """A warning, as far as it decides who may see it."""

    context: Mapping[str, str]
    """What it is about; without what only its newest record names."""
    told: Collection[str] = ()
    """Whoever was told of it, as recipient, by escalation or as stand-in."""
    cases: Sequence[Matter] = field(default=())
    """The cases that it is a part of."""
    offices: Collection[str] = ()
    """The roles that it was referred to and that have it before them still."""
    answered_by: Collection[str] = ()
    """Who has answered a referral of it."""


@dataclass(frozen=True, slots=True)
class Taught:
    """What somebody teaches: a lesson, or a course in a month."""

    name: str
    """What the audit trail calls it."""
    contexts: Sequence[Mapping[str, str]]
    """Course, class and teacher; of several classes one each."""
    at: datetime
    """When: whoever taught it then, or stood in, may still say what was."""


@dataclass(frozen=True, slots=True)
class Appealed:
    """A record of a student, or an appeal against one: whom it is of appeals, or who looks after them in their name."""

    name: str
    """What the audit trail calls it."""
    student: str
    asked_by: str = ""
    deciders: Collection[str] = ()
    """Of an appeal: whoever decides it today, or has decided it."""


@dataclass(frozen=True, slots=True)
class OfStudent:
    """What is of one student: their page, and what is asked for there."""

    student: str
    themself: bool = False
    """Whether it is for the student, too: the college says so."""

    @property
    def name(self) -> str:
        """What the audit trail calls it."""
        return f"student {self.student}"


@dataclass(frozen=True, slots=True)
class OfClass:
    """The attendance of a class, and whom there it is time to talk to."""

    class_: str

    @property
    def name(self) -> str:
        """What the audit trail calls it."""
        return f"class {self.class_}"


class Share(NamedTuple):
    """What of a student somebody sees."""

    why: Why
    courses: frozenset[str] | None = None
    """Whose tests, assessments and warnings, beside all attendance; None: of all courses, and what is of none."""


class LeavePolicy(NamedTuple):
    """What the college has set of leave."""

    students: bool = False
    """Whether they ask for it themselves, and see what became of it."""
    tutor_days: int = 3
    """So many days a tutor or counsellor may grant."""
    days_back: int = 14
    """So long afterwards it can be asked for."""


@dataclass(frozen=True, slots=True)
class OfLeave:
    """A student's leave, and what somebody wants of it."""

    act: Literal["see", "ask", "decide", "end"]
    student: str
    class_: str
    """Theirs now, or, of one who has left, when they asked; empty: they are no student whom the directory knows."""
    policy: LeavePolicy
    days: int = 0
    """That it takes."""

    @property
    def name(self) -> str:
        """What the audit trail calls it."""
        return f"{self.act} leave of {self.student}"

    @property
    def context(self) -> Mapping[str, str]:
        """For whom roles are held."""
        return {"student": self.student} | ({"class": self.class_} if self.class_ else {})


Asked = Inbox | Taught | OfStudent | OfClass | OfLeave | Appealed | Page
"""What somebody may ask for beside warnings. Each has its name in the audit trail; a page is its own."""


class Decision(NamedTuple):
    """Whether somebody may see or do it, and the named reason."""

    granted: bool
    why: Why
