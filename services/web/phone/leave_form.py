"""The form of a request for leave: two ends, each a day and a part of it, a lesson's section or a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from services.ingest.phone.leaves import NOON
from services.ingest.phone.lessons import Lesson
from services.web.phone.sending import Form
from services.web.reader import Reader
from services.web.visitor import said

SECTIONS = 12
"""Of a day, that can be chosen."""
WHOLE, HALF = "day", "noon"
_MIDDLE, _YEARS = 2100, 100
"""Years of days that somebody may ask for."""
_LONGEST = 40
LessonsOn = Callable[[date], Sequence[Lesson]]
"""Of the student's class, on a day."""


class End(NamedTuple):
    """One end of a leave as it is typed."""

    day: str
    part: str = WHOLE
    """day, noon, or the number of a section."""
    clock: str = ""
    """`08:30`; typed, it goes before the part."""

    @classmethod
    def of(cls, form: Form, name: str) -> End:
        """The end of a leave as a form has it; `name`: from or to."""
        return cls(*(said(form, f"{name}_{field}").strip()[:_LONGEST] for field in ("day", "part", "time")))

    @classmethod
    def at(cls, moment: datetime, *, is_last: bool) -> End:
        """As a form shows an instant of the college's clock."""
        clock = moment.time()
        if clock == time():
            return cls((moment - timedelta(days=1) if is_last else moment).date().isoformat())
        return (
            cls(moment.date().isoformat(), HALF)
            if clock == NOON
            else cls(moment.date().isoformat(), WHOLE, f"{moment:%H:%M}")
        )

    def moment(self, reader: Reader, lessons: LessonsOn, *, is_last: bool) -> datetime | str:
        """The instant; else which word says what is wrong."""
        found = day_of(self.day)
        if found is None:
            return "leave_wrong_day"
        midnight = datetime.combine(found, time(), reader.zone)
        if self.clock:
            clock = _clock(self.clock)
            return "leave_wrong_time" if clock is None else datetime.combine(found, clock, reader.zone)
        if self.part == HALF:
            return datetime.combine(found, NOON, reader.zone)
        if self.part in ("", WHOLE):
            return datetime.combine(found + timedelta(days=1), time(), reader.zone) if is_last else midnight
        number = int(self.part) if self.part.isascii() and self.part.isdigit() else 0
        of = next((one for one in lessons(found) if number in _sections(one)), None)
        return "leave_no_section" if of is None else (of.ends if is_last else of.begins)


def day_of(text: str) -> date | None:
    """None if it is none, or none that a timetable speaks of."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if abs(found.year - _MIDDLE) < _YEARS else None


def parts(reader: Reader, *, is_last: bool) -> list[tuple[str, str]]:
    """What can be chosen of a day: (value, words)."""
    end = "to" if is_last else "from"
    sections = [(str(n), reader.word(f"leave_{end}_section", n=n)) for n in range(1, SECTIONS + 1)]
    return [(WHOLE, reader.word(f"leave_{end}_whole")), (HALF, reader.word(f"leave_{end}_noon")), *sections]


def _clock(text: str) -> time | None:
    try:
        found = time.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo is None else None


def _sections(lesson: Lesson) -> range:
    first, _, last = str(lesson.event.data.get("sections", "")).partition("-")
    return range(int(first), int(last or first) + 1) if first.isdigit() else range(0)
