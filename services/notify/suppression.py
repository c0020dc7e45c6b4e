"""What can hold a message back: a case it is a part of, silences that a person has set, quiet hours. Pure.

The stages `inhibit`, `mute` and `silence` of the pipeline ask them. A message that is held is not lost: it goes out
when the case is over, or the silence or the quiet hours end, unless the warning is over or has changed by then. Rules
with `always: true` (safety) are never held; red is not held by quiet hours.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import MAXYEAR, date, datetime, time, timedelta
from typing import NamedTuple

from services.errors import SettingError
from services.i18n import say
from services.messages import LEVELS, Level

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)", re.ASCII)
_LONGEST = timedelta(days=60)
_SUCH_AS = "22:00-07:00,sat,sun,holidays"


def _by_weekday(_day: date) -> bool | None:
    return None


class Silence(NamedTuple):
    """Messages about these warnings wait until `ends`. None matches anything; at least one of the matchers is given."""

    id: int
    """By which it is ended; the store gives it."""
    rule: str | None
    subject: str | None
    """The whole subject, or the first of its parts: `s1` matches `s1/algebra`."""
    department: str | None
    begins: int
    ends: int
    """Milliseconds."""
    author: str
    comment: str

    def matches(self, rule: str, subject: str, context: Mapping[str, str]) -> bool:
        """Whether it is about such a warning."""
        return (
            self.rule in (None, rule)
            and (self.subject is None or subject == self.subject or subject.startswith(f"{self.subject}/"))
            and self.department in (None, context.get("department"))
        )


SOURCES_AWAITED = "sources_awaited"
HELD = frozenset({"silenced", "quiet_hours", "own_quiet_hours", "part_of_case", SOURCES_AWAITED})
"""Reasons for which a message waits."""
UNTIL_THE_CASE_IS_OVER = 253_402_214_400_000
"""Milliseconds: the last day of the year 9999, on which nobody will look at it."""


class Case(NamedTuple):
    """An open warning that sums up others."""

    subject: str
    level: Level
    mutes: frozenset[str]
    """Rows of its parts."""

    def has_part(self, row: str | None, subject: str, level: Level) -> bool:
        """Whether a warning is a part of it, of a lower level."""
        about = subject == self.subject or subject.startswith(f"{self.subject}/")
        return about and row in self.mutes and LEVELS.index(level) < LEVELS.index(self.level)


@dataclass(frozen=True, slots=True)
class Quiet:
    """Hours of each day and whole weekdays in which nobody is disturbed, by the college's clock."""

    begins: time | None = None
    ends: time | None = None
    days: frozenset[int] = frozenset()
    day_off: Callable[[date], bool | None] = _by_weekday
    """Holidays, and days on which people work in their place; None where the weekday decides."""

    @property
    def holidays(self) -> bool:
        """Whether the days on which nobody works are quiet, too."""
        return self.day_off is not _by_weekday

    def until(self, moment: datetime) -> datetime | None:
        """The end of the quiet that holds a local instant; none if it is not quiet then."""
        if moment.year == MAXYEAR:  # whatever waits for this, waits for ever; and no day may follow
            return None
        end = moment
        while (later := self._next(end)) is not None and later - moment < _LONGEST:
            end = later
        return end if end > moment else None

    def _next(self, moment: datetime) -> datetime | None:
        midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
        off = self.day_off(moment.date())
        if off or (off is None and moment.weekday() in self.days):
            return midnight + timedelta(days=1)
        if self.begins is None or self.ends is None:
            return None
        clock = moment.time()
        over_night = self.begins > self.ends
        inside = clock >= self.begins or clock < self.ends if over_night else self.begins <= clock < self.ends
        if not inside:
            return None
        day = midnight + timedelta(days=1) if over_night and clock >= self.begins else midnight
        return day.replace(hour=self.ends.hour, minute=self.ends.minute)


def end_of(quiets: Collection[Quiet], moment: datetime) -> datetime | None:
    """The instant from which on none of them holds; None if it is not quiet at this one."""
    end = moment
    while (later := max((one for one in (each.until(end) for each in quiets) if one), default=None)) is not None:
        end = later
        if end - moment >= _LONGEST:
            break
    return end if end > moment else None


def read_quiet(
    text: str, day_off: Callable[[date], bool | None] = _by_weekday, *, setting: str = "PREWARN_QUIET"
) -> Quiet:
    """`22:00-07:00,sat,sun,holidays` → quiet hours; `day_off`: the college's calendar. Raises SettingError.

    `setting`: where it stands, for the words of the error.
    """
    begins = ends = None
    holidays = False
    days = set()
    for part in (one.strip() for one in text.split(",") if one.strip()):
        found = _HOURS.fullmatch(part)
        if found and begins is None and found[1] + found[2] != found[3] + found[4]:
            begins, ends = time(int(found[1]), int(found[2])), time(int(found[3]), int(found[4]))
        elif part in WEEKDAYS:
            days.add(WEEKDAYS.index(part))
        elif part == "holidays":
            holidays = True
        else:
            raise SettingError(say("notify.prewarn_quiet_not_known", setting=setting, part=part, such_as=_SUCH_AS))
    if len(days) == len(WEEKDAYS):
        raise SettingError(say("notify.prewarn_quiet_leaves_no_day", setting=setting, such_as=_SUCH_AS))
    return Quiet(begins, ends, frozenset(days), day_off if holidays else _by_weekday)
