"""What of a group of records counts: pure, a function of what was said, of the directory and of the calendar.

It decides nothing by the order in which things came. What does not count is kept with its named reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

import msgspec

from services.ingest.moments import read_moment
from services.ingest.records.figures import figures, with_leave
from services.ingest.records.keys import Keys
from services.ingest.records.test_standards import pass_mark, standard_at
from services.log.records import Key, Record, Said
from services.messages import CampusEvent, Json, Problem, to_ms

DERIVED = "prewarn/derived"
"""The source of records that nobody sent, but that follow from others."""
_MONTH = timedelta(days=31)
_OVERLAID = ("category", "priority", "department")
"""What a later step of a ticket may say anew: it holds for the whole ticket."""


class College(Protocol):
    """What bounds a record, of the directory."""

    def enrich(self, kind: str, data: Json, at: datetime) -> tuple[Json, list[Problem]]:
        """See `Directory.enrich`."""

    def enrolled(self, student: str, at: datetime) -> bool:
        """Whether something of a student counts at an instant; true for one whom nobody knows."""

    def enrolled_until(self) -> dict[str, datetime | None]:
        """Student → when the last of their enrolments ends; None: it does not."""

    def left_class(self, student: str, class_: str, at: datetime) -> bool:
        """Whether a student belongs to a class on other days only."""

    def class_members(self, class_: str, at: datetime) -> list[str]:
        """Who is enrolled in a class at an instant."""

    def exempt(self, student: str, of: str, at: datetime) -> str | None:
        """Why a student needs not do something of a kind."""

    def source_rank(self, source: str) -> int:
        """The source's rank: 1 speaks before 2."""

    def source_lists(self, source: str) -> str | None:
        """Whether the source's attendance lists `all` or `exceptions_only`; None where nobody has said."""

    def lists_anything(self) -> bool:
        """Whether `source_lists` says something of any source."""


@dataclass(frozen=True)
class Context:
    """What a group is resolved with."""

    keys: Keys
    college: College
    closed: Callable[[datetime], bool]
    """Whether the college is closed on the day of an instant: a holiday that nobody makes up for."""
    leaves: Mapping[str, list[CampusEvent]] = field(default_factory=dict)
    """Student → what speaks for their requests of leave."""
    lessons: Mapping[str, CampusEvent] = field(default_factory=dict)
    """What speaks for lessons that tests belong to."""
    standards: Mapping[str, list[CampusEvent]] = field(default_factory=dict)
    """Course → what speaks for its teachers' own standards for tests."""


class Found(msgspec.Struct, frozen=True):
    """What of one key counts."""

    event: CampusEvent | None
    reason: str = ""
    """Without an event: why."""


Resolved = dict[Key, Found]


def speaking(record: Record, rank: Callable[[str], int]) -> Said | None:
    """Of each source its newest word; of those that are no retraction the one of the highest rank."""
    standing = [one for one in record.said if not one.event.retracted]
    if len(standing) <= 1:
        return standing[0] if standing else None
    # Of equal rank the newer one; that two sources say so at one instant is decided by their names, not by the order.
    return min(standing, key=lambda one: (rank(one.event.source), -one.event.revision, -one.recorded, one.event.source))


def resolve(kind: str, records: Iterable[Record], context: Context, whole: bool) -> Resolved:
    """What of these records of one group counts. `whole`: they are all of it, so that what follows from them is made.

    `kind` is what the group is of: the part of its name before the first slash.
    """
    spoken: dict[Key, CampusEvent | None] = {}
    for record in records:
        said = speaking(record, context.college.source_rank)
        spoken[record.kind, record.key] = said.event if said else None
    return _OF.get(kind, _singly)(spoken, context, whole)


def _singly(spoken: dict[Key, CampusEvent | None], context: Context, _whole: bool) -> Resolved:
    return {key: _counted(event, context, _bound(event, context)) for key, event in spoken.items()}


def _counted(event: CampusEvent | None, context: Context, reason: str, **changes: Any) -> Found:
    if event is None:
        return Found(None, "retracted")
    if reason:
        return Found(None, reason)
    data = context.college.enrich(event.kind, {**event.data, **changes} if changes else event.data, event.time)[0]
    return Found(event if data is event.data else msgspec.structs.replace(event, data=data))


def _bound(event: CampusEvent | None, context: Context, at: datetime | None = None) -> str:
    """Why a record about a student does not count: they were not there, or need not be."""
    student = event.data.get("student") if event else None
    if event is None or student is None or event.kind == "leave":
        return ""
    at = at or event.time
    if not context.college.enrolled(student, at) and not _enrolled_within(event, student, context):
        return "not_enrolled"
    return "exempt" if context.college.exempt(student, event.kind, at) is not None else ""


def _enrolled_within(event: CampusEvent, student: str, context: Context) -> bool:
    """Whether the student was there on a day of the month that the record is about."""
    first = read_moment(f"{event.data.get('period', '')}-01T00:00:00Z") if event.kind in _MONTHLY else None
    return first is not None and any(
        context.college.enrolled(student, first + timedelta(days=day)) for day in range(_MONTH.days)
    )


def _of_other_class(event: CampusEvent, lesson: CampusEvent | None, context: Context, at: datetime) -> str:
    """Why a mark by a class's list does not count: the student joined that class later, or has moved to another one."""
    data = lesson.data if lesson else event.data
    student, classes = event.data["student"], {*data.get("classes", ()), data.get("class")} - {None}
    if student in data.get("students", ()) or not classes:
        return ""
    return "other_class" if all(context.college.left_class(student, one, at) for one in classes) else ""


_MONTHLY = frozenset({"assessment", "self_assessment"})


def _test(spoken: dict[Key, CampusEvent | None], context: Context, _whole: bool) -> Resolved:
    """The attempts of one student at one test: the newest that was graded counts, else the newest."""
    found: Resolved = {}
    best: tuple[tuple[bool, int, datetime], Key] | None = None
    for key, event in spoken.items():
        lesson = context.lessons.get(event.data.get("lesson", "")) if event else None
        at = begin_of(lesson) if lesson else None
        counted = _counted(event, context, not_held(lesson, context.closed) or _bound(event, context, at))
        found[key] = _with_pass_mark(counted, context)
        if event is not None and found[key].event is not None:
            order = (event.data["status"] == "graded", int(event.data.get("attempt", 1)), event.time), key
            best = order if best is None else max(best, order)
    for key, one in found.items():
        if one.event is not None and best is not None and key != best[1]:
            found[key] = Found(None, "newer_attempt")
    return found


def _with_pass_mark(found: Found, context: Context) -> Found:
    """A result whose source names no pass mark has the one that the teacher has set for the course."""
    event = found.event
    data = {} if event is None else event.data
    if event is None or data["status"] != "graded" or data.get("pass_score") is not None or "teacher" not in data:
        return found
    standard = standard_at(context.standards.get(data.get("course", ""), ()), data["teacher"], event.time)
    if standard is None:
        return found
    return Found(msgspec.structs.replace(event, data=data | {"pass_score": pass_mark(event, standard)}))


def _ticket(spoken: dict[Key, CampusEvent | None], context: Context, _whole: bool) -> Resolved:
    """The steps of a ticket: what the newest one says of category, priority and department holds for all of them."""
    steps = sorted((event for event in spoken.values() if event is not None), key=lambda one: (one.time, one.id))
    newest = {name: one.data[name] for one in steps for name in _OVERLAID if one.data.get(name) is not None}
    return {
        key: _counted(event, context, "", **(newest if event and event.data | newest != event.data else {}))
        for key, event in spoken.items()
    }


def _lesson(spoken: dict[Key, CampusEvent | None], context: Context, whole: bool) -> Resolved:
    """A lesson with its roll-call and its attendance."""
    lesson = next((event for (kind, _), event in spoken.items() if kind == "lesson" and event), None)
    found: Resolved = {}
    here: list[CampusEvent] = []
    for key, event in spoken.items():
        if event is None or key[0] == "lesson":
            reason = not_held(event, context.closed, itself=True) if event else ""
            found[key] = _counted(event, context, reason)
            continue
        at = begin_of(lesson) if lesson else event.time
        reason = not_held(lesson, context.closed) if lesson else "closed_day" if context.closed(at) else ""
        if key[0] == "attendance":
            reason = reason or _bound(event, context, at) or _of_other_class(event, lesson, context, at)
            found[key] = _attended(event, lesson, context, reason)
            here += [one] if (one := found[key].event) else []
        else:
            found[key] = _counted(event, context, reason)
    if whole:
        _derive(spoken, found, here, lesson, context)
        _recount(spoken, found, context)
    return found


def _recount(spoken: dict[Key, CampusEvent | None], found: Resolved, context: Context) -> None:
    """Leave also lies over figures that somebody has sent: as far as it is on record who of the lesson was absent."""
    key, rollcall = next(((key, one) for key, one in spoken.items() if key[0] == "rollcall" and one), (None, None))
    if key is None or rollcall is None or found[key].event is None or rollcall.data.get("present") is None:
        return
    absent = [name for name, one in spoken.items() if name[0] == "attendance" and one and _is_absent(one)]
    counted = [event.data["status"] for name in absent if (event := found[name].event) is not None]
    change = with_leave(rollcall, len(counted), counted.count("leave"))
    if change:
        found[key] = _counted(rollcall, context, "", **change)


def _is_absent(event: CampusEvent) -> bool:
    return bool(event.data["status"] == "absent")


def _derive(
    spoken: dict[Key, CampusEvent | None],
    found: Resolved,
    here: list[CampusEvent],
    lesson: CampusEvent | None,
    context: Context,
) -> None:
    """What follows where a source lists exceptions only, or everybody: who was present, and the roll-call's figures."""
    rolled_key, rollcall = next(
        ((key, event) for key, event in spoken.items() if key[0] == "rollcall" and event), (None, None)
    )
    sources = {event.source for (kind, _), event in spoken.items() if event and kind == "attendance"}
    listed = {context.college.source_lists(one) for one in sources | ({rollcall.source} if rollcall else set())}
    held = rollcall is not None and rolled_key is not None and found[rolled_key].event is not None
    example = lesson or rollcall or next(iter(here), None)
    class_ = example.data.get("class") if example else None
    if example is None or class_ is None or not listed - {None} or (lesson and not_held(lesson, context.closed)):
        return
    at = begin_of(lesson) if lesson else example.time
    members = [one for one in expected_students(example, context.college) if _needs_to_be_there(one, at, context)]
    if held and rollcall is not None and "exceptions_only" in listed:
        marked = {event.data["student"] for (kind, _), event in spoken.items() if event and kind == "attendance"}
        for student in members:
            if student not in marked:
                one = _present(student, lesson, rollcall, context)
                here += [event] if (event := one.event) else []
                named = {"lesson": example.data["lesson"], "student": student}
                found["attendance", context.keys.made("attendance", named)] = one
    if held and rollcall is not None and rolled_key is not None:
        if rollcall.data.get("present") is None:
            counted = figures(members, _marks(here)) | {"expected": rollcall.data.get("expected", len(members))}
            found[rolled_key] = _counted(rollcall, context, "", **counted)
    elif rollcall is None and "all" in listed and here:
        key = "rollcall", context.keys.made("rollcall", {"lesson": example.data["lesson"]})
        found[key] = _counted(_rolled(members, here, lesson, class_), context, "")


def _present(student: str, lesson: CampusEvent | None, rollcall: CampusEvent, context: Context) -> Found:
    example = lesson or rollcall
    data = {name: example.data[name] for name in _OF_LESSON if example.data.get(name) is not None}
    if "classes" in example.data:
        del data["class"]  # theirs is what the directory says
    begin = begin_of(lesson) if lesson else rollcall.time
    event = CampusEvent(
        source=DERIVED,
        id=f"attendance/{example.data['lesson']}/{student}",
        kind="attendance",
        time=min(begin, rollcall.time),
        past=rollcall.past,
        data={**data, "student": student, "status": "present"},
    )
    return _attended(event, lesson, context, "")


def _rolled(members: list[str], here: list[CampusEvent], lesson: CampusEvent | None, class_: str) -> CampusEvent:
    """The roll-call that attendance of everybody makes. Until all are there it has no figures but who is expected."""
    example = lesson or here[0]
    data = {name: example.data[name] for name in _OF_LESSON if name != "hours" and example.data.get(name) is not None}
    data |= {"lesson": here[0].data["lesson"], "class": class_, "expected": len(members)}
    if {event.data["student"] for event in here} >= set(members):
        data |= figures(members, _marks(here))
    return CampusEvent(
        source=DERIVED,
        id=f"rollcall/{data['lesson']}",
        kind="rollcall",
        time=max(event.time for event in here),
        past=None if any(event.past is None for event in here) else max(event.past for event in here if event.past),
        data=data,
    )


_OF_LESSON = ("lesson", "course", "class", "teacher", "hours")


def _marks(here: Iterable[CampusEvent]) -> Iterator[tuple[str, str]]:
    return ((event.data["student"], event.data["status"]) for event in here)


def expected_students(lesson: CampusEvent, college: College) -> list[str]:
    """Who is enrolled in a lesson's class or classes when it begins; of a group those who are."""
    at, data = begin_of(lesson), lesson.data
    if "students" in data:
        return sorted(one for one in data["students"] if college.enrolled(one, at))
    classes = {*data.get("classes", ()), data.get("class")} - {None}
    return sorted({one for class_ in classes for one in college.class_members(class_, at)})


def _needs_to_be_there(student: str, at: datetime, context: Context) -> bool:
    return context.college.exempt(student, "attendance", at) is None


def _attended(event: CampusEvent, lesson: CampusEvent | None, context: Context, reason: str) -> Found:
    """With the leave that was granted for its hours: nobody who has leave is absent without leave."""
    derived = event.source == DERIVED
    if reason or not (derived or event.data["status"] == "absent"):
        return _counted(event, context, reason)
    begin, end = (begin_of(lesson), end_of(lesson)) if lesson else (event.time, event.time + _INSTANT)
    for leave in context.leaves.get(event.data["student"], ()):
        first, last = begin_of(leave), end_of(leave)
        # Who is not listed may have come for the rest of the lesson; who is listed as absent is not accused.
        covers = first <= begin and end <= last if derived else first < end and begin < last
        if leave.data["status"] == "granted" and covers:
            return _counted(event, context, "", status="leave")
    return _counted(event, context, "")


_INSTANT = timedelta(milliseconds=1)


def not_held(lesson: CampusEvent | None, closed: Callable[[datetime], bool], *, itself: bool = False) -> str:
    """Why a lesson does not take place: moved, cancelled, closed_day. One that is cancelled still says so itself."""
    if lesson is None:
        return ""
    if lesson.data.get("moved_to") is not None:
        return "moved"
    if lesson.data["status"] == "cancelled" and not itself:
        return "cancelled"
    return "closed_day" if closed(begin_of(lesson)) else ""


_BEGINS = {"lesson": ("starts_at", "ends_at"), "leave": ("from", "to")}


def begin_of(event: CampusEvent) -> datetime:
    """When what a record is about takes place: a lesson's or a leave's begin, else when it occurred."""
    names = _BEGINS.get(event.kind)
    return (read_moment(event.data[names[0]]) if names else None) or event.time


def end_of(event: CampusEvent) -> datetime:
    """When a lesson or a leave is over."""
    return read_moment(event.data[_BEGINS[event.kind][1]]) or event.time


def takes_place(event: CampusEvent) -> int:
    """When what a record is about takes place (ms)."""
    return to_ms(begin_of(event))


def group_of(event: CampusEvent, key: str) -> str:
    """The name of the group that a record is resolved in."""
    data = event.data
    if event.kind in ("lesson", "rollcall", "attendance"):
        return f"lesson/{data['lesson']}"
    if event.kind == "test":
        return f"test/{data['test']}/{data['student']}"
    if event.kind == "test_standard":
        return f"test_standard/{data['course']}"
    return f"ticket/{data['ticket']}" if event.kind == "ticket" else f"{event.kind}/{key}"


_OF = {"lesson": _lesson, "test": _test, "ticket": _ticket}
