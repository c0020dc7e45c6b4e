"""The college's calendar for the slow evaluator: periods, teaching days and service hours, from docs/rules.md alone.

Instants are whole milliseconds since 1970 (UTC); days are dates in the college's time zone.
"""

import re
from collections.abc import Collection, Iterator
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import holidays as public_holidays

UNITS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
SERVICE_HOURS = {"mon-fri": ["08:00-12:00", "14:00-18:00"]}
SERVICE_DAY = 8 * UNITS["h"]  # what a day of a limit in service hours means
LAST_YEAR = 364 * DAY  # for days and weeks
TERM_BEGINS, TERM_IS_OFF = 365 * DAY, 60 * DAY
NO_MORE_SERVICE = 4_000  # days after which none is looked for any more

Span = tuple[date, date]  # the first day, and the one after the last


def to_ms(instant: datetime) -> int:
    return (instant - EPOCH) // timedelta(milliseconds=1)


def from_ms(ms: int) -> datetime:
    return EPOCH + timedelta(milliseconds=ms)


def to_date(day: date | str) -> date:
    return date.fromisoformat(day) if isinstance(day, str) else day


@lru_cache(None)
def duration(text: str | float, day: int = UNITS["d"]) -> int:
    """Milliseconds of `30m`, `24h`, `-7d`; a bare number is minutes. `day`: what a day counts for."""
    if not isinstance(text, str):
        return int(text * UNITS["m"])
    number, unit = re.fullmatch(r"\s*([+-]?\d+(?:\.\d+)?)\s*([smhdw])\s*", text).groups()  # type: ignore[union-attr]
    return int(Fraction(number) * {**UNITS, "d": day, "w": 7 * day}[unit])


class Calendar:
    """`off` and `made_up`: the public holidays and make-up days, instead of those that `holidays: CN` names."""

    def __init__(
        self, entry: dict[str, Any], off: Collection[date] | None = None, made_up: Collection[date] | None = None
    ) -> None:
        self.zone = ZoneInfo(entry["time_zone"])
        month, day = str(entry.get("school_year_starts", "09-01")).split("-")
        self.year_starts = (int(month), int(day))
        self.terms = [(to_date(term["from"]), to_date(term["to"]) + DAY) for term in entry.get("terms") or []]
        self.teaching_weekdays = {WEEKDAYS.index(name) for name in entry.get("teaching_days") or WEEKDAYS[:5]}
        self.closed = set(named_days(entry.get("closed") or []))
        self.opened = set(named_days(entry.get("open") or []))
        country = None if entry.get("holidays") in (None, False, "none") else entry["holidays"]
        self.country = None if off is not None or made_up is not None else country
        self.off, self.made_up = set(off or ()), set(made_up or ())
        self.hours: dict[int, list[str]] = {}
        for names, hours in (entry.get("service_hours") or SERVICE_HOURS).items():
            first, *last = [WEEKDAYS.index(name) for name in names.split("-")]
            self.hours |= dict.fromkeys(range(first, (last or [first])[0] + 1), hours)
        self.midnight = lru_cache(None)(self._midnight)
        self.span = lru_cache(None)(self._span)
        self.teaching_days = lru_cache(None)(self._teaching_days)
        self.service = lru_cache(None)(self._service)

    # ---- periods

    def _midnight(self, day: date | str) -> int:
        """The instant at which that day begins at the college."""
        return to_ms(datetime.combine(to_date(day), time(), self.zone))

    def day(self, ms: int) -> date:
        return from_ms(ms).astimezone(self.zone).date()

    def period(self, unit: str, ms: int) -> tuple[int, int] | None:
        """Beginning and end of the period that holds that instant; None outside every term."""
        return self.instants_of(self.span(unit, self.day(ms)))

    def instants_of(self, span: Span | None) -> tuple[int, int] | None:
        return (self.midnight(span[0]), self.midnight(span[1])) if span else None

    def _span(self, unit: str, day: date) -> Span | None:
        if unit == "day":
            return day, day + DAY
        if unit == "week":
            first = day - day.weekday() * DAY
            return first, first + 7 * DAY
        if unit == "month":
            first = day.replace(day=1)
            return first, (first + 31 * DAY).replace(day=1)
        if unit == "year":
            year = day.year if (day.month, day.day) >= self.year_starts else day.year - 1
            return date(year, *self.year_starts), date(year + 1, *self.year_starts)
        return next((term for term in self.terms if term[0] <= day < term[1]), None)

    def spans(self, unit: str, first: date, last: date) -> Iterator[Span]:
        """Every period that holds a day from `first` to `last`, in order."""
        day = first
        while day <= last:
            span = self.span(unit, day)
            if span:
                yield span
            day = span[1] if span else day + DAY

    def before(self, unit: str, day: date) -> Span | None:
        """The last whole period that has ended when that day begins."""
        if unit == "term":
            return max((term for term in self.terms if term[1] <= day), key=lambda term: term[1], default=None)
        here = self.span(unit, day)
        return self.span(unit, here[0] - DAY)

    def earlier(self, unit: str, against: str, first: date) -> Span | None:
        """The period with which the one that begins on that day is compared."""
        if against == "previous":
            return self.before(unit, first)
        if unit in ("day", "week"):
            return self.span(unit, first - LAST_YEAR)
        if unit == "month":
            return self.span(unit, first.replace(year=first.year - 1))
        if unit == "year":
            return self.span(unit, first - DAY)
        near = [(abs(first - TERM_BEGINS - term[0]), term) for term in self.terms]
        return min([(off, term) for off, term in near if off <= TERM_IS_OFF], default=(None, None))[1]

    # ---- days of teaching and of service

    def is_off(self, day: date) -> bool:
        return day in (country_days(self.country, day.year)[0] if self.country else self.off)

    def is_made_up(self, day: date) -> bool:
        return day in (country_days(self.country, day.year)[1] if self.country else self.made_up)

    def is_teaching_day(self, day: date) -> bool:
        if self.span("term", day) is None:
            return False
        if day in self.opened:
            return True
        usual = day.weekday() in self.teaching_weekdays or self.is_made_up(day)
        return usual and not self.is_off(day) and day not in self.closed

    def weeks_begun(self, after: int, until: int) -> list[int]:
        """The instants at which weeks with a teaching day begin, behind `after` and not behind `until`."""
        first, last = self.day(after), self.day(until)
        mondays = (first + n * DAY for n in range((last - first).days + 1))
        return [
            self.midnight(monday)
            for monday in mondays
            if monday.weekday() == 0
            and self.teaching_days(monday, monday + 7 * DAY)
            and after < self.midnight(monday) <= until
        ]

    def _teaching_days(self, first: date, after: date) -> int:
        """How many there are from `first` on and before `after`."""
        return sum(self.is_teaching_day(first + n * DAY) for n in range((after - first).days))

    def _service(self, day: date) -> list[tuple[int, int]]:
        """From when to when service hours pass on that day."""
        if day in self.opened:
            weekday = 0
        elif day in self.closed or self.is_off(day):
            return []
        else:
            weekday = 0 if self.is_made_up(day) else day.weekday()
        parts = [text.split("-") for text in self.hours.get(weekday, [])]
        return sorted((self._at(day, begin), self._at(day, end)) for begin, end in parts)

    def _at(self, day: date, clock: str) -> int:
        hour, minute = map(int, clock.split(":"))
        if hour == 24:
            return self.midnight(day + DAY)
        return to_ms(datetime.combine(day, time(hour, minute), self.zone))

    def after_service(self, start: int, length: Fraction) -> Fraction | None:
        """The first instant at which that much service time has passed since `start`; None: never."""
        if length <= 0:
            return Fraction(start)
        first = self.day(start)
        for n in range(NO_MORE_SERVICE):
            for opens, closes in self.service(first + n * DAY):
                begin = max(opens, start)
                if begin + length <= closes:
                    return begin + length
                length -= max(closes - begin, 0)
        return None


def named_days(entries: list[Any]) -> Iterator[date]:
    """The days of a list of dates and of `{from: …, to: …}`."""
    for entry in entries:
        first, last = (entry["from"], entry.get("to", entry["from"])) if isinstance(entry, dict) else (entry, entry)
        for n in range((to_date(last) - to_date(first)).days + 1):
            yield to_date(first) + n * DAY


@lru_cache(None)
def country_days(country: str, year: int) -> tuple[set[date], set[date]]:
    """Public holidays and make-up days; in China the weekends that touch a holiday belong to it."""
    found = public_holidays.country_holidays(country, years=range(year - 1, year + 2))
    off, made_up = set(found), set(found.weekend_workdays)
    if country == "CN":
        days = [date(year, 1, 1) + n * DAY for n in range(-3, 369)]
        weekend = [day for day in days if WEEKDAYS[day.weekday()] in ("sat", "sun")]
        for day in [*weekend, *reversed(weekend)]:
            if day not in made_up and {day - DAY, day + DAY} & off:
                off.add(day)
    return off, made_up
