"""What notify asks of the others: the directory's answers, a rule's card, the time, somebody who hears of acts."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from services.directory import Person
from services.directory.records import Exemption
from services.messages import CampusEvent, Message, RuleCard


class Directory(Protocol):
    """Who holds which role, who is exempt from what, and what people call things."""

    def holders(self, role: str, context: Mapping[str, str], at: datetime) -> Sequence[Person]:
        """The people who hold the role for what the context names."""

    def person(self, id: str, /) -> Person | None:  # noqa: A002 - as the directory calls it
        """The person, whether or not they are still there."""

    def instead(self, id: str, at: datetime, /) -> Sequence[Person]:  # noqa: A002 - as the directory calls it
        """The person, or whoever stands in for them then."""

    def is_there(self, id: str, at: datetime, /) -> bool:  # noqa: A002 - as the directory calls it
        """Whether a person, or a student, is of the college then."""

    def class_of(self, student: str, at: datetime, /) -> str | None:
        """The class that a student is of then, suspended or not; None if of none."""

    def class_members(self, class_: str, at: datetime, /) -> Sequence[str]:
        """The students who are enrolled in a class then."""

    def classes_of(self, id: str, roles: Collection[str], at: datetime, /) -> Sequence[str]:  # noqa: A002 - as above
        """The classes that a person holds one of these roles for, or teaches a course in."""

    def courses_taught(self, id: str, class_: str, at: datetime, /) -> Collection[str]:  # noqa: A002 - as above
        """The courses that a person teaches in a class then."""

    def is_away(self, id: str, at: datetime, /) -> bool:  # noqa: A002 - as the directory calls it
        """Whether a person is on leave then by the directory."""

    def colleagues(self, id: str, at: datetime, /) -> Collection[str]:  # noqa: A002 - as the directory calls it
        """Who holds one of a person's roles in the same department then."""

    def headed_by(self, id: str, at: datetime, /) -> Collection[str]:  # noqa: A002 - as the directory calls it
        """The departments that a person is the head of then."""

    def exempt(self, student: str, of: str, at: datetime, /) -> str | None:
        """Why a student is exempt from a rule then, if they are."""

    def exemptions_of(self, student: str, /) -> Sequence[Exemption]:
        """All exemptions of a student, whenever they hold."""

    def names(self, context: Mapping[str, str]) -> dict[str, str]:
        """What people call the ids in a context."""


Cards = Callable[[str, str], RuleCard | None]
"""(rule_version, rule) → its card."""
Clock = Callable[[], datetime]
"""The present instant, aware."""
Publish = Callable[[Sequence[CampusEvent]], None]
"""Puts events into the log; of those that it was given before it may be given some again."""


class SetAside(NamedTuple):
    """A change of a warning that could not be taken in, and waits to be tried again."""

    number: int
    """For `prewarn rejected retry`."""
    since: datetime
    tries: int
    why: Message | str
    rule: tuple[str, str] | None
    """(rule_version, rule); None if the change itself cannot be read."""


class LessonTime(NamedTuple):
    """When a lesson is: its day, sections and times."""

    begins: datetime
    sections: str = ""
    """`5-6`, as the timetable counts the hours of a day; empty if it does not."""


class Ports(NamedTuple):
    """What the composition root hands to Notify."""

    directory: Callable[[], Directory]
    """Asked anew for each chunk, page and message."""
    cards: Cards
    clock: Clock
    publish: Publish
    """Hears what people and time do with warnings: the log, for the rules."""
    lesson: Callable[[str], LessonTime | None] = lambda _lesson: None
    """When a lesson is; None where nothing is known of it. People know lessons by that, not by their ids."""
    set_aside: Callable[[int], Sequence[SetAside]] | None = None
    """The oldest changes that could not be taken in, at most so many; None where they are kept elsewhere."""
    leave: Callable[[], str] = lambda: ""
    """Of whose leave something was said lately (services/log/leave_news.py); raises LogError."""
