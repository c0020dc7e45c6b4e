"""Why a rule is silent about a subject: named reasons, each with its figures in words. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from services.messages import FOREVER, Text
from services.operate.reasons.replay import Replayed
from services.operate.reasons.sentences import SIGNS, number
from services.rules.engine.layout import GaugeLayout, RuleLayout
from services.rules.engine.plan import Gauge, Rung
from services.rules.engine.subject import COLUMNS, FLAGS, Subject

REASONS = (
    "no_record", "no_matching_record", "retracted", "late", "let_go", "outside_period", "window_empty",
    "not_evaluated", "too_few_records", "too_few_matching", "nothing_counted", "no_value", "standard_not_in_force",
    "not_reached", "not_due", "met",
)  # fmt: skip


_COUNTING = frozenset({"count", "distinct", "nested", "open"})
"""A count of nothing is no value."""


def _no_value(_: Gauge) -> Text:
    return Text("现有记录还算不出数值", "the records there are give no value yet")


_NO_VALUE: dict[str, Callable[[Gauge], Text]] = {
    "forecast": lambda gauge: Text(
        f"尚早：需第 {gauge.from_week} 教学周起、合计 {gauge.min_sum or 0:g}、{gauge.min_days} 天",
        f"too early: needs week {gauge.from_week}, a sum of {gauge.min_sum or 0:g} and {gauge.min_days} days",
    ),
    "change": lambda gauge: Text(
        f"此前至少需要 {gauge.min_before} 条记录作比较", f"to compare, {gauge.min_before} earlier records are needed"
    ),
    "period_over_period": lambda gauge: Text(
        f"上一时期至少需要 {gauge.min_before} 条记录", f"the earlier period needs {gauge.min_before} records"
    ),
    "none": lambda _: Text("没有符合条件的完整时期", "no whole period has gone by without"),
    "rank": lambda gauge: Text(f"同类少于 {gauge.min_records} 个", f"fewer than {gauge.min_records} peers"),
    "trend": lambda _: Text("需要两个不同的时刻", "two different instants are needed"),
}


@dataclass(frozen=True)
class Silence:
    """A named reason, in words."""

    reason: str
    why: Text
    threshold: float | None = None
    distance: float | None = None


def without_record(replayed: Replayed, rule: RuleLayout, key: str, let_go: bool) -> Silence:
    """There is no record that the rule looks at."""
    gauge = rule.gauges[0].gauge
    mine = replayed.about(key)
    kinds = {one.gauge.kind for one in rule.gauges} | {gauge.awaited_kind}
    of_kind = {ident: one for ident, one in mine.items() if one.kind in kinds}
    if late := sorted(replayed.late & {*of_kind}):
        shown = ", ".join(late[:3])
        return Silence(
            "late",
            Text(
                f"{len(late)} 条记录迟到超过允许时限，已搁置：{shown}",
                f"put aside, as they came later than allowed: {shown}",
            ),
        )
    if let_go:
        return Silence("let_go", Text("记录过于久远，已不再保留", "its records are too old and were let go"))
    if of_kind and all(one.retracted for one in of_kind.values()):
        return Silence(
            "retracted", Text(f"{len(of_kind)} 条记录均已撤销", f"every record was taken back ({len(of_kind)})")
        )
    if of_kind:
        return Silence(
            "no_matching_record",
            Text(
                f"有 {len(of_kind)} 条 {gauge.kind} 记录，但都不符合规则的条件",
                f"events of the kind {gauge.kind}: {len(of_kind)}, and none of them meets the rule's condition",
            ),
        )
    return Silence("no_record", Text(f"没有 {gauge.kind} 记录", f"no event of the kind {gauge.kind}"))


def of_deadline(s: Subject, gauge: GaugeLayout, due: int) -> Silence:
    """`missing` and `elapsed`: the deadline has not passed, or what was awaited came."""
    slots = gauge.read(s)
    runs = slots["start"] >= 0 if "start" in slots else slots["anchor"] >= 0 and slots["come"] < 0
    if runs and due < FOREVER:
        return Silence("not_due", Text("时限未到", "the deadline has not passed yet"))
    if runs:
        return Silence("not_due", Text("没有可计算的时限", "there is no deadline to count from"))
    begun = slots.get("started", slots.get("expects", -1)) >= 0
    if begun:
        return Silence("met", Text("已按时完成，或计时已停止", "it came in time, or the clock has stopped"))
    return Silence("no_record", Text("没有开始计时的记录", "no record has started the clock"))


def without_value(
    replayed: Replayed, s: Subject, rule: RuleLayout, placed: GaugeLayout, inside: Sequence[int]
) -> Silence:
    """The measure has no value."""
    window = placed.gauge.window
    if window.kind == "calendar" and not replayed.engine.plan.periods[window.period](replayed.at)[0]:
        return Silence(
            "outside_period", Text("此时不在校历的任何学期内", f"the calendar has no {window.period} at this time")
        )
    if not inside:
        return Silence("window_empty", Text("统计范围内没有记录", "no record lies in the window"))
    with_number = [i for i in inside if placed.x < 0 or s.rows[i + COLUMNS + placed.x] is not None]
    if not with_number:
        names = sorted({name for (id_, name) in replayed.engine.not_evaluated if id_ == rule.rule.id}) or ["null"]
        shown = ", ".join(names)
        return Silence(
            "not_evaluated",
            Text(
                f"{len(inside)} 条记录都没有可用的数值（{shown}）",
                f"no record has the number that is measured ({shown}; records: {len(inside)})",
            ),
        )
    return _too_few(s, placed, inside, len(with_number))


def _too_few(s: Subject, placed: GaugeLayout, inside: Sequence[int], numbers: int) -> Silence:
    """There are records with numbers, and still no value."""
    gauge = placed.gauge
    if numbers < gauge.min_records:
        zh = f"只有 {numbers} 条记录，至少需要 {gauge.min_records} 条"
        return Silence("too_few_records", Text(zh, f"records: {numbers}, and {gauge.min_records} are needed"))
    hits = sum(1 for i in inside if placed.hit and s.rows[i + FLAGS] & placed.hit)
    if hits < gauge.min_matching:
        zh = f"只有 {hits} 条符合条件，至少需要 {gauge.min_matching} 条"
        en = f"records that meet the condition: {hits}, and {gauge.min_matching} are needed"
        return Silence("too_few_matching", Text(zh, en))
    if gauge.measure in _COUNTING:
        zh, en = f"{len(inside)} 条记录中没有一条计入", f"nothing counts among the records ({len(inside)})"
        return Silence("nothing_counted", Text(zh, en))
    return Silence("no_value", _NO_VALUE.get(gauge.measure, _no_value)(gauge))


def not_reached(rung: Rung, value: float, bound: float) -> Silence:
    """The value is on the right side of the lowest threshold."""
    away = abs(bound - value)
    sign = SIGNS[rung.compare]
    return Silence(
        "not_reached",
        Text(
            f"当前值 {number(value)} 未达到最低预警线（{sign} {number(bound)}），还差 {number(away)}",
            f"{number(value)} does not reach the lowest threshold ({sign} {number(bound)}): {number(away)} away",
        ),
        bound,
        away,
    )
