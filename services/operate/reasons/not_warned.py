"""Why a rule is silent about a subject: named reasons, each with its figures in words. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from services.i18n import both, say
from services.messages import FOREVER, Text
from services.operate.reasons.replay import Replayed
from services.operate.reasons.sentences import SIGNS, number
from services.rules.engine.placed import GaugeLayout, RuleLayout
from services.rules.engine.plan import Gauge, Rung
from services.rules.engine.subject import COLUMNS, FLAGS, Subject

REASONS = (
    "no_record",
    "no_matching_record",
    "retracted",
    "late",
    "let_go",
    "outside_period",
    "window_empty",
    "not_evaluated",
    "not_given",
    "too_few_records",
    "too_few_matching",
    "nothing_counted",
    "no_value",
    "standard_not_in_force",
    "came_true",
    "not_reached",
    "not_due",
    "met",
)


_COUNTING = frozenset({"count", "distinct", "nested", "open"})
"""A count of nothing is no value."""


def _no_value(_: Gauge) -> Text:
    return both(say("operate.records_there_give_no_value"))


_NO_VALUE: dict[str, Callable[[Gauge], Text]] = {
    "forecast": lambda gauge: both(
        say(
            "operate.too_early_needs_week_sum",
            from_week=gauge.from_week,
            min_sum=f"{gauge.min_sum or 0:g}",
            min_days=gauge.min_days,
        )
    ),
    "change": lambda gauge: both(say("operate.compare_earlier_records_needed", min_before=gauge.min_before)),
    "period_over_period": lambda gauge: both(say("operate.earlier_period_needs_records", min_before=gauge.min_before)),
    "none": lambda _: both(say("operate.no_whole_period_has_gone")),
    "rank": lambda gauge: both(say("operate.fewer_than_peers", min_records=gauge.min_records)),
    "trend": lambda _: both(say("operate.two_different_instants_needed")),
}


class NotWarned(NamedTuple):
    """The named reason why nobody is warned, in words."""

    reason: str
    why: Text
    threshold: float | None = None
    distance: float | None = None


def without_record(replayed: Replayed, rule: RuleLayout, key: str, let_go: bool) -> NotWarned:
    """There is no record that the rule looks at."""
    gauge = rule.gauges[0].gauge
    mine = replayed.about(key)
    kinds = {one.gauge.kind for one in rule.gauges} | {gauge.awaited_kind}
    of_kind = {ident: one for ident, one in mine.items() if one.kind in kinds}
    if late := sorted(replayed.late & {*of_kind}):
        shown = ", ".join(late[:3])
        return NotWarned(
            "late",
            Text(
                f"{len(late)} 条记录迟到超过允许时限，已搁置：{shown}",
                f"put aside, as they came later than allowed: {shown}",
            ),
        )
    if let_go:
        return NotWarned("let_go", both(say("operate.its_records_too_old_were")))
    if of_kind and all(one.retracted for one in of_kind.values()):
        return NotWarned("retracted", both(say("operate.every_record_was_taken_back", of_kind=len(of_kind))))
    if of_kind:
        return NotWarned(
            "no_matching_record",
            both(say("operate.events_kind_none_them_meets", kind=gauge.kind, of_kind=len(of_kind))),
        )
    return NotWarned("no_record", both(say("operate.no_event_kind", kind=gauge.kind)))


def of_deadline(s: Subject, gauge: GaugeLayout, due: int) -> NotWarned:
    """`missing` and `elapsed`: the deadline has not passed, or what was awaited came."""
    slots = gauge.read(s)
    runs = slots["start"] >= 0 if "start" in slots else slots["anchor"] >= 0 and slots["come"] < 0
    if runs and due < FOREVER:
        return NotWarned("not_due", both(say("operate.deadline_has_not_passed_yet")))
    if runs:
        return NotWarned("not_due", both(say("operate.there_no_deadline_count_from")))
    begun = slots.get("started", slots.get("expects", -1)) >= 0
    if begun:
        return NotWarned("met", both(say("operate.it_came_in_time_or")))
    return NotWarned("no_record", both(say("operate.no_record_has_started_clock")))


def without_value(
    replayed: Replayed, s: Subject, rule: RuleLayout, placed: GaugeLayout, inside: Sequence[int]
) -> NotWarned:
    """The measure has no value."""
    window = placed.gauge.window
    if window.kind == "calendar" and not replayed.engine.plan.periods[window.period](replayed.at)[0]:
        return NotWarned(
            "outside_period", Text("此时不在校历的任何学期内", f"the calendar has no {window.period} at this time")
        )
    if not inside:
        return NotWarned("window_empty", both(say("operate.no_record_lies_in_window")))
    if placed.gauge.measure == "value" and placed.gauge.asked != placed.gauge.member:
        return NotWarned("not_given", both(say("operate.newest_record_does_not_meet_given")))
    with_number = [i for i in inside if placed.x < 0 or s.rows[i + COLUMNS + placed.x] is not None]
    if not with_number:
        names = sorted({name for (id_, name) in replayed.engine.not_evaluated if id_ == rule.rule.id}) or ["null"]
        shown = ", ".join(names)
        return NotWarned(
            "not_evaluated",
            both(say("operate.no_record_has_number_that", shown=shown, inside=len(inside))),
        )
    return _too_few(s, placed, inside, len(with_number))


def _too_few(s: Subject, placed: GaugeLayout, inside: Sequence[int], numbers: int) -> NotWarned:
    """There are records with numbers, and still no value."""
    gauge = placed.gauge
    if numbers < gauge.min_records:
        zh = f"只有 {numbers} 条记录，至少需要 {gauge.min_records} 条"
        return NotWarned("too_few_records", Text(zh, f"records: {numbers}, and {gauge.min_records} are needed"))
    hits = sum(1 for i in inside if placed.hit and s.rows[i + FLAGS] & placed.hit)
    if hits < gauge.min_matching:
        zh = f"只有 {hits} 条符合条件，至少需要 {gauge.min_matching} 条"
        en = f"records that meet the condition: {hits}, and {gauge.min_matching} are needed"
        return NotWarned("too_few_matching", Text(zh, en))
    if gauge.measure in _COUNTING:
        zh, en = f"{len(inside)} 条记录中没有一条计入", f"nothing counts among the records ({len(inside)})"
        return NotWarned("nothing_counted", Text(zh, en))
    return NotWarned("no_value", _NO_VALUE.get(gauge.measure, _no_value)(gauge))


def not_reached(rung: Rung, value: float, bound: float) -> NotWarned:
    """The value is on the right side of the lowest threshold."""
    away = abs(bound - value)
    sign = SIGNS[rung.compare]
    return NotWarned(
        "not_reached",
        both(
            say(
                "operate.does_not_reach_lowest_threshold",
                value=number(value),
                sign=sign,
                bound=number(bound),
                away=number(away),
            )
        ),
        bound,
        away,
    )
