"""The measures of the slow evaluator: each computed from all records up to an instant, as docs/rules.md says it."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import datetime
from fractions import Fraction
from itertools import permutations
from typing import Any, NamedTuple

from tests.oracle.calendar import DAY, SERVICE_DAY, UNITS, Calendar, duration, to_ms
from tests.oracle.expressions import MICRO, Record, micro, number, result, satisfies

COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "at_least": lambda value, threshold: value >= threshold,
    "above": lambda value, threshold: value > threshold,
    "at_most": lambda value, threshold: value <= threshold,
    "below": lambda value, threshold: value < threshold,
}
MEASURES = (
    "value", "count", "sum", "mean", "share", "streak", "min", "max", "ratio", "difference", "open", "distinct",
    "change", "trend", "forecast", "period_over_period", "rank", "none", "nested", "composite", "missing",
    "elapsed", "running",
)  # fmt: skip
MOST_EVIDENCE = 50
SKEW = 5 * UNITS["m"]  # by which the clocks of several systems may differ
BY_TIME, BY_RECORD, BY_DEADLINE = 0, 1, 2  # the order of the steps of one instant

Found = tuple[Fraction | float | None, Iterable[Record]]


class Moment(NamedTuple):
    """All that a measure may look at: the instant, the records of the rule and the other events of the subject."""

    ms: int
    step: int
    records: list[Record]
    events: list[Record]  # these, and those that `missing` awaits or of which `none` wants none
    peers: list[list[Record]]  # for `rank`: the records of each of the other subjects


class Measure:
    def __init__(self, spec: dict[str, Any], window: str | dict[str, Any], calendar: Calendar) -> None:
        self.spec, self.window, self.calendar = spec, window, calendar
        self.kind = next(name for name in MEASURES if name in spec)
        self.main: Any = spec[self.kind]
        self.has_deadlines = self.kind in ("missing", "elapsed")
        self.awaits: str | None = spec.get("missing") or spec.get("none")
        self.unit: str | None = None if isinstance(window, str) else window.get("calendar")
        self.inner = Measure(self.main, "all", calendar) if self.kind == "nested" else None

    def look(self, moment: Moment) -> tuple[float | None, list[str]]:
        """Value (None: there is none), the double nearest to it, and evidence, oldest first."""
        value, found = getattr(self, f"_{self.kind}")(moment)
        evidence = sorted(found, key=lambda record: record.order)
        nearest = float(value) if isinstance(value, Fraction) else value
        return nearest, [record.name for record in evidence[-MOST_EVIDENCE:]]

    # ---- windows

    def looks_at(self, record: Record) -> bool:
        main, found = self.main, True
        match self.kind:
            case "sum" | "mean" | "change" | "trend" | "forecast":
                found = micro(main, record) is not None
            case "min" | "max" | "rank":
                found = number(main, record) is not None
            case "ratio" | "difference":
                found = any(micro(side_of(side), record) is not None for side in (main, self.spec["to"]))
            case "streak":
                found = not satisfies(self.spec.get("skip", False), record)
            case "distinct":
                found = result(main, record) is not None
            case "nested":
                found = result(self.spec["per"], record) is not None and self.inner.looks_at(record)  # type: ignore[union-attr]
            case "open":
                found = record.data.get("warning") is not None
            case "composite":
                found = result(self.spec["each"], record) is not None
        return found

    def _seen(self, moment: Moment, records: list[Record] | None = None) -> list[Record]:
        """The records of the window, of those that the measure looks at."""
        records = [r for r in (moment.records if records is None else records) if self.looks_at(r)]
        if self.window == "all":
            return records
        (name, width), *_ = self.window.items()  # type: ignore[union-attr]
        if name == "last":
            return records[-width:]
        if name == "within" and "teaching_weeks" in width:
            weeks = int(width.split()[0])
            return [record for record in records if len(self.calendar.weeks_begun(record.ms, moment.ms)) < weeks]
        if name == "within":
            left = moment.ms - duration(width)
            return [record for record in records if left < record.ms <= moment.ms]
        start, end = self.calendar.period(width, moment.ms) or (0, 0)
        return [record for record in records if start <= record.ms < end]

    def _is_enough(self, records: list[Record], least: int = 1) -> bool:
        """At least one record, and what `min_records` and `min_distinct` want."""
        distinct = self.spec.get("min_distinct", {})
        return len(records) >= max(1, self.spec.get("min_records", least)) and all(
            len(values_of(field, records)) >= least for field, least in distinct.items()
        )

    # ---- when time alone may change something: one instant too many does no harm

    def instants(self, records: list[Record], now: int) -> Iterator[int]:
        """Beside deadlines."""
        if "within" in self.window:
            yield from self._leaving(self.window["within"], records, now)  # type: ignore[index]
        if self.unit is None or not records:
            return
        calendar, first = self.calendar, min(record.ms for record in records)
        ours = {calendar.span(self.unit, calendar.day(record.ms)) for record in records} - {None}
        all_until_now = list(calendar.spans(self.unit, calendar.day(first), calendar.day(now)))
        for span in all_until_now if self.kind in ("none", "period_over_period") else ours:
            yield from calendar.instants_of(span)
        if self.kind == "forecast":
            for begin, after in ours:
                yield from (calendar.midnight(begin + n * DAY) for n in range((after - begin).days))
        if self.kind == "period_over_period":
            for span in all_until_now:
                earlier = calendar.instants_of(calendar.earlier(self.unit, self.spec["against"], span[0]))
                if earlier:
                    shift = calendar.midnight(span[0]) - earlier[0]
                    yield from (record.ms + shift for record in records if earlier[0] <= record.ms < earlier[1])

    def _leaving(self, width: str, records: list[Record], now: int) -> Iterable[int]:
        """When records may leave the window."""
        if "teaching_weeks" not in width:
            return (record.ms + duration(width) for record in records)
        return self.calendar.weeks_begun(min(record.ms for record in records), now) if records else []

    # ---- one record, how many, how much

    def _value(self, moment: Moment) -> Found:
        newest = self._seen(moment)[-1:]
        given = newest and satisfies(self.spec.get("given", True), newest[0])
        return (number(self.main, newest[0]) if given else None), newest

    def _min(self, moment: Moment) -> Found:
        best = None
        for record in self._seen(moment):
            if best is None or number(self.main, record) <= number(self.main, best):
                best = record
        return (number(self.main, best), [best]) if best else (None, [])

    def _max(self, moment: Moment) -> Found:
        best = None
        for record in self._seen(moment):
            if best is None or number(self.main, record) >= number(self.main, best):
                best = record
        return (number(self.main, best), [best]) if best else (None, [])

    def _count(self, moment: Moment) -> Found:
        matching = matches(self.main, self._seen(moment))
        return len(matching) or None, matching

    def _share(self, moment: Moment) -> Found:
        records = self._seen(moment)
        matching = matches(self.main, records)
        enough = self._is_enough(records) and len(matching) >= self.spec.get("min_matching", 0)
        return (percent(len(matching), len(records)) if enough else None), matching

    def _sum(self, moment: Moment) -> Found:
        records = self._seen(moment)
        return (total(self.main, records) if self._is_enough(records) else None), records

    def _mean(self, moment: Moment) -> Found:
        records = self._seen(moment)
        return (mean(self.main, records) if self._is_enough(records) else None), records

    def _streak(self, moment: Moment) -> Found:
        records = self._seen(moment)
        run: list[Record] = []
        for record in records:
            run = [*run, record] if satisfies(self.main, record) else []
        return (len(run) if records else None), run

    def _ratio(self, moment: Moment) -> Found:
        records = self._seen(moment)
        a, b = side(self.main, records), side(self.spec["to"], records)
        enough = self._is_enough(records) and b is not None and b >= self.spec.get("min_to", b)
        return (percent(a, b) if enough and a is not None and b else None), records

    def _difference(self, moment: Moment) -> Found:
        records = self._seen(moment)
        a, b = side(self.main, records), side(self.spec["to"], records)
        return (a - b if self._is_enough(records) and a is not None and b is not None else None), records

    def _distinct(self, moment: Moment) -> Found:
        newest = {result(self.main, record): record for record in self._seen(moment)}
        return len(newest) or None, newest.values()

    # ---- over time

    def _change(self, moment: Moment) -> Found:
        records, last, before = self._seen(moment), self.spec.get("last", 1), self.spec["before"]
        newest, older = records[-last:], records[:-last][-before:]
        enough = len(older) >= max(1, self.spec.get("min_before", before))
        return (mean(self.main, newest) - mean(self.main, older) if enough else None), older + newest

    def _trend(self, moment: Moment) -> Found:
        records = self._seen(moment)
        if not self._is_enough(records, 3) or len({record.ms for record in records}) < 2:
            return None, records
        at = Fraction(sum(record.ms for record in records), len(records))
        middle = mean(self.main, records)
        above = sum((record.ms - at) * (total(self.main, [record]) - middle) for record in records)
        below = sum((record.ms - at) ** 2 for record in records)
        return above / below * duration(self.spec["per"]), records

    def _forecast(self, moment: Moment) -> Found:
        records = self._seen(moment)
        today = self.calendar.day(moment.ms)
        span = self.calendar.span(self.unit, today)
        evidence = [record for record in records if micro(self.main, record)]
        if span is None or not records:
            return None, evidence
        first, after = span
        monday = first - first.weekday() * DAY
        begins = monday + 7 * (self.spec.get("from_week", 1) - 1) * DAY
        sum_so_far = total(self.main, records)
        days = {self.calendar.day(record.ms) for record in evidence}
        all_days, gone = self.calendar.teaching_days(first, after), self.calendar.teaching_days(first, today + DAY)
        if (
            gone == 0
            or moment.ms < self.calendar.midnight(begins)
            or float(sum_so_far) < self.spec.get("min_sum", float("-inf"))
            or len(days) < self.spec.get("min_days", 0)
        ):
            return None, evidence
        return sum_so_far * all_days / gone, evidence

    def happened(self, moment: Moment, compare: str, threshold: float) -> bool:
        """Of a forecast: whether what is so already has reached the threshold."""
        if self.kind != "forecast" or compare not in ("at_least", "above"):
            return False
        return COMPARE[compare](float(total(self.main, self._seen(moment))), threshold)

    def _period_over_period(self, moment: Moment) -> Found:
        records = self._seen(moment)
        present = matches(self.main, records)
        here = self.calendar.span(self.unit, self.calendar.day(moment.ms))
        there = self.calendar.earlier(self.unit, self.spec["against"], here[0]) if here else None
        if there is None or not records:
            return None, present
        (begin, _), (earlier_begin, earlier_end) = map(self.calendar.instants_of, (here, there))
        as_far = [
            record
            for record in matches(self.main, moment.records)
            if earlier_begin <= record.ms < earlier_end and begin + (record.ms - earlier_begin) <= moment.ms
        ]
        if len(as_far) < max(1, self.spec.get("min_before", 1)):
            return None, present
        return percent(len(present) - len(as_far), len(as_far)), present

    def _none(self, moment: Moment) -> Found:
        calendar, unit = self.calendar, self.unit
        with_records = {calendar.period(unit, record.ms) for record in moment.records} - {None}
        with_event = {calendar.period(unit, event.ms) for event in moment.events if self.is_awaited(event)}
        periods = 0
        for begin, end in sorted(with_records):
            if end <= moment.ms:
                periods = 0 if (begin, end) in with_event else periods + 1
        whole = calendar.instants_of(calendar.before(unit, calendar.day(moment.ms)))
        return periods or None, [record for record in moment.records if whole and record.ms < whole[1]][-1:]

    # ---- among others

    def _rank(self, moment: Moment) -> Found:
        own = self._seen(moment)[-1:]
        others = [self._seen(moment, records)[-1:] for records in moment.peers]
        numbers = [number(self.main, newest[0]) for newest in [own, *others] if newest]
        if not own or len(numbers) < self.spec.get("min_peers", 10):
            return None, own
        return percent(sum(value <= numbers[0] for value in numbers), len(numbers)), own

    def _nested(self, moment: Moment) -> Found:
        by_value = defaultdict(list)
        for record in self._seen(moment):
            by_value[result(self.spec["per"], record)].append(record)
        compare = next(name for name in COMPARE if name in self.spec)
        counted, evidence = 0, []
        for records in by_value.values():
            value, found = getattr(self.inner, f"_{self.inner.kind}")(moment._replace(records=records))
            nearest = float(value) if isinstance(value, Fraction) else value
            if nearest is not None and COMPARE[compare](nearest, self.spec[compare]):
                counted += 1
                evidence += found
        return counted or None, evidence

    def _open(self, moment: Moment) -> Found:
        records, field = self._seen(moment), self.spec.get("distinct")
        states = list({record.data["warning"]: record for record in records}.values())
        if field is not None:
            states = [state for state in states if result(field, state) is not None]
        among = matches(self.spec.get("among", True), states)
        counted = matches(self.main, among)
        have, of_them = (len(values_of(field, found) if field else found) for found in (counted, among))
        if "among" in self.spec:
            enough = of_them >= max(1, self.spec.get("min_among", 1))
            return (percent(have, of_them) if enough else None), counted
        if "of" in self.spec:
            figure = side({"figure": self.spec["of"]}, records)
            return (percent(have, figure) if have and figure else None), counted
        return have or None, counted

    def _composite(self, moment: Moment) -> Found:
        states = {result(self.spec["each"], record): record for record in self._seen(moment)}.values()
        grades, parts = self.spec["grades"], self.spec.get("parts", {})
        facts = []
        for record in matches(self.main, states):
            part = next((name for name, condition in parts.items() if satisfies(condition, record)), None)
            grade = result(self.spec["grade"], record)
            if grade in grades and (part or not parts):
                facts.append((part, grades.index(grade), record))
        reached = 0
        for rank, level in enumerate(("yellow", "orange", "red"), 1):
            for case in self.spec["cases"].get(level, []):
                wanted = [grades.index(grade) for grade in case]
                if any(self._makes(wanted, chosen) for chosen in permutations(facts, len(wanted))):
                    reached = rank
        return reached or None, [record for _, _, record in facts]

    def _makes(self, wanted: list[int], chosen: tuple[tuple[str | None, int, Record], ...]) -> bool:
        apart = len({part for part, _, _ in chosen}) == len(chosen) or "parts" not in self.spec
        return apart and all(grade >= least for least, (_, grade, _) in zip(wanted, chosen, strict=True))

    # ---- deadlines

    def is_awaited(self, event: Record) -> bool:
        return event.kind == self.awaits and satisfies(self.spec.get("where", True), event)

    def deadline(self, record: Record, threshold: Any) -> int | None:
        """The instant after which that threshold is passed, if that record decides."""
        if self.kind == "missing":
            text = record.data.get(self.spec["after"])
            return None if text is None else to_ms(datetime.fromisoformat(text.upper())) + duration(threshold)
        fitting = (one for one in self.spec.get("limits", [self.spec]) if satisfies(one.get("where", True), record))
        entry = next(fitting, None)
        if entry is None:
            return None
        limit, in_service = entry["limit"], entry.get("hours", "clock") == "service"
        if isinstance(limit, dict):
            minutes = micro(limit["minutes"], record)
            length = None if minutes is None else Fraction(minutes, MICRO) * UNITS["m"]
        else:
            length = Fraction(duration(limit, SERVICE_DAY) if in_service else duration(limit))
        if length is None:
            return None
        part = max(Fraction(0), length * Fraction(threshold) / 100)
        passed = self.calendar.after_service(record.ms, part) if in_service else record.ms + part
        return None if passed is None else passed // 1

    def passed(self, moment: Moment, threshold: Any) -> float | None:
        """The value that goes with that threshold, once its deadline has passed with nothing done."""
        if self.kind == "missing":
            done = any(self.is_awaited(event) for event in moment.events)
            decides, value = (moment.records[-1:] or [None])[0], duration(threshold) / UNITS["m"]
        else:
            decides, stopped = self._clock(moment.records)
            done, value = stopped is not None, threshold
        deadline = None if decides is None or done else self.deadline(decides, threshold)
        return value if deadline is not None and (deadline, BY_DEADLINE) <= (moment.ms, moment.step) else None

    def _missing(self, moment: Moment) -> Found:
        awaited = [event for event in moment.events if self.is_awaited(event)]
        return None, moment.records[-1:] + awaited[:1]

    def _running(self, moment: Moment) -> Found:
        started, stopped = self._clock(moment.records)
        if stopped:  # shown is the newest one that stops, be there anything left to stop
            both = [r for r in moment.records if satisfies(self.spec["until"], r) and not satisfies(self.main, r)]
            stopped = both[-1]
        return (None if started is None else 0 if stopped else 1), [r for r in (started, stopped) if r]

    def _elapsed(self, moment: Moment) -> Found:
        return None, [record for record in self._clock(moment.records) if record]

    def _clock(self, records: list[Record]) -> tuple[Record | None, Record | None]:
        """The record that started the clock last, and the one that stopped it since or had come before it."""
        started, stopped = None, None
        used: list[Record] = []  # the records that have stopped something
        for record in records:
            if started and not stopped and satisfies(self.spec["until"], record):
                stopped = record
                used.append(record)
            runs = started and not stopped
            if satisfies(self.main, record) and (not runs or self.spec.get("restart", False)):
                first = started is None
                started, stopped = record, self._came_before(record, records, used, first)
                used += [stopped] if stopped else []
        return started, stopped

    def _came_before(self, start: Record, records: list[Record], used: list[Record], first: bool) -> Record | None:
        """The stop that counts for a start behind it: the newest one, if clocks that differ explain it."""
        before = records[: records.index(start)]
        stops = [r for r in before if satisfies(self.spec["until"], r) and not satisfies(self.main, r)]
        if not stops:
            return None
        newest = stops[-1]
        near = first or start.ms - newest.ms <= SKEW
        return newest if newest.ms == start.ms or (newest not in used and near) else None


def matches(condition: Any, records: Iterable[Record]) -> list[Record]:
    return [record for record in records if satisfies(condition, record)]


def values_of(field: str, records: Iterable[Record]) -> set[Any]:
    return {result(field, record) for record in records} - {None}


def total(expression: Any, records: Collection[Record]) -> Fraction:
    return Fraction(sum(micro(expression, record) or 0 for record in records), MICRO)


def mean(expression: Any, records: Collection[Record]) -> Fraction:
    return total(expression, records) / len(records)


def percent(part: Fraction | int, whole: Fraction | int) -> Fraction:
    return 100 * Fraction(part) / Fraction(whole)


def side_of(entry: Any) -> Any:
    """The expression of one side of a ratio or difference."""
    return entry["figure"] if isinstance(entry, dict) else entry


def side(entry: Any, records: list[Record]) -> Fraction | None:
    """A sum over the records, or the figure of the newest of them that has it."""
    if not isinstance(entry, dict):
        return total(entry, records)
    having = [record for record in records if micro(entry["figure"], record) is not None]
    return total(entry["figure"], having[-1:]) if having else None
