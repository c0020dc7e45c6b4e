"""A figure with a standard is warned on without a rule."""

from datetime import UTC, datetime

import pytest

from services.errors import RuleError
from tests.harness import event, rule_set, run
from tests.rule_files import folder, rule

AT = datetime(2026, 9, 10, tzinfo=UTC)
LIQUIDITY = """- id: college.liquidity
  title: {zh: 流动比率, en: Liquidity}
  compare: below
  unit: "%"
  basis: 试行值
  indicator:
    {name: liquidity.ratio, level: college, notify: {to: college_office, escalate: [{after: 3d, to: college_head}]}}
  values:
    - {from: 2026-09-01, warning: {yellow: 100, orange: 50, red: 0}}
"""


def figure(value, name="liquidity.ratio", level="college", ident="1"):
    return event("indicator", AT, ident, indicator=name, level=level, subject="college", period="2026-09", value=value)


def test_the_rule_is_made_of_the_standard(tmp_path):
    rules = rule_set(folder(tmp_path, rule(), standards=LIQUIDITY))
    made = rules.cards["indicator-liquidity-ratio"]
    assert (made.row, made.to, made.escalate[0].to) == ("I1", ["college_office"], "college_head")
    assert made.message.en == "{subject}: Liquidity {value} %, at the line of {threshold} %"
    assert (rules.placed[-1].place.file, rules.placed[-1].place.line) == ("standards/student.yaml", 8)


@pytest.mark.parametrize(("value", "level"), [(100, None), (99, "yellow"), (49, "orange"), (-1, "red")])
def test_its_figures_are_warned_on(tmp_path, value, level):
    rules = rule_set(folder(tmp_path, rule(), standards=LIQUIDITY))
    others = [figure(-5, "other", ident="2"), figure(-5, level="major", ident="3")]
    reader, _ = run(rules.plan, [[figure(value)], others], AT)
    expected = [("indicator-liquidity-ratio", level)] if level else []
    assert [(change.rule, change.facts.level) for change in reader.changes] == expected


def test_a_written_rule_goes_before(tmp_path):
    levels = "{standard: college.liquidity}"
    mine = rule("mine", on="indicator", by="[subject]", measure="{value: value}", levels=levels)
    assert [*rule_set(folder(tmp_path, mine, standards=LIQUIDITY)).cards] == ["mine"]


def test_two_standards_of_one_indicator_are_refused(tmp_path):
    twice = LIQUIDITY + LIQUIDITY.replace("id: college.liquidity", "id: college.liquidity_again")
    with pytest.raises(RuleError, match=r"standards/student.yaml:17:7: rule indicator-liquidity-ratio exists twice"):
        rule_set(folder(tmp_path, rule(), standards=twice))
