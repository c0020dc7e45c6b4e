"""Where everything lies in a subject's state: bits of the flags, columns, heads. One layout per `by`."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import msgspec

from services.rules.engine.measures import MEASURES
from services.rules.engine.plan import FOREVER, RANK, Gauge, Plan, Rule, Rung

_DAY = 86_400_000
_PERIODS = {"day": 1, "week": 7, "month": 31, "term": 200, "year": 366}
NO_TIME_BOUND = 366 * _DAY
"""Records that no window bounds in time, and what came before it was expected, count for a year."""
SCALE = 1_000_000
"""Numbers that need not be whole are summed in millionths."""
CONTEXT = (
    "student", "class", "course", "teacher", "lesson", "test", "ticket", "task", "indicator", "period",
    "department", "teaching_office", "major", "cohort", "teacher_stage", "source_name", "responsible", "room",
    "location",
)  # fmt: skip
"""Fields that say whom and what a warning is about; kept of the subject's newest event."""


@dataclass
class GaugeLayout:
    """Bits, column and slots of one gauge. Bit 0 means: has no such condition."""

    gauge: Gauge
    member: int = 0
    hit: int = 0
    awaited: int = 0
    column: int = 0
    window: str = ""
    """The window in words."""
    slots: dict[str, int] = field(default_factory=dict)
    """Slot → position in the heads; `lo`, `size`, `end`, `inside` belong to the window."""


@dataclass
class RuleLayout:
    """Positions of a rule's own heads, and its gauges."""

    rule: Rule
    index: int
    level: int
    opened: int
    highest: int
    first: int
    newest: int
    """Index of the newest entry that matters to the rule: its scope chooses the threshold."""
    threshold: int
    due: int
    rung_of: dict[int, Rung]
    """Rank of a level → its rung."""
    gauges: list[GaugeLayout] = field(default_factory=list)
    mask: int = 0
    scope: int = -1
    """Column of the scope values, or -1."""
    record: int = 0
    """Bit of the rule's records; only where there is a scope."""


class Layout:
    """The layout of all rules with the same `by`."""

    def __init__(self, by: tuple[str, ...], plan: Plan) -> None:
        self.by = by
        self.initial: list[Any] = []
        self.index_heads: list[int] = []
        self.conditions: dict[tuple[str, str], int] = {}
        """(kind, condition) → bit."""
        self.columns: dict[str, list[str]] = {}
        """Kind → expressions, one per column; kinds share the columns."""
        self.evidence: dict[str, dict[str, int]] = {}
        """Kind → field → column."""
        self._fields = plan.fields
        self.rules = [self._rule(rule) for rule in plan.rules if rule.by == by]
        self.kinds = sorted({kind for kind, _ in self.conditions})
        """Event kinds that this layout's rules look at."""
        for kind in self.kinds:
            self.columns.setdefault(kind, [])
            self.evidence.setdefault(kind, {})
        self.width = max((len(columns) for columns in self.columns.values()), default=0)
        """Number of columns."""
        self.keep = max((_keep(gauge.gauge) for rule in self.rules for gauge in rule.gauges), default=0)
        """Milliseconds for which an entry can matter, lateness apart."""
        self._awaiting = [g.slots for rule in self.rules for g in rule.gauges if g.gauge.measure == "missing"]
        self._levels = [rule.level for rule in self.rules]
        parts = [(rule.rule.id, rule.rule.gauges, rule.scope, rule.rule.evidence) for rule in self.rules]
        follows = any(gauge.gauge.window.kind == "calendar" for rule in self.rules for gauge in rule.gauges)
        shape = [by, parts, self.columns, *([plan.calendar] if follows else [])]
        self.signature = sha256(msgspec.json.encode(shape)).hexdigest()[:16]
        """Content hash of all that shapes the state: another signature needs another state."""

    def is_idle(self, heads: list[Any]) -> bool:
        """Nothing is open and nothing is awaited."""
        if any(heads[level] for level in self._levels):
            return False
        return not any(heads[slots["anchor"]] >= 0 and heads[slots["come"]] < 0 for slots in self._awaiting)

    def came_early(self, heads: list[Any]) -> bool:
        """Something awaited has come that nothing expects yet: it will count when it is expected."""
        return any(heads[slots["come"]] >= 0 and heads[slots["expects"]] < 0 for slots in self._awaiting)

    def _head(self, value: Any, *, index: bool = False) -> int:
        self.initial.append(value)
        if index:
            self.index_heads.append(len(self.initial) - 1)
        return len(self.initial) - 1

    def _bit(self, kind: str, condition: str) -> int:
        return self.conditions.setdefault((kind, condition), 1 << len(self.conditions))

    def _column(self, kind: str, expression: str) -> int:
        columns = self.columns.setdefault(kind, [])
        if expression not in columns:
            columns.append(expression)
        return columns.index(expression)

    def _rule(self, rule: Rule) -> RuleLayout:
        layout = RuleLayout(
            rule=rule, index=-1, level=self._head(0), opened=self._head(-1), highest=self._head(0),
            first=self._head(None), newest=self._head(-1, index=True), threshold=self._head(None),
            due=self._head(FOREVER), rung_of={RANK[rung.level]: rung for rung in rule.rungs},
        )  # fmt: skip
        for gauge in rule.gauges:
            placed = self._gauge(gauge)
            layout.gauges.append(placed)
            layout.mask |= placed.member | placed.awaited
            for kind in (gauge.kind, gauge.awaited_kind):
                if kind is not None:
                    self._evidence(rule, kind)
        if rule.scope_fields:
            names = ", ".join(field_source(name, self._fields[rule.gauges[0].kind]) for name in rule.scope_fields)
            layout.scope = self._column(rule.gauges[0].kind, f"intern(({names},))")
            layout.record = self._bit(rule.gauges[0].kind, rule.record)
            layout.mask |= layout.record
        return layout

    def _evidence(self, rule: Rule, kind: str) -> None:
        shown = self.evidence.setdefault(kind, {})
        for name in rule.evidence:
            if name in self._fields[kind]:
                shown[name] = self._column(kind, field_source(name, self._fields[kind]))

    def _gauge(self, gauge: Gauge) -> GaugeLayout:
        measure = MEASURES[gauge.measure]
        placed = GaugeLayout(gauge, member=self._bit(gauge.kind, gauge.member), window=str(gauge.window))
        if gauge.hit is not None:
            placed.hit = self._bit(gauge.kind, gauge.hit)
        if gauge.awaited_kind is not None:
            placed.awaited = self._bit(gauge.awaited_kind, gauge.awaited or "True")
        if gauge.number is not None:
            raw = gauge.measure in ("value", "missing") or gauge.whole
            placed.column = self._column(gauge.kind, gauge.number if raw else f"scaled({gauge.number})")
        for name, start in measure.slots.items():
            placed.slots[name] = self._head(start, index=name in measure.index_slots)
        placed.slots["lo"] = self._head(0, index=True)
        if gauge.window.kind == "last":
            placed.slots["size"] = self._head(0)
        elif gauge.window.kind == "calendar":
            placed.slots["end"] = self._head(-1)
            placed.slots["inside"] = self._head(0)
        return placed


def _keep(gauge: Gauge) -> int:
    window = gauge.window
    if window.kind == "within":
        return window.size
    if window.kind == "calendar":
        return _PERIODS[window.period] * _DAY
    return NO_TIME_BOUND if window.kind == "last" or gauge.measure in ("value", "streak") else 0


def field_source(name: str, known: dict[str, str]) -> str:
    """How generated code names a field; a field that the kind does not have is None."""
    return f"f_{name}" if name in known else "None"
