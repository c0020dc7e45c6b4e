"""How long somebody has for what a warning asks of them, and what they may answer. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from services.messages import Level, RuleCard, to_ms

Closing = Literal["fixed", "explained", "no_response", "handed_over", "mistaken"]
CLOSINGS: tuple[Closing, ...] = ("fixed", "explained", "no_response", "handed_over", "mistaken")
"""Why a warning can be closed by a person."""
Verdict = Literal["useful", "not_useful", "known"]
VERDICTS: tuple[Verdict, ...] = ("useful", "not_useful", "known")
LONGEST = timedelta(days=366)
"""A measure that takes longer is no measure against this warning."""
LONGEST_TEXT = 2000
"""Characters of a measure."""
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)

_ACKNOWLEDGE: Mapping[Level, timedelta] = {
    "yellow": timedelta(days=7),
    "orange": timedelta(days=3),
    "red": timedelta(days=1),
}
_MEASURE: Mapping[Level, timedelta] = {
    "yellow": timedelta(days=14),
    "orange": timedelta(days=7),
    "red": timedelta(days=3),
}


def to_acknowledge(card: RuleCard, level: Level, now: int) -> int | None:
    """The deadline (ms) of a warning that begins or rises at `now` (ms): the first step of its chain, if it has one."""
    if level == "praise":
        return None
    if card.escalate:
        return now + int(min(step.after for step in card.escalate) * 1000)
    return _after(_ACKNOWLEDGE, level, now)


def to_name_a_measure(level: Level, now: int) -> int | None:
    """The deadline (ms) of a warning that is acknowledged at `now` (ms), until a measure is named or it is closed."""
    return _after(_MEASURE, level, now)


def _after(waits: Mapping[Level, timedelta], level: Level, now: int) -> int | None:
    wait = waits.get(level)
    return None if wait is None else now + wait // timedelta(milliseconds=1)


Due = Literal["needs_due", "due_past", "due_too_far"]


def due_at(said: str, now: datetime, zone: ZoneInfo) -> int | Due:
    """The end (ms) of the day `said` (YYYY-MM-DD) in the college's zone; a named reason if it cannot be one."""
    if not _DAY.fullmatch(said.strip()):
        return "needs_due"
    try:
        day = date.fromisoformat(said.strip())
    except ValueError:
        return "needs_due"
    today = now.astimezone(zone).date()
    if day < today:
        return "due_past"
    if day > today + LONGEST:
        return "due_too_far"
    return to_ms(datetime.combine(day + timedelta(days=1), time.min, zone)) - 1
