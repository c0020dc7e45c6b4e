"""Reads a measure and its window. A measure is one reader and one row of its family's table."""

from __future__ import annotations

import re

import msgspec

from services.i18n import say
from services.rules.engine.plan import TEACHING_WEEKS, Gauge, Window
from services.rules.language import slips
from services.rules.language.measures import composite, deadlines, groups, periods, single, totals
from services.rules.language.measures.base import MOST, Form, Measured, both, read_form
from services.rules.language.reading import Place, Report, fields, known_words, without_quotes, word
from services.rules.language.thresholds import duration

DEADLINES = frozenset(deadlines.MEASURES)
"""Measures whose thresholds are deadlines."""
MEASURES: dict[str, Form] = {
    **single.MEASURES,
    **totals.MEASURES,
    **periods.MEASURES,
    **groups.MEASURES,
    **composite.MEASURES,
    **deadlines.MEASURES,
}
_WINDOWS = ("last", "within", "calendar")
WEEKS_PATTERN = f"[1-9][0-9]? {TEACHING_WEEKS}"
_TEACHING_WEEKS = re.compile(rf"([1-9][0-9]?) {TEACHING_WEEKS}")
PERIODS = ("day", "week", "month", "term", "year")


def read_measure(place: Place, window: Place | None, m: Measured) -> Gauge | None:
    """The gauge of a measure, or None with the reasons in the report."""
    before = len(m.report)
    chosen = _window(window, m.report)
    sound = len(m.report) == before
    read = read_form(place, MEASURES, m)
    if read is None:
        return None
    gauge, form = read
    if form.window == "none" and window is not None:
        m.report.add(window, say("rules.has_no_window", measure=gauge.measure), say("rules.no_window_line"))
    elif form.window == "calendar" and chosen.kind != "calendar" and sound:
        m.report.add(
            window or place,
            say("rules.needs_calendar_window", measure=gauge.measure),
            say("rules.such_as_window_calendar_term"),
        )
    elif form.window == "not last" and chosen.kind == "last":
        m.report.add(
            window or place,
            say("rules.has_no_window_last_records", measure=gauge.measure),
            say("rules.such_as_calendar_term"),
        )
    if chosen.kind != "last":
        # Only what is counted matters then, so the rest need not be kept.
        gauge = msgspec.structs.replace(gauge, member=both(gauge.member, _counted(gauge)))
    return (
        msgspec.structs.replace(gauge, window=chosen, asked=both(m.record, gauge.asked))
        if len(m.report) == before
        else None
    )


def _counted(gauge: Gauge) -> str:
    counting = gauge.inner if gauge.measure == "nested" else gauge
    return (counting.hit if counting and counting.measure == "count" else None) or "True"


def _window(place: Place | None, report: Report) -> Window:
    if place is None or place.value == "all":
        return Window()
    example = say("rules.all_last_10_within_14d")
    if not isinstance(place.value, dict):
        meant = slips.of_window("", place.text.strip(), PERIODS)
        report.add(place, say("rules.must_be_mapping", what="window"), meant or without_quotes(place) or example)
    elif len(place.value) == 1 and not {*place.value} & {*_WINDOWS}:
        ((name, size),) = place.value.items()
        meant = slips.of_window(name, size.text.strip(), PERIODS)
        report.add(size, say("rules.unknown_field_in", name=name, what="window"), meant or known_words(name, _WINDOWS))
    elif len(given := fields(place, dict.fromkeys(_WINDOWS, False), report, "window")) != 1:
        report.add(place, say("rules.window_has_one_last_within"), example)
    else:
        return _sized(*given.popitem(), report)
    return Window()


def _sized(kind: str, size: Place, report: Report) -> Window:
    meant = slips.of_window(kind, size.text.strip(), PERIODS)
    if kind == "calendar":
        if meant is None or size.value in PERIODS:
            return Window(kind="calendar", period=word(size, report, say("rules.noun_period"), PERIODS))
        report.add(size, say("rules.unknown", what=say("rules.noun_period"), value=size.text), meant)
        return Window()
    if kind == "within" and (weeks := _TEACHING_WEEKS.fullmatch(size.text)) is not None:
        return Window(kind="within", size=int(weeks[1]), period=TEACHING_WEEKS)
    whole = isinstance(size.value, int) and not isinstance(size.value, bool)
    amount = (size.value if whole else None) if kind == "last" else duration(str(size.value))
    if not amount or amount <= 0 or (kind == "last" and amount > MOST):
        right = meant or say("rules.all_last_10_within_14d")
        report.add(size, say("rules.not_size_for", text=size.text or "this", kind=kind), right)
        return Window()
    return Window(kind="last" if kind == "last" else "within", size=amount)
