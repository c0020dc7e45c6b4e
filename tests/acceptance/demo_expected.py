"""What must come of the sample college's records, by the standards' arithmetic over its events and nothing else.

A student who misses three lessons in a row also has six hours of absence: one planted problem, several warnings.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from services.app.demo import College
from services.app.demo.dates import ZONE, at
from services.messages import LEVELS, CampusEvent, to_ms
from services.rules.language.calendar import read_calendar
from services.rules.language.reading import Report

DAY, WEEK = timedelta(days=1), timedelta(days=7)
PRAISE = -1
COMMON, COMMON_HOURS, PLANNED_HOURS = ("english", "ethics-law"), 48, 128
STREAK = (2, 3, 5)
ABSENT_THIRDS = (12, 24, 30)
"""4, 8 and 10 hours in thirds of an hour: three late or early leaves are one hour."""
ROLLCALL, TEST = (timedelta(minutes=30), DAY), (DAY, 2 * DAY)
ASSESSMENT = (DAY, 3 * DAY, WEEK)
FORTNIGHT = timedelta(days=14)

PLAIN = {
    "tickets-repeated": ("red open today", "yellow open today", "yellow resolved history"),
    "satisfaction": ("orange open today",),
    "ticket-response": ("orange resolved today",),
    "ticket-closing": ("red open history",),
    "safety-incident": ("red resolved history", "red open today"),
    "accident-grade": ("orange open today",),
    "task-overdue": ("yellow open history", "orange open today", "red open today", "orange resolved history"),
    "employment-rate": ("yellow open history",),
    "employment-rank": ("yellow open history", "yellow open history"),
    "employment-rank-two-years": ("red open history",),
    "budget-spent": ("orange open history",),
    "students-per-teacher": ("yellow open history",),
    "satisfaction-of-services": ("orange open history",),
    "student-evaluation": ("yellow open history",),
    "behind-teaching-plan": ("yellow open history",),
    "teacher-late": ("orange open today",),
    "teacher-absent": ("red open today",),
    "source-rejects": ("orange open today",),
    "source-delay": ("yellow open today",),
    "source-silent-days": ("red open history",),
    "records-incomplete": ("red open today",),
    "course-fail-rate": ("yellow open history",),
    "warnings-not-useful": ("orange open history",),
    "warnings-overdue": ("red open today",),
    "major-students-warned": ("yellow open today",),
    "accidents-and-complaints": ("yellow open today",),
}
"""Rule → level, status and part of what is planted for it, in the order of planting, where no arithmetic is needed."""
WITH_IT = {
    ("late_teachers", "teacher-absent"): ("teacher-late orange open today",),
    ("silent_source", "source-silent-days"): ("source-silent yellow open history",),
    ("slip_today", "absence-hours"): (
        "absence-hours yellow withdrawn today",
        "absence-streak-all-courses yellow withdrawn today",
    ),
    ("slip_before", "absence-hours"): (
        "absence-hours yellow withdrawn history",
        "absence-streak-all-courses yellow withdrawn history",
    ),
}
"""Scenario and rule → what else comes of it about the same subject."""
LATE_TICKETS = (("information-centre", 0), ("logistics", 2), ("logistics", 1))
"""Department, and how many days ago the limit of one of its tickets passed."""
KINDS = {
    "absence-hours": "attendance",
    "absence-streak": "attendance",
    "absence-streak-all-courses": "attendance",
    "absence-rate": "attendance",
    "course-absence-share": "attendance",
    "absence-forecast": "attendance",
    "tests-failed": "tests",
    "tests-failed-often": "tests",
    "test-drop": "tests",
    "failing-courses": "tests",
    "tests-not-submitted": "tests",
    "assessment-poor-months": "assessment",
    "assessment-poor-teachers": "assessment",
    "self-assessment-below-target": "assessment",
}
"""Two of these kinds open at once are a case of the student, at the level of the highest."""

Levels = list[tuple[date, int]]
"""Days, and the level that a rule has from then on."""


class Expected(NamedTuple):
    """One warning that has to exist at the end of the demo day."""

    rule: str
    subject: str
    level: str
    status: str
    part: str
    """Whether it last changed in the history or during the demo day."""


def rank(value, thresholds):
    """How many thresholds are reached."""
    return sum(value >= threshold for threshold in thresholds)


def local(moment: datetime) -> date:
    return moment.astimezone(ZONE).date()


class Expectations:
    """Everything that must come of a college; nothing else may."""

    def __init__(self, college: College) -> None:
        self.college, self.today, self.end = college, college.day, at(college.day, "23:59")
        self.events = [*college.history(), *college.today()]
        self.found: list[Expected] = []
        self.lessons = [one.data for one in self.newest("lesson") if one.data["status"] != "cancelled"]
        for step in (
            self.planted,
            self.attendance,
            self.tests,
            self.rollcalls,
            self.assessments,
            self.praise,
            self.cases,
        ):
            step()

    def newest(self, kind: str) -> list[CampusEvent]:
        """The last revision of each record, in the order of time."""
        last = {(one.source, one.id): one for one in self.events if one.kind == kind}
        return sorted(last.values(), key=lambda one: one.time)

    def by(self, kind: str, *names: str) -> dict[tuple[str, ...], list[CampusEvent]]:
        found = defaultdict(list)
        for one in self.newest(kind):
            found[tuple(one.data.get(name, "") for name in names)].append(one)
        return found

    def part(self, day: date) -> str:
        return "today" if day == self.today else "history"

    def add(self, rule: str, subject: str, reached: int, status: str, day: date) -> None:
        self.found.append(Expected(rule, subject, LEVELS[max(reached, 0)], status, self.part(day)))

    def follow(self, rule: str, subject: str, levels: Levels) -> None:
        """The warnings that follow from the levels of a rule, one after the other."""
        episodes, before = [], 0
        for day, now in levels:
            if now and not before:
                episodes.append((now, "open", day))
            elif now != before:
                episodes[-1] = (now or before, "open" if now else "resolved", day)
            before = now
        for reached, status, day in episodes:
            self.add(rule, subject, reached, status, day)

    def planted(self) -> None:
        seen = defaultdict(int)
        for one in self.college.planted:
            words = [f"{one.rule} {PLAIN[one.rule][seen[one.rule]]}"] if one.rule in PLAIN else []
            seen[one.rule] += 1
            for said in (*words, *WITH_IT.get((one.scenario, one.rule), ())):
                rule, level, status, part = said.split()
                self.found.append(Expected(rule, one.subject, level, status, part))

    def attendance(self) -> None:
        for (student,), events in self.by("attendance", "student").items():
            records = [(local(one.time), one.data["status"]) for one in events]
            self.follow("absence-hours", student, hours(records))
            self.follow("absence-streak-all-courses", student, streak(records))
            self.follow("absence-rate", student, rate(records))
            self.follow("absence-forecast", student, self.forecast(events))
            self.follow("full-attendance", student, self.weeks(records))
        for (student, course), events in self.by("attendance", "student", "course").items():
            records = [(local(one.time), one.data["status"]) for one in events]
            self.follow("absence-streak", f"{student}/{course}", streak(records))
            planned = COMMON_HOURS if course in COMMON else PLANNED_HOURS
            self.follow("course-absence-share", f"{student}/{course}", share(records, planned))

    def forecast(self, events: list[CampusEvent]) -> Levels:
        absent = [one.time for one in events if one.data["status"] == "absent"]
        if not absent:
            return []
        calendar = calendar_of_the_pack()
        term = calendar.bounds("term", to_ms(absent[0]))
        days, levels = calendar.teaching_days(*term), []
        first = local(absent[0])
        midnights = [at(first + i * DAY, "00:00") for i in range((self.today - first).days + 1)]
        for moment in sorted({*absent, *midnights}):
            mine = [one for one in absent if one <= moment]
            passed = calendar.teaching_days(term[0], to_ms(at(local(moment) + DAY, "00:00")))
            enough = len(mine) >= 2 and len({*map(local, mine)}) >= 2
            begun = to_ms(moment) >= calendar.teaching_week(term[0], 4)
            ahead = 2 * len(mine) < 10 <= 2 * len(mine) * days / passed
            levels.append((local(moment), 2 if enough and begun and ahead else 0))
        return levels

    def weeks(self, records: list[tuple[date, str]]) -> Levels:
        length, levels = 0, []
        for monday, week in groupby(records, lambda one: one[0] - one[0].weekday() * DAY):
            if monday + WEEK <= self.today:
                length = length + 1 if all(status == "present" for _, status in week) else 0
                levels.append((monday + WEEK, PRAISE if length >= 4 else 0))
        return levels

    def tests(self) -> None:
        for (student, course), events in self.by("test", "student", "course").items():
            subject = f"{student}/{course}"
            days = [local(one.time) for one in events]
            missed = runs(one.data["status"] == "not_submitted" for one in events)
            self.follow("tests-not-submitted", subject, levels_of(days, missed, (1, 2, 3)))
            graded = [(local(one.time), one.data["score"]) for one in events if one.data["status"] == "graded"]
            days, scores = [day for day, _ in graded], [score for _, score in graded]
            failed = [score < 60 for score in scores]
            self.follow("tests-failed", subject, levels_of(days, runs(failed), (1, 2)))
            often = [sum(failed[max(0, i - 3) : i + 1]) >= 3 for i in range(len(failed))]
            self.follow("tests-failed-often", subject, [(day, 3 * many) for day, many in zip(days, often, strict=True)])
            self.follow("test-drop", subject, levels_of(days, drops(scores), (15, 20, 30)))
            sums = [sum(scores[i - 2 : i + 1]) for i in range(len(scores))]
            gains = [sums[i] - sums[i - 3] if i > 4 else 0 for i in range(len(scores))]
            progress = [(day, PRAISE if gain >= 30 else 0) for day, gain in zip(days, gains, strict=True)]
            self.follow("test-progress", subject, progress)
        for (student,), events in self.by("test", "student").items():
            self.follow("failing-courses", student, self.failing(events))
        for (test, class_), events in self.by("test", "test", "class").items():
            failed = sum(one.data["status"] == "graded" and one.data["score"] < 60 for one in events)
            if reached := sum(100 * failed / len(events) > limit for limit in (20, 30, 40)):
                self.add("class-test-failed", f"{test}/{class_}", reached, "open", local(events[-1].time))

    def failing(self, events: list[CampusEvent]) -> Levels:
        levels: Levels = []
        graded = [one for one in events if one.data["status"] == "graded"]
        for month, tests in groupby(graded, lambda one: local(one.time).replace(day=1)):
            margins = defaultdict(list)
            for one in tests:
                margins[one.data["course"]].append(one.data["score"] - 60)
                failing = sum(len(mine) > 1 and sum(mine) < 0 for mine in margins.values())
                levels.append((local(one.time), rank(failing, (1, 2, 3))))
            if (end := next_month(month)) <= self.today:
                levels.append((end, 0))
        return levels

    def rollcalls(self) -> None:
        first = {one.data["lesson"]: one for one in self.events if one.kind == "rollcall" and not one.revision}
        for one in self.newest("rollcall"):
            was, now = (arrival_rate(event.data) for event in (first[one.data["lesson"]], one))
            if now:
                self.add("arrival-rate", one.data["lesson"], now, "open", local(one.time))
            elif was:
                self.add("arrival-rate", one.data["lesson"], was, "withdrawn", local(one.recordedat))
        self.rollcall_days, self.wrong = defaultdict(list), defaultdict(list)
        called = {lesson: one.time for lesson, one in first.items()}
        tested = {one.data["lesson"]: one.time for one in reversed(self.events) if one.kind == "test"}
        for lesson in self.lessons:
            if lesson["lesson"] in called:
                self.rollcall_days[lesson["teacher"]].append(local(called[lesson["lesson"]]))
        self.missing("rollcall-missing", ROLLCALL, called, ("teacher",))
        self.missing("test-missing", TEST, tested, ("teacher", "course", "class"))
        for one in self.lessons:
            if "assessment_due" in one:
                subject, due = f"{one['class']}/{one['course']}/{one['period']}", one["assessment_due"]
                self.overdue("assessment-missing", subject, datetime.fromisoformat(due), ASSESSMENT, None)

    def missing(self, rule: str, waits: tuple[timedelta, ...], came: dict[str, datetime], by: tuple[str, ...]) -> None:
        """What did not come in time after a lesson; and a third time within a fortnight."""
        opened = defaultdict(list)
        for lesson in self.lessons:
            ends = datetime.fromisoformat(lesson["ends_at"])
            if self.overdue(rule, lesson["lesson"], ends, waits, came.get(lesson["lesson"])):
                opened["/".join(lesson[name] for name in by)].append(ends + waits[0])
                self.wrong[lesson["teacher"]].append(local(ends + waits[0]))
        for subject, all_ in opened.items():
            moments = sorted({*all_, *(one + FORTNIGHT for one in all_ if one + FORTNIGHT <= self.end)})
            counts = [sum(moment - FORTNIGHT < one <= moment for one in all_) for moment in moments]
            levels = [(local(moment), 3 if count >= 3 else 0) for moment, count in zip(moments, counts, strict=True)]
            self.follow(f"{rule}-often", subject, levels)

    def overdue(
        self, rule: str, subject: str, since: datetime, waits: tuple[timedelta, ...], came: datetime | None
    ) -> bool:
        passed = [since + wait for wait in waits if since + wait < (came or self.end)]
        if passed:
            last, status = (came, "resolved") if came else (passed[-1], "open")
            self.add(rule, subject, len(passed), status, local(last))
        return bool(passed)

    def assessments(self) -> None:
        for (student, course), events in self.by("assessment", "student", "course").items():
            poor = runs(one.data["overall"] == "poor" for one in events)
            levels = levels_of([local(one.time) for one in events], poor, (1, 2))
            self.follow("assessment-poor-months", f"{student}/{course}", levels)
        for (student, period), events in self.by("assessment", "student", "period").items():
            if sum(one.data["overall"] == "poor" for one in events) > 1:
                self.add("assessment-poor-teachers", f"{student}/{period}", 3, "open", local(events[-1].time))
        for (student, dimension), events in self.by("self_assessment", "student", "dimension").items():
            below = runs(one.data["score"] < one.data["target"] for one in events)
            levels = levels_of([local(one.time) for one in events], below, (1, 2))
            self.follow("self-assessment-below-target", f"{student}/{dimension}", levels)

    def praise(self) -> None:
        """Of teachers and departments, at the end of each whole month with work in which nothing went wrong."""
        for teacher, days in self.rollcall_days.items():
            self.follow("teacher-records-complete", teacher, self.months(days, self.wrong[teacher]))
        for (department,), events in self.by("ticket", "department").items():
            if department:
                wrong = [self.today - days * DAY for one, days in LATE_TICKETS if one == department]
                days = [local(one.time) for one in events]
                self.follow("tickets-in-time", department, self.months(days, wrong))

    def months(self, at_work: Iterable[date], wrong: Iterable[date]) -> Levels:
        bad = {day.replace(day=1) for day in wrong}
        ends = [(month, next_month(month)) for month in sorted({day.replace(day=1) for day in at_work})]
        return [(end, 0 if month in bad else PRAISE) for month, end in ends if end <= self.today]

    def cases(self) -> None:
        highest = defaultdict(lambda: defaultdict(int))
        for one in self.found:
            if one.status == "open" and (kind := KINDS.get(one.rule)):
                mine = highest[one.subject.partition("/")[0]]
                mine[kind] = max(mine[kind], LEVELS.index(one.level))
        for student, kinds in highest.items():
            if len(kinds) > 1:
                self.add("student-case", student, max(kinds.values()), "open", self.today)


@cache
def calendar_of_the_pack():
    return read_calendar(Path(__file__).parents[2] / "rules", Report())


def next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def runs(wrong: Iterable[bool]) -> Iterator[int]:
    """How many in a row up to each one."""
    length = 0
    for one in wrong:
        length = length + 1 if one else 0
        yield length


def levels_of(days, values, thresholds) -> Levels:
    return [(day, rank(value, thresholds)) for day, value in zip(days, values, strict=True)]


def hours(records) -> Levels:
    thirds, levels = 0, []
    for day, status in records:
        thirds += 6 if status == "absent" else status in {"late", "early_leave"}
        levels.append((day, rank(thirds, ABSENT_THIRDS)))
    return levels


def streak(records) -> Levels:
    counted = [(day, status) for day, status in records if status != "leave"]
    return levels_of([day for day, _ in counted], runs(status == "absent" for _, status in counted), STREAK)


def rate(records) -> Levels:
    missed, levels = 0, []
    for count, (day, status) in enumerate(records, start=1):
        missed += status in {"absent", "leave"}
        levels.append((day, rank(100 * missed / count, (5, 10, 20)) if count >= 20 and missed >= 3 else 0))
    return levels


def share(records, planned: int) -> Levels:
    missed = [day for day, status in records if status in {"absent", "leave"}]
    return levels_of(missed, [100 * 2 * count / planned for count in range(1, len(missed) + 1)], (15, 25, 33))


def drops(scores: list[int]) -> Iterator[float]:
    for i, score in enumerate(scores):
        before = scores[max(0, i - 5) : i]
        yield sum(before) / len(before) - score if len(before) >= 3 else 0.0


def arrival_rate(counts) -> int:
    arrived = 100 * (counts["expected"] - counts["absent"]) / counts["expected"]
    return sum(arrived < limit for limit in (95, 90, 80))
