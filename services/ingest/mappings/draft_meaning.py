"""What a column of an unknown file may be."""

from __future__ import annotations

import re
from typing import NamedTuple

from services.ingest.mappings.cells import half_width


class Meaning(NamedTuple):
    """What a column may be."""

    shape: str = ""
    """What its values look like (`draft_shapes.py`); empty: anything."""
    table: str = ""
    """The table of the directory whose ids or names stand in it."""
    words: str = ""
    """Its headers, separated by blanks; one behind a `?` is one of others as well."""


STARS = {"非常满意": 5, "很满意": 5, "满意": 4, "一般": 3, "基本满意": 3, "不满意": 2, "非常不满意": 1, "很不满意": 1}
"""What words of satisfaction are worth, of five."""


MINUTES = r"迟到?\s*\d+\s*(?:分|[Mm]in)"
"""A word of attendance that says how late somebody was."""
_CODE = r"[A-Za-z]{0,6}\d{3,}[A-Za-z0-9]*"
CODES = {
    "before": (
        rf"^(?:[\[(]({_CODE})[\])]|{_CODE}[-_/:\s])",
        rf"^[\[(]?({_CODE})",
        rf"^[\[(]?{_CODE}[\])]?[-_/:\s]*(.+)$",
    ),
    "behind": (rf"[\[(]{_CODE}[\])]$", rf"[\[(]({_CODE})[\])]$", r"^(.+?)\s*[\[(]"),
}
"""Where a code stands → patterns: that it does, the code, the name."""
OF_LESSONS = ("attendance", "rollcall", "test", "assessment")
DORMITORY = re.compile("宿舍|寝室|床位|楼栋|公寓")
"""What only a table of rooms has beside people; kinds of `OF_LESSONS` have a course or sections then."""
_OUT_OF = re.compile(r"[/(]\D{0,3}(\d+)(?:\.0+)?分?\)?$")
"""Of how many points marks are, behind their header: 成绩/10.00, 得分(满分20分)."""


def points_of(header: str) -> int:
    """Of how many points the marks below a header are, as far as it says that; else 0."""
    found = _OUT_OF.search(half_width(header))
    return int(found[1]) if found else 0
