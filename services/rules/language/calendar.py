"""`calendar.yaml` (docs/rules.md, Calendar) → the engine's `Calendar`; holidays are those of the library `holidays`.

Of China the library (0.109) has the State Council's notices for 2001 to 2026, with the days off that were moved and the
make-up days worked for them. For other years, 2027 too until a newer version has its notice, it computes the statutory
days, and days in lieu of those at a weekend, without make-up days: `closed` and `open` say what a later notice moves.
"""

from __future__ import annotations

import datetime as dt
import re
import warnings
from functools import cache
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

from holidays import country_holidays
from holidays.registry import COUNTRIES

from services.i18n import say
from services.rules.engine.calendar import MONDAY_TO_FRIDAY, Calendar, Hours, Term
from services.rules.language.reading import Place, Report, fields, items, known_words, read_yaml, word
from services.rules.language.standards import day

_FIELDS = {
    "time_zone": True,
    "school_year_starts": False,
    "terms": False,
    "teaching_days": False,
    "holidays": False,
    "closed": False,
    "open": False,
    "service_hours": False,
}
_ZONE, _COUNTRY = ZoneInfo("Asia/Shanghai"), "CN"
"""Of a folder without calendar.yaml."""
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY = dt.timedelta(days=1)
_HOUR, _MINUTE = 3_600_000, 60_000
SERVICE: dict[int, Hours] = dict.fromkeys(sorted(MONDAY_TO_FRIDAY), ((8 * _HOUR, 12 * _HOUR), (14 * _HOUR, 18 * _HOUR)))
_INTERVAL = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]|24(?=:00)):([0-5]\d)", re.ASCII)
_YEARS = range(2000, 2100)
"""Of the public holidays."""
_LONGEST = dt.timedelta(days=366)
"""What one entry of `closed` may have."""

Public = tuple[frozenset[dt.date], frozenset[dt.date]]
"""Days off, and make-up days."""


def read_calendar(folder: Path, report: Report) -> Calendar:
    """The calendar of a rule folder; what is wrong with it is in the report, and left out."""
    path = folder / "calendar.yaml"
    content = read_yaml(path, "calendar.yaml", report) if path.exists() else None
    if content is None:
        holidays, make_up = public_days(_COUNTRY)
        return Calendar(_ZONE, holidays=holidays, make_up=make_up, service=SERVICE)
    given = fields(content, _FIELDS, report, say("rules.calendar"))
    holidays, make_up = _public(given.get("holidays"), report)
    return Calendar(
        _zone(given.get("time_zone"), report),
        _terms(given.get("terms"), report),
        school_year_starts=_starts(given.get("school_year_starts"), report),
        teaching=_teaching(given.get("teaching_days"), report),
        holidays=holidays,
        make_up=make_up,
        closed=_days(given.get("closed"), report, "closed"),
        opened=_days(given.get("open"), report, "open"),
        service=_service(given.get("service_hours"), report),
    )


@cache
def public_days(country: str, region: str | None = None) -> Public:
    """Public holidays and make-up days of a country (ISO 3166-1, two letters), or a region of it, 2000 to 2099.

    A weekend that touches a holiday belongs to it in China (the notices count it in, the library leaves it out).
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # India's, that the days which follow the moon end in 2035
        found = country_holidays(country, subdiv=region, years=_YEARS)
    holidays, make_up = set(found), found.weekend_workdays
    if country == "CN":
        for step in (_DAY, -_DAY):
            for holiday in list(holidays):
                beside = holiday + step
                while beside.weekday() not in MONDAY_TO_FRIDAY and beside not in make_up:
                    holidays.add(beside)
                    beside += step
    return frozenset(holidays), frozenset(make_up)


def _public(place: Place | None, report: Report) -> Public:
    nothing: Public = frozenset(), frozenset()
    if place is None or place.value == "none":
        return nothing
    codes = {code for _, code, *_ in COUNTRIES.values()}
    read_as_no = not place.quoted and place.text.lower() == "no"
    country, dash, region = place.text.partition("-")
    if isinstance(place.value, str) and country in codes and not read_as_no:
        regions = country_holidays(country).subdivisions
        if not dash or region in regions:
            return public_days(country, region or None)
        known = say("rules.regions", regions=", ".join(regions)) if regions else say("rules.days_under_closed")
        report.add(place, say("rules.unknown_region", country=country, region=region), known)
        return nothing
    meant = {name.lower(): names[1] for key, names in COUNTRIES.items() for name in (key, *names)}
    right = meant.get(str(known_words(place.text.lower(), meant)), say("rules.code_iso_3166_1_such"))
    if read_as_no or place.value is False:
        right = say("rules.none_or_in_quotes_no")
    report.add(place, say("rules.unknown_country", text=place.text), right)
    return nothing


def _zone(place: Place | None, report: Report) -> ZoneInfo:
    if place is None:
        return _ZONE
    name = word(place, report, say("rules.time_zone"))
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        report.add(place, say("rules.unknown_time_zone", name=name), say("rules.such_as_asia_shanghai"))
        return _ZONE


def _starts(place: Place | None, report: Report) -> tuple[int, int]:
    if place is None:
        return 9, 1
    month, _, day_ = place.text.partition("-")
    if re.fullmatch("[0-9]{1,2}-[0-9]{1,2}", place.text) and 1 <= int(month) <= 12 and 1 <= int(day_) <= 28:  # noqa: PLR2004
        return int(month), int(day_)
    report.add(place, say("rules.not_day_year", text=place.text), say("rules.month_day_such_as_09"))
    return 9, 1


def _terms(place: Place | None, report: Report) -> list[Term]:
    placed = [(term, item) for item in items(place, report, "terms") if (term := _term(item, report))]
    placed.sort(key=lambda one: one[0])
    for (before, _), (term, item) in pairwise(placed):
        if term[0] <= before[1]:
            report.add(item, say("rules.term_begins_on_before_one", first=term[0]), say("rules.after", last=before[1]))
    return [term for term, _ in placed]


def _term(place: Place, report: Report) -> Term | None:
    given = fields(place, {"id": True, "from": True, "to": True}, report, say("rules.term"))
    first, last = day(given.get("from"), report), day(given.get("to"), report)
    if first and last and last < first:
        report.add(given["to"], say("rules.term_ends_on_before_it", last=last), say("rules.day_after", first=first))
    return (first, last) if first and last else None


def _days(place: Place | None, report: Report, what: str) -> set[dt.date]:
    """Every day of a list of days and of `{from: …, to: …, reason: …}`."""
    found: set[dt.date] = set()
    for item in items(place, report, what):
        if not isinstance(item.value, dict):
            found |= {one for one in [day(item, report)] if one}
            continue
        given = fields(item, {"from": True, "to": True, "reason": False}, report, say("rules.entry", what=what))
        first, last = day(given.get("from"), report), day(given.get("to"), report)
        if not first or not last:
            continue
        if last < first:
            report.add(
                given["to"],
                say("rules.ends_on_before_it_begins", what=what, last=last),
                say("rules.or_day_after_it", first=first),
            )
        elif last - first >= _LONGEST:
            report.add(
                given["to"],
                say("rules.has_days_at_once", what=what, days=(last - first).days + 1),
                say("rules.at_most", most=_LONGEST.days),
            )
        else:
            found |= {first + n * _DAY for n in range((last - first).days + 1)}
    return found


def _teaching(place: Place | None, report: Report) -> frozenset[int]:
    if place is None:
        return MONDAY_TO_FRIDAY
    named = [word(item, report, say("rules.noun_weekday"), WEEKDAYS) for item in items(place, report, "teaching_days")]
    return frozenset(WEEKDAYS.index(name) for name in named if name)


def _service(place: Place | None, report: Report) -> dict[int, Hours]:
    if place is None:
        return SERVICE
    if not isinstance(place.value, dict):
        report.add(place, say("rules.service_hours_must_be_mapping"), say("rules.such_as_mon_fri_08"))
        return {}
    found: dict[int, Hours] = {}
    named: dict[int, str] = {}
    for name, value in place.value.items():
        hours = _hours(value, report)
        for weekday in _weekdays(name, value, report):
            if weekday in named:
                shown = WEEKDAYS[weekday]
                report.add(
                    value,
                    say("rules.has_service_hours_twice", shown=shown),
                    say("rules.once_names_it_already", name=named[weekday]),
                )
                break
            found[weekday], named[weekday] = hours, name
    return found


def _weekdays(name: str, place: Place, report: Report) -> range:
    first, _, last = name.partition("-")
    if first in WEEKDAYS and (last or first) in WEEKDAYS and not name.endswith("-"):
        days = range(WEEKDAYS.index(first), WEEKDAYS.index(last or first) + 1)
        if days:
            return days
    report.add(place, say("rules.neither_weekday_nor_range_them", name=name), say("rules.sat_or_mon_fri"))
    return range(0)


def _hours(place: Place, report: Report) -> Hours:
    placed = []
    for item in items(place, report, say("rules.service_hours")):
        if not (read := _INTERVAL.fullmatch(item.text)):
            report.add(item, say("rules.not_interval_day", text=item.text), say("rules.such_as_08_00_12"))
            continue
        opens, closes = (int(read[n]) * _HOUR + int(read[n + 1]) * _MINUTE for n in (1, 3))
        if closes <= opens:
            report.add(item, say("rules.ends_before_it_begins", text=item.text), say("rules.end_after_begin_24_00"))
        else:
            placed.append(((opens, closes), item))
    placed.sort(key=lambda one: one[0])
    for (before, earlier), (hours, item) in pairwise(placed):
        if hours[0] < before[1]:
            report.add(
                item,
                say("rules.overlaps", hours=item.text, earlier=earlier.text),
                say("rules.intervals_one_after_other"),
            )
    return tuple(hours for hours, _ in placed)
