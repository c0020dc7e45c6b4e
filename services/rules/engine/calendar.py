"""Calendar periods in the college's time zone: days, weeks from Monday, months, terms, school years."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from services.messages import from_ms, to_ms
from services.rules.engine.plan import FOREVER, Period

Term = tuple[date, date]
"""First and last day; both belong to it."""


def midnight(day: date, zone: ZoneInfo) -> int:
    """The instant (ms, UTC) at which a day begins in the zone."""
    return to_ms(datetime(day.year, day.month, day.day, tzinfo=zone))


def periods(zone: ZoneInfo, terms: Sequence[Term], starts: tuple[int, int] = (9, 1)) -> dict[str, Period]:
    """The period functions that the engine is given, by name."""
    steps: dict[str, tuple[Callable[[date], date], Callable[[date], date]]] = {
        "day": (lambda day: day, lambda begin: begin + timedelta(days=1)),
        "week": (lambda day: day - timedelta(days=day.weekday()), lambda begin: begin + timedelta(days=7)),
        "month": (lambda day: day.replace(day=1), lambda begin: (begin + timedelta(days=32)).replace(day=1)),
        "year": (lambda day: _school_year(day, starts), lambda begin: begin.replace(year=begin.year + 1)),
    }
    found = {name: _stepping(zone, begin_of, next_of) for name, (begin_of, next_of) in steps.items()}
    return found | {"term": _terms(zone, terms)}


def _school_year(day: date, starts: tuple[int, int]) -> date:
    begin = day.replace(month=starts[0], day=starts[1])
    return begin if begin <= day else begin.replace(year=day.year - 1)


def _stepping(zone: ZoneInfo, begin_of: Callable[[date], date], next_of: Callable[[date], date]) -> Period:
    known: list[tuple[int, int]] = []

    def period(instant: int) -> tuple[bool, int]:
        if known and known[0][0] <= instant < known[0][1]:
            return True, known[0][1]
        begin = begin_of(from_ms(instant).astimezone(zone).date())
        known[:] = [(midnight(begin, zone), midnight(next_of(begin), zone))]
        return True, known[0][1]

    return period


def _terms(zone: ZoneInfo, terms: Sequence[Term]) -> Period:
    edges: list[tuple[int, bool]] = [(-FOREVER, False)]
    for first, last in sorted(terms):
        begin = midnight(first, zone)
        if edges[-1][0] == begin:
            edges.pop()
        edges += [(begin, True), (midnight(last + timedelta(days=1), zone), False)]
    instants = [instant for instant, _ in edges]

    def period(instant: int) -> tuple[bool, int]:
        place = bisect_right(instants, instant)
        return edges[place - 1][1], instants[place] if place < len(instants) else FOREVER

    return period
