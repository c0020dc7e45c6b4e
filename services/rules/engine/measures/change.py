"""`change`: the mean of the newest records against the mean of the subject's own records before them; exact."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from services.rules.engine.measures.base import Measure, Slots
from services.rules.engine.subject import FLAGS

if TYPE_CHECKING:
    from services.rules.engine.layout import GaugeLayout
    from services.rules.engine.plan import Gauge, Plan
    from services.rules.engine.subject import Subject

_MILLIONTHS = 1_000_000


def _behind(rows: list[Any], lo: int, i: int, member: int, stride: int, most: int) -> list[int]:
    """Up to so many of the newest records, newest first."""
    found: list[int] = []
    while i >= lo and len(found) < most:
        if rows[i + FLAGS] & member:
            found.append(i)
        i -= stride
    return found


def _comparing(gauge: Gauge, plan: Plan) -> Callable[..., float | None]:
    del plan
    last, most, least = gauge.newest, gauge.newest + gauge.before, gauge.newest + max(gauge.min_before, 1)
    scale = 1 if gauge.whole else _MILLIONTHS

    def compare(rows: list[Any], lo: int, i: int, member: int, x: int, stride: int) -> float | None:
        numbers = [rows[k + x] for k in _behind(rows, lo, i, member, stride, most)]
        if len(numbers) < least:
            return None
        new, old, m = sum(numbers[:last]), sum(numbers[last:]), len(numbers) - last
        return float((new * m - old * last) / (last * m * scale))

    return compare


def _both_means(s: Subject, slots: Slots, gauge: GaugeLayout, end: int) -> list[int]:
    most = gauge.gauge.newest + gauge.gauge.before
    return _behind(s.rows, slots["lo"], end - gauge.stride, gauge.member, gauge.stride, most)[::-1]


def _needs(s: Subject, slots: Slots, gauge: GaugeLayout, end: int) -> int:
    if gauge.gauge.window.kind in ("within", "last"):
        return int(slots["lo"])
    most = gauge.gauge.newest + gauge.gauge.before
    return min(_behind(s.rows, slots["lo"], end - gauge.stride, gauge.member, gauge.stride, most), default=end)


CHANGE = Measure(
    name="change",
    slots={"now": None, "moved": 0},
    add="{moved} = 1",
    drop="{moved} = 1",
    ready="""
if {moved}:
    {now} = {help}(rows, {lo}, i, {member}, {x}, {stride})
    {moved} = 0
""",
    value="{now}",
    evidence=_both_means,
    remembers=True,
    needs=_needs,
    helper=_comparing,
)
