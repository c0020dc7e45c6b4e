"""Lessons: timetable × calendar × make-up days, and those that were moved, cancelled or given by somebody else."""

import re
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from tests.acceptance.exports_a import cells
from tests.acceptance.exports_a.cells import TERM_BEGINS, ZONE, text
from tests.acceptance.exports_a.term import week

PUBLISHED = datetime(2026, 8, 30, 12, tzinfo=ZONE)
"""The timetable goes out before the term begins; the file does not say when."""
_BLOCK = re.compile(r"周(?P<day>[一二三四五六日])第(?P<sections>[\d,-]+)节\{(?P<weeks>.+)\}")
_PLACE = re.compile(r"周(?P<day>[一二三四五六日])第(?P<first>\d+)节连续(?P<count>\d+)节\{第(?P<week>\d+)-\d+周\}")


@dataclass(frozen=True)
class Lesson:
    """One lesson of one class."""

    course: str
    class_: str
    on: date
    first: int
    last: int
    teachers: tuple
    """Who leads first."""
    room: str
    status: str = "planned"
    moved_to: str | None = None

    @property
    def id(self):
        return f"{self.class_}|{self.course}|{self.on}|{self.first}-{self.last}"


@dataclass(frozen=True)
class Change:
    """One line of 调停课信息: what becomes of lessons, when it was applied for."""

    at: datetime
    lessons: tuple


class Timetable:
    """All lessons of the term: as first published, the changes, and what stands after them."""

    def __init__(self, folder, college, term):
        self._college, self._term = college, term
        self.published = {one.id: one for one in self._read(folder / "班级课表.xlsx")}
        self.standing = dict(self.published)
        self.changes = [self._change(row) for row in cells.html_rows(folder / "调停课信息.xls")[2:]]
        self._places = {(one.class_, one.on, one.first): one for one in self.given()}

    def given(self):
        """The lessons that take place."""
        return [one for one in self.standing.values() if one.status == "planned"]

    def find(self, class_, on, first, last):
        """The lesson that a class has on a day in these sections, cancelled ones too."""
        found = self._places.get((class_, on, first))
        if found is None:
            standing = self.standing.values()
            found = next(one for one in standing if (one.class_, one.on, one.first) == (class_, on, first))
        assert found.last == last, f"{class_} {on} {first}-{last}: {found.id}"
        return found

    def span(self, lesson):
        """When it begins and ends."""
        return self._term.span(lesson.on, lesson.first, lesson.last)

    def _read(self, path):
        days = list(self._term.days())
        for sheet, rows in cells.sheets(path).items():
            class_ = self._college.classes[sheet]
            for row in rows[3:]:
                for cell in row[2:]:
                    for block in filter(None, text(cell).split("\n\n")):
                        yield from self._lessons(class_, block, days)

    def _lessons(self, class_, block, days):
        """The lessons of one block, of four lines."""
        course_name, when, teachers, room = block.split("\n")
        found, course = _BLOCK.fullmatch(when), self._college.courses[course_name]
        first, last = cells.sections(found["sections"])
        weekday, weeks = "一二三四五六日".index(found["day"]), cells.weeks(found["weeks"])
        staff = tuple(self._college.staff(one, course, class_) for one in teachers.split(","))
        for on, like in days:
            if like.weekday() == weekday and week(like) in weeks:
                yield Lesson(course, class_, on, first, last, staff, room)

    def _change(self, row):
        _, course_name, classes, before, after, applied, _ = (text(cell) for cell in row)
        course = self._college.courses[course_name]
        changed = []
        for class_name in classes.split(";"):
            class_ = self._college.classes[class_name]
            on, first, last, _, _ = self._place(before, course, class_)
            old = next(one for one in self.published.values() if (one.class_, one.on, one.first) == (class_, on, first))
            assert (old.course, old.last) == (course, last), before
            if not after:
                changed.append(replace(old, status="cancelled"))
                continue
            on, first, last, room, teacher = self._place(after, course, class_)
            new = replace(old, on=on, first=first, last=last, room=room, teachers=(teacher,))
            changed.append(new)
            if new.id != old.id:
                changed.append(replace(old, status="moved", moved_to=new.id))
        self.standing |= {one.id: one for one in changed}
        day, _, minute = applied.rpartition("-")
        return Change(cells.moment(f"{day[:10]} {day[11:]}:{minute}"), tuple(changed))

    def _place(self, words, course, class_):
        """(day, first and last section, room, teacher) of `周五第5节连续2节{第10-10周}/明德楼A401/潘文斌`."""
        when, room, teacher = words.split("/")
        found = _PLACE.fullmatch(when)
        days = 7 * (int(found["week"]) - 1) + "一二三四五六日".index(found["day"])
        first = int(found["first"])
        staff = self._college.staff(teacher, course, class_)
        return TERM_BEGINS + timedelta(days=days), first, first + int(found["count"]) - 1, room, staff
