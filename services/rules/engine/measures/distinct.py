"""`distinct`: how many different values a field has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from services.rules.engine.measures.base import MOST_EVIDENCE, Accumulator, Measure, before
from services.rules.engine.subject import COLUMNS

if TYPE_CHECKING:
    from services.rules.engine.placed import GaugeLayout
    from services.rules.engine.subject import Subject


def _newest_of_each(s: Subject, slots: Accumulator, gauge: GaugeLayout, end: int) -> list[int]:
    most = min(len(slots["counts"] or ()), MOST_EVIDENCE)
    rows, g = s.rows, COLUMNS + gauge.g
    found: dict[Any, int] = {}
    for i in before(s, gauge, slots["lo"], end, gauge.member) if most else ():
        found.setdefault(rows[i + g], i)
        if len(found) == most:
            break
    return sorted(found.values())


DISTINCT = Measure(
    name="distinct",
    slots={"counts": None},
    dict_slots=frozenset({"counts"}),
    add="{counts} = counted_in({counts}, {g_i})",
    drop="counted_out({counts}, {g_j})",
    value="len({counts} or ()) or None",
    evidence=_newest_of_each,
    may_rise=False,
)
