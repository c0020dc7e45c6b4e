"""A talk about a warning as somebody types it: what it may say, and when the next one reminds. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from types import MappingProxyType
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from services.messages import to_ms
from services.notify.deadlines import LONGEST, LONGEST_TEXT, WorkingTime

Way = Literal["in_person", "phone", "home_visit", "online"]
WAYS: tuple[Way, ...] = ("in_person", "phone", "home_visit", "online")
VISIBILITIES = ("all", "role")
LONGEST_PLACE = 100
"""Characters."""
TalkRefusal = Literal[
    "talk_needs_day",
    "talk_needs_clock",
    "talk_in_future",
    "talk_before_warning",
    "talk_too_long_ago",
    "talk_needs_way",
    "talk_needs_agreed",
    "talk_agreed_too_long",
    "talk_notes_too_long",
    "talk_place_too_long",
    "talk_next_wrong",
    "talk_next_past",
    "talk_next_too_far",
    "talk_needs_visibility",
    "parents_off",
    "parents_needs_consent",
    "parents_needs_day",
    "talk_not_yours",
    "talk_corrected_already",
]
"""Why a talk, or that parents were informed, is not written down."""
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d", re.ASCII)


class Talk(NamedTuple):
    """A talk as it was typed, read and checked."""

    day: str
    clock: str
    way: str
    place: str
    agreed: str
    next_day: str
    notes: str
    visibility: str


def read(
    typed: Mapping[str, str],
    opened: datetime,
    now: datetime,
    zone: ZoneInfo,
    working: WorkingTime,
    corrected: Mapping[str, str] = MappingProxyType({}),
) -> Talk | dict[str, TalkRefusal]:
    """The talk; or what is wrong, by the field that it is about, all of it.

    A talk may belong to an earlier matter: before the day on which the warning opened it is taken if `earlier` is
    typed. A next day on which nobody works is the next one on which people do. `corrected`: `day` and `next_day` of the
    talk that it corrects, which were right when they were typed.
    """
    text = {name: typed.get(name, "").replace("\0", "").strip() for name in (*Talk._fields, "earlier")}
    day, following = read_day(text["day"]), read_day(text["next_day"])
    asked: tuple[tuple[str, TalkRefusal | None], ...] = (
        ("day", "talk_needs_day" if day is None else _of_day(day, text, opened, now.astimezone(zone), corrected)),
        ("clock", None if not text["clock"] or _CLOCK.fullmatch(text["clock"]) else "talk_needs_clock"),
        ("way", None if text["way"] in WAYS else "talk_needs_way"),
        ("place", None if len(text["place"]) <= LONGEST_PLACE else "talk_place_too_long"),
        ("agreed", None if text["agreed"] else "talk_needs_agreed"),
        ("agreed", None if len(text["agreed"]) <= LONGEST_TEXT else "talk_agreed_too_long"),
        ("notes", None if len(text["notes"]) <= LONGEST_TEXT else "talk_notes_too_long"),
        # whoever forgets to say who reads the notes has told nobody
        ("visibility", None if not text["notes"] or text["visibility"] in VISIBILITIES else "talk_needs_visibility"),
        ("next_day", _of_next(following, day, now.astimezone(zone).date(), corrected) if text["next_day"] else None),
    )
    if wrong := {field: why for field, why in asked if why is not None}:
        return wrong
    text["next_day"] = "" if following is None else working.working_day(following).isoformat()
    text["visibility"] = text["visibility"] if text["notes"] else "all"
    return Talk(**{name: text[name] for name in Talk._fields})


def _of_next(following: date | None, day: date | None, today: date, corrected: Mapping[str, str]) -> TalkRefusal | None:
    if following is None:
        return "talk_next_wrong"
    stays = following.isoformat() == corrected.get("next_day")
    if (following < today and not stays) or (day is not None and following <= day):
        return "talk_next_past"
    return "talk_next_too_far" if following - today > LONGEST else None


def _of_day(
    day: date, text: Mapping[str, str], opened: datetime, there: datetime, corrected: Mapping[str, str]
) -> TalkRefusal | None:
    if day > there.date() or (day == there.date() and _later(text["clock"], there)):
        return "talk_in_future"
    if day.isoformat() == corrected.get("day"):
        return None
    if there.date() - day > LONGEST:
        return "talk_too_long_ago"
    before = day < opened.astimezone(there.tzinfo).date()
    return "talk_before_warning" if before and text["earlier"] != "yes" else None


def _later(clock: str, there: datetime) -> bool:
    return _CLOCK.fullmatch(clock) is not None and time.fromisoformat(clock) > there.time()


def read_day(text: str) -> date | None:
    """YYYY-MM-DD; None if it is none."""
    try:
        return date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        return None


def reminds_at(day: str, zone: ZoneInfo, working: WorkingTime) -> int:
    """When (ms) the next talk reminds: as service begins on its day."""
    return working.after(to_ms(datetime.combine(date.fromisoformat(day), time.min, zone)), 1)


def consent_day(text: str, now: datetime, zone: ZoneInfo) -> bool:
    """Whether somebody can have consented on a day: of the last year, and not in the future."""
    day, today = read_day(text), now.astimezone(zone).date()
    return day is not None and timedelta() <= today - day <= LONGEST
