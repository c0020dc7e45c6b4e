"""Where everything lies in a subject's state: bits of the flags, columns of the rows, heads. One layout per `by`."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from operator import attrgetter
from typing import Any

import msgspec

from services.messages import FOREVER
from services.rules.engine.measures import MEASURES
from services.rules.engine.placed import GaugeLayout, PlacedLimit, RuleLayout
from services.rules.engine.plan import TEACHING_DAY, Gauge, Plan, Rule
from services.rules.engine.subject import COLUMNS, State, Subject, seals

_DAY = 86_400_000
_PERIODS = {"day": 1, "week": 7, "month": 31, "term": 200, "year": 366}
_FORMAT = 4
"""Of the written state; states of another format are built anew from the log."""
NO_TIME_BOUND = 366 * _DAY
"""Records that no window bounds in time, and what came before it was expected, count for a year."""
CHECKPOINT_EVERY = 64
"""Entries."""
SEGMENT = 32
"""Entries that are written together once they are no longer the newest; a head holds half as many on average."""
RAW = frozenset({"value", "min", "max", "rank", "missing", "composite"})
"""Measures that take their number as it is."""


class Layout:
    """The layout of all rules with the same `by`; rules that rank peers are apart from the others."""

    def __init__(self, by: tuple[str, ...], plan: Plan, *, peers: bool = False) -> None:
        self.by = by
        self.peers = peers
        self.initial: dict[str, Any] = {}
        """Head → what it holds at the beginning."""
        self.index_heads: list[str] = []
        self.dict_heads: list[str] = []
        self.conditions: dict[tuple[str, str], int] = {}
        """(kind, condition) → bit."""
        self.columns: dict[str, list[str]] = {}
        """Kind → expressions, one per column; kinds share the columns."""
        self.evidence: dict[str, dict[str, int]] = {}
        """Kind → field → column."""
        self.tuples: set[int] = set()
        """Columns that hold tuples, which come back from a written state as lists."""
        self._fields = plan.fields
        mine = [rule for rule in plan.rules if rule.by == by and ranks(rule) == peers]
        self.rules = [self._rule(rule) for rule in mine]
        self.kinds = sorted({kind for kind, _ in self.conditions})
        """Event kinds that this layout's rules look at."""
        for kind in self.kinds:
            self.columns.setdefault(kind, [])
            self.evidence.setdefault(kind, {})
        self.width = max((len(columns) for columns in self.columns.values()), default=0)
        """Columns of the kind that has most of them."""
        self.stride = COLUMNS + self.width
        """Places that a row takes."""
        self.gauges = [gauge for rule in self.rules for gauge in rule.gauges]
        for gauge in self.gauges:
            gauge.stride = self.stride
        self.retention = max((_retention(gauge, plan) for gauge in self.gauges), default=0)
        """Milliseconds for which an entry can matter, lateness apart."""
        self.subject_type: type[Subject] = type("Subject_" + "_".join(by), (Subject,), {"__slots__": [*self.initial]})
        made: dict[str, Any] = {"subject_type": self.subject_type}
        exec(self._create_source(), made)  # noqa: S102 - our own text
        self.create: Callable[[str], Subject] = made["create"]
        self.reset: Callable[[Subject], None] = made["reset"]
        self.read_heads: Callable[[Subject], tuple[Any, ...]] = attrgetter(*self.initial)
        ends = [rule.term for rule in self.rules if rule.term]
        parts = [
            (rule.rule.id, rule.rule.gauges, rule.scope, rule.rule.evidence, *(["term"] if rule.term else []))
            for rule in self.rules
        ]
        follows = any(gauge.gauge.window.follows_calendar or gauge.limits for gauge in self.gauges)
        follows = follows or TEACHING_DAY in repr((parts, self.columns, [*self.conditions]))
        shape = [_FORMAT, by, peers, parts, self.columns, *([plan.calendar] if follows else [])]
        shape += [plan.times.term_ends] if ends else []
        self.signature = sha256(msgspec.json.encode(shape)).hexdigest()[:16]
        """Content hash of all that shapes the state: another signature needs another state."""

    def _create_source(self) -> str:
        """Source of `create(key)`, a subject of which nothing is known, and of `reset(s)`, its heads so again."""
        places = {
            "watermark": -1,
            "horizon": -1,
            "sealed": None,
            "due": FOREVER,
            "queued": FOREVER,
            "next_checkpoint": CHECKPOINT_EVERY * self.stride,
            "checkpoints": None,
            "revised": None,
            "waiting": None,
            "episodes": None,
            "numbers": None,
            "latest": None,
            "dirty": False,
            "base": 0,
            "clean": 0,
            "first": 0,
        }
        heads = [f"    s.{head} = {value}" for head, value in self.initial.items()]
        own = [f"    s.{place} = {value}" for place, value in places.items()]
        begin = ["def create(key):", "    s = subject_type()", "    s.key = key", "    s.rows = []"]
        return "\n".join([*begin, *own, *heads, "    return s", "def reset(s):", *heads])

    def heads(self, s: Subject) -> tuple[Any, ...]:
        """The heads, to be kept."""
        heads = self.read_heads(s)
        if not self.dict_heads:
            return heads
        return tuple([dict(x) if isinstance(x, dict) and not getattr(x, "shared", False) else x for x in heads])

    def restore(self, s: Subject, heads: tuple[Any, ...]) -> None:
        """The heads as they were kept."""
        for head, value in zip(self.initial, heads, strict=True):
            setattr(s, head, dict(value) if type(value) is dict else value)

    def begin_anew(self, s: Subject, i: int) -> None:
        """The heads as at the beginning; no window reaches back beyond entry `i`."""
        self.reset(s)
        s.due = FOREVER
        for gauge in self.gauges:
            setattr(s, gauge.slots["lo"], i)

    def state(self, s: Subject, rows: list[Any]) -> State:
        """The subject as it is written, with these of its rows."""
        return State(
            s.key,
            s.numbers or {},
            rows,
            self.read_heads(s),
            s.watermark,
            s.due,
            s.next_checkpoint,
            s.checkpoints or [],
            s.revised,
            s.episodes or {},
            s.horizon,
            s.sealed,
            s.latest,
            s.base,
            s.clean,
            s.waiting,
        )

    def revive(self, state: State) -> Subject:
        """The subject as it was written."""
        s = self.create(state.key)
        s.numbers, s.rows, s.watermark, s.due, s.next_checkpoint = (
            state.numbers,
            state.rows,
            state.watermark,
            state.due,
            state.next_checkpoint,
        )
        s.checkpoints, s.revised, s.episodes = state.checkpoints, state.revised, state.episodes
        s.horizon, s.latest = state.horizon, state.latest
        s.sealed = seals(state, [rule.rule.id for rule in self.rules])
        s.base, s.clean, s.first = state.base, state.sealed_at, state.base // SEGMENT
        s.waiting = state.waiting
        for rows in [s.rows, *(s.waiting.new.values() if s.waiting is not None else ())]:
            for column in self.tuples:
                for i in range(COLUMNS + column, len(rows), self.stride):
                    if type(rows[i]) is list:  # kinds share the columns
                        rows[i] = tuple(rows[i])
        self._revived(state.heads)
        for point in s.checkpoints:
            self._revived(point.heads)
        self.restore(s, state.heads)
        return s

    def _revived(self, heads: tuple[Any, ...]) -> None:
        """Values of dicts are tuples again."""
        for head, value in zip(self.initial, heads, strict=True):
            if head in self.dict_heads and value:
                value.update({name: tuple(x) for name, x in value.items() if type(x) is list})

    def move(self, s: Subject, moved: Callable[[int], int]) -> None:
        """Rows were let go: indices are others now."""
        places = [(number, head) for number, head in enumerate(self.initial) if head in self.index_heads]
        for _, head in places:
            setattr(s, head, moved(getattr(s, head)))
        for point in s.checkpoints or ():
            heads = list(point.heads)
            for number, _ in places:
                heads[number] = moved(heads[number])
            point.end, point.heads = moved(point.end), tuple(heads)

    def helpers(self, plan: Plan) -> dict[str, Callable[..., Any]]:
        """The measures' own functions, by the name that the generated code has for them."""
        return {
            self.help_name(placed): placed.measure.helper(placed, plan)
            for placed in self.gauges
            if placed.measure.helper
        }

    def help_name(self, placed: GaugeLayout) -> str:
        """Name of a gauge's own function."""
        return f"help_{placed.slots['lo']}_{self.signature}"

    def is_idle(self, s: Subject) -> bool:
        """Nothing is open and nothing is awaited."""
        if any(getattr(s, rule.level) for rule in self.rules):
            return False
        return not any(gauge.measure.busy(gauge.read(s)) for gauge in self.gauges if gauge.measure.busy)

    def came_early(self, s: Subject) -> bool:
        """Something awaited has come that nothing expects yet: it will count when it is expected."""
        return any(gauge.measure.early(gauge.read(s)) for gauge in self.gauges if gauge.measure.early)

    def _head(self, name: str, value: Any, *, index: bool = False) -> str:
        head = f"h{len(self.initial)}_{name}"
        self.initial[head] = value
        if index:
            self.index_heads.append(head)
        return head

    def _bit(self, kind: str, condition: str | None) -> int:
        return 0 if condition is None else self.conditions.setdefault((kind, condition), 1 << len(self.conditions))

    def _column(self, kind: str, expression: str) -> int:
        columns = self.columns.setdefault(kind, [])
        if expression not in columns:
            columns.append(expression)
        return columns.index(expression)

    def _rule(self, rule: Rule) -> RuleLayout:
        layout = RuleLayout(
            rule=rule,
            index=-1,
            level=self._head("level", 0),
            episode=self._head("episode", None),
            rung_of={rung.number: rung for rung in rule.rungs},
        )
        for gauge in rule.gauges:
            placed = self._gauge(rule, gauge)
            layout.gauges.append(placed)
            layout.mask |= placed.member | placed.awaited
            for kind in (gauge.kind, gauge.awaited_kind):
                if kind is not None:
                    self._evidence(rule, kind)
        if rule.scope_fields:
            names = ", ".join(field_source(name, self._fields[rule.gauges[0].kind]) for name in rule.scope_fields)
            layout.scope = self._column(rule.gauges[0].kind, f"intern(({names},))")
            self.tuples.add(layout.scope)
            layout.record = self._bit(rule.gauges[0].kind, rule.record)
            layout.mask |= layout.record
            layout.newest = self._head("newest", -1, index=True)
        dated = any(rung.threshold is None for rung in rule.rungs)
        if dated:
            layout.threshold = self._head("threshold", None)
        layout.moves = dated or any(_moves(gauge) for gauge in layout.gauges)
        if layout.moves or rule.ends_with_term:
            layout.due = self._head("due", FOREVER)
        if rule.ends_with_term:
            layout.term = self._head("term", -1)
        return layout

    def _evidence(self, rule: Rule, kind: str) -> None:
        shown = self.evidence.setdefault(kind, {})
        for name in rule.evidence:
            if name in self._fields[kind]:
                shown[name] = self._column(kind, field_source(name, self._fields[kind]))

    def _gauge(self, rule: Rule, gauge: Gauge) -> GaugeLayout:
        kind, measure = gauge.kind, MEASURES[gauge.measure]
        placed = GaugeLayout(gauge, measure, member=self._bit(kind, gauge.member), window=str(gauge.window))
        placed.hit, placed.until = self._bit(kind, gauge.hit), self._bit(kind, gauge.until)
        placed.among = self._bit(kind, gauge.among)
        if gauge.awaited_kind is not None:
            placed.awaited = self._bit(gauge.awaited_kind, gauge.awaited or "True")
        inner = gauge.inner
        number, whole = (gauge.number, gauge.whole) if inner is None else (inner.number, inner.whole)
        placed.x = self._number(kind, number, raw=gauge.measure in RAW or whole)
        placed.y = self._number(kind, gauge.other, raw=gauge.other_whole)
        if inner is not None:
            placed.hit = self._bit(kind, inner.hit)
        group = self._peer(rule) if gauge.measure == "rank" else gauge.group
        placed.g = -1 if group is None else self._column(kind, group)
        placed.guard = -1 if gauge.guard is None else self._column(kind, gauge.guard)
        for limit in gauge.limits:
            column = self._column(kind, f"scaled({limit.minutes})")
            placed.limits.append(PlacedLimit(self._bit(kind, limit.where), column, limit.service))
        if gauge.measure == "open":
            placed.x = self._column(kind, "f_warning")
        self._slots(placed)
        return placed

    def _number(self, kind: str, source: str | None, *, raw: bool) -> int:
        return -1 if source is None else self._column(kind, source if raw else f"scaled({source})")

    def _peer(self, rule: Rule) -> str:
        return f"joined(({field_source(rule.by[-1], self._fields[rule.gauges[0].kind])},))"

    def _slots(self, placed: GaugeLayout) -> None:
        gauge, measure = placed.gauge, placed.measure
        for name, start in measure.slots.items():
            placed.slots[name] = self._head(name, start, index=name in measure.index_slots)
            if name in measure.dict_slots:
                self.dict_heads.append(placed.slots[name])
        placed.slots["lo"] = self._head("lo", 0, index=True)
        if gauge.guard is not None:
            placed.slots["guarded"] = self._head("guarded", None)
            self.dict_heads.append(placed.slots["guarded"])
        if gauge.window.kind == "last":
            placed.slots["size"] = self._head("size", 0)
        elif gauge.window.kind == "calendar" and not measure.own_window:
            placed.slots["end"] = self._head("end", -1)
            placed.slots["inside"] = self._head("inside", 0)


def ranks(rule: Rule) -> bool:
    """Whether the rule compares its subject with peers."""
    return any(gauge.measure == "rank" for gauge in rule.gauges)


def _moves(placed: GaugeLayout) -> bool:
    """Whether time alone can change the value."""
    window = placed.gauge.window.kind
    return window in ("within", "calendar") or bool(placed.measure.waiting) or "next" in placed.slots


def _retention(placed: GaugeLayout, plan: Plan) -> int:
    window = placed.gauge.window
    if window.in_weeks:
        return max(NO_TIME_BOUND, plan.times.longest_weeks(window.size))
    if window.kind == "within":
        return window.size
    if window.kind == "calendar":
        period = _PERIODS[window.period] * _DAY
        if placed.measure.own_window:
            return NO_TIME_BOUND + period if placed.gauge.against == "last_year" else 2 * period
        return period
    return NO_TIME_BOUND if window.kind == "last" or placed.measure.remembers else 0


def field_source(name: str, known: dict[str, str]) -> str:
    """How generated code names a field; a field that the kind does not have is None."""
    return f"f_{name}" if name in known else "None"
