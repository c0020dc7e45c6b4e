"""Weeks, sections, weekdays, days and times as timetables write them. What is none raises ValueError with the words."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime, time, timedelta

from services.ingest.timetable.model import Teaching, Weeks
from services.tabular.sheets import Cell

MOST_WEEKS = 60
_MOST_SECTIONS = 20
_PIECE = re.compile(r"第?(\d{1,2})(?:[-~至到](\d{1,2}))?(?:\(?周\)?)?(?:\(?([单双])周?\)?)?")
_SECTIONS = re.compile(r"[第(\[]*(\d{1,2})(?:([-~,、至到])第?(\d{1,2}))?((?:[,、]\d{1,2})*)节?[)\]]*")
_RUN = re.compile(r"第(\d{1,2})节连续(\d{1,2})节")
_WEEKDAY = re.compile(r"(?:周|星期|礼拜)([一二三四五六日天七1-7])")
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
    """`1-16`, `1-16周(单)`, `2-4,6-9周`, `第1-16周|双周`: behind `|` of all, in brackets of what is before them."""
    words = text(cell).strip("{}[]").replace(" ", "")
    words, _, parity = words.partition("|")
    if parity and not re.fullmatch("[单双]周?", parity):
        raise ValueError(text(cell))
    every: set[int] = set()
    for piece in re.split("[,、;]", words):
        found = _PIECE.fullmatch(piece)
        if not found:
            raise ValueError(text(cell))
        first, last = int(found[1]), int(found[2] or found[1])
        if not 1 <= first <= last <= MOST_WEEKS:
            raise ValueError(text(cell))
        of = found[3] or parity[:1]
        every |= {one for one in range(first, last + 1) if not of or one % 2 == (of == "单")}
    return frozenset(every)


def sections(cell: Cell) -> tuple[int, int]:
    """`3-4节`, `第5,6节`, `5-6`, `第5节连续2节`; a day that a spreadsheet made of 3-4. The first and the last."""
    if isinstance(cell, date):
        return _span(cell.month, cell.day, str(cell))
    words = text(cell).replace(" ", "")
    if run := _RUN.fullmatch(words):
        return _span(int(run[1]), int(run[1]) + int(run[2]) - 1, words)
    found = _SECTIONS.fullmatch(words)
    if not found:
        raise ValueError(words)
    every = [int(one) for one in re.findall(r"\d+", words)]
    if found[2] not in (None, "-", "~", "至", "到") and every != list(range(every[0], every[-1] + 1)):
        raise ValueError(words)
    return _span(every[0], every[-1], words)


def _span(first: int, last: int, words: str) -> tuple[int, int]:
    if not 1 <= first <= last <= _MOST_SECTIONS:
        raise ValueError(words)
    return first, last


def weekday(cell: Cell) -> int:
    """周一, 星期日, 周7: 1 is Monday."""
    found = _WEEKDAY.fullmatch(text(cell))
    if not found:
        raise ValueError(text(cell))
    word = found[1].replace("天", "日").replace("七", "日")
    return int(word) if word.isdigit() else _WEEKDAYS.index(word) + 1


def teachers(cell: Cell) -> tuple[Teaching, ...]:
    """`00007(1-9周),00045(10-16周)`: one after the other; `00016,00012`: together."""
    words = text(cell).replace(" ", "")
    return tuple(
        Teaching(one[1], weeks(one[2]) if one[2] else None) for one in _TEACHER.finditer(words) if one[1].strip()
    )


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
