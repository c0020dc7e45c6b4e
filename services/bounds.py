"""What everything behind a door can hold: texts, ids, instants, nesting.

Every door asks here (events, tables, directory, rules, settings, commands, pages), so that what one layer takes no
later layer, database or page has to refuse. The schemas of events say the same of their fields (`schemas/`), which
tests/hostile compares. Each answers with what is wrong and what would be right, or with None.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Annotated, Any
from urllib.parse import unquote

import msgspec

from services.i18n import say
from services.messages import Message

Int32 = Annotated[int, msgspec.Meta(ge=-(2**31), lt=2**31)]
"""A whole number for which the store keeps 32 bits; for others it keeps 64."""
Wrong = tuple[Message, Message]
"""What is wrong, and what would be right."""

FIRST_YEAR, LAST_YEAR = 1900, 2199
"""Days and instants of other years are slips, or mean `never`, for which every door has a blank."""
LATEST = datetime(LAST_YEAR + 1, 1, 1, tzinfo=UTC)
LONGEST_ID, LONGEST_TEXT = 128, 4000
"""Characters, as in the schemas."""
DEEPEST = 64
"""Lists and objects within each other; what reads and writes them recursively dies at about a thousand."""

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
"""Zero, what steers terminals, and halves of characters, which an escape can name and no text can hold."""
_ENDS = re.compile("[\t\n\r]")


def of_text(text: str) -> Wrong | None:
    """A text of several lines: no control characters but tabs and ends of lines, and not too long."""
    return _without(_CONTROL, text) or _length(text, LONGEST_TEXT)


def of_line(text: str) -> Wrong | None:
    """A text of one line."""
    return of_text(text) or _without(_ENDS, text)


def of_id(text: str) -> Wrong | None:
    """An id, which stands in one line."""
    return of_line(text) or _length(text, LONGEST_ID)


def of_address(url: str) -> Wrong | None:
    """An address, as it is written and as its percent signs mean it."""
    return of_line(url) or of_line(unquote(url))


def of_day(day: date) -> Wrong | None:
    """A day, or an instant."""
    if FIRST_YEAR <= day.year <= LAST_YEAR:
        return None
    return say("bounds.year", year=day.year), say("bounds.years", first=FIRST_YEAR, last=LAST_YEAR)


def of_nesting(value: Any, most: int = DEEPEST) -> Wrong | None:
    """Lists and dictionaries within each other."""
    layer = [value]
    for _ in range(most + 1):
        layer = [one for many in layer for one in _within(many) if isinstance(one, (dict, list))]
        if not layer:
            return None
    return say("bounds.nested"), say("bounds.levels", most=DEEPEST)


def _within(value: Any) -> Any:
    return value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()


def _without(unfit: re.Pattern[str], text: str) -> Wrong | None:
    if (found := unfit.search(text)) is None:
        return None
    return say("bounds.character", code=f"U+{ord(found[0]):04X}", place=found.start() + 1), say("bounds.text_without")


def _length(text: str, most: int) -> Wrong | None:
    if len(text) <= most:
        return None
    return say("bounds.long", length=len(text)), say("bounds.characters", most=most)
