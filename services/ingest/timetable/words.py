"""Weeks, sections, weekdays, days and times as timetables write them. What is none raises ValueError with the words."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime, time, timedelta

from services.ingest.mappings import sections as mapped
from services.ingest.mappings.cells import WrongCell
from services.ingest.timetable.model import Teaching, Weeks
from services.tabular.sheets import Cell

_WEEKDAY = re.compile(r"(?:周|星期|礼拜)([一二三四五六日天七1-7])")
_NUMBERED_WEEKDAY = re.compile(r"([1-7])(?:\.0)?|([一二三四五六日天])")
"""In a column that is called 星期, where the words need not say it again."""
_OF_WHEN_DAY = re.compile(r"(?:周|星期|礼拜)[一二三四五六日天]")
_OF_WHEN_SECTIONS = re.compile(r"[(\[]?第?\d[\d,、~-]*小?节(?:连续\d+节)?[)\]]?|\[\d[\d,-]*\]")
_WEEKDAYS = "一二三四五六日"
_DAY = re.compile(r"(?:(\d{4})[-./年])?(\d{1,2})[-./月](\d{1,2})日?")
_CLOCK = re.compile(r"(上午|中午|下午|晚上)?(\d{1,2})[:：](\d\d)(?::\d\d)?")
_MOMENT = re.compile(r"(\S+?)[ T-]*(?:(上午|下午)?(\d{1,2})[-:](\d\d)(?::\d\d)?)")
_TEACHER = re.compile(r"([^,;、()]+)(?:\(([^)]*)\))?")
_NOON = 12
_SERIAL_BEGINS = date(1899, 12, 30)


def text(cell: Cell) -> str:
    """Half-width, without white space around."""
    return "" if cell is None else unicodedata.normalize("NFKC", str(cell)).strip()


def weeks(cell: Cell) -> Weeks:
    """As `mappings.sections.weeks` reads them."""
    try:
        return frozenset(mapped.weeks(cell))
    except WrongCell:
        raise ValueError(text(cell)) from None


def sections(cell: Cell) -> tuple[int, int]:
    """The first and the last, as `mappings.sections.sections` reads them."""
    try:
        return mapped.sections(cell)
    except WrongCell:
        raise ValueError(text(cell)) from None


def weekday(cell: Cell) -> int:
    """周一, 星期日, 周7: 1 is Monday."""
    found = _WEEKDAY.fullmatch(text(cell))
    if not found:
        raise ValueError(text(cell))
    word = found[1].replace("天", "日").replace("七", "日")
    return int(word) if word.isdigit() else _WEEKDAYS.index(word) + 1


def weekday_of_column(cell: Cell) -> int:
    """As `weekday`, and 1 or 一: in a column of weekdays, where nothing else can be meant."""
    found = _NUMBERED_WEEKDAY.fullmatch(text(cell))
    return weekday(f"周{found[1] or found[2]}") if found else weekday(cell)


def when(cell: Cell) -> tuple[int, int, int, Weeks]:
    """Weekday, first and last section, and weeks: 周三第3-4节{第1-16周|单周}, 1-16周 星期三 [3-4节], in any order."""
    rest = re.sub(r"\s", "", text(cell))
    day, given = _OF_WHEN_DAY.search(rest), _OF_WHEN_SECTIONS.search(rest)
    if day is None or given is None:
        raise ValueError(text(cell))
    rest = rest.replace(day[0], "", 1).replace(given[0], "", 1)
    return weekday(day[0]), *sections(given[0]), weeks(rest.strip("(),/"))


def teachers(cell: Cell) -> tuple[Teaching, ...]:
    """`00007(1-9周),00045(10-16周)`: one after the other; `00016,00012`, `程浩(A0008)、曹颖(A0009)`: together."""
    return tuple(_teaching(one) for one in _TEACHER.finditer(re.sub(r"\s", "", text(cell))) if one[1].strip())


def _teaching(one: re.Match[str]) -> Teaching:
    if one[2] and "周" in one[2]:
        return Teaching(one[1], weeks(one[2]))
    return Teaching(one[0])


def day(cell: Cell, near: date) -> date:
    """A date, a serial number, or a written day, without a year the one that is nearest to `near`."""
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        return _SERIAL_BEGINS + timedelta(days=int(cell))
    found = _DAY.fullmatch(text(cell).replace(" ", ""))
    if not found:
        raise ValueError(text(cell))
    month, number = int(found[2]), int(found[3])
    if found[1]:
        return date(int(found[1]), month, number)
    return min((date(near.year + step, month, number) for step in (-1, 0, 1)), key=lambda one: abs(one - near))


def clock(cell: Cell) -> time:
    """A time of day: 8:55, 上午8:00, 下午2:30."""
    if isinstance(cell, datetime):
        return cell.time()
    if isinstance(cell, time):
        return cell
    found = _CLOCK.fullmatch(text(cell).replace(" ", ""))
    if not found:
        raise ValueError(text(cell))
    return time(_hour(found[1], int(found[2])), int(found[3]))


def moment(cell: Cell, near: date) -> datetime:
    """When something was applied for: 2026-10-12-08-41, 2026/10/12 8:41, 2026年10月12日 下午2:05."""
    if isinstance(cell, datetime):
        return cell
    found = _MOMENT.fullmatch(text(cell))
    if not found:
        return datetime.combine(day(cell, near), time())
    return datetime.combine(day(found[1], near), time(_hour(found[2], int(found[3])), int(found[4])))


def _hour(half: str | None, hour: int) -> int:
    if half in ("下午", "晚上") and hour < _NOON:
        return hour + _NOON
    return 0 if half == "上午" and hour == _NOON else hour
