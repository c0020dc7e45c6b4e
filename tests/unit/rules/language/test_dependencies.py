"""Which rules a rule on warnings looks at, and circles of them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.rules.engine.arithmetic import FUNCTIONS
from services.rules.language.dependencies import dependencies
from services.rules.language.load import check, load
from tests.harness import SCHEMAS
from tests.rule_files import folder, rule

BELOW = (
    rule("absences", row="S1"),
    rule("marks", row="S5", on="test", measure="{count: score < 60}", levels="{at_least: {yellow: 1}}"),
    rule("good", on="test", measure="{count: score > 90}", levels="{at_least: {praise: 4}}"),
    rule("tried", row="S1", mode="shadow"),
)


def upper(where, measure="{count: true}", ident="upper", **more):
    return rule(ident, on="warning", by="[class]", where=where, measure=measure, **more)


def looks(tmp_path, *rules):
    return dependencies(load(folder(tmp_path, *BELOW, *rules), SCHEMAS).plan.rules)


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        pytest.param("rule in ['absences', 'good']", ["absences", "good"], id="by name"),
        pytest.param("rule == 'tried'", [], id="a rule in shadow mode never"),
        pytest.param("row == 'S1'", ["absences"], id="by row, which a rule without one does not have"),
        pytest.param("row != 'S1' and rule != 'upper'", ["marks"], id="no row is not another row"),
        pytest.param("level == 'red'  and rule != 'upper'", ["absences"], id="by the levels that a rule has"),
        pytest.param("level == 'praise'", ["good"], id="praise"),
        pytest.param("not (level in ['yellow', 'red'])", ["good"], id="not in a list"),
        pytest.param("open and rule == 'marks'", ["marks"], id="what else the event says is unknown"),
        pytest.param("(open or true) and not (rule != 'marks')", ["marks"], id="unknown or true"),
        pytest.param("(has(student) or has(row)) and has(row) and rule != 'upper'", ["absences", "marks"], id="has"),
        pytest.param("('marks' if open else 'good') == rule", ["absences", "marks", "good", "upper"], id="intricate"),
        pytest.param("coalesce(row, 'none') == 'none' and level == 'praise'", ["good"], id="a function of the known"),
    ],
)
def test_a_rule_is_looked_at_unless_where_is_false_for_it(tmp_path, where, expected):
    rule_set, problems = check(folder(tmp_path, *BELOW, upper(where)), SCHEMAS)
    if "upper" in expected:
        assert [str(problem.what) for problem in problems] == ["upper looks at itself"]
    else:
        assert dependencies(rule_set.plan.rules) == {"upper": tuple(expected)}


@pytest.mark.parametrize(
    ("measure", "window", "expected"),
    [
        pytest.param("{count: row == 'S1'}", "all", ["absences"], id="a count only at what it counts"),
        pytest.param("{open: open and row == 'S5'}", "{within: 30d}", ["marks"], id="open only at what it counts"),
        pytest.param(
            "{open: row == 'S5', among: row == 'S1' or row == 'S5'}", "all", ["absences", "marks"], id="and its whole"
        ),
        pytest.param("{share: row == 'S1'}", "all", ["absences", "marks", "good"], id="a share at all"),
        pytest.param("{count: row == 'S1'}", "{last: 3}", ["absences", "marks", "good"], id="the last push others out"),
        pytest.param("{open: row == 'S5'}", "{last: 3}", ["absences", "marks", "good"], id="so do the last states"),
    ],
)
def test_the_conditions_of_the_measure_narrow_it(tmp_path, measure, window, expected):
    assert looks(tmp_path, upper("rule != 'upper'", measure, window=window)) == {"upper": tuple(expected)}


def test_the_clock_looks_at_what_starts_and_stops_it_and_an_expectation_at_what_fulfils_it(tmp_path):
    stages = "{elapsed: rule == 'absences' and open, until: rule == 'marks', limit: 1d}"
    awaiting = rule(
        "late", on="lesson", by="[lesson]", measure="{missing: warning, where: row == 'S5', after: ends_at}"
    )
    found = looks(tmp_path, upper("true", stages, levels="{at_least: {red: 100}}"), awaiting)
    assert found == {"upper": ("absences", "marks"), "late": ("marks",)}


def test_the_newest_record_chooses_a_standards_value_so_every_record_is_looked_at(tmp_path):
    scoped = """
- id: student.x
  title: {zh: 一, en: one}
  compare: at_least
  values: [{from: 2026-01-01, scope: {class: k}, warning: {yellow: 1}}]
"""
    levels = "{standard: student.x}"
    path = folder(tmp_path, *BELOW, upper("rule != 'upper'", "{count: row == 'S1'}", levels=levels), standards=scoped)
    assert dependencies(load(path, SCHEMAS).plan.rules) == {"upper": ("absences", "marks", "good")}


def test_rules_on_rules_on_warnings_are_strata(tmp_path):
    second = upper("rule == 'upper'", ident="second")
    assert looks(tmp_path, upper("row == 'S1'"), second) == {"upper": ("absences",), "second": ("upper",)}


def test_every_circle_is_told_once_at_its_first_rule_and_a_shadow_closes_none(tmp_path):
    circle = [upper(f"rule in ['{b}', 'marks']", ident=a) for a, b in ("ab", "bc", "ca")]
    own = upper("open", ident="own")
    shadow = upper("open", ident="shadow", mode="shadow")
    rules = folder(tmp_path, *BELOW, *circle, own, shadow)
    _, problems = check(rules, SCHEMAS)
    lines = (rules / "rules.yaml").read_text("utf-8").splitlines()
    found = [(str(problem.what), lines[int(problem.where.split(":")[1]) - 1].strip()) for problem in problems]
    assert found == [
        ("a circle of rules: a → b → c → a", "where: rule in ['b', 'marks']"),
        ("own looks at itself", "where: open"),
    ]


def test_a_rule_that_looks_at_everything_is_told_where_it_says_so(tmp_path):
    _, problems = check(folder(tmp_path, rule("all", on="warning", by="[class]", measure="{count: true}")), SCHEMAS)
    assert [str(problem) for problem in problems] == [
        'rules.yaml:4:9: all looks at itself (expected: where: rule != "all", or rule in [...])'
    ]


ATOMS = st.sampled_from(
    ["rule == 'absences'", "rule != 'marks'", "row == 'S1'", "level == 'red'", "level in ['yellow', 'praise']", "open",
     "has(row)", "student == 's'", "value > 3", "coalesce(row, rule) == 'good'", "true"]
)  # fmt: skip
CONDITIONS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        inner.map(lambda one: f"not ({one})"),
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(lambda three: "({}) {} ({})".format(*three)),
    ),
    max_leaves=6,
)
BELOW_AS_EVENTS = [("absences", "S1", ["yellow", "red"]), ("marks", "S5", ["yellow"]), ("good", None, ["praise"])]
EVENTS = [
    (name, {"f_rule": name, "f_row": row, "f_level": level, "f_open": is_open, "f_student": student, "f_value": value})
    for name, row, levels in BELOW_AS_EVENTS
    for level in levels
    for is_open in (True, False)
    for student in ("s", None)
    for value in (1, 5, None)
]  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(CONDITIONS)
def test_what_can_satisfy_a_condition_is_looked_at(tmp_path_factory, condition):
    path = folder(tmp_path_factory.mktemp("strata"), *BELOW, upper(condition, mode="shadow"))
    plan = load(path, SCHEMAS).plan
    source = plan.rules[-1].record if plan.rules[-1].scope_fields else plan.rules[-1].gauges[0].member
    satisfied = {name for name, event in EVENTS if eval(source, dict(FUNCTIONS), event)}
    assert satisfied <= set(dependencies(plan.rules)["upper"])
