"""Where one rule and each of its gauges lie in a subject's state."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from services.rules.engine.measures.base import Measure
from services.rules.engine.plan import Gauge, Rule, Rung
from services.rules.engine.subject import Subject


class PlacedLimit(NamedTuple):
    """Where a limit of `elapsed` lies in the flags and columns of the record that starts the clock."""

    bit: int
    column: int
    service: bool


@dataclass
class GaugeLayout:
    """Bits, columns and slots of one gauge. Bit 0 means: has no such condition; column -1: has no such number."""

    gauge: Gauge
    measure: Measure
    stride: int = 0
    member: int = 0
    hit: int = 0
    awaited: int = 0
    until: int = 0
    among: int = 0
    x: int = -1
    y: int = -1
    g: int = -1
    guard: int = -1
    limits: list[PlacedLimit] = field(default_factory=list)
    window: str = ""
    """The window in words."""
    slots: dict[str, str] = field(default_factory=dict)
    """Slot → head; `lo`, `size`, `end`, `inside` belong to the window, `guarded` to `min_distinct`."""

    def read(self, s: Subject) -> dict[str, Any]:
        """The values of the slots."""
        return {slot: getattr(s, head) for slot, head in self.slots.items()}


@dataclass
class RuleLayout:
    """A rule's own heads, and its gauges."""

    rule: Rule
    index: int
    level: str
    episode: str
    """(opened at, ident of the first event, highest rank) while the level is not 0."""
    rung_of: dict[int, Rung]
    """Rank of a level → its rung."""
    gauges: list[GaugeLayout] = field(default_factory=list)
    mask: int = 0
    scope: int = -1
    """Column of the scope values, or -1."""
    record: int = 0
    """Bit of the rule's records; only where there is a scope."""
    newest: str = ""
    """Index of the newest record; only where there is a scope: it chooses the threshold."""
    threshold: str = ""
    """The threshold of the level; only where a standard says it."""
    due: str = ""
    """The next instant at which time alone may change the level; only where there can be one."""
    moves: bool = False
    """Whether there can be one beside the end of a term."""
    term: str = ""
    """The next end of a term: nothing before it counts from then on; only of a rule that ends with the term."""

    @property
    def opens_by_time(self) -> bool:
        """Whether time alone can open a warning, dates of a standard apart."""
        return any(
            gauge.measure.waiting
            or "awake" in gauge.slots
            or ("next" in gauge.slots and self.rises(number))
            or (gauge.gauge.window.kind == "within" and self.rises(number))
            for number, gauge in enumerate(self.gauges)
        )

    def rises(self, number: int) -> bool:
        """Whether a gauge can come to a level because records leave its window."""
        falling = any(r.compare in ("below", "at_most") for r in self.rule.rungs if r.gauge == number)
        return self.gauges[number].measure.may_rise or falling
