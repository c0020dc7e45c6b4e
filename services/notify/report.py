"""预警机制的实效性分析报告: what warnings led to, in a period, beside the one before and the year before. Pure.

Periods are days in the college's time zone, the last one included. A warning belongs to the period in which it opened;
praise and results, withdrawn ones and those of replays and trials are left out, and counted apart.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from statistics import median
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from services.messages import from_ms, to_ms
from services.notify.appeals import AppealRow
from services.notify.deadlines import WorkingTime, worked

By = Literal["rule", "level", "department", "month"]
BYS: tuple[By, ...] = ("rule", "level", "department", "month")
_HOUR = 3_600_000
_FIRST, _LAST = date(2000, 1, 1), date(2999, 12, 31)
"""Beyond these there is no period before, or no day after."""


class Period(NamedTuple):
    """From one day to another, both included, in the college's time zone."""

    first: date
    last: date

    def span(self, zone: ZoneInfo) -> tuple[int, int]:
        """Begin and end (ms); the end does not belong to it."""
        begin = datetime.combine(self.first, time.min, zone)
        return to_ms(begin), to_ms(datetime.combine(self.last + timedelta(days=1), time.min, zone))

    def before(self) -> Period:
        """As many days, right before it."""
        last = self.first - timedelta(days=1)
        return Period(last - (self.last - self.first), last)

    def year_before(self) -> Period:
        """The same days of the year before."""
        return Period(_year_before(self.first), _year_before(self.last))


class Counted(NamedTuple):
    """What is counted of one warning."""

    rule: str
    level: str
    """The highest that it had."""
    department: str
    opened_at: int
    acknowledged_at: int | None
    measure_at: int | None
    ended_at: int | None
    """By a person or by the rules."""
    relapse: bool
    overdue: bool
    verdicts: tuple[str, ...]
    """The last one of each person."""
    told: int
    """People whom a message has reached."""
    not_told: tuple[str, ...]
    """Named reasons why somebody was not; `pending`: a message to them is still to be sent."""
    measured: bool = False
    """A measure was named, not only when it was closed."""
    status: str = "open"
    helped: str | None = None
    """yes, partly, no: what somebody said when they looked back."""
    relapsed: bool = False
    """It has opened again since."""


class Line(NamedTuple):
    """One group of warnings. Hours are medians; None where there was nothing to count."""

    name: str
    warnings: int
    judged: int
    useful_percent: float | None
    known: int
    acknowledged: int
    hours_to_acknowledge: float | None
    hours_to_measure: float | None
    hours_to_end: float | None
    relapses: int
    overdue: int
    told: int
    nobody_told: int


class Load(NamedTuple):
    """Messages to people, by the day."""

    people: int
    messages: int
    median_a_day: float | None
    """Of a person on a day with messages."""
    most_a_day: int
    most_whom: str
    most_day: str


class Accident(NamedTuple):
    """A graded quality accident. Without the person: the report is for many eyes."""

    opened_at: int
    department: str
    level: str
    status: str
    closed_reason: str | None
    hours_to_end: float | None


class FollowUp(NamedTuple):
    """What was done about the warnings of a period beside taking them up."""

    talks: int
    not_reached: int
    """How often whoever a warning is about was not reached."""
    referrals: int
    accepted: int
    """By the office, those among them that it has answered since."""
    answered: int
    refused: int
    taken_back: int
    """By whoever had asked."""
    open: int
    """Neither answered nor refused nor taken back."""


class AppealLine(NamedTuple):
    """Appeals of one teacher, against one source, or all of them."""

    name: str
    """Of a group: an id; empty: nobody says."""
    asked: int
    granted: int
    refused: int
    settled: int
    """The record was corrected or taken back by somebody else."""
    open: int
    hours: float | None
    """Service hours to the decision, the median; None where nothing was decided."""


class Appeals(NamedTuple):
    """Those that were asked in the period."""

    total: AppealLine
    by_teacher: list[AppealLine]
    by_source: list[AppealLine]


class Improvement(NamedTuple):
    """Of the warnings for which a measure was named, what came after it: no word of whether it came of it."""

    measures: int
    ended: int
    """The rules saw it end."""
    closed: int
    """A person closed it, and the rules still held it open."""
    still_open: int
    relapsed: int
    """Of those that ended, how many have opened again."""
    yes: int
    partly: int
    no: int
    unanswered: int
    """What people said when they looked back."""


class Report(NamedTuple):
    """What became of the warnings of a period, with what it is compared to."""

    period: Period
    by: By
    total: Line
    before: Line
    year_before: Line
    lines: list[Line]
    versions: dict[str, str]
    """Rule → the newest rule set that a warning of it was decided by."""
    not_told: list[tuple[str, int]]
    """Named reason → how often somebody was not told, most first."""
    held: list[tuple[str, int]]
    """Named reason → how many messages waited for it, whatever became of them."""
    load: Load
    left_out: list[tuple[str, int]]
    """What opened in the period and is not counted as a warning: praise, withdrawn, replay, shadow."""
    follow_up: FollowUp
    improvement: Improvement
    accidents: list[Accident]
    """Graded quality accidents (Q1) of three years, the oldest first, and how they were handled."""
    appeals: Appeals


def read_day(text: str | None) -> date | None:
    """YYYY-MM-DD of this millennium; None if it is no such day."""
    try:
        found = date.fromisoformat(text or "")
    except ValueError:
        return None
    return found if _FIRST <= found <= _LAST else None


def grouping(word: str | None) -> By | None:
    """A grouping by its name; None if there is no such."""
    for one in BYS:
        if one == word:
            return one
    return None


def asked_for(given: Mapping[str, str | None], today: date) -> tuple[Period, By] | None:
    """What `from`, `to` and `by` ask for, the last 30 days by rule where they are not given; None if that cannot be."""
    last = read_day(given["to"]) if given.get("to") else today
    if last is None:
        return None
    first = read_day(given["from"]) if given.get("from") else last - timedelta(days=29)
    by = grouping(given["by"]) if given.get("by") else "rule"
    return None if first is None or by is None or first > last else (Period(first, last), by)


def group(cases: Iterable[Counted], by: By, zone: ZoneInfo) -> list[Line]:
    """One line for each group, the largest first; months in their order."""
    name: Callable[[Counted], str] = {
        "rule": lambda one: one.rule,
        "level": lambda one: one.level,
        "department": lambda one: one.department or "—",
        "month": lambda one: f"{from_ms(one.opened_at).astimezone(zone):%Y-%m}",
    }[by]
    found: defaultdict[str, list[Counted]] = defaultdict(list)
    for case in cases:
        found[name(case)].append(case)
    lines = [line(key, mine) for key, mine in found.items()]
    return sorted(lines, key=lambda one: one.name if by == "month" else (-one.warnings, one.name))


def line(name: str, cases: Sequence[Counted]) -> Line:
    """The figures of some warnings."""
    verdicts = [verdict for case in cases for verdict in case.verdicts]
    return Line(
        name=name,
        warnings=len(cases),
        judged=len(verdicts),
        useful_percent=100 * verdicts.count("useful") / len(verdicts) if verdicts else None,
        known=verdicts.count("known"),
        acknowledged=sum(case.acknowledged_at is not None for case in cases),
        hours_to_acknowledge=_hours(cases, lambda case: case.acknowledged_at),
        hours_to_measure=_hours(cases, lambda case: case.measure_at),
        hours_to_end=_hours(cases, lambda case: case.ended_at),
        relapses=sum(case.relapse for case in cases),
        overdue=sum(case.overdue for case in cases),
        told=sum(case.told > 0 for case in cases),
        nobody_told=sum(case.told == 0 and "pending" not in case.not_told for case in cases),
    )


def improvement(cases: Iterable[Counted]) -> Improvement:
    """What came after the measures of some warnings."""
    mine = [case for case in cases if case.measured]
    ends, answers = Counter(case.status for case in mine), Counter(case.helped for case in mine)
    return Improvement(
        measures=len(mine),
        ended=ends["resolved"],
        closed=ends["closed"],
        still_open=ends["open"],
        relapsed=sum(case.relapsed and case.status == "resolved" for case in mine),
        yes=answers["yes"],
        partly=answers["partly"],
        no=answers["no"],
        unanswered=answers[None],
    )


def appeals(rows: Sequence[AppealRow], working: WorkingTime) -> Appeals:
    """The figures of some appeals, the most first."""

    def group(name: Callable[[AppealRow], str]) -> list[AppealLine]:
        found: defaultdict[str, list[AppealRow]] = defaultdict(list)
        for row in rows:
            found[name(row)].append(row)
        lines = [appeal_line(key, mine, working) for key, mine in found.items()]
        return sorted(lines, key=lambda one: (-one.asked, one.name))

    total = appeal_line("total", rows, working)
    return Appeals(total, group(lambda row: row.teacher or row.taken_by), group(lambda row: row.source))


def appeal_line(name: str, rows: Sequence[AppealRow], working: WorkingTime) -> AppealLine:
    """The figures of one group."""
    states = Counter(row.state for row in rows)
    hours = [worked(row.asked_at, row.decided_at, working) / _HOUR for row in rows if row.decided_at is not None]
    return AppealLine(
        name=name,
        asked=len(rows),
        granted=states["granted"],
        refused=states["refused"],
        settled=states["settled"],
        open=states["open"],
        hours=median(hours) if hours else None,
    )


def reasons(cases: Iterable[Counted]) -> list[tuple[str, int]]:
    """Why people were not told, most frequent first."""
    counted = Counter(reason for case in cases for reason in case.not_told)
    return sorted(counted.items(), key=lambda one: (-one[1], one[0]))


def load(sent: Iterable[tuple[str, int]], zone: ZoneInfo) -> Load:
    """From (person, instant in ms) of every message that went out."""
    days = Counter((person, f"{from_ms(at).astimezone(zone):%Y-%m-%d}") for person, at in sent)
    if not days:
        return Load(0, 0, None, 0, "", "")
    (whom, day), most = min(days.items(), key=lambda one: (-one[1], one[0]))
    people = {person for person, _ in days}
    return Load(len(people), sum(days.values()), median(days.values()), most, whom, day)


def _hours(cases: Iterable[Counted], when: Callable[[Counted], int | None]) -> float | None:
    found = [(at - case.opened_at) / _HOUR for case in cases if (at := when(case)) is not None]
    return median(found) if found else None


def _year_before(day: date) -> date:
    try:
        return day.replace(year=day.year - 1)
    except ValueError:  # 29 February
        return day.replace(year=day.year - 1, day=28)
