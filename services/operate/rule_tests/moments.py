"""The instants of rule tests: `mon w3 08:00` is Monday of teaching week 3 of the test's term, in the college's zone."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from services.i18n import say
from services.rules.language.calendar import WEEKDAYS
from services.rules.language.reading import Place, Report
from services.rules.language.thresholds import duration

_WEEK = re.compile(rf"({'|'.join(WEEKDAYS)}) w(-?\d{{1,3}}) (\d\d:\d\d(?::\d\d)?)", re.ASCII)
_DAY = re.compile(r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d(?::\d\d)?)", re.ASCII)


@dataclass(frozen=True)
class Clock:
    """Reads instants; weeks count from the Monday of the week that holds the first day of the term."""

    zone: ZoneInfo
    term_begins: dt.date | None

    def read(self, place: Place, before: dt.datetime | None, report: Report) -> dt.datetime | None:
        """The instant, None with the reason in the report. `before`: what `+2h` is added to."""
        text = place.text.strip()
        if text[:1] in ("+", "-") and (wait := duration(text[1:])) is not None and before is not None:
            return before + dt.timedelta(milliseconds=wait if text[0] == "+" else -wait)
        try:
            if found := _WEEK.fullmatch(text):
                return self._of_week(WEEKDAYS.index(found[1]), int(found[2]), found[3], place, report)
            if found := _DAY.fullmatch(text):
                return self._at(dt.date.fromisoformat(found[1]), found[2])
        except (ValueError, OverflowError):
            pass
        report.add(place, say("operate.not_instant", text=text or "this"), say("operate.mon_w3_08_00_monday"))
        return None

    def _of_week(self, weekday: int, week: int, clock: str, place: Place, report: Report) -> dt.datetime | None:
        if self.term_begins is None:
            report.add(place, say("operate.week_which_term"), say("operate.term_at_top_file_calendar"))
            return None
        monday = self.term_begins - dt.timedelta(days=self.term_begins.weekday())
        return self._at(monday + dt.timedelta(weeks=week - 1, days=weekday), clock)

    def _at(self, day: dt.date, clock: str) -> dt.datetime:
        return dt.datetime.combine(day, dt.time.fromisoformat(clock), self.zone)
