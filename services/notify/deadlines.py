"""How long somebody has for what a warning asks of them, and what they may answer. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Literal, NamedTuple, Protocol
from zoneinfo import ZoneInfo

from services.messages import FOREVER, EscalationStep, Level, RuleCard, to_ms

Closing = Literal["fixed", "explained", "no_response", "handed_over", "mistaken"]
CLOSINGS: tuple[Closing, ...] = ("fixed", "explained", "no_response", "handed_over", "mistaken")
"""Why a warning can be closed by a person."""
Verdict = Literal["useful", "not_useful", "known"]
VERDICTS: tuple[Verdict, ...] = ("useful", "not_useful", "known")
Helped = Literal["yes", "partly", "no"]
HELPED: tuple[Helped, ...] = ("yes", "partly", "no")
"""What people say of a measure when they look back."""
LONGEST = timedelta(days=366)
"""A measure that takes longer, or was taken longer ago, is no measure against this warning."""
LONGEST_TEXT = 2000
"""Characters of a measure."""
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)

_ACKNOWLEDGE: Mapping[Level, int] = {"yellow": 5, "orange": 3, "red": 1}
_MEASURE: Mapping[Level, int] = {"yellow": 10, "orange": 5, "red": 3}
"""Working days."""


class WorkingTime(Protocol):
    """When people of the college work. Instants in milliseconds (UTC)."""

    def after(self, t: int, milliseconds: int, /) -> int:
        """The first instant at which so much service time has passed since t."""

    def working_days_after(self, t: int, days: int, /) -> int:
        """The same time of day on the `days`-th working day behind that of t; before it, if negative."""

    def working_day(self, day: date, /) -> date:
        """The day itself or the next one on which people work."""

    def term_end(self, t: int, /) -> int:
        """The end of the first term that ends after t (`FOREVER`: there is none)."""


class AroundTheClock:
    """`WorkingTime` of a college whose calendar is not known: each hour is one."""

    def after(self, t: int, milliseconds: int, /) -> int:
        """See WorkingTime."""
        return t + milliseconds

    def working_days_after(self, t: int, days: int, /) -> int:
        """See WorkingTime."""
        return t + days * 86_400_000

    def working_day(self, day: date, /) -> date:
        """See WorkingTime."""
        return day

    def term_end(self, _t: int, /) -> int:
        """See WorkingTime."""
        return FOREVER


AROUND_THE_CLOCK = AroundTheClock()


def worked(begin: int, end: int, working: WorkingTime) -> int:
    """How much service time (ms) passed from one instant to another."""
    least, most = 0, max(0, end - begin)
    while least < most:  # the most of which `after` is not behind the end
        middle = (least + most + 1) // 2
        least, most = (middle, most) if working.after(begin, middle) <= end else (least, middle - 1)
    return least


def step_due(step: EscalationStep, now: int, working: WorkingTime) -> int:
    """When (ms) a step of a chain that begins at `now` (ms) is due."""
    if step.days:
        return working.working_days_after(now, step.days)
    return working.after(now, int(step.service * 1000)) if step.service else now + int(step.after * 1000)


def to_acknowledge(card: RuleCard, level: Level, now: int, working: WorkingTime) -> int | None:
    """The deadline (ms) of a warning that begins or rises at `now` (ms): the first step of its chain, if it has one."""
    if level == "praise":
        return None
    if card.escalate:
        return min(step_due(step, now, working) for step in card.escalate)
    return working.working_days_after(now, _ACKNOWLEDGE[level])


def to_name_a_measure(level: Level, now: int, working: WorkingTime) -> int | None:
    """The deadline (ms) of a warning that is acknowledged at `now` (ms), until a measure is named or it is closed."""
    return None if level == "praise" else working.working_days_after(now, _MEASURE[level])


def to_remind(deadline: int, now: int, working: WorkingTime) -> int | None:
    """When (ms) who has taken it up is reminded: a working day before; None where that is as good as now.

    Of a deadline outside of service hours, when they begin on the day before.
    """
    at = working.working_days_after(deadline, -1)
    if working.after(at, 1) > at + 1:
        at = working.after(working.working_days_after(deadline, -2), 1)
    return at if at > working.working_days_after(now, 1) else None


def to_look_back(until: int, working: WorkingTime) -> int:
    """When (ms) somebody is asked whether a measure helped that had until `until` (ms): when people next work."""
    return working.after(until, 1)


class MeasureDay(NamedTuple):
    """The day of a measure: until when it shall have worked, or on which it was taken."""

    at: int
    """The end of the day (ms)."""
    done: bool


NoDay = Literal["needs_due", "due_too_far", "done_too_long_ago"]


def measure_day(said: str, now: datetime, zone: ZoneInfo, working: WorkingTime) -> MeasureDay | NoDay:
    """The day `said` (YYYY-MM-DD) in the college's zone; a named reason if it cannot be one.

    One that is past is the day on which the measure was taken. A last day on which nobody works is the next one on
    which people do.
    """
    if not _DAY.fullmatch(said.strip()):
        return "needs_due"
    try:
        day = date.fromisoformat(said.strip())
    except ValueError:
        return "needs_due"
    today = now.astimezone(zone).date()
    if abs(day - today) > LONGEST:
        return "due_too_far" if day > today else "done_too_long_ago"
    done = day < today
    last = day if done else working.working_day(day)
    return MeasureDay(to_ms(datetime.combine(last + timedelta(days=1), time.min, zone)) - 1, done)
