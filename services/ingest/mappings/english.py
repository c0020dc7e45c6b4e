"""Days and months as English texts write them: Monday, 12 October 2026; Oct 12, 2026; 12-Oct-2026; October 2026."""

from __future__ import annotations

import calendar
import re

_DAY = re.compile(
    r"(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\.?,?\s+)?"
    r"(?:(?P<day>\d{1,2})(?:st|nd|rd|th)?[\s-]+(?P<month>[a-z]+)\.?|(?P<first>[a-z]+)\.?\s+(?P<behind>\d{1,2})(?:st|nd|rd|th)?)"
    r"(?:(?:,\s*|[\s-]+)(?P<year>(?:19|20)\d\d)(?!\d))?",
    re.IGNORECASE,
)
_MONTH = re.compile(r"(?P<month>[a-z]+)\.?(?:(?:,\s*|[\s-]+)(?P<year>(?:19|20)\d\d))?", re.IGNORECASE)
_NAMES = tuple(name.lower() for name in calendar.month_name)  # in the C locale, which nobody changes here


def in_numbers(text: str) -> str:
    """A text that begins with a day in English, with that as numbers (2026-10-12 …); else as it is."""
    match = _DAY.match(text)
    number = _number(match["month"] or match["first"]) if match else None
    if match is None or number is None:
        return text
    year = f"{match['year']}-" if match["year"] else ""
    return f"{year}{number}-{match['day'] or match['behind']}{text[match.end() :]}"


def month(text: str) -> tuple[int, int | None] | None:
    """A month and its year, if that is said; None if it is none."""
    match = _MONTH.fullmatch(text)
    number = _number(match["month"]) if match else None
    return (number, int(match["year"]) if match["year"] else None) if match and number else None


def _number(word: str) -> int | None:
    """1 to 12 for the name of a month, or its first three or four letters."""
    small = word.lower()
    found = (n for n, name in enumerate(_NAMES) if n and small in (name, name[:3], name[:4]))
    return next(found, None)
