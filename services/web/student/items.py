"""A line of a student's time line."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Literal, NamedTuple

from services.web.reader import Level

Kind = Literal["attendance", "test", "assessment", "warning", "measure", "leave", "exemption"]


class Item(NamedTuple):
    """In words; what is empty is not shown."""

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
    appeal: str = ""
    """Of a record that can be appealed against, the page on which that is done by who may."""
    is_routine: bool = False
    """As it should be, and many: it is folded."""


class Line(NamedTuple):
    """A line that is put into words once it is shown: of a term of thousands one page has some hundreds."""

    at: datetime
    course: str
    """Id; empty: it is of none."""
    say: Callable[[], Item]
