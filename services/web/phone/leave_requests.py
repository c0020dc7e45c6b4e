"""Requests for leave as somebody sees them: whose, what waits for whom, and the words for it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Literal, NamedTuple
from urllib.parse import quote

from services.accounts import permissions
from services.accounts.asked import OfLeave, Who
from services.accounts.permissions import LEAVE_CHAIN
from services.errors import LogError
from services.ingest.phone.leaves import NOON, Leave, class_of, days_of
from services.ingest.phone.lessons import Lesson
from services.ingest.phone.phone import Phone
from services.ingest.phone.roll_call import read_roll_call
from services.notify.wording import day
from services.web.frame import Frame
from services.web.phone.leave_form import End
from services.web.phone.lesson_words import shown
from services.web.phone.sending import Form
from services.web.reader import Reader

PATH = "/leaves"
_MIDNIGHT = time()
_MOST_LESSONS = 40
"""That are listed of a long leave."""
Act = Literal["see", "ask", "decide", "end"]


class LeaveShown(NamedTuple):
    """One in front of people."""

    path: str
    """Of its page, as our routes have it, escaped."""
    who: str
    class_: str
    when: str
    days: str
    category: str
    status: str
    state: str
    """The same in words, with who has said so and when."""
    asked: str
    """By whom and when."""
    reason: str
    answer: str
    waits_for: str
    """Who is to decide, where nobody has; empty if there is nobody."""


class LeaveLink(NamedTuple):
    """What leads somebody to the list."""

    is_there: bool = False
    """Whether there may be anything for them: students whom they look after, or themselves."""
    waiting: int = 0
    """Requests that they are to decide."""


class LeaveRequests:
    """What the pages about leave share: who may, and what somebody is shown."""

    def __init__(self, frame: Frame, phone: Phone) -> None:
        self._frame, self._phone = frame, phone

    def of(self, act: Act, leave: Leave, ends: datetime | None = None) -> OfLeave:
        """What somebody wants of it. `ends`: granted, it would end then."""
        config, now = self._frame.notify.config, self._phone.clock()
        days = days_of(leave.begins, leave.ends if ends is None else ends, config.zone)
        return OfLeave(act, leave.student, class_of(leave, self._phone.directory, now), config.leave, days)

    def asking(self, student: str) -> OfLeave:
        """That somebody asks for a student."""
        class_ = self._phone.directory.class_of(student, self._phone.clock()) or ""
        return OfLeave("ask", student, class_, self._frame.notify.config.leave)

    def can(self, who: Who, what: OfLeave) -> bool:
        """Whether the page offers it; who is refused what they ask for is asked by `Frame.may`."""
        return permissions.allowed(who, what, self._phone.directory, self._phone.clock()).granted

    def deciders(self, leave: Leave) -> list[str]:
        """Ids of who is to decide."""
        return permissions.deciders(self.of("decide", leave), self._phone.directory, self._phone.clock())

    def students(self, person: str, roles: Sequence[str] = LEAVE_CHAIN) -> dict[str, str]:
        """Student → class, of the classes that somebody holds one of the roles for."""
        directory, now = self._phone.directory, self._phone.clock()
        classes = [
            one.id
            for one in directory.tables.classes
            if any(held.id == person for role in roles for held in directory.holders(role, {"class": one.id}, now))
        ]
        return {student: class_ for class_ in classes for student in directory.class_members(class_, now)}

    def seen_by(self, who: Who) -> list[Leave]:
        """Of their students, and their own if the college lets them; the newest begin first."""
        students = [*self.students(who.person), who.person]
        return [one for one in self._phone.leaves(students) if self.can(who, self.of("see", one))]

    def link(self, person: str) -> LeaveLink:
        """What other pages say of the list; they do without the number if it cannot be read."""
        students = list(self.students(person))
        if not students:
            return LeaveLink(self.can(Who(person), self.asking(person)))
        try:
            found = self._phone.leaves(students)
        except LogError:
            found = []
        return LeaveLink(True, sum(one.status == "pending" and person in self.deciders(one) for one in found))

    def shown(self, leave: Leave, reader: Reader) -> LeaveShown:
        """As a page says it."""
        data, class_ = leave.event.data, class_of(leave, self._phone.directory, self._phone.clock())
        names = [reader.person(one) for one in self.deciders(leave)] if leave.status == "pending" else []
        asked = leave.by("asked")
        at = reader.instant(leave.event.time)
        n = days_of(leave.begins, leave.ends, reader.zone)
        return LeaveShown(
            path_of(leave.key),
            reader.person(leave.student),
            reader.named("class", class_) if class_ else "",
            when(leave.begins, leave.ends, reader),
            reader.word("leave_days" if n != 1 else "leave_day", n=n),
            reader.word(f"leave_{data['category']}") if data.get("category") else "",
            leave.status,
            state(leave, reader),
            reader.word("leave_asked_by", who=reader.person(asked), at=at)
            if asked
            else reader.word("leave_from_source", source=leave.event.source, at=at),
            str(data.get("reason", "")),
            str(data.get("answer", "")),
            joined(names, reader),
        )

    def moment(self, form: Form, name: str, student: str, reader: Reader) -> datetime | str:
        """An end of a leave as it was typed, `from` or `to`; else in words what is wrong with it."""
        class_ = self._phone.directory.class_of(student, self._phone.clock()) or ""

        def lessons(day_: date) -> Sequence[Lesson]:
            midnight = datetime.combine(day_, _MIDNIGHT, reader.zone)
            return self._phone.lessons_of(class_, (midnight, midnight + timedelta(days=1, milliseconds=-1)))

        found = End.of(form, name).moment(reader, lessons, is_last=name == "to")
        return reader.word(found, which=reader.word(f"leave_{name}")) if isinstance(found, str) else found

    def marks(self, leave: Leave, reader: Reader) -> list[tuple[str, str]]:
        """(lesson, what the roll-call says) of the lessons under it whose roll was called, oldest first."""
        directory, found = self._phone.directory, []
        class_ = class_of(leave, directory, self._phone.clock())
        lessons = self._phone.lessons_of(class_, (leave.begins - timedelta(hours=12), leave.ends))
        under = [one for one in lessons if leave.begins < one.ends and one.begins < leave.ends]
        with self._phone.reading() as records:
            for lesson in under[:_MOST_LESSONS]:
                call = read_roll_call(records, lesson.id, directory, self._phone.closed)
                mark = next((one.mark for one in call.students if one.student == leave.student), None) if call else None
                if call is not None and call.taken is not None and mark is not None:
                    one = shown(lesson, reader)
                    found.append((f"{one.day} {one.course}", reader.term("value", mark.status)))
        return found


def path_of(key: str) -> str:
    """The address of a leave's page."""
    return f"{PATH}/{quote(key, safe='')}"


def joined(names: Sequence[str], reader: Reader) -> str:
    """Several names in one sentence."""
    return (", " if reader.language == "en" else "、").join(names)


def state(leave: Leave, reader: Reader) -> str:
    """Whether it was decided, by whom and when; and whether it ended sooner."""
    decider, ender, at = leave.by("decided"), leave.by("ended"), reader.instant(leave.said)
    if ender and (leave.status == "granted" or decider):
        granted = reader.word("leave_granted_by", who=reader.person(decider)) if decider else ""
        how = "leave_shortened_by" if leave.status == "granted" else "leave_ended_by"
        then = reader.word(how, who=reader.person(ender), at=at)
        return ("; " if reader.language == "en" else "；").join((granted or reader.word("leave_is_granted"), then))
    by = ender if leave.status == "cancelled" else decider
    if leave.status == "pending" or not by:
        return reader.word(f"leave_is_{leave.status}")
    return reader.word(f"leave_{leave.status}_at", who=reader.person(by), at=at)


def when(begins: datetime, ends: datetime, reader: Reader) -> str:
    """`11-23 周一 全天`, `11-23 周一 上午`, `11-23 周一 08:00–09:40`, `11-23 周一 13:00 – 11-25 周三 24:00`."""
    first, last = begins.astimezone(reader.zone), ends.astimezone(reader.zone)
    is_midnight = last.time() == _MIDNIGHT
    last_day = last - timedelta(milliseconds=1)
    days = [day(one, reader.listener) for one in (first, last_day)]
    if first.time() == _MIDNIGHT and is_midnight:
        return reader.word("leave_whole_day", day=days[0]) if days[0] == days[1] else f"{days[0]} – {days[1]}"
    until = "24:00" if is_midnight else f"{last:%H:%M}"
    if days[0] != days[1]:
        return f"{days[0]} {first:%H:%M} – {days[1]} {until}"
    halves = {(_MIDNIGHT, NOON): "leave_morning", (NOON, _MIDNIGHT): "leave_afternoon"}
    half = halves.get((first.time(), last.time()))
    return reader.word(half, day=days[0]) if half else f"{days[0]} {first:%H:%M}–{until}"
