"""The demo: the sample college's history at once, its day at a visible pace, in the real embedded mode."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from itertools import groupby
from typing import Any

from services.app.demo import College
from services.app.demo.campus import ASKED_ROLES
from services.app.embedded import Embedded
from services.app.home import prepare_home, remembered
from services.app.replay import replay
from services.clock import wall_clock
from services.messages import to_ms
from services.settings import Settings, resource
from services.web.frame import Tour

_PROFILE = "demo"
_SETTINGS = {"student_pages": True, "appeals": True, "max_age": 0.0}
"""Of the sample college, unless it is told otherwise. Its day may lie days back, as behind a weekend."""


class Show:
    """One folder with the sample college. A second one on the same folder goes on where the first stopped."""

    def __init__(self, settings: Settings, seconds: float) -> None:
        day_file = settings.home / "demo.json"
        day = wall_clock().date() - timedelta(days=1)  # over, so that none of its events is ahead of the clock
        if day_file.exists():
            day = date.fromisoformat(remembered(day_file, "day"))
        mine = {name: value for name, value in _SETTINGS.items() if name not in settings.model_fields_set}
        settings = settings.model_copy(update=mine)
        self.college = College(day)
        prepare_home(settings, _PROFILE, resource("rules"), self.college.directory())
        day_file.write_text(json.dumps({"day": day.isoformat()}), "utf-8")
        self.truth = settings.home / "truth.json"
        self.college.write_truth(self.truth)
        self.embedded = Embedded(settings, mode="replay", past=True)
        self._intake = self.embedded.replay_intake()
        self._history = list(self.college.history())
        self.history_events = len(self._history)
        self._seconds = seconds
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def tell_history(self, told: Callable[[int], Any]) -> None:
        """Replays what was before the demo day; nothing of it is pushed."""
        journal = self.embedded.journal
        if not self.embedded.try_evaluating():
            self.embedded.start()  # says that another process has the folder
        if journal.meta("demo", "") != "told":
            replay(self._intake, self._history, told)
            self.embedded.catch_up()
            journal.set_meta("demo", "told")
        else:
            self._intake.take_events(self._history[-1:])  # time stands where the history ended
        self.embedded.go_live()

    def start_day(self, say: Callable[[str], Any]) -> None:
        """Starts the services, and the day in a thread of its own."""
        self.embedded.start()
        self._thread = threading.Thread(target=self._tell_day, args=(say,), name="day", daemon=True)
        self._thread.start()

    def _tell_day(self, say: Callable[[str], Any]) -> None:
        events = list(self.college.today())
        pause = self._seconds / max(len({event.time for event in events}), 1)
        for _, together in groupby(events, lambda event: event.time):
            if self._intake.take_events(list(together)).accepted and self._stop.wait(pause):
                return
            if self._stop.is_set():
                return
        self.embedded.journal.tick(to_ms(self.college.end))
        say("The day is over; the pages stay. 当天事件已放完，页面继续可用")

    def tour(self) -> Tour | None:
        """The way from a roll-call to its warning, for whoever looks; also a student of the class, and an office."""
        lesson = self.college.to_be_called
        if lesson is None:
            return None
        directory = self.embedded.files.present_directory()
        tutors = directory.holders("class_tutor", {"class": lesson.class_.id}, lesson.starts)
        offices = directory.holders(ASKED_ROLES[0], {}, lesson.starts)
        students = [student.id for student in lesson.class_.students]
        planted = Counter(part for one in self.college.planted for part in one.subject.split("/") if part in students)
        student = max(students, key=lambda one: planted[one])
        return Tour(lesson.teacher.id, lesson.id, tutors[0].id, student, offices[0].id) if tutors and offices else None

    def stop(self) -> None:
        """Stops the day and the services."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=5)
        self.embedded.stop()
