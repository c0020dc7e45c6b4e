"""Days, times of day, instants and months, however a cell writes them.

Days are days in the college's time zone. A day without a year is the one of the term that the file is about.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from services.i18n import say
from services.ingest.mappings import english
from services.ingest.mappings.cells import WrongCell, plain, written
from services.messages import Message
from services.tabular.sheets import Cell

Term = tuple[date, date]
"""First and last day; both belong to it."""

_EPOCH = date(1899, 12, 30)
"""Day 0 of a spreadsheet, for all days from March 1900 on."""
SERIALS = range(36_526, 73_415)
"""Serial numbers from 2000 to 2100: no other number is taken for a day."""
SERIAL_WITH_TIME = re.compile(r"[34]\d{4}\.\d+")
"""A serial number of a spreadsheet, of 1982 to 2036, and a part of that day."""
_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\dT")
_SECONDS = re.compile(r"1\d{9}(\d{3})?")
_WEEKDAY = r"(?:\s*\(?(?:星期|周|礼拜)[一二三四五六日天]\)?|\s*\([一二三四五六日]\))?"
_DATE = re.compile(
    r"(?:(?P<year>(?:19|20)\d\d)\s*[-/.年]\s*)?(?P<month>\d{1,2})\s*[-/.月]\s*(?P<day>\d{1,2})\s*[日号]?" + _WEEKDAY
)
_OF_WEEK = re.compile(r"第?(?P<week>\d{1,2})周[\s,]*(?:星期|周|礼拜)(?P<weekday>[一二三四五六日天])")
_SECTIONS = re.compile(r"第?\d[\d,、~-]*节")
"""Behind a day: 2026-09-08 第1-2节."""
_COMPACT = re.compile(r"(?P<year>(?:19|20)\d\d)(?P<month>\d\d)(?P<day>\d\d)" + _WEEKDAY)
_BEHIND_A_WORD = re.compile(rf"[^\W\d]{{1,8}}\s*\((?:于|自|从)?\s*((?:19|20)\d\d[^()]*\d[日号]?{_WEEKDAY})(?:起|止)?\)")
"""A day in the remark of a word: 离校(2026-10-11)."""
_CLOCK = re.compile(
    r"(?P<half>凌晨|早上|早晨|上午|中午|下午|傍晚|晚上|晚|[AaPp]\.?[Mm]\.?)?\s*"
    r"(?P<hour>\d{1,2})(?:\s*(?:[:时点]|\.(?=\d\d\s*[AaPp][Mm]))\s*(?P<minute>[0-5]?\d)?)(?:\s*[:分]\s*(?P<second>[0-5]?\d)?(?:\.\d+)?秒?)?\s*"
    r"(?P<behind>[AaPp]\.?[Mm]\.?)?"
)
_MIDNIGHT = re.compile(r"24:00(?::00)?")
"""The end of a day, which is the begin of the next."""
_AFTER_NOON = {"下午", "傍晚", "晚上", "晚", "pm"}
_BEFORE_NOON = {"凌晨", "早上", "早晨", "上午", "am"}
_HALF_DAY = 12
_MONTH = re.compile(r"(?:(?P<year>(?:19|20)\d\d)\s*[-/.年]?\s*)?(?P<month>0?[1-9]|1[0-2])\s*月?份?")
_MONTH_WORDS = {word: number for number, word in enumerate("一二三四五六七八九十", 1)} | {"十一": 11, "十二": 12}


@dataclass(frozen=True)
class Days:
    """The college's zone and terms, and the day on which the file was made."""

    zone: ZoneInfo
    made: date
    terms: Sequence[Term] = field(default=())

    def term(self, on: date | None = None) -> Term | None:
        """The term of a day, default: of the file; between two terms the one before it."""
        day = on or self.made
        begun = [one for one in sorted(self.terms) if one[0] <= day]
        return begun[-1] if begun else next(iter(sorted(self.terms)), None)

    def nearest(self, month: int, day: int) -> date:
        """The day of this month and day that the file is about: in its term, else the one nearest to it.

        Raises ValueError for a 31 April, and where two years are as near.
        """
        years = range(self.made.year - 1, self.made.year + 2)
        found = [date(year, month, day) for year in years if _exists(year, month, day)]
        if not found:
            raise ValueError
        first, last = self.term() or (self.made, self.made)
        return min(found, key=lambda one: max((first - one).days, (one - last).days, 0))

    def week(self, number: int, on: date | None = None) -> Term | None:
        """Monday and Sunday of a teaching week of the term, from 1; None if no term is known."""
        term = self.term(on)
        if term is None:
            return None
        monday = term[0] - timedelta(days=term[0].weekday()) + timedelta(weeks=number - 1)
        return monday, monday + timedelta(days=6)


def _exists(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


def day(cell: Cell, days: Days) -> date:
    """A day: a real one, a spreadsheet's serial number, 2026-09-08, 2026/9/8, 2026.9.8, 2026年9月8日, 9月8日, 20260908.

    Also in English, Monday, 12 October 2026, and a day of a teaching week of the term: 第3周 星期二. A weekday, a time
    or sections behind it are passed over. Raises WrongCell.
    """
    found = _day(cell, days)
    if found is None:
        raise WrongCell(say("mapping.not_a_day", shown=written(cell)), "2026-09-08")
    return found[0]


def _day(cell: Cell, days: Days) -> tuple[date, str] | None:
    """The day and what stands behind it."""
    if isinstance(cell, datetime):
        cell = cell.astimezone(days.zone) if cell.tzinfo else cell
        return cell.date(), cell.time().isoformat()
    if isinstance(cell, date):
        return cell, ""
    if isinstance(cell, int | float) and SERIALS.start <= cell < SERIALS.stop:
        whole = int(cell)
        return _EPOCH + timedelta(days=whole), _of_fraction(cell - whole)
    text = plain(cell)
    if not isinstance(cell, str) and not _COMPACT.fullmatch(text):
        return None  # 9.8 as a number may be anything
    if (instant := _rfc_3339(text)) is not None and instant.tzinfo is not None:
        return _day(instant, days)
    return _of_text(text, days)


def _of_text(text: str, days: Days) -> tuple[date, str] | None:
    if text.isdecimal() and int(text) in SERIALS:
        return _EPOCH + timedelta(days=int(text)), ""
    if of_week := _OF_WEEK.match(text):
        return _of_week(of_week, days), text[of_week.end() :].strip()
    if behind_a_word := _BEHIND_A_WORD.fullmatch(text):
        text = behind_a_word[1]
    text = english.in_numbers(text)
    match = _COMPACT.match(text) or _DATE.match(text)
    rest = text[match.end() :] if match else ""
    if match is None or (rest[:1].isdigit() and text[match.end() - 1].isdigit()):
        return None
    month, number = int(match["month"]), int(match["day"])
    try:
        found = date(int(match["year"]), month, number) if match["year"] else days.nearest(month, number)
    except ValueError:
        return None
    rest = re.sub(r"^/(?=\d{1,2}:\d\d)", "", rest).lstrip("T ,")  # two columns joined
    known = not rest or _CLOCK.match(rest) or _SECTIONS.match(rest) or not re.search(r"\d", rest)
    return (found, rest) if known else None


_TO = re.compile(r"\s*(?:至|到|~)\s*|(?<=[日号)])\s*-\s*|(?<=\d\.\d|\.\d\d)-(?=\d{1,4}\.\d)|\s-\s")
_COUNTED = re.compile(r"[,;(]?\s*共?\s*\d+\s*天.*|放假.*")
_BEGINS_WITHOUT_MONTH = re.compile(r"\s*\d{1,2}\s*[日号]")
_MONTH_AND_YEAR = re.compile(r"((?:(?:19|20)\d\d\s*年\s*)?\d{1,2}\s*月)\s*\d")


def with_months(texts: Sequence[str]) -> list[str]:
    """Days of a list, each with the month that only the one before it says: 10月11日, 12日."""
    found: list[str] = []
    month = ""
    for one in texts:
        said = _MONTH_AND_YEAR.match(one.strip())
        month = said[1] if said else month
        found.append(month + one.strip() if month and _BEGINS_WITHOUT_MONTH.match(one) else one)
    return found


def span(cell: Cell, days: Days) -> Term:
    """The first and last day: 10月1日至10月7日(共7天), 10月1日-7日, or one day. Raises WrongCell."""
    texts = with_months(_TO.split(_COUNTED.sub("", plain(cell)))) if isinstance(cell, str) else [cell]
    if len(texts) > 2:  # noqa: PLR2004 - from and to
        raise WrongCell(say("mapping.not_a_day", shown=written(cell)), "10月1日至10月7日")
    return day(texts[0], days), day(texts[-1], days)


def _of_week(match: re.Match[str], days: Days) -> date:
    """The day of a teaching week of the term. Raises WrongCell where no term is known."""
    week = days.week(int(match["week"]))
    if week is None:
        raise WrongCell(say("mapping.no_term"), say("mapping.term_in_calendar"))
    return week[0] + timedelta(days="一二三四五六日".index(match["weekday"].replace("天", "日")))


def _of_fraction(part: float) -> str:
    if part <= 0:
        return ""
    seconds = round(part * 86_400)
    return f"{seconds // 3600 % 24}:{seconds // 60 % 60}:{seconds % 60}"


def clock(cell: Cell, days: Days | None = None) -> time:
    """A time of day: 8:11, 08:11:30, 上午8:11, 下午2:30, 2:30 PM, 08.00AM, 8点30分, a real one, or a part of a day.

    With `days` also that of an instant. Raises WrongCell.
    """
    if isinstance(cell, datetime):
        return (cell.astimezone(days.zone) if days and cell.tzinfo else cell).time()
    if isinstance(cell, time):
        return cell
    if isinstance(cell, timedelta):
        return (datetime(1, 1, 1, tzinfo=UTC) + cell).time()
    text = _of_fraction(cell) or "0:00" if isinstance(cell, float) and 0 <= cell < 1 else plain(cell)
    found = _clock(text)
    if found is None and days is not None and _day(cell, days) is not None:
        found = moment(cell, days).astimezone(days.zone).time()
    if found is None:
        raise WrongCell(say("mapping.not_a_time", shown=written(cell)), "08:00")
    return found


def _clock(text: str) -> time | None:
    match = _CLOCK.fullmatch(text.strip())
    if match is None:
        return None
    half, hour = (match["half"] or match["behind"] or "").lower().replace(".", ""), int(match["hour"])
    if hour <= _HALF_DAY and half:
        if half in _AFTER_NOON:
            hour = hour % _HALF_DAY + _HALF_DAY
        elif half in _BEFORE_NOON:
            hour %= _HALF_DAY
        elif hour < _HALF_DAY - 1:  # 中午1:30
            hour += _HALF_DAY
    try:
        return time(hour, int(match["minute"] or 0), int(match["second"] or 0))
    except ValueError:
        return None


def _rfc_3339(text: str) -> datetime | None:
    if not _RFC_3339.match(text):
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def moment(cell: Cell, days: Days, halves: Mapping[str, time] | None = None) -> datetime:
    """An instant: a day with a time of day in any of their forms, RFC 3339, or seconds since 1970.

    `halves`: the time of day for the word that stands behind the day (上午, 下午), or for a day alone (""). Without a
    zone it is one of the college's. Raises WrongCell.
    """
    if isinstance(cell, datetime):
        return cell if cell.tzinfo else cell.replace(tzinfo=days.zone)
    text = plain(cell)
    if SERIAL_WITH_TIME.fullmatch(text):
        cell = float(text)  # a spreadsheet saved it as text
    if _SECONDS.fullmatch(text):
        return datetime.fromtimestamp(int(text[:10]), UTC).astimezone(days.zone)
    if _RFC_3339.match(text):
        instant = _rfc_3339(text)
        if instant is None:
            raise WrongCell(say("mapping.not_a_moment", shown=text), "2026-09-08 08:00")
        return instant if instant.tzinfo else instant.replace(tzinfo=days.zone)
    both = _day(cell, days)
    if both is None:
        raise WrongCell(say("mapping.not_a_moment", shown=written(cell)), "2026-09-08 08:00")
    on, behind = both
    if _MIDNIGHT.fullmatch(behind):
        return datetime.combine(on + timedelta(days=1), time(), days.zone)
    at = (halves or {}).get(behind) or _clock(behind)
    if at is None:
        raise WrongCell(_no_time(behind, written(cell)), _right(halves))
    return datetime.combine(on, at, days.zone)


def _no_time(behind: str, shown: str) -> Message:
    return say("mapping.no_time_of_day", shown=shown) if not behind else say("mapping.not_a_moment", shown=shown)


def _right(halves: Mapping[str, time] | None) -> Message | str:
    return say("mapping.time_or_one_of", words=", ".join(filter(None, halves))) if halves else "2026-09-08 08:00"


def month(cell: Cell, days: Days) -> Term:
    """The first and last day of a month: 2026-09, 2026年9月, 9月, 九月, 9, September 2026. Raises WrongCell."""
    if isinstance(cell, date):
        return _month(cell.year, cell.month)
    text = plain(cell)
    if in_english := english.month(text):
        number, year = in_english
        return _month(year or days.nearest(number, 15).year, number)
    name = _MONTH_WORDS.get(text.removesuffix("份").removesuffix("月"))
    match = _MONTH.fullmatch(text)
    if name is None and match is None:
        raise WrongCell(say("mapping.not_a_month", shown=written(cell)), "2026-09")
    number = name or int(match["month"] if match else 0)
    if match and match["year"]:
        return _month(int(match["year"]), number)
    return _month(days.nearest(number, 15).year, number)


def _month(year: int, number: int) -> Term:
    first = date(year, number, 1)
    return first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
