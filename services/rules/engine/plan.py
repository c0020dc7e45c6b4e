"""What the engine is given: checked rules as plain data. The language package builds it, tests may as well.

Conditions and numbers are Python source over the fields of the event kind, already checked and null-safe; the engine
compiles them once, together (`generate.py`). Durations and instants are whole milliseconds.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import msgspec

from services.messages import LEVELS, RANK, Level, RuleCard

if TYPE_CHECKING:  # it needs `Period`
    from services.rules.engine.calendar import Calendar

Compare = Literal["at_least", "above", "at_most", "below"]
OPERATORS: dict[Compare, str] = {"at_least": ">=", "above": ">", "at_most": "<=", "below": "<"}
_PRAISE = -1
TEACHING_WEEKS = "teaching_weeks"
TEACHING_DAY = "f__teaching_day"
"""Source of whether the day of a record is a teaching day; no field has such a name."""
MILLIONTHS = 1_000_000


def level_of(number: int) -> Level:
    """The level that a number of the engine's stands for (`Rung.number`)."""
    return "praise" if number == _PRAISE else LEVELS[min(number, RANK["red"])]


class PerLevel(NamedTuple):
    """A number for each level, None where there is none."""

    praise: float | None = None
    yellow: float | None = None
    orange: float | None = None
    red: float | None = None

    def given(self) -> dict[Level, float]:
        """The levels that have a number, from the lowest up."""
        numbers = zip(LEVELS, self, strict=True)
        return {level: number for level, number in numbers if number is not None}


class Thresholds(NamedTuple):
    """What leads to the levels of a rule, what keeps a level once it is there, and the further steps above red."""

    reached: PerLevel = PerLevel()
    clear: PerLevel = PerLevel()
    again: tuple[float | None, ...] = ()

    def of(self, level: Level, step: int = 0) -> float | None:
        """The threshold of a level, or of a step of `again`."""
        return self.again[step - 1] if step else self.reached.given().get(level)


Resolve = Callable[[tuple[str | None, ...], int], tuple[Thresholds, int]]
"""(scope values of the newest record, instant) → the thresholds in force and the instant at which they end."""
Period = Callable[[int], tuple[bool, int]]
"""Instant → (whether it lies in a period, end of that period or begin of the next one)."""


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """`all`, `last` so many records, `within` so many milliseconds or teaching weeks, or a `calendar` period."""

    kind: Literal["all", "last", "within", "calendar"] = "all"
    size: int = 0
    period: str = ""
    """Of `within`: `teaching_weeks`, or empty for milliseconds."""

    @property
    def in_weeks(self) -> bool:
        """Whether its size is counted in teaching weeks."""
        return self.kind == "within" and self.period == TEACHING_WEEKS

    @property
    def follows_calendar(self) -> bool:
        """Whether another calendar makes another window of it."""
        return self.kind == "calendar" or self.in_weeks

    def __str__(self) -> str:
        width = f"{self.size} {TEACHING_WEEKS}" if self.in_weeks else duration(self.size)
        shown = {"all": "all", "last": f"last {self.size}", "within": f"within {width}"}
        return shown.get(self.kind, f"calendar {self.period}")


class Limit(msgspec.Struct, frozen=True, kw_only=True):
    """One limit of `elapsed`: for clocks that a record satisfying `where` starts."""

    where: str = "True"
    minutes: str
    """Source of a number over the starting record's fields."""
    service: bool = False
    """In service hours instead of by the clock."""


class Gauge(msgspec.Struct, frozen=True, kw_only=True):
    """One measure over one window."""

    measure: str
    kind: str
    window: Window = Window()
    member: str = "True"
    """Condition: the record is one that the measure looks at."""
    asked: str = "True"
    """Condition: the measure wants a number of the record. Where it has none, that is counted as not evaluated."""
    hit: str | None = None
    """Condition of a count, a share, a streak."""
    number: str | None = None
    whole: bool = True
    """The number is always a whole one; otherwise sums are kept in millionths."""
    awaited_kind: str | None = None
    awaited: str | None = None
    min_records: int = 1
    min_matching: int = 0
    other: str | None = None
    """Second number: what a ratio or difference is to, what `open` is a part of."""
    other_whole: bool = True
    figures: tuple[bool, bool] = (False, False)
    """Whether the first and the second number are figures (of the newest record that has one) instead of sums."""
    group: str | None = None
    """Source of the value of distinct's FIELD, nested's `per`, open's `distinct`."""
    guard: str | None = None
    """Source of the field of `min_distinct`."""
    guard_least: int = 0
    inner: Gauge | None = None
    """The measure that `nested` takes per group."""
    inner_compare: Compare = "at_least"
    inner_bound: float = 0
    among: str | None = None
    """Condition of the records that `open` takes a part of."""
    apart: bool = False
    """Of each part of a composite only the highest grade counts."""
    table: tuple[tuple[str, int], ...] = ()
    """Of a composite: the highest grades that there are, highest first, a digit each → the level's number."""
    newest: int = 1
    before: int = 0
    min_before: int = 1
    per: int = 0
    """Milliseconds for which a trend's slope is told."""
    from_week: int = 0
    min_sum: float | None = None
    """Of a forecast: the least sum that has one; of a ratio: what the second number must come to."""
    min_days: int = 0
    against: Literal["previous", "last_year"] = "previous"
    until: str | None = None
    """Condition that stops the clock of `elapsed`."""
    limits: tuple[Limit, ...] = ()
    restart: bool = False

    @property
    def scale(self) -> int:
        """What sums of its number are divided by: numbers that need not be whole are summed in millionths."""
        return 1 if self.whole else MILLIONTHS

    @property
    def other_scale(self) -> int:
        """Likewise, of its second number."""
        return 1 if self.other_whole else MILLIONTHS


class Rung(msgspec.Struct, frozen=True, kw_only=True):
    """One level of a rule: reached when `gauge`'s value compares so with the threshold."""

    level: Level
    gauge: int
    compare: Compare
    threshold: float | None = None
    """None where a standard says it."""
    clear: float | None = None
    """Once there, the level stays while the value compares so with this; None: with the threshold. Where the standard
    says, any number stands for: it has a clear at some time and for somebody."""
    step: int = 0
    """0: the level itself; k: the k-th `again` of red."""

    @property
    def number(self) -> int:
        """The level as the engine counts and keeps it: 0 is none, each step of `again` is one higher than red."""
        return (RANK[self.level] or _PRAISE) + self.step


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """A rule as the engine runs it: what it counts, from where on which level holds, and what it shows."""

    card: RuleCard
    by: tuple[str, ...]
    gauges: tuple[Gauge, ...]
    """The first one is the rule's own measure."""
    rungs: tuple[Rung, ...]
    """Highest level first."""
    standard: str | None = None
    scope_fields: tuple[str, ...] = ()
    record: str = "True"
    """Condition: the event is a record of the rule (its `where`); the newest one's scope chooses the threshold."""
    evidence: tuple[str, ...] = ()
    ends_with_term: bool = False
    """What came before the end of a term does not count behind it. Windows of a term say so by themselves."""

    @property
    def id(self) -> str:
        """As the rule file names it; changes of warnings carry it."""
        return self.card.rule


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """A rule set, ready to run; `version` is the hash of its content."""

    version: str
    rules: tuple[Rule, ...]
    fields: dict[str, dict[str, str]]
    """Event kind → field → JSON type (string, integer, number, boolean, date-time, any)."""
    standards: dict[str, Resolve]
    thresholds: dict[str, str] = {}
    """Standard → content hash of its thresholds: with another one, rules judge anew what they count."""
    periods: dict[str, Period]
    times: Calendar
    calendar: str = ""
    """The signature of the calendar: with another one, windows that follow it need another state."""
    allowed_lateness: int = 30 * 86_400_000

    def decides(self, rule: Rule) -> str:
        """Content hash of all that decides what a rule finds: under another one, what has ended stays as it was."""
        gauges = [*rule.gauges, *(gauge.inner for gauge in rule.gauges if gauge.inner)]
        follows = any(gauge.window.follows_calendar or gauge.limits for gauge in gauges)
        said = {name: value for name, value in msgspec.structs.asdict(rule).items() if name != "card"}
        parts: list[Any] = [rule.id, said, self.thresholds.get(rule.standard or "")]
        parts += [self.calendar] if follows or TEACHING_DAY in repr(gauges) + rule.record else []
        parts += [self.times.term_ends] if rule.ends_with_term else []
        return sha256(msgspec.json.encode(parts)).hexdigest()[:16]

    def held(self, t: int) -> int:
        """When time has come to t, everything from this instant on is held: the running term, and no less than that."""
        return min(t - self.allowed_lateness, self.times.term_began(t))


def duration(milliseconds: int) -> str:
    """`14d`, `24h`, `30m`: the largest unit that divides it."""
    for unit, size in (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000)):
        if milliseconds % size == 0:
            return f"{milliseconds // size}{unit}"
    return f"{milliseconds}ms"
