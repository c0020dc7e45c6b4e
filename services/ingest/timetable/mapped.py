"""The parts of a timetable that a mapping reads: plans, changes, times of the sections, days off."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any

from services.i18n import say
from services.ingest.mappings.context import Record
from services.ingest.mappings.reading import MappedFile
from services.ingest.mappings.targets import TIMETABLE
from services.ingest.timetable import words
from services.ingest.timetable.grid import Names
from services.ingest.timetable.model import Bell, Change, Instead, Plan, Teaching, Term
from services.messages import Json, Message, Problem

_LONGEST = timedelta(days=366)


class Wrong(Exception):  # noqa: N818 - it is the row that is wrong
    """A row that says too little, or what is not so: a message, and what would be right."""

    def __init__(self, what: Message, expected: Message | str = "") -> None:
        super().__init__(str(what))
        self.what, self.expected = what, expected


def _records(files: Iterable[MappedFile], to: str, problems: list[Problem]) -> Iterator[tuple[Json, str]]:
    """(fields, place) of the rows of one kind of table; what is wrong with a row is a problem, each told once."""
    for file in files:
        for reader, record in file.records():
            if reader.found.table.to != to:
                continue
            if not record.problems:
                yield record.data, _place(file, record)
            for one in record.problems:
                told = Problem(where=f"{file.name} {one.where}", what=one.what, expected=one.expected)
                if told not in problems:
                    problems.append(told)


def _place(file: MappedFile, record: Record) -> str:
    return f"{file.name} {record.position}"


def _read(make: Callable[[], Any], place: str, problems: list[Problem]) -> Any:
    """What `make` makes; None if the row is wrong, which is a problem."""
    try:
        return make()
    except Wrong as wrong:
        problems.append(Problem(where=place, what=wrong.what, expected=wrong.expected))
    except ValueError as error:
        what = error.args[0] if isinstance(error.args[0], Message) else say("ingest.not_a_block", text=error.args[0])
        problems.append(Problem(where=place, what=what))
    return None


def term_with_days(files: Iterable[MappedFile], term: Term, problems: list[Problem]) -> Term:
    """The term with days off and make-up days."""
    off, follows = set(term.off), dict(term.follows)
    for data, place in _records(files, f"{TIMETABLE}/days", problems):
        first = date.fromisoformat(data["from"])
        last = date.fromisoformat(data["to"] if "to" in data else data["from"])
        if "follows" in data:
            follows[first] = date.fromisoformat(data["follows"])
        elif "lessons" in data:  # it is no day off: what it has lessons of would be lost without a word
            what, right = say("ingest.made_up_for_no_day", day=first), say("ingest.made_up_for_a_day")
            problems.append(Problem(where=place, what=what, expected=right))
        elif first <= last <= first + _LONGEST:
            off |= {first + timedelta(days=one) for one in range((last - first).days + 1)}
        else:
            problems.append(Problem(where=place, what=say("ingest.not_a_day", text=f"{first} … {last}")))
    return replace(term, off=frozenset(off), follows=follows)


def bells(files: Iterable[MappedFile], problems: list[Problem]) -> list[Bell]:
    """The times of the sections, for each part of the year that rows name. Of several sections the whole is said."""
    made: dict[tuple[date | None, date | None], Bell] = {}
    for data, _ in _records(files, f"{TIMETABLE}/sections", problems):
        since, until = (date.fromisoformat(data[name]) if name in data else None for name in ("from", "to"))
        first, last = words.sections(data["sections"])
        begins, ends = time.fromisoformat(data["begins"]), time.fromisoformat(data["ends"])
        times = made.setdefault((since, until), Bell({}, since, until)).times
        times[first] = begins, times.get(first, (begins, ends))[1] if first != last else ends
        times[last] = times.get(last, (begins, ends))[0] if first != last else begins, ends
    return list(made.values())


def plans(files: Iterable[MappedFile], term: Term, names: Names, problems: list[Problem]) -> Iterator[Plan]:
    """The blocks of the lists of a plan."""
    for data, place in _records(files, TIMETABLE, problems):
        yield from _read(partial(_plans, data, place, term, names), place, problems) or ()


def _plans(data: Json, place: str, term: Term, names: Names) -> list[Plan]:
    class_, course = data["class"], data["course"]
    taught = tuple(
        Teaching(names.teacher(one.teacher, course, class_), one.weeks)
        for one in words.teachers(data.get("teacher", ""))
    )
    room = data.get("room", "")
    rooms = [one.strip() for one in re.split(r"[;\n]", room)]
    made = []
    times = list(_times(data, term))
    for number, (weekday, first, last, weeks) in enumerate(times):
        where = rooms[number] if len(rooms) == len(times) else room
        made.append(Plan(class_, course, taught, weekday, first, last, weeks, where, place))
    return made


def _times(data: Json, term: Term) -> Iterator[tuple[int, int, int, frozenset[int]]]:
    """(weekday, first and last section, weeks) of all blocks of a row."""
    if "when" in data:
        for text in re.split(r"[;；\n]|(?<=[}\]周节)])[,，](?=[^,，]*(?:周|星期)[一二三四五六日天])", data["when"]):
            if text.strip():
                yield words.when(text)
    elif "day" in data and "sections" in data:
        day = date.fromisoformat(data["day"])
        yield day.isoweekday(), *words.sections(data["sections"]), frozenset({term.week(day)})
    elif lacking := [name for name in ("weekday", "sections", "weeks") if name not in data]:
        raise Wrong(say("mapping.blank", field=", ".join(lacking)), say("ingest.when_of_a_plan"))
    else:
        yield _weekday(data["weekday"]), *words.sections(data["sections"]), frozenset(data["weeks"])


def _weekday(text: str) -> int:
    try:
        return words.weekday_of_column(text)
    except ValueError:
        raise Wrong(say("ingest.not_a_weekday", text=text), say("ingest.weekday_such_as")) from None


def changes(files: Iterable[MappedFile], names: Names, problems: list[Problem]) -> Iterator[Change]:
    """What becomes of single lessons."""
    for data, place in _records(files, f"{TIMETABLE}/changes", problems):
        one = _read(partial(_change, data, place, names), place, problems)
        if one is not None:
            yield one


def _change(data: Json, place: str, names: Names) -> Change:
    class_, course, on = data["class"], data["course"], date.fromisoformat(data["day"])
    first, last = words.sections(data["sections"])
    status = data.get("status") or ("moved" if "to_day" in data or "to_sections" in data else "")
    said = datetime.fromisoformat(data["said"]).replace(tzinfo=None) if "said" in data else None
    if not status:
        raise Wrong(say("ingest.change_of_what"), say("ingest.status_of_a_change"))
    if status == "moved" and not ("to_day" in data and "to_sections" in data):
        raise Wrong(say("mapping.blank", field="to_day, to_sections"), say("ingest.status_of_a_change"))
    if status == "cancelled":
        return Change(class_, course, on, first, last, None, said, place)
    to = date.fromisoformat(data["to_day"]) if "to_day" in data else on
    begins, ends = words.sections(data["to_sections"]) if "to_sections" in data else (first, last)
    staff = tuple(names.teacher(one.teacher, course, class_) for one in words.teachers(data.get("teacher", "")))
    return Change(class_, course, on, first, last, Instead(to, begins, ends, data.get("room", ""), staff), said, place)
