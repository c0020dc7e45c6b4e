"""The rungs of a rule, in each of the three ways of giving levels, and what a standard resolves to."""

import pytest

from services.messages import FOREVER
from services.rules.engine.plan import PerLevel, Thresholds
from services.rules.language.load import load
from tests.harness import SCHEMAS
from tests.rule_files import folder, rule

STANDARD = """
- id: student.x
  title: {{zh: 一, en: one}}
  compare: {compare}
  values:
    - {first}
    - {second}
"""


def loaded(tmp_path, levels, standards=""):
    return load(folder(tmp_path, rule(levels=levels), standards=standards), SCHEMAS)


def rungs(rule_set):
    return [(rung.level, rung.step, rung.threshold, rung.clear) for rung in rule_set.plan.rules[0].rungs]


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        pytest.param(
            "{at_least: {yellow: 2, red: 10}, clear: {yellow: 1, red: 8}, again: [20, 30]}",
            [("red", 2, 30, None), ("red", 1, 20, None), ("red", 0, 10, 8), ("yellow", 0, 2, 1)],
            id="in comparison form",
        ),
        pytest.param(
            "{below: {yellow: 60, orange: 50, red: 40}, clear: {orange: 55}, again: [30]}",
            [("red", 1, 30, None), ("red", 0, 40, None), ("orange", 0, 50, 55), ("yellow", 0, 60, None)],
            id="falling",
        ),
        pytest.param(
            "{yellow: {at_least: 2, clear: 2}, red: {at_least: 10, again: [20, 30]}}",
            [("red", 2, 30, None), ("red", 1, 20, None), ("red", 0, 10, None), ("yellow", 0, 2, 2)],
            id="level by level",
        ),
        pytest.param(
            "{at_least: {praise: 4}, clear: {praise: 3}}", [("praise", 0, 4, 3)], id="praise in comparison form"
        ),
        pytest.param("{praise: {above: 4}}", [("praise", 0, 4, None)], id="praise as a level"),
    ],
)
def test_levels_become_rungs_from_the_highest_down(tmp_path, levels, expected):
    assert rungs(loaded(tmp_path, levels)) == expected


def test_the_steps_above_a_level_of_its_own_measure_are_of_that_measure(tmp_path):
    own = "{at_least: 10, again: [20], measure: {count: status == 'late'}}"
    plan = loaded(tmp_path, f"{{yellow: {{at_least: 2}}, orange: {own.replace(', again: [20]', '')}, red: {own}}}").plan
    assert [rung.gauge for rung in plan.rules[0].rungs] == [1, 1, 1, 0]
    assert len(plan.rules[0].gauges) == 2


def test_a_standard_has_rungs_for_its_longest_value_and_resolves_each_padded_to_it(tmp_path):
    text = STANDARD.format(
        compare="at_least",
        first="{from: 2025-09-01, warning: {yellow: 4, red: 10}, clear: {red: 9}, again: [20, 30]}",
        second="{from: 2026-09-01, scope: {class: k}, warning: {orange: 5}}",
    )
    rule_set = loaded(tmp_path, "{standard: student.x}", text)
    names = [("red", 2), ("red", 1), ("red", 0), ("orange", 0), ("yellow", 0)]
    some = {("red", 0): 0.0}  # stands for the clears, which the standard says
    assert rungs(rule_set) == [(level, step, None, some.get((level, step))) for level, step in names]
    resolve = rule_set.plan.standards["student.x"]
    assert resolve(("j",), FOREVER - 1)[0] == Thresholds(PerLevel(yellow=4, red=10), PerLevel(red=9), (20, 30))
    assert resolve(("k",), FOREVER - 1)[0] == Thresholds(PerLevel(orange=5), again=(None, None))
    assert resolve(("k",), 0)[0] == Thresholds(again=(None, None))


def test_a_standard_of_praise_has_one_rung_and_thresholds_of_praise(tmp_path):
    text = STANDARD.format(
        compare="above",
        first="{from: 2025-09-01, praise: 4, clear: {praise: 3}}",
        second="{from: 2026-09-01, praise: 5}",
    )
    rule_set = loaded(tmp_path, "{standard: student.x}", text)
    assert rungs(rule_set) == [("praise", 0, None, 0.0)]
    assert rule_set.plan.standards["student.x"]((), FOREVER - 1)[0] == Thresholds(PerLevel(praise=5))


def test_a_standard_that_no_deadline_can_have_is_refused(tmp_path):
    text = STANDARD.format(
        compare="below",
        first="{from: 2025-09-01, warning: {yellow: 30, red: 10}, clear: {yellow: 40}, again: [5]}",
        second="{from: 2026-09-01, warning: {yellow: 30}}",
    )
    more = {"on": "lesson", "by": "[lesson]", "measure": "{missing: rollcall, after: ends_at}"}
    path = folder(tmp_path, rule(levels="{standard: student.x}", **more), standards=text)
    with pytest.raises(Exception, match="levels of missing have no below") as raised:
        load(path, SCHEMAS)
    assert [name in str(raised.value) for name in ("no below", "no clear", "no again")] == [True] * 3
