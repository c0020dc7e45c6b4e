"""`period_over_period`: the records of this period against those of an earlier one, as far into it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from services.messages import FOREVER
from services.rules.engine.measures.base import Measure, Slots, matching
from services.rules.engine.subject import FLAGS

if TYPE_CHECKING:
    from services.rules.engine.layout import GaugeLayout
    from services.rules.engine.plan import Gauge, Plan
    from services.rules.engine.subject import Subject


class _Earlier:
    def __init__(self, gauge: Gauge, plan: Plan) -> None:
        self.times, self.period, self.against = plan.times, gauge.window.period, gauge.against

    def turn(self, rows: list[Any], t: int, stride: int) -> tuple[int, int, int, int, int, int]:
        """A new period: (begin or -1, end; begin and end of the earlier one or -1; where its records begin, twice)."""
        bounds = self.times.bounds(self.period, t)
        if bounds is None:
            return -1, self.times.period(self.period, t)[1], -1, -1, 0, 0
        earlier = self.times.earlier(self.period, self.against, t)
        if earlier is None:
            return *bounds, -1, -1, 0, 0
        low, high = 0, len(rows) // stride
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if rows[middle * stride] < earlier[0] else (low, middle)
        return *bounds, *earlier, low * stride, low * stride

    def count(
        self, rows: list[Any], t: int, i: int, stride: int, bits: int, begin: int, end: int, since: int, until: int,
        k: int, m: int,
    ) -> tuple[int, int, int]:  # fmt: skip
        """(records of the earlier period as far into it, the next one, when that comes to count)."""
        if since < 0:
            return 0, k, FOREVER
        while k <= i and rows[k] < until:
            counts_from = begin + rows[k] - since
            if counts_from > t:
                return m, k, counts_from if counts_from < end else FOREVER
            if rows[k + FLAGS] & bits == bits:
                m += 1
            k += stride
        return m, k, FOREVER


def _needs(s: Subject, slots: Slots, gauge: GaugeLayout, end: int) -> int:
    del s, gauge, end
    return int(slots["since"])


PERIOD_OVER_PERIOD = Measure(
    name="period_over_period",
    slots={
        "records": 0,
        "n": 0,
        "m": 0,
        "begin": -1,
        "end": -1,
        "early": -1,
        "late": -1,
        "since": 0,
        "k": 0,
        "next": FOREVER,
    },
    index_slots=frozenset({"since", "k"}),
    before="""
if t >= {end}:
    {begin}, {end}, {early}, {late}, {since}, {k} = {help}.turn(rows, t, {stride})
    {records} = {n} = {m} = 0
    {lo} = i if f else i + {stride}
""",
    add="""
if {begin} >= 0:
    {records} += 1
    if f & {hit}: {n} += 1
""",
    ready="""
{m}, {k}, {next} = {help}.count(rows, t, i, {stride}, {member} | {hit}, {begin}, {end}, {early}, {late}, {k}, {m})
if {records} and {end} < {next}: {next} = {end}
""",
    value="None if not {records} or {m} < {min_records} or not {m} else 100 * ({n} - {m}) / {m}",
    evidence=matching,
    own_window=True,
    needs=_needs,
    helper=_Earlier,
)
