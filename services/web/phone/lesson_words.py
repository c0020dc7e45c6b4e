"""What a lesson is called on the phone pages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import quote

from services.ingest.phone.lessons import Lesson
from services.notify.ports import LessonTime
from services.notify.wording import day_and_sections
from services.web.reader import Reader

_LAST = 4


class LessonShown(NamedTuple):
    """A lesson in front of people."""

    id: str
    path: str
    """Of its pages, as our routes have it, escaped."""
    course: str
    classes: str
    room: str
    time: str
    """`08:00–09:40`, in the college's zone."""
    day: str
    """`11-27 周五 1–2 节`."""
    reason: str
    """Why it does not take place, in words; empty if it does."""


def path_of(lesson: str) -> str:
    """The address that a lesson's pages begin with."""
    return f"/lessons/{quote(lesson, safe='')}"


def shown(lesson: Lesson, reader: Reader) -> LessonShown:
    """As its teacher knows it."""
    data = lesson.event.data
    begins, ends = (one.astimezone(reader.zone) for one in (lesson.begins, lesson.ends))
    comma = ", " if reader.language == "en" else "、"
    return LessonShown(
        lesson.id,
        path_of(lesson.id),
        reader.named("course", data.get("course")) if data.get("course") else reader.word("lesson_without_course"),
        comma.join(reader.named("class", one) for one in lesson.classes),
        str(data.get("room", "")),
        f"{begins:%H:%M}–{ends:%H:%M}",
        day_of(lesson, reader),
        reader.word(f"lesson_{lesson.reason}") if lesson.reason else "",
    )


def day_of(lesson: Lesson, reader: Reader) -> str:
    """Its day and sections; the time where the timetable knows none."""
    time = LessonTime(lesson.begins, str(lesson.event.data.get("sections", "")))
    return day_and_sections(time, reader.listener)


def numbers(names: Mapping[str, str]) -> dict[str, str]:
    """Id → as much of it as tells students apart beside their names: the last four, where these are all different.

    Else nothing; of two who are called the same all of it.
    """
    last = {one: one[-_LAST:] for one in names}
    if len(set(last.values())) == len(last):
        return last
    called = Counter(names.values())
    return {one: one if called[name] > 1 else "" for one, name in names.items()}
