"""`trend`: slope of the least-squares line over time; exact, by sums of whole numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from services.rules.engine.measures.base import Measure, members

if TYPE_CHECKING:
    from services.rules.engine.placed import GaugeLayout
    from services.rules.engine.plan import Plan

_FEWEST = 2


def _slope(placed: GaugeLayout, plan: Plan) -> Callable[..., float | None]:
    del plan
    gauge = placed.gauge
    scale, least, per = gauge.scale, max(gauge.min_records, _FEWEST), gauge.per

    def slope(n: int, t: int, x: int, tt: int, tx: int) -> float | None:
        spread = n * tt - t * t
        return per * (n * tx - t * x) / (spread * scale) if n >= least and spread else None

    return slope


TREND = Measure(
    name="trend",
    slots={"n": 0, "t": 0, "x_sum": 0, "tt": 0, "tx": 0},
    add="{n} += 1; {t} += t; {x_sum} += {x_i}; {tt} += t * t; {tx} += t * {x_i}",
    drop="u = rows[j]; {n} -= 1; {t} -= u; {x_sum} -= {x_j}; {tt} -= u * u; {tx} -= u * {x_j}",
    value="{help}({n}, {t}, {x_sum}, {tt}, {tx})",
    evidence=members,
    remembers=True,
    helper=_slope,
)
