"""Sections of a day and weeks of a term, however they are written."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import NamedTuple

from services.i18n import say
from services.ingest.mappings.cells import WrongCell, plain, written
from services.tabular.sheets import Cell

_EPOCH = date(1899, 12, 30)
_SERIALS = range(36_526, 73_415)
"""Serial numbers of days from 2000 to 2100."""
_LAST = 20
"""No day has more sections."""
_NUMERALS = {word: number for number, word in enumerate("一二三四五六七八九十", 1)} | {
    "十一": 11,
    "十二": 12,
    "十三": 13,
    "十四": 14,
}
_NUMERAL = re.compile("十[一二三四]|[一二三四五六七八九十]")
_DAY = re.compile(r"\d{4}[-/.年]0?(\d{1,2})[-/.月]0?(\d{1,2})日?(?: 0?0:00(?::00)?)?|(\d{1,2})月(\d{1,2})日")
_BEHIND_A_DAY = re.compile(
    r"(?:.*(?:周|星期|礼拜)[一二三四五六日天]\)?|(?:\d{4}[-/.年])?\d{1,2}[-/.月]\d{1,2}日?\s)[\s,]*(第?\d[\d,、~-]*节)"
)
"""第3周 星期二 第5-6节, 2026-09-08 1-2节: what stands before the sections says the day."""
_TIMES = re.compile(r"\(?\d{1,2}:\d\d(?::\d\d)?\s*[-~至到]\s*\d{1,2}:\d\d(?::\d\d)?\)?")
"""第1-2节 08:00-09:40: the times of sections say nothing more."""
_ALLOWED = re.compile(r"(?:上午|下午|晚上|晚|第|连续|大|小|课|节次?|至|到|[-~,、;./&()\[\]\s\d])*")
_PAIRS = re.compile(r"(?:0[1-9]|1\d|20){2,}")
_SPAN = re.compile(r"(\d+)\s*节?(?:-|~|至|到)\s*第?(\d+)")
_WEEKS = re.compile(
    r"(?:\(?(?P<before>[单双])周?\)?)?(?P<first>\d{1,2})(?:(?:-|~|至|到)(?P<last>\d{1,2}))?周?(?:\(?(?P<odd>[单双])周?\)?)?"
)
_PARITY = re.compile(r"(?P<whole>[^周单双]*)周?\(?(?P<odd>[单双])周?\)?")
"""Behind the only 周 of a list: it is said of all of them."""
EVERY_WEEK = re.compile("全周?|每周|周|所有周?|单双周?|不分|无|-")
"""Of a column of its own for 单 and 双."""
_MOST_WEEKS = 53


class Sections(NamedTuple):
    """The first and last section of a lesson."""

    first: int
    last: int

    def __str__(self) -> str:
        return f"{self.first}-{self.last}"


def sections(cell: Cell) -> Sections:
    """3-4节, 第3-4节, 第3、4节, 第三四节, 0304, 第二大节 (3-4), 第一大节(01,02小节), 5.

    Also behind the day (第3周 星期二 第5-6节), and a day that a spreadsheet made of 3-4.
    Raises WrongCell, also for sections that do not follow one another.
    """
    found = _of_day(cell)
    if found is None:
        behind = _BEHIND_A_DAY.fullmatch(plain(cell))
        text = _NUMERAL.sub(lambda one: f",{_NUMERALS[one[0]]},", _TIMES.sub("", behind[1] if behind else plain(cell)))
        found = _of_text(text) if text and _ALLOWED.fullmatch(text) else None
    if found is None or not 0 < found.first <= found.last <= _LAST:
        raise WrongCell(say("mapping.not_sections", shown=written(cell)), say("mapping.sections_such_as"))
    return found


def _of_day(cell: Cell) -> Sections | None:
    """A spreadsheet takes 3-4 for 4 March: month and day are the sections."""
    if isinstance(cell, int | float) and cell in _SERIALS:
        cell = _EPOCH + timedelta(days=int(cell))
    if isinstance(cell, date):
        return Sections(cell.month, cell.day)
    match = _DAY.fullmatch(plain(cell))
    return Sections(int(match[1] or match[3]), int(match[2] or match[4])) if match else None


def _of_text(text: str) -> Sections | None:
    if "大" in text:
        big, _, small = text.partition("大")
        if not re.search(r"\d", small):
            found = _of_text(big)
            return found and Sections(2 * found.first - 1, 2 * found.last)
        text = small
    numbers = re.findall(r"\d+", text)
    if "连续" in text:
        first, count, *others = [*map(int, numbers), 0, 0]
        return None if any(others[:-2]) or not count else Sections(first, first + count - 1)
    if len(numbers) == 1 and _PAIRS.fullmatch(numbers[0]):
        numbers = re.findall(r"\d\d", numbers[0])
    values = [int(one) for one in numbers]
    if len(values) == 2 and _SPAN.search(text):  # noqa: PLR2004 - from and to
        return Sections(values[0], values[1])
    follow = bool(values) and values == list(range(values[0], values[0] + len(values)))
    return Sections(values[0], values[-1]) if follow else None


def weeks(cell: Cell) -> tuple[int, ...]:
    """The teaching weeks, from 1 on, in order: 1-16, 第2-4,6-9周, 1-15(单), 单1-15周, 1-16周|双周, 1-16/单, 1-16/全, 3.

    单 or 双 behind a bar or a slash, or behind the only 周 of a list, are said of all of it; else of what stands before
    them. Raises WrongCell.
    """
    text = re.sub(r"\s|第|[{}\[\]]", "", plain(cell)).replace("(周)", "周").replace("、", ",").replace(";", ",")
    whole, bar, kind = re.sub(r"/(?=\D*$)", "|", text).partition("|")
    kind = "" if EVERY_WEEK.fullmatch(kind) else kind
    if not bar and "," in text and (found := _PARITY.fullmatch(text)):
        whole, kind = found["whole"], found["odd"]
    every: set[int] = set()
    for part in whole.strip(",").split(","):
        match = _WEEKS.fullmatch(part)
        if match is None or (kind and not re.fullmatch("[单双]周?", kind)) or (match["before"] and match["odd"]):
            raise WrongCell(say("mapping.not_weeks", shown=written(cell)), say("mapping.weeks_such_as"))
        span = range(int(match["first"]), int(match["last"] or match["first"]) + 1)
        odd = match["before"] or match["odd"] or kind[:1]
        every |= {one for one in span if not odd or one % 2 == (odd == "单")}
        if not span:
            every.add(0)  # 5-3 are none
    if not every or min(every) < 1 or max(every) > _MOST_WEEKS:
        raise WrongCell(say("mapping.not_weeks", shown=written(cell)), say("mapping.weeks_such_as"))
    return tuple(sorted(every))
