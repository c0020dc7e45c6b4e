"""A window, as a warning names it, in words."""

from __future__ import annotations

import re

from services.i18n import both, say
from services.messages import Text

_WINDOWS = {
    "all": "windows.all",
    r"last (\d+)": "windows.last",
    r"within (\d+)d": "windows.within_d",
    r"within (\d+)h": "windows.within_h",
    r"within (\d+)m": "windows.within_m",
    r"within (\d+) teaching_weeks": "windows.within_teaching_weeks",
    "calendar day": "windows.calendar_day",
    "calendar week": "windows.calendar_week",
    "calendar month": "windows.calendar_month",
    "calendar term": "windows.calendar_term",
    "calendar year": "windows.calendar_year",
}


def window(shown: str) -> Text:
    """`within 14d`, as the engine writes it, in words; what is no window stays as it is."""
    for form, text in _WINDOWS.items():
        if found := re.fullmatch(form, shown):
            return both(say(text, n=found[1]) if found.groups() else say(text))
    return Text(shown, shown)
