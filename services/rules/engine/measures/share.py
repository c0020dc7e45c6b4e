"""`share`: percent of the records that satisfy the condition."""

from services.rules.engine.measures.base import Measure, matching

SHARE = Measure(
    name="share",
    slots={"n": 0, "k": 0},
    add="""
{n} += 1
if f & {hit}: {k} += 1
""",
    drop="""
{n} -= 1
if rows[j + 2] & {hit}: {k} -= 1
""",
    value="None if {n} < {gauge.min_records} or {k} < {gauge.min_matching} else 100 * {k} / {n}",
    evidence=matching,
)
