"""What a person may see and do: one function of the directory as of today. Pure.

Whoever was told of a warning sees it. Beyond that a role gives sight of what it answers for, by the holders that the
directory names for it on that day: substitutes hold a role while its owner is away. A case opens its parts. Heads see
the figures of their department, offices those of all, and of single warnings those that they were told of; so do
operators, who run the service and say nothing about students. Whom a warning was referred to sees that warning, and not
what it is a part of. What is of one student is seen by whoever looks after their class and by the head of the
department; a teacher of the class sees the attendance and what is of the own course, the student what is their own, and
their own leave, if the college says so. Nobody else, and of who has left nobody any more. Where the college allows
appeals, students see of themselves what they can appeal against.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from services.accounts.asked import (
    Appealed,
    Asked,
    Decision,
    Inbox,
    Matter,
    OfClass,
    OfLeave,
    OfStudent,
    Share,
    Taught,
    Who,
    Why,
)
from services.directory import Person

_OF_A_CLASS = ("student", "class")
LOOKS_AFTER = ("class_tutor", "counsellor", "class_mentor")
"""Roles that answer for the students of a class."""
SIGHT: Mapping[str, tuple[str, ...]] = {
    "class_tutor": _OF_A_CLASS,
    "counsellor": _OF_A_CLASS,
    "class_mentor": _OF_A_CLASS,
    "course_teacher": ("course",),
    "teaching_office_head": ("teaching_office", "course", "teacher"),
    "major_head": ("major",),
    "department_head": ("department", "major", "teaching_office", "teacher", "course", *_OF_A_CLASS),
    "source_owner": ("source_name",),
}
"""Role → it sees a warning that is about one of these, where it is held for what the warning is about."""
OFFICES = (
    "student_affairs",
    "academic_affairs",
    "supervision_office",
    "quality_office",
    "hr_office",
    "college_office",
    "college_head",
)
REFERRED_TO = (
    "student_affairs",
    "academic_affairs",
    "mental_health",
    "finance_office",
    "supervision_office",
    "quality_office",
    "hr_office",
    "college_office",
)
"""Offices that a warning can be referred to, unless the college names others (PREWARN_REFERRALS)."""
OPERATOR = "rules_operator"
LEAVE_CHAIN = ("class_tutor", "counsellor", "department_head", "student_affairs")
"""Who decides on leave, the nearest first: tutors and counsellors on short ones, the others on all."""
_OF_LONG_LEAVE = LEAVE_CHAIN.index("department_head")


class Directory(Protocol):
    """What is asked of it."""

    def holders(self, role: str, context: Mapping[str, str], at: datetime, /) -> Sequence[Person]:
        """Who holds a role for what the context names, or stands in for who does."""

    def instead(self, id: str, at: datetime, /) -> Sequence[Person]:  # noqa: A002 - as the directory calls it
        """The person, or whoever stands in."""

    def is_there(self, id: str, at: datetime, /) -> bool:  # noqa: A002 - as the directory calls it
        """Whether somebody is of the college then."""

    def class_of(self, student: str, at: datetime, /) -> str | None:
        """The class that a student is of then; None if they are of none."""

    def courses_taught(self, id: str, class_: str, at: datetime, /) -> Collection[str]:  # noqa: A002 - as above
        """The courses that somebody teaches in a class then."""

    def classes_of(self, id: str, roles: Collection[str], at: datetime, /) -> Sequence[str]:  # noqa: A002 - as above
        """The classes that somebody holds one of these roles for, or teaches a course in."""

    def is_away(self, id: str, at: datetime, /) -> bool:  # noqa: A002 - as the directory calls it
        """Whether somebody is on leave then by the directory."""

    def colleagues(self, id: str, at: datetime, /) -> Collection[str]:  # noqa: A002 - as the directory calls it
        """Who holds one of the person's roles in the same department."""

    def headed_by(self, id: str, at: datetime, /) -> Collection[str]:  # noqa: A002 - as the directory calls it
        """The departments that a person is the head of, or stands in for."""


def allowed(who: Who, what: Matter | Asked, directory: Directory, at: datetime) -> Decision:
    """Whether somebody may see, and act on, what they ask for, at `at`."""
    if not directory.is_there(who.person, at) and not who.operator:
        return Decision(False, "not_there")
    if isinstance(what, Matter):
        why = _of_warning(who.person, what, directory, at)
    elif isinstance(what, Inbox):
        why = _of_inbox(who.person, what.person, directory, at)
    elif isinstance(what, Taught):
        why = "role" if who.person in teachers(what, directory, at) else None
    elif isinstance(what, OfStudent):
        share = share_of(who.person, what, directory, at)
        why = share.why if share is not None else None
    elif isinstance(what, OfClass):
        why = "class" if what.class_ in classes_of(who.person, directory, at) else None
    elif isinstance(what, OfLeave | Appealed):
        why = _of_leave_or_record(who.person, what, directory, at)
    elif what in ("account", "start", "day", "classes", "check_in", "leaves", "referrals", "appeals"):
        why = "everybody"
    elif what == "figures":
        departments = departments_of(who, directory, at)
        why = "role" if departments is None or departments else None
    else:
        why = "role" if _holds_any(who, (OPERATOR,), directory, at) else None
    return Decision(why is not None, why or "not_yours")


def share_of(person: str, what: OfStudent, directory: Directory, at: datetime) -> Share | None:
    """What of a student somebody who is there sees at `at`; None: nothing."""
    student = what.student
    class_ = directory.class_of(student, at)
    if class_ is None:
        return None
    if person == student:
        return Share("own") if what.themself else None
    context = {"student": student}
    if any(_holds(person, role, context, directory, at) for role in (*LOOKS_AFTER, "department_head")):
        return Share("role")
    courses = frozenset(directory.courses_taught(person, class_, at))
    return Share("class", courses) if courses else None


def classes_of(person: str, directory: Directory, at: datetime) -> Sequence[str]:
    """The classes that somebody looks after, or teaches a course in."""
    return directory.classes_of(person, LOOKS_AFTER, at)


def looks_after(person: str, class_: str, directory: Directory, at: datetime) -> bool:
    """Whether somebody answers for the students of a class, and does not only teach there."""
    return any(_holds(person, role, {"class": class_}, directory, at) for role in LOOKS_AFTER)


def teachers(what: Taught, directory: Directory, at: datetime) -> set[str]:
    """Who teaches it, or stands in for who does, then or at `at`."""
    return {
        one.id
        for moment in dict.fromkeys((what.at, at))
        for context in what.contexts
        for one in directory.holders("course_teacher", context, moment)
    }


def deciders(what: OfLeave, directory: Directory, at: datetime) -> list[str]:
    """Who is to decide on a leave, or stands in: the nearest who may, is there, and is not the student.

    Where all are away by the directory, the nearest of them; nobody if there is nobody.
    """
    steps = [
        [one.id for one in directory.holders(role, what.context, at) if one.id != what.student]
        for role in LEAVE_CHAIN[_first(what) :]
    ]
    there = [[one for one in step if not directory.is_away(one, at)] for step in steps]
    return next(filter(None, there), next(filter(None, steps), []))


def _of_leave(person: str, what: OfLeave, directory: Directory, at: datetime) -> Why | None:
    """Nobody decides on their own. Whoever looks after the class asks for a student, and ends what was granted."""
    if person == what.student:
        return "own" if what.policy.students and what.class_ and what.act != "decide" else None
    first = _first(what) if what.act == "decide" else 0
    last = LEAVE_CHAIN.index("counsellor") + 1 if what.act == "ask" else len(LEAVE_CHAIN)
    held = any(_holds(person, role, what.context, directory, at) for role in LEAVE_CHAIN[first:last])
    return "role" if held else None


def _first(what: OfLeave) -> int:
    """From where on the chain may decide."""
    return 0 if what.days <= what.policy.tutor_days else _OF_LONG_LEAVE


def departments_of(who: Who, directory: Directory, at: datetime) -> frozenset[str] | None:
    """Of which departments somebody sees the figures; None: of the whole college."""
    if _holds_any(who, (OPERATOR, *OFFICES), directory, at):
        return None
    return frozenset(directory.headed_by(who.person, at))


def takers(giver: str, what: Matter, directory: Directory, at: datetime) -> set[str]:
    """To whom somebody may hand a warning over."""
    beside = _beside(giver, directory, at)
    found = {*what.told, *beside}
    for role, about in SIGHT.items():
        if not what.context.keys().isdisjoint(about):
            found |= {one.id for one in directory.holders(role, what.context, at)}
    return {one for one in found - {giver} if _may_take(one, beside, what, directory, at)}


def may_take(to: str, giver: str, what: Matter, directory: Directory, at: datetime) -> bool:
    """Whether a warning may be handed over to somebody; never to whom it is about.

    To who sees it by their role or was told of it, stands in for who hands it over, or holds one of the same roles in
    the same department.
    """
    return _may_take(to, _beside(giver, directory, at), what, directory, at)


def may_take_back(person: str, asked_by: str, directory: Directory, at: datetime) -> bool:
    """Whether somebody may take a referral back: who asked, or stands in for them."""
    return person == asked_by or any(one.id == person for one in directory.instead(asked_by, at))


def _beside(giver: str, directory: Directory, at: datetime) -> set[str]:
    """Who holds one of somebody's roles in the same department, and who stands in for them."""
    return {*directory.colleagues(giver, at), *(one.id for one in directory.instead(giver, at))}


def _may_take(to: str, beside: Collection[str], what: Matter, directory: Directory, at: datetime) -> bool:
    if to == _whom(what) or not directory.is_there(to, at):
        return False
    return to in beside or _of_warning(to, what, directory, at) not in (None, "referred")


def _whom(what: Matter) -> str | None:
    """The person that a warning is about, if it is about one."""
    names_others = not what.context.keys().isdisjoint(("student", "class", "course", "lesson"))
    return what.context.get("student") if names_others else what.context.get("teacher")


def is_about(person: str, what: Matter) -> bool:
    """Whether a warning is about somebody."""
    return person == _whom(what)


def _of_warning(person: str, what: Matter, directory: Directory, at: datetime) -> Why | None:
    if person in what.told:
        return "told"
    for role, about in SIGHT.items():
        if not what.context.keys().isdisjoint(about) and _holds(person, role, what.context, directory, at):
            return "role"
    class_ = "" if {"student", "course", "teacher"} & what.context.keys() else what.context.get("class", "")
    if class_ and directory.courses_taught(person, class_, at):
        return "class"
    if any(_of_warning(person, one, directory, at) for one in what.cases):
        return "case"
    return "referred" if _was_referred(person, what, directory, at) else None


def _was_referred(person: str, what: Matter, directory: Directory, at: datetime) -> bool:
    """Whether a referral gives sight of it: to the office, until it has answered; then to who wrote the answer."""
    if person == _whom(what):
        return False
    return person in what.answered_by or any(_holds(person, one, what.context, directory, at) for one in what.offices)


def roles_of(person: str, what: Matter, directory: Directory, at: datetime) -> list[str]:
    """The roles by which somebody has to do with a warning, in the order of SIGHT, then offices it was referred to."""
    about = [role for role, names in SIGHT.items() if not what.context.keys().isdisjoint(names)]
    return [role for role in (*about, *what.offices) if _holds(person, role, what.context, directory, at)]


def _of_leave_or_record(person: str, what: OfLeave | Appealed, directory: Directory, at: datetime) -> Why | None:
    if isinstance(what, OfLeave):
        return _of_leave(person, what, directory, at)
    return _of_record(person, what, directory, at)


def _of_record(person: str, what: Appealed, directory: Directory, at: datetime) -> Why | None:
    if person in what.deciders:
        return "role"
    if person in (what.student, what.asked_by):
        return "own"
    about = {"student": what.student}
    return "role" if any(_holds(person, role, about, directory, at) for role in LOOKS_AFTER) else None


def _of_inbox(person: str, whose: str, directory: Directory, at: datetime) -> Why | None:
    if person == whose:
        return "own"
    return "stands_in" if any(one.id == person for one in directory.instead(whose, at)) else None


def _holds_any(who: Who, roles: Sequence[str], directory: Directory, at: datetime) -> bool:
    return who.operator or any(_holds(who.person, one, {}, directory, at) for one in roles)


def _holds(person: str, role: str, context: Mapping[str, str], directory: Directory, at: datetime) -> bool:
    return any(one.id == person for one in directory.holders(role, context, at))
