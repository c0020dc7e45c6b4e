"""Events as CloudEvents, without ids: records get theirs from what they are about."""

import json

from tests.acceptance.exports_a.college import CHANGES, TIMETABLE
from tests.acceptance.exports_a.timetable import PUBLISHED


def event(source, kind, at, recorded=None, *, retracted=False, **data):
    """One event; `class_` is `class`, and what is None is left out."""
    named = {name.removesuffix("_"): value for name, value in data.items() if value is not None}
    told = {"specversion": "1.0", "source": source, "type": kind, "time": at.isoformat(), "data": named}
    told |= {"recordedat": recorded.isoformat()} if recorded else {}
    return told | ({"retracted": True} if retracted else {})


def write(path, events):
    """NDJSON."""
    path.write_text("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in events), "utf-8")
    return path


def about(lesson):
    """The fields by which an event names its lesson."""
    return {"lesson": lesson.id, "course": lesson.course, "class_": lesson.class_, "teacher": lesson.teachers[0]}


def published(timetable):
    """The lessons of the timetable."""
    return [_lesson(timetable, one, TIMETABLE, PUBLISHED) for one in timetable.published.values()]


def changed(timetable):
    """The lessons that 调停课 says anew. It goes before the timetable, by its rank."""
    return [_lesson(timetable, one, CHANGES, change.at) for change in timetable.changes for one in change.lessons]


def _lesson(timetable, lesson, source, at):
    begins, ends = timetable.span(lesson)
    return event(
        source, "lesson", at, at, **about(lesson), starts_at=begins.isoformat(), ends_at=ends.isoformat(),
        hours=lesson.last - lesson.first + 1, room=lesson.room, status=lesson.status, moved_to=lesson.moved_to,
    )  # fmt: skip
