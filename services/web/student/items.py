"""A line of a student's time line."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, NamedTuple

from services.web.view_models import Level

Kind = Literal["attendance", "test", "assessment", "warning", "measure", "leave", "exemption"]


class Item(NamedTuple):
    """In words; what is empty is not shown."""

    at: datetime
    kind: Kind
    when: str
    head: str
    mark: str = ""
    """A colour that the words say, too."""
    level: Level | None = None
    """Of a warning."""
    text: str = ""
    more: str = ""
    quote: str = ""
    """In somebody's own words."""
    link: str = ""
    """The warning that it is about, where whoever looks may open it."""
    is_routine: bool = False
    """As it should be, and many: it is folded."""
    course: str = ""
    """Id; empty: it is of none."""
