"""When a lesson is, by what sources have said of it: people know lessons by that, and not by their ids."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

from services.ingest.records.keys import Keys
from services.log.records import Records
from services.messages import from_ms
from services.notify.ports import LessonTime


class LessonTimes:
    """Called with a lesson's id. `reading` opens the records."""

    def __init__(self, reading: Callable[[], AbstractContextManager[Records]], keys: Keys) -> None:
        self._reading, self._keys = reading, keys

    def __call__(self, lesson: str) -> LessonTime | None:
        """As the timetable says; None where nothing is known of it. Raises LogError."""
        with self._reading() as records:
            found = next(records.load([("lesson", self._keys.made("lesson", {"lesson": lesson}))]), None)
        if found is None or found.at < 0:
            return None
        newest = found.told.event if found.told is not None else found.said[-1].event if found.said else None
        return LessonTime(from_ms(found.at), str(newest.data.get("sections", "")) if newest is not None else "")
