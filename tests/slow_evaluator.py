"""The slow, obviously right evaluator: docs/rules.md once more, with everything recomputed from the whole history.

For every rule and subject it lists the instants at which something can change, and at each of them looks at all records
up to then as if nothing had been computed before. It shares no code with the engine, which is held to it. Instants are
whole milliseconds since 1970 (UTC). Lateness and forgetting are not its business, nor is checking of rules.
"""

import ast
import io
import keyword
import operator
import re
import tokenize
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import yaml

LEVELS = ("yellow", "orange", "red")
COMPARE = {"at_least": operator.ge, "above": operator.gt, "at_most": operator.le, "below": operator.lt}
SPECIFICITY = ("department", "major", "course", "cohort", "class", "teacher_stage", "teacher", "student")
MEASURES = ("missing", "value", "count", "sum", "mean", "share", "streak")
UNITS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
MICRO = 1_000_000
MOST_EVIDENCE = 50
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
BY_TIME, BY_RECORD, BY_DEADLINE = 0, 1, 2  # the order of the steps of one instant


@dataclass
class Episode:
    """One warning: from a level reached to none. Instants are aware (UTC); records are named "source id"."""

    rule: str
    subject: str
    level: str
    highest_level: str
    status: str
    value: float | None
    threshold: float
    opened_at: datetime
    closed_at: datetime | None
    first_event: str | None
    evidence: list[str]
    standard: str | None


class Record(NamedTuple):
    ms: int
    source: str
    id: str
    kind: str
    data: dict[str, Any]
    known: dict[Any, Any]  # results of expressions on this record, by their text

    @property
    def name(self) -> str:
        return f"{self.source} {self.id}"

    @property
    def order(self) -> tuple[int, str, str]:
        return (self.ms, self.source, self.id)


class Moment(NamedTuple):
    """All that a measure may look at: the instant, the records of the rule and the other events of the subject."""

    ms: int
    step: int
    records: list[Record]
    events: list[Record]  # these, and those that a `missing` awaits


class Facts(NamedTuple):
    level: str
    value: float | None
    threshold: float
    evidence: list[str]


def load(rules_dir: Path) -> tuple[list[dict[str, Any]], list[dict[str, Any]], dict[str, Any]]:
    """The rules, standards and calendar under `rules_dir`, as plain YAML content."""

    def entries(paths: Iterable[Path], name: str) -> list[dict[str, Any]]:
        files = [yaml.safe_load(path.read_text("utf-8")) or {} for path in sorted(paths)]
        return [entry for content in files for entry in content.get(name) or []]

    calendar = rules_dir / "calendar.yaml"
    return (
        entries((path for path in rules_dir.glob("*.yaml") if path != calendar), "rules"),
        entries((rules_dir / "standards").glob("*.yaml"), "standards"),
        yaml.safe_load(calendar.read_text("utf-8")),
    )


def evaluate(
    rules: list[dict[str, Any]],
    standards: list[dict[str, Any]],
    calendar: dict[str, Any],
    events: Iterable[dict[str, Any]],
    now: datetime,
) -> list[Episode]:
    """Every episode of every rule and subject once time has come to `now`, by rule, subject and beginning."""
    by_kind = defaultdict(list)
    for record in present_records(events, to_ms(now)):
        by_kind[record.kind].append(record)
    days = Calendar(calendar)
    by_id = {standard["id"]: standard for standard in standards}
    episodes: list[Episode] = []
    for entry in rules:
        rule = Rule(entry, by_id, days)
        subjects = defaultdict(list)
        for kind in sorted(rule.kinds):
            for record in by_kind[kind]:
                subject = subject_of(rule.by, {**record.data, "event": record.name})
                if subject is not None:
                    subjects[subject].append(record)
        for subject, history in subjects.items():
            episodes += fold(rule, subject, sorted(history, key=lambda record: record.order), to_ms(now))
    return sorted(episodes, key=lambda episode: (episode.rule, episode.subject, episode.opened_at))


def present_records(events: Iterable[dict[str, Any]], now: int) -> list[Record]:
    newest: dict[tuple[str, str], dict[str, Any]] = {}
    for event in events:
        key = (event["source"], event["id"])
        if key not in newest or event.get("revision", 0) > newest[key].get("revision", 0):
            newest[key] = event
    records = [
        Record(to_ms(datetime.fromisoformat(event["time"].upper())), *key, event["type"], event.get("data") or {}, {})
        for key, event in newest.items()
        if not event.get("retracted", False)
    ]
    return [record for record in records if record.ms <= now]


def subject_of(by: list[str], data: dict[str, Any]) -> str | None:
    if not by:
        return "college"
    parts = [data.get(name) for name in by]
    if any(part is None for part in parts):
        return None
    return str(parts[0]) if len(parts) == 1 else "/".join(str(part).replace("/", "%2F") for part in parts)


def to_ms(instant: datetime) -> int:
    return (instant - EPOCH) // timedelta(milliseconds=1)


def from_ms(ms: int) -> datetime:
    return EPOCH + timedelta(milliseconds=ms)


@lru_cache(None)
def duration(text: str | float) -> int:
    """Milliseconds of `30m`, `24h`, `-7d`; a bare number is minutes."""
    if not isinstance(text, str):
        return int(text * UNITS["m"])
    number, unit = re.fullmatch(r"\s*([+-]?\d+(?:\.\d+)?)\s*([smhdw])\s*", text).groups()  # type: ignore[union-attr]
    return int(Fraction(number) * UNITS[unit])


# ---- the fold


def fold(rule: "Rule", subject: str, history: list[Record], now: int) -> Iterator[Episode]:
    """The episodes of one subject, from its events in order."""
    ours = [record for record in history if rule.is_record(record)]
    steps: list[tuple[int, int, Record | None]] = [
        (record.ms, BY_RECORD, record) for record in history if rule.is_record(record) or rule.is_awaited(record)
    ]
    for ms, step in set(rule.instants(ours)):
        if ms < now or (ms == now and step == BY_TIME):
            steps.append((ms, step, None))
    records: list[Record] = []
    events: list[Record] = []
    episode: Episode | None = None
    for ms, step, record in sorted(steps, key=lambda item: item[:2]):  # stable: records stay in order
        first = None
        if record is not None:
            first = record.name
            events.append(record)
            if rule.is_record(record):
                records.append(record)
        moment = Moment(ms, step, records, events)
        facts = rule.facts(moment)
        if facts is not None:
            if episode is None:
                level, value, threshold, _ = facts
                at = from_ms(ms)
                episode = Episode(rule.id, subject, level, level, "open", value, threshold, at, None, first, [], None)
            episode.level, episode.value, episode.threshold, episode.evidence = facts
            episode.highest_level = max(episode.highest_level, episode.level, key=LEVELS.index)
            episode.standard = rule.standard["id"] if rule.standard else None
        elif episode is not None:
            episode.status, episode.closed_at = "resolved", from_ms(ms)
            episode.value, episode.evidence = rule.measure.look(moment)
            yield episode
            episode = None
    if episode is not None:
        yield episode


# ---- rules


class Rule:
    def __init__(self, entry: dict[Any, Any], standards: dict[str, dict[str, Any]], calendar: "Calendar") -> None:
        self.id: str = entry["id"]
        self.on: str = next(entry[key] for key in ("on", True) if key in entry)  # YAML 1.1 reads a bare `on` as true
        self.by: list[str] = entry["by"]
        self.where = entry.get("where", True)
        self.calendar = calendar
        self.measure = Measure(entry["measure"], entry.get("window", "all"), calendar)
        levels = entry["levels"]
        self.standard = standards[levels["standard"]] if "standard" in levels else None
        self.levels: dict[str, tuple[Measure, str, Any]] = {}  # those of the rule itself, without a standard
        for compare in COMPARE.keys() & levels.keys():
            self.levels = {level: (self.measure, compare, levels[compare][level]) for level in levels[compare]}
        for level in [name for name in LEVELS if name in levels]:
            own = levels[level]
            measure = Measure(own.get("measure", entry["measure"]), own.get("window", self.measure.window), calendar)
            compare = next(name for name in COMPARE if name in own)
            self.levels[level] = (measure, compare, own[compare])
        self.measures = [self.measure, *(measure for measure, _, _ in self.levels.values())]
        self.kinds = {self.on} | {measure.awaits for measure in self.measures if measure.awaits}

    def is_record(self, event: Record) -> bool:
        return event.kind == self.on and satisfies(self.where, event)

    def is_awaited(self, event: Record) -> bool:
        return any(measure.is_awaited(event) for measure in self.measures)

    def thresholds(self, moment: Moment) -> dict[str, tuple["Measure", str, Any]]:
        """Measure, comparison and threshold of each level at that instant."""
        if self.standard is None:
            return self.levels
        data = moment.records[-1].data if moment.records else {}
        fitting = [
            value
            for value in self.standard["values"]
            if self.calendar.midnight(value["from"]) <= moment.ms
            and all(name in data and data[name] == wanted for name, wanted in value.get("scope", {}).items())
        ]
        if not fitting:
            return {}
        applies = max(fitting, key=lambda value: (specificity(value), self.calendar.midnight(value["from"])))
        warning = applies.get("warning", {})
        return {level: (self.measure, self.standard["compare"], warning[level]) for level in warning}

    def facts(self, moment: Moment) -> Facts | None:
        """The highest level that is reached, with its value, threshold and evidence."""
        thresholds = self.thresholds(moment)
        looks = {measure: measure.look(moment) for measure, _, _ in thresholds.values()}
        for level in reversed(LEVELS):
            measure, compare, threshold = thresholds.get(level, (self.measure, "", None))
            if threshold is None:
                continue
            value, evidence = looks[measure]
            if measure.awaits:
                if measure.has_missed(moment, duration(threshold)):
                    minutes = duration(threshold) / UNITS["m"]
                    return Facts(level, minutes, minutes, evidence)
            elif value is not None and COMPARE[compare](value, threshold):
                return Facts(level, value, threshold, evidence)
        return None

    def instants(self, records: list[Record]) -> Iterator[tuple[int, int]]:
        """When time alone may change something; one too many does no harm."""
        of_standard = self.standard["values"] if self.standard else []
        yield from ((self.calendar.midnight(value["from"]), BY_TIME) for value in of_standard)
        for measure in self.measures:
            yield from ((end, BY_TIME) for record in records for end in measure.ends_of(record.ms))
        for measure, threshold in [(measure, threshold) for measure, _, threshold in self.levels.values()] + [
            (self.measure, threshold) for value in of_standard for threshold in value.get("warning", {}).values()
        ]:
            if measure.awaits and threshold is not None:
                begins = [measure.begin(record) for record in records]
                yield from ((begin + duration(threshold), BY_DEADLINE) for begin in begins if begin is not None)


def specificity(value: dict[str, Any]) -> list[int]:
    return sorted((SPECIFICITY.index(name) for name in value.get("scope", {})), reverse=True)


class Measure:
    def __init__(self, spec: dict[str, Any], window: str | dict[str, Any], calendar: "Calendar") -> None:
        self.spec, self.window, self.calendar = spec, window, calendar
        self.kind = next(name for name in MEASURES if name in spec)
        self.awaits: str | None = spec.get("missing")

    def look(self, moment: Moment) -> tuple[float | None, list[str]]:
        """Value (None: there is none) and evidence."""
        value, evidence = getattr(self, f"_{self.kind}")(moment)
        return value, [record.name for record in evidence[-MOST_EVIDENCE:]]

    def _seen(self, moment: Moment, looked_at: Callable[[Record], bool] = lambda _: True) -> list[Record]:
        """The records of the window, of those that the measure looks at."""
        records = [record for record in moment.records if looked_at(record)]
        if self.window == "all":
            return records
        (name, width), *_ = self.window.items()  # type: ignore[union-attr]
        if name == "last":
            return records[-width:]
        if name == "within":
            left = moment.ms - duration(width)
            return [record for record in records if left < record.ms <= moment.ms]
        start, end = self.calendar.period(width, moment.ms) or (0, 0)
        return [record for record in records if start <= record.ms < end]

    def ends_of(self, ms: int) -> list[int]:
        """When a record of that instant leaves the window by time alone."""
        if "within" in self.window:
            return [ms + duration(self.window["within"])]  # type: ignore[index]
        period = self.calendar.period(self.window["calendar"], ms) if "calendar" in self.window else None  # type: ignore[index]
        return [period[1]] if period else []

    def _value(self, moment: Moment) -> tuple[float | None, list[Record]]:
        newest = self._seen(moment)[-1:]
        return (number(self.spec["value"], newest[0]) if newest else None), newest

    def _count(self, moment: Moment) -> tuple[float | None, list[Record]]:
        records = self._seen(moment)
        matching = [record for record in records if satisfies(self.spec["count"], record)]
        return (len(matching) or None), matching

    def _share(self, moment: Moment) -> tuple[float | None, list[Record]]:
        records = self._seen(moment)
        matching = [record for record in records if satisfies(self.spec["share"], record)]
        enough = len(records) >= self.spec.get("min_records", 0) and len(matching) >= self.spec.get("min_matching", 0)
        return (100 * len(matching) / len(records) if records and enough else None), matching

    def _sum(self, moment: Moment) -> tuple[float | None, list[Record]]:
        records, total = self._total(moment)
        return (total / MICRO if records else None), records

    def _mean(self, moment: Moment) -> tuple[float | None, list[Record]]:
        records, total = self._total(moment)
        enough = len(records) >= self.spec.get("min_records", 0)
        return (total / (MICRO * len(records)) if records and enough else None), records

    def _total(self, moment: Moment) -> tuple[list[Record], int]:
        records = self._seen(moment, lambda record: micro(self.spec[self.kind], record) is not None)
        return records, sum(micro(self.spec[self.kind], record) or 0 for record in records)

    def _streak(self, moment: Moment) -> tuple[float | None, list[Record]]:
        records = self._seen(moment, lambda record: not satisfies(self.spec.get("skip", False), record))
        breaks = [i for i, record in enumerate(records) if not satisfies(self.spec["streak"], record)]
        run = records[breaks[-1] + 1 :] if breaks else records
        return (len(run) if records else None), run

    def _missing(self, moment: Moment) -> tuple[float | None, list[Record]]:
        awaited = [event for event in moment.events if self.is_awaited(event)]
        return None, sorted(moment.records[-1:] + awaited[:1], key=lambda record: record.order)

    def is_awaited(self, event: Record) -> bool:
        return event.kind == self.awaits and satisfies(self.spec.get("where", True), event)

    def begin(self, record: Record) -> int | None:
        """The instant in the record from which the thresholds of `missing` run."""
        text = record.data.get(self.spec["after"])
        return to_ms(datetime.fromisoformat(text.upper())) if text is not None else None

    def has_missed(self, moment: Moment, threshold: int) -> bool:
        begin = self.begin(moment.records[-1]) if moment.records else None
        if begin is None or any(self.is_awaited(event) for event in moment.events):
            return False
        return (begin + threshold, BY_DEADLINE) <= (moment.ms, moment.step)


# ---- the calendar


class Calendar:
    def __init__(self, entry: dict[str, Any]) -> None:
        self.zone = ZoneInfo(entry["time_zone"])
        month, day = str(entry.get("school_year_starts", "09-01")).split("-")
        self.year_starts = (int(month), int(day))
        self.terms = [(to_date(term["from"]), to_date(term["to"])) for term in entry.get("terms") or []]
        self.midnight = lru_cache(None)(self._midnight)
        self._period_of = lru_cache(None)(self._period)

    def _midnight(self, day: date | str) -> int:
        """The instant at which that day begins at the college."""
        return to_ms(datetime.combine(to_date(day), time(), self.zone))

    def period(self, unit: str, ms: int) -> tuple[int, int] | None:
        """Beginning and end of the period that holds that instant; None outside every term."""
        return self._period_of(unit, from_ms(ms).astimezone(self.zone).date())

    def _period(self, unit: str, day: date) -> tuple[int, int] | None:
        one = timedelta(days=1)
        if unit == "day":
            first, after = day, day + one
        elif unit == "week":
            first = day - day.weekday() * one
            after = first + 7 * one
        elif unit == "month":
            first = day.replace(day=1)
            after = (first + 31 * one).replace(day=1)
        elif unit == "year":
            year = day.year if (day.month, day.day) >= self.year_starts else day.year - 1
            first, after = date(year, *self.year_starts), date(year + 1, *self.year_starts)
        else:
            term = next((term for term in self.terms if term[0] <= day <= term[1]), None)
            if term is None:
                return None
            first, after = term[0], term[1] + one
        return self._midnight(first), self._midnight(after)


def to_date(day: date | str) -> date:
    return date.fromisoformat(day) if isinstance(day, str) else day


# ---- expressions


def satisfies(condition: str | bool, record: Record) -> bool:
    return result(condition, record) is True


def number(expression: Any, record: Record) -> float | None:
    value = result(expression, record)
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= 10**15
    return value if is_number else None


def micro(expression: Any, record: Record) -> int | None:
    """The number in millionths, half to even: what sums and means are made of."""
    value = number(expression, record)
    return None if value is None or abs(value) > 10**9 else round(Fraction(value) * MICRO)


def result(expression: Any, record: Record) -> Any:
    if not isinstance(expression, str):
        return expression
    if expression not in record.known:
        record.known[expression] = interpret(parse(expression), record.data)
    return record.known[expression]


@lru_cache(None)
def parse(expression: str) -> ast.expr:
    """The tree; fields that are named like a word of Python (`class`, `from`) get an underscore in front."""
    tokens = tokenize.generate_tokens(io.StringIO(f"({expression})").readline)
    words = [(kind, f"_{text}" if text in RESERVED else text) for kind, text, *_ in tokens]
    return ast.parse(tokenize.untokenize(words).strip(), mode="eval").body


def strict(function: Callable[..., Any], *operands: Any) -> Any:
    """No result with a null among the operands, on division by zero, or where the types do not go together."""
    if any(operand is None for operand in operands):
        return None
    try:
        return function(*operands)
    except (ArithmeticError, TypeError, ValueError):
        return None


def any_of(values: list[Any]) -> Any:
    return True if any(value is True for value in values) else None if None in values else False


def all_of(values: list[Any]) -> Any:
    return strict(operator.not_, any_of([strict(operator.not_, value) for value in values]))


RESERVED = set(keyword.kwlist) - {"and", "or", "not", "in", "if", "else", "True", "False"}
WORDS = {"true": True, "false": False}
OPERATORS: dict[type, Callable[..., Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod, ast.USub: operator.neg, ast.UAdd: operator.pos,
    ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Not: operator.not_,
    ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge,
}  # fmt: skip
STRICT_CALLS: dict[str, Callable[..., Any]] = {"abs": abs, "min": min, "max": max, "round": round}
CALLS: dict[str, Callable[..., Any]] = {
    "has": lambda value: value is not None,
    "coalesce": lambda *values: next((value for value in values if value is not None), None),
    **{name: partial(strict, function) for name, function in STRICT_CALLS.items()},
}


def interpret(node: ast.expr, data: dict[str, Any]) -> Any:
    """The value of the expression; None is null: no result."""
    of = partial(interpret, data=data)
    match node:
        case ast.Constant(value=value):
            found = value
        case ast.Name(id=name):
            found = WORDS[name] if name in WORDS else data.get(name[1:] if name[1:] in RESERVED else name)
        case ast.BoolOp(op=op, values=values):
            found = (any_of if isinstance(op, ast.Or) else all_of)([of(value) for value in values])
        case ast.UnaryOp(op=op, operand=operand):
            found = strict(OPERATORS[type(op)], of(operand))
        case ast.BinOp(left=left, op=op, right=right):
            found = strict(OPERATORS[type(op)], of(left), of(right))
        case ast.Compare(left=left, ops=ops, comparators=rights):
            found = all_of([compare(of(a), op, b, of) for a, op, b in zip([left, *rights], ops, rights, strict=False)])
        case ast.IfExp(test=test, body=body, orelse=orelse):
            found = of(body) if of(test) is True else of(orelse)
        case ast.Call(func=ast.Name(id=name), args=arguments):
            found = CALLS[name](*map(of, arguments))
        case _:
            raise ValueError(f"not of the language: {ast.unparse(node)}")
    return found


def compare(left: Any, op: ast.cmpop, right: ast.expr, of: Callable[[ast.expr], Any]) -> Any:
    if not isinstance(op, ast.In | ast.NotIn):
        return strict(OPERATORS[type(op)], left, of(right))
    found = any_of([strict(operator.eq, left, of(item)) for item in right.elts])  # type: ignore[attr-defined]
    return found if isinstance(op, ast.In) else strict(operator.not_, found)
