"""`period_over_period`: the records of this period against those of an earlier one, as far into it."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Any, NamedTuple

from services.messages import FOREVER
from services.rules.engine.measures.base import Accumulator, Measure, matching
from services.rules.engine.subject import FLAGS, is_ending

if TYPE_CHECKING:
    from services.rules.engine.placed import GaugeLayout
    from services.rules.engine.plan import Plan
    from services.rules.engine.subject import Subject


class Periods(NamedTuple):
    """A period and the one it is compared with; -1 where there is none."""

    begin: int
    end: int
    """Without a period, when the next one begins."""
    early: int
    late: int
    """Begin and end of the earlier one."""


class _Earlier:
    def __init__(self, placed: GaugeLayout, plan: Plan) -> None:
        self.times, self.period, self.against = plan.times, placed.gauge.window.period, placed.gauge.against
        self.stride, self.bits = placed.stride, placed.member | placed.hit

    def turn(self, rows: list[Any], t: int) -> tuple[Periods, int]:
        """A new period, and where the records of the earlier one begin."""
        bounds = self.times.bounds(self.period, t)
        if bounds is None:
            return Periods(-1, self.times.period(self.period, t)[1], -1, -1), 0
        earlier = self.times.earlier(self.period, self.against, t)
        if earlier is None:
            return Periods(*bounds, -1, -1), 0
        stride = self.stride
        first = bisect_left(range(len(rows) // stride), earlier[0], key=lambda n: rows[n * stride]) * stride
        ended = (k for k in range(len(rows) - stride, first - 1, -stride) if rows[k] <= t and is_ending(rows, k))
        return Periods(*bounds, *earlier), next(ended, first)  # what was before an ending counts no more

    def count(self, rows: list[Any], t: int, i: int, periods: Periods, k: int, m: int) -> tuple[int, int, int]:
        """(records of the earlier period as far into it, the next one, when that comes to count)."""
        begin, end, early, late = periods
        if early < 0:
            return 0, k, FOREVER
        while k <= i and rows[k] < late:
            counts_from = begin + rows[k] - early
            if counts_from > t:
                return m, k, counts_from if counts_from < end else FOREVER
            if rows[k + FLAGS] & self.bits == self.bits:
                m += 1
            k += self.stride
        return m, k, FOREVER


def _needs(s: Subject, slots: Accumulator, gauge: GaugeLayout, end: int) -> int:
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
    ({begin}, {end}, {early}, {late}), {since} = {help}.turn(rows, t)
    {k} = {since}
    {records} = {n} = {m} = 0
    {lo} = i if f else i + {stride}
""",
    add="""
if {begin} >= 0:
    {records} += 1
    if f & {hit}: {n} += 1
""",
    ready="""
{m}, {k}, {next} = {help}.count(rows, t, i, ({begin}, {end}, {early}, {late}), {k}, {m})
if {records} and {end} < {next}: {next} = {end}
""",
    value="None if not {records} or {m} < {gauge.min_records} or not {m} else 100 * ({n} - {m}) / {m}",
    evidence=matching,
    own_window=True,
    needs=_needs,
    helper=_Earlier,
)
