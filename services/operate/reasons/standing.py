"""Where a rule stands about a subject: a warning, or the reason why there is none, with value and distance. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from services.i18n import both, say
from services.messages import ENDS, FOREVER, Evidence, Text, WarningChange, from_ms
from services.operate.reasons.not_warned import NotWarned, not_reached, of_deadline, without_record, without_value
from services.operate.reasons.replay import Replayed
from services.operate.reasons.sentences import SIGNS, number
from services.rules.engine.episodes import last_entry
from services.rules.engine.placed import GaugeLayout, RuleLayout
from services.rules.engine.plan import Compare, Rung, level_of
from services.rules.engine.subject import COLUMNS, FLAGS, IDENT, Subject
from services.rules.language.standards import Standard

_SHOWN = 10


@dataclass(frozen=True)
class LevelNow:
    """One level of a rule as it is at the instant."""

    level: str
    step: int
    """0: the level itself; k: the k-th `again` of red."""
    compare: Compare
    threshold: float | None
    """None: no value of the standard is in force."""
    value: float | None
    reached: bool


@dataclass(frozen=True)
class Standing:
    """What holds of a rule and a subject at an instant."""

    rule: str
    subject: str
    status: str
    """open, or silent: nobody is warned."""
    reason: str
    why: Text
    window: str
    value: float | None = None
    threshold: float | None = None
    """Of a warning: that of its level; else the lowest."""
    distance: float | None = None
    """How far the value is from the lowest threshold; None if there is no value, or it is reached."""
    level: str | None = None
    levels: list[LevelNow] = field(default_factory=list)
    records: int = 0
    """Records in the window that the measure looks at."""
    evidence: list[Evidence] = field(default_factory=list)
    opened_at: datetime | None = None
    next_at: datetime | None = None
    """When time alone may change it."""
    last: WarningChange | None = None
    """How the last warning of the rule about the subject ended, if it did."""
    scope: dict[str, str | None] = field(default_factory=dict)
    """Of the newest record: what chose the value of the standard."""


def standing(replayed: Replayed, place: int, rule: RuleLayout, key: str, standard: Standard | None) -> Standing:
    """`place`: the number of the rule's layout in the engine."""
    s = replayed.subject(place, key)
    change = replayed.changes.get((rule.rule.id, key))
    last = change if change is not None and change.change in ENDS else None
    made = partial(Standing, rule=rule.rule.id, subject=key, window=rule.gauges[0].window)
    if s is None or not any(_members(s, gauge) for gauge in rule.gauges):
        found = without_record(replayed, rule, key, s is None and key in replayed.engine.forgotten(place))
        return made(status="silent", last=last, **found._asdict())
    scope = _scope(s, rule)
    thresholds = _thresholds(rule, standard, scope, replayed.at)
    values = [_value(replayed, s, rule, i) for i in range(len(rule.gauges))]
    rank = getattr(s, rule.level)
    levels = [_level(rung, bound, values[rung.gauge], rank) for rung, bound in thresholds]
    due = getattr(s, rule.due) if rule.due else FOREVER
    made = partial(made, levels=levels[::-1], scope=scope, next_at=from_ms(due) if due < FOREVER else None)
    if rank:
        return _open(replayed, s, rule, rank, made)
    gauge = rule.gauges[0]
    reach = replayed.engine.transitions.assess(s, rule, 0, 0, last_entry(s, rule))
    return made(
        status="silent",
        last=last,
        value=None if gauge.measure.waiting else values[0],
        evidence=_evidence(replayed, s, rule, reach.indices),
        records=len(_inside(s, gauge)),
        **_not_warned(replayed, s, rule, thresholds, values)._asdict(),
    )


def _open(
    replayed: Replayed,
    s: Subject,
    rule: RuleLayout,
    rank: int,
    made: Callable[..., Standing],
) -> Standing:
    reach = replayed.engine.transitions.assess(s, rule, rank, rank, last_entry(s, rule))
    rung = rule.rung_of[rank]
    gauge = rule.gauges[rung.gauge]
    said = f"{number(reach.value)} {SIGNS[rung.compare]} {number(reach.threshold)}"
    why = both(say("operate.value_reaches_threshold", said=said))
    reason = "threshold_reached"
    if gauge.measure.waiting:
        why = both(say("operate.deadline_has_passed", threshold=number(reach.threshold)))
        reason = "time_passed"
    elif reach.value is not None and reach.threshold is not None and not passes(rung, reach.value, reach.threshold):
        reason = "kept_by_clear"
        why = both(say("operate.it_had_reached_not_back", threshold=number(reach.threshold)))
    return made(
        status="open",
        reason=reason,
        why=why,
        value=reach.value,
        threshold=reach.threshold,
        level=level_of(rank),
        window=gauge.window,
        records=len(_inside(s, gauge)),
        evidence=_evidence(replayed, s, rule, reach.indices),
        opened_at=from_ms(getattr(s, rule.episode)[0]),
    )


def _not_warned(
    replayed: Replayed,
    s: Subject,
    rule: RuleLayout,
    thresholds: list[tuple[Rung, float | None]],
    values: list[float | None],
) -> NotWarned:
    lowest, bound = thresholds[-1]
    gauge = rule.gauges[lowest.gauge]
    if gauge.measure.waiting:
        return of_deadline(s, gauge, getattr(s, rule.due) if rule.due else FOREVER)
    if all(one is None for _, one in thresholds):
        return NotWarned("standard_not_in_force", both(say("operate.no_value_standard_in_force")))
    value = values[lowest.gauge]
    if value is None:
        return without_value(replayed, s, rule, gauge, _inside(s, gauge))
    if bound is None:
        lowest, bound = next((rung, one) for rung, one in reversed(thresholds) if one is not None)
    if gauge.measure.already and passes(lowest, value, bound):
        return NotWarned("came_true", both(say("operate.came_true", bound=number(bound))), bound)
    return not_reached(lowest, value, bound)


def passes(rung: Rung, value: float, bound: float) -> bool:
    """Whether a value reaches a threshold."""
    return {"at_least": value >= bound, "above": value > bound, "at_most": value <= bound, "below": value < bound}[
        rung.compare
    ]


def _level(rung: Rung, bound: float | None, value: float | None, rank: int) -> LevelNow:
    waiting = value is None
    reached = (
        bool(rank) and rank >= rung.number
        if waiting
        else bound is not None and value is not None and passes(rung, value, bound)
    )
    return LevelNow(rung.level, rung.step, rung.compare, bound, value, reached)


def _thresholds(
    rule: RuleLayout, standard: Standard | None, scope: dict[str, str | None], at: int
) -> list[tuple[Rung, float | None]]:
    """Every rung, highest first, with the threshold that it has now."""
    value = standard.applying(scope, at) if standard is not None else None
    found: list[tuple[Rung, float | None]] = []
    for rung in rule.rule.rungs:
        bound = rung.threshold
        if standard is not None:
            bound = value.thresholds.of(rung.level, rung.step) if value is not None else None
        found.append((rung, bound))
    return found


def _scope(s: Subject, rule: RuleLayout) -> dict[str, str | None]:
    if rule.scope < 0 or (newest := getattr(s, rule.newest)) < 0:
        return {}
    return dict(zip(rule.rule.scope_fields, s.rows[newest + COLUMNS + rule.scope], strict=True))


def _value(replayed: Replayed, s: Subject, rule: RuleLayout, i: int) -> float | None:
    if rule.gauges[i].measure.waiting:
        return None
    return replayed.engine.transitions.values[rule.index][i](s, s.rows, last_entry(s, rule))


def _members(s: Subject, gauge: GaugeLayout) -> list[int]:
    """Places of all entries that the gauge looks at."""
    bits = gauge.member | gauge.awaited
    return [i for i in range(0, len(s.rows), gauge.stride) if s.rows[i + FLAGS] & bits]


def _inside(s: Subject, gauge: GaugeLayout) -> list[int]:
    """Places of the records in the window."""
    lo = gauge.read(s)["lo"]
    return [i for i in range(lo, len(s.rows), gauge.stride) if s.rows[i + FLAGS] & gauge.member]


def _evidence(replayed: Replayed, s: Subject, rule: RuleLayout, indices: list[int]) -> list[Evidence]:
    found = []
    for i in indices[-_SHOWN:]:
        ident = s.rows[i + IDENT]
        source, _, name = ident.partition(" ")
        event = replayed.events.get(ident)
        fields = {} if event is None else {one: event.data[one] for one in rule.rule.evidence if one in event.data}
        found.append(Evidence(source=source, id=name, at=from_ms(s.rows[i]), fields=fields))
    return found
