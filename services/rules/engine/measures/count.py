"""`count`: how many records satisfy the condition. A count of nothing is no value."""

from services.rules.engine.measures.base import Measure, matching

COUNT = Measure(
    name="count",
    slots={"n": 0},
    add="if f & {hit}: {n} += 1",
    drop="if rows[j + 2] & {hit}: {n} -= 1",
    value="{n} or None",
    evidence=matching,
    may_rise=False,
)
