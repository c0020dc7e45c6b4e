"""The college's calendar: periods, teaching days and service hours (docs/rules.md, Calendar), as plain data.

Days are dates in the college's time zone, instants whole milliseconds since 1970 (UTC). Whatever is asked often is
remembered: the period last asked for, the teaching days of all terms, the service hours of every year that was needed.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import date, datetime, timedelta
from functools import cache, cached_property
from itertools import accumulate, pairwise
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from services.messages import FOREVER, from_ms, to_ms
from services.rules.engine.plan import Period

Term = tuple[date, date]
"""First and last day; both belong to it."""
Span = tuple[int, int]
"""Begin and end, two instants; the end is the first one that does not belong to it."""
Hours = tuple[Span, ...]
"""Service hours of a day, in milliseconds of the clock since midnight, one after the other."""
MONDAY_TO_FRIDAY = frozenset(range(5))
_DAY = timedelta(days=1)
_DAY_MS = 86_400_000
_LAST_YEAR = timedelta(days=364)
_TERM_BEGINS = timedelta(days=365)
_TERM_IS_OFF = timedelta(days=60)
_YEARS = 100
"""How far ahead service hours are looked for."""
_LONGEST_BREAK = 100
"""Days without service hours one after the other: behind them, each day counts as one on which people work."""


def midnight(day: date, zone: ZoneInfo) -> int:
    """The instant (ms, UTC) at which a day begins in the zone."""
    return to_ms(datetime(day.year, day.month, day.day, tzinfo=zone))


class _Step(NamedTuple):
    """A kind of period that follows its like without a gap, as functions of days."""

    begin: Callable[[date], date]
    """First day of the period that holds a day."""
    next: Callable[[date], date]
    """First day of a period → first day of the next one."""
    year_before: Callable[[date], date]
    """First day of a period → first day of the one that is compared with it year over year."""


class _Service(NamedTuple):
    """The service hours of a year."""

    begins: list[int]
    passed: list[int]
    """Service time (ms) of the year before each of them; at the end that of the whole year."""


class Calendar:
    """Terms, holidays and hours of a college. Weekdays are 0 (Monday) to 6; `opened` beats `closed` and holidays."""

    def __init__(
        self,
        zone: ZoneInfo,
        terms: Iterable[Term] = (),
        *,
        school_year_starts: tuple[int, int] = (9, 1),
        teaching: Collection[int] = MONDAY_TO_FRIDAY,
        holidays: Collection[date] = frozenset(),
        make_up: Collection[date] = frozenset(),
        closed: Collection[date] = frozenset(),
        opened: Collection[date] = frozenset(),
        service: Mapping[int, Hours] | None = None,
    ) -> None:
        self.zone = zone
        self.terms = sorted(terms)
        self._teaching = frozenset(teaching)
        self._opened = frozenset(opened)
        self._off = frozenset(holidays) | frozenset(closed)
        self._make_up = frozenset(make_up)
        self._service = dict(service or {})
        said = (
            zone.key,
            self.terms,
            school_year_starts,
            sorted(self._teaching),
            sorted(self._off),
            sorted(self._make_up),
            sorted(self._opened),
            sorted(self._service.items()),
        )
        self.signature = hashlib.sha256(repr(said).encode()).hexdigest()[:16]
        self._steps = _steps(school_year_starts)
        made = {name: self._stepping(step) for name, step in self._steps.items()} | {"term": self._term_functions()}
        self._bounds = {name: bounds for name, (bounds, _) in made.items()}
        self._periods: dict[str, Period] = {name: period for name, (_, period) in made.items()}
        self._earlier = cache(self._find_earlier)
        self._year = cache(self._service_of)

    def periods(self) -> dict[str, Period]:
        """The period functions by name: day, week, month, term, year."""
        return self._periods

    def period(self, name: str, t: int) -> tuple[bool, int]:
        """Whether t lies in a period of that name, and the end of it or the begin of the next one (`FOREVER`: none)."""
        return self._periods[name](t)

    def bounds(self, name: str, t: int) -> Span | None:
        """The period that holds t; None outside every term."""
        return self._bounds[name](t)

    def term_began(self, t: int) -> int:
        """When the newest term that had begun by t began, be it over by then or not; t if there is none."""
        place = bisect_right(self._term_begins, t)
        return self._term_begins[place - 1] if place else t

    def term_end(self, t: int) -> int:
        """The end of the first term that ends after t, be t in it or before it (`FOREVER`: there is none)."""
        place = bisect_right(self.term_ends, t)
        return self.term_ends[place] if place < len(self.term_ends) else FOREVER

    @cached_property
    def term_ends(self) -> list[int]:
        """The first instants that do not belong to the terms any more."""
        return [self._midnight(last + _DAY) for _, last in self.terms]

    @cached_property
    def _term_begins(self) -> list[int]:
        return [self._midnight(first) for first, _ in self.terms]

    def earlier(self, name: str, against: Literal["previous", "last_year"], t: int) -> Span | None:
        """The period that the one that holds t is compared with (`period_over_period`); None if there is none."""
        present = self._bounds[name](t)
        return present and self._earlier(name, against, present[0])

    def day_end(self, t: int) -> int:
        """The next midnight after t."""
        return self._periods["day"](t)[1]

    def _midnight(self, day: date) -> int:
        return midnight(day, self.zone)

    def _day(self, t: int) -> date:
        """The day that holds t: the last one whose midnight is not after it (clocks may go back over a midnight)."""
        day = from_ms(t).astimezone(self.zone).date()
        return day if t < self._midnight(day + _DAY) else day + _DAY

    def _stepping(self, step: _Step) -> tuple[Callable[[int], Span | None], Period]:
        last = (0, 0)

        def bounds(t: int) -> Span:
            nonlocal last
            begin, end = last
            if begin <= t < end:
                return begin, end
            first = step.begin(self._day(t))
            last = found = self._midnight(first), self._midnight(step.next(first))
            return found

        def period(t: int) -> tuple[bool, int]:
            begin, end = last
            return True, end if begin <= t < end else bounds(t)[1]

        return bounds, period

    def _term_functions(self) -> tuple[Callable[[int], Span | None], Period]:
        edges = [(-FOREVER, False)]
        for first, last in self.terms:
            edges += [(self._midnight(first), True), (self._midnight(last + _DAY), False)]
        instants = [instant for instant, _ in edges] + [FOREVER]

        def bounds(t: int) -> Span | None:
            place = bisect_right(instants, t)
            return (instants[place - 1], instants[place]) if edges[place - 1][1] else None

        def period(t: int) -> tuple[bool, int]:
            place = bisect_right(instants, t)
            return edges[place - 1][1], instants[place]

        return bounds, period

    def _find_earlier(self, name: str, against: str, begin: int) -> Span | None:
        first = self._day(begin)
        if name == "term":
            return self._earlier_term(against, first)
        step = self._steps[name]
        earlier = step.begin(first - _DAY) if against == "previous" else step.year_before(first)
        return self._midnight(earlier), self._midnight(step.next(earlier))

    def _earlier_term(self, against: str, first: date) -> Span | None:
        if against == "previous":
            found = max((term for term in self.terms if term[1] < first), default=None)
        else:
            near = [(abs(first - _TERM_BEGINS - term[0]), term) for term in self.terms]
            found = min((pair for pair in near if pair[0] <= _TERM_IS_OFF), default=(None, None))[1]
        return found and (self._midnight(found[0]), self._midnight(found[1] + _DAY))

    def teaching_days(self, begin: int, end: int) -> int:
        """How many teaching days begin at or after `begin` and before `end`."""
        return bisect_left(self._teaching_days, end) - bisect_left(self._teaching_days, begin)

    @cached_property
    def _teaching_days(self) -> list[int]:
        days = (first + n * _DAY for first, last in self.terms for n in range((last - first).days + 1))
        return [self._midnight(day) for day in days if self._is_teaching_day(day)]

    def _is_teaching_day(self, day: date) -> bool:
        usual = day.weekday() in self._teaching or day in self._make_up
        return day in self._opened or (usual and day not in self._off)

    def in_teaching_day(self, t: int) -> bool:
        """Whether the day that holds t is a teaching day."""
        place = bisect_right(self._teaching_days, t)
        return bool(place) and t < self._teaching_days_end[place - 1]

    @cached_property
    def _teaching_days_end(self) -> list[int]:
        return [self._midnight(self._day(begin) + _DAY) for begin in self._teaching_days]

    def before_weeks(self, t: int, weeks: int) -> int:
        """The last instant that is not of the newest `weeks` teaching weeks that have begun by t (-1: they all are)."""
        place = bisect_right(self._teaching_weeks, t) - weeks
        return self._teaching_weeks[place] - 1 if place >= 0 else -1

    def weeks_after(self, t: int, weeks: int) -> int:
        """When the `weeks`-th of the teaching weeks begins that begin after t (`FOREVER`: there is none)."""
        place = bisect_right(self._teaching_weeks, t) + weeks - 1
        return self._teaching_weeks[place] if place < len(self._teaching_weeks) else FOREVER

    def longest_weeks(self, weeks: int) -> int:
        """For how many milliseconds at most a record lies in a window of so many teaching weeks."""
        begins = self._teaching_weeks
        return max((after - begin for begin, after in zip(begins, begins[weeks:], strict=False)), default=0)

    @cached_property
    def _teaching_weeks(self) -> list[int]:
        """When the weeks begin, on Monday, that hold a teaching day, of all terms."""
        days = [self._day(begin) for begin in self._teaching_days]
        return [self._midnight(day) for day in sorted({day - day.weekday() * _DAY for day in days})]

    def day_off(self, day: date) -> bool | None:
        """Whether nobody works then, whatever the weekday; false if people do; None where the weekday decides."""
        if day in self._opened or day in self._make_up:
            return False
        return True if day in self._off else None

    def teaching_week(self, begin: int, number: int) -> int:
        """When that teaching week of the period that begins at `begin` begins: on its Monday; the first, at `begin`."""
        first = self._day(begin)
        return begin if number <= 1 else self._midnight(first + (7 * (number - 1) - first.weekday()) * _DAY)

    def after(self, t: int, milliseconds: int) -> int:
        """The first instant at which so much service time has passed since t; `FOREVER`: not within a century."""
        if milliseconds <= 0:
            return t
        first = self._day(t).year
        begins, passed = self._year(first)
        place = bisect_right(begins, t) - 1
        wanted = milliseconds + (min(passed[place] + t - begins[place], passed[place + 1]) if place >= 0 else 0)
        for year in range(first, min(first + _YEARS, date.max.year)):
            begins, passed = self._year(year)
            if wanted <= passed[-1]:
                place = bisect_left(passed, wanted) - 1
                return begins[place] + wanted - passed[place]
            wanted -= passed[-1]
        return FOREVER

    def working_days_after(self, t: int, days: int) -> int:
        """The same time of day on the `days`-th working day behind that of t (before it, if negative).

        Working days are those with service hours.
        """
        day, step = self._day(t), _DAY if days > 0 else -_DAY
        time_of_day = t - self._midnight(day)
        for _ in range(abs(days)):
            day = self._working_day(day + step, step)
        begin, end = self._midnight(day), self._midnight(day + _DAY)
        return min(begin + time_of_day, end - 1)

    def working_day(self, day: date) -> date:
        """The day itself or the next one on which people work."""
        return self._working_day(day, _DAY)

    def _working_day(self, day: date, step: timedelta) -> date:
        found = day
        for _ in range(_LONGEST_BREAK):
            if self._service_on(found):
                return found
            found += step
        return day

    def _service_on(self, day: date) -> Hours:
        """The service hours of a day."""
        if day in self._opened:
            return self._service.get(0, ())
        if day in self._off:
            return ()
        return self._service.get(0 if day in self._make_up else day.weekday(), ())

    def _service_of(self, year: int) -> _Service:
        first, after = date(year, 1, 1), date(year + 1, 1, 1)
        days = [first + n * _DAY for n in range((after - first).days + 1)]
        edges = pairwise([self._midnight(day) for day in days])
        hours = [hours for day, edge in zip(days, edges, strict=False) for hours in self._hours(day, *edge)]
        return _Service([begin for begin, _ in hours], [0, *accumulate(end - begin for begin, end in hours)])

    def _hours(self, day: date, begin: int, end: int) -> list[Span]:
        """The instants of a day, which begins and ends then, at which its clock shows service hours."""
        hours = self._service_on(day)
        if not hours:
            return []
        offset, other = self._offset(begin), self._offset(end - 1)
        change = end
        if other != offset:
            change = begin + bisect_left(range(begin, end), True, key=lambda t: self._offset(t) != offset)
        zero = (day.toordinal() - date(1970, 1, 1).toordinal()) * _DAY_MS
        found = [
            (max(stretch, zero - offset + opens), min(stretch_end, zero - offset + closes))
            for stretch, stretch_end, offset in ((begin, change, offset), (change, end, other))
            for opens, closes in hours
        ]
        return [(opens, closes) for opens, closes in found if opens < closes]

    def _offset(self, t: int) -> int:
        """How far the college's clocks are ahead of UTC."""
        ahead = from_ms(t).astimezone(self.zone).utcoffset()
        return 0 if ahead is None else ahead // timedelta(milliseconds=1)


def _steps(starts: tuple[int, int]) -> dict[str, _Step]:
    def school_year(day: date) -> date:
        begin = day.replace(month=starts[0], day=starts[1])
        return begin if begin <= day else begin.replace(year=day.year - 1)

    def year_before(day: date) -> date:
        return day.replace(year=day.year - 1)

    def last_year(day: date) -> date:
        return day - _LAST_YEAR

    return {
        "day": _Step(lambda day: day, lambda begin: begin + _DAY, last_year),
        "week": _Step(lambda day: day - day.weekday() * _DAY, lambda begin: begin + 7 * _DAY, last_year),
        "month": _Step(lambda day: day.replace(day=1), lambda begin: (begin + 31 * _DAY).replace(day=1), year_before),
        "year": _Step(school_year, lambda begin: begin.replace(year=begin.year + 1), year_before),
    }
