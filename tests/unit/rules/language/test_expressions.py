"""Conditions and numbers: what is refused, and that what is accepted means what docs/rules.md says."""

from datetime import UTC, datetime

import pytest

from services.errors import RuleError
from services.rules.engine.engine import Engine
from services.rules.language.load import load
from tests.harness import SCHEMAS, event, wire
from tests.rule_files import folder, rule

AT = datetime(2026, 3, 2, 8, tzinfo=UTC)


def quoted(expression: str) -> str:
    """As a YAML scalar in single quotes."""
    return "'" + expression.replace("'", "''") + "'"


def rule_on_tests(path, expression: str, measure: str = "count"):
    """A rule on tests with the expression as its measure."""
    measure = f"{{{measure}: {quoted(expression)}}}"
    return load(folder(path, rule(on="test", measure=measure, levels="{at_least: {yellow: -1000000}}")), SCHEMAS).plan


def evaluated(plan, **data):
    """The value of the rule's warning after one test; None without a warning."""
    engine = Engine(plan)
    data = {"student": "s", "test": "t", "class": "k", "max_score": 100, "status": "graded", **data}
    changes = engine.process_many(wire([event("test", AT, "1", **data)]))
    engine.advance(AT)
    engine.snapshot()
    return changes[0].facts.value if changes else None


WRONG_CALLS = {
    "min of one": ("min(score)", "min takes 2 to 9 arguments"),
    "max of nothing": ("max()", "max cannot be called"),
    "abs of two": ("abs(score, 2)", "abs takes 1 to 1 arguments"),
    "round to half a digit": ("round(score, 1.5)", "round takes a number of digits"),
    "round to a field": ("round(score, attempt)", "round takes a number of digits"),
    "round to 10^15 digits": ("round(attempt, -1000000000000000)", "round takes a number of digits"),
    "coalesce of a number and a word": ('coalesce(score, "none")', "compares a number with a string"),
}


@pytest.mark.parametrize(("expression", "message"), WRONG_CALLS.values(), ids=WRONG_CALLS)
def test_a_call_that_could_not_be_carried_out_is_refused(tmp_path, expression, message):
    with pytest.raises(RuleError, match=message.replace("(", r"\(")):
        rule_on_tests(tmp_path, expression + " > 5")


RIGHT_CALLS = {
    "abs": ("abs(score - 100)", 50.0), "min": ("min(score, attempt, 70)", 2), "max": ("max(score, 70)", 70),
    "round": ("round(score / 3)", 17), "round to two digits": ("round(score / 3, 2)", 16.67),
    "coalesce": ("coalesce(pass_score, 60)", 60), "if else": ("score if has(pass_score) else 1", 1),
}  # fmt: skip


@pytest.mark.parametrize(("expression", "value"), RIGHT_CALLS.values(), ids=RIGHT_CALLS)
def test_a_call_is_carried_out(tmp_path, expression, value):
    assert evaluated(rule_on_tests(tmp_path, expression, "value"), score=50.0, attempt=2) == value


NOT_AMONG = {
    "neither": ({"score": 5, "pass_score": 60}, 1),
    "one of them": ({"score": 60, "pass_score": 60}, None),
    "one of them is null": ({"score": 5}, None),
    "null itself": ({"pass_score": 60}, None),
}


@pytest.mark.parametrize(("data", "value"), NOT_AMONG.values(), ids=NOT_AMONG)
@pytest.mark.parametrize("expression", ["score not in [pass_score, 3]", "not score in [pass_score, 3]"])
def test_not_in_has_no_result_where_an_option_is_null(tmp_path, expression, data, value):
    assert evaluated(rule_on_tests(tmp_path, expression), **data) == value


def test_a_list_of_nothing_is_refused(tmp_path):
    with pytest.raises(RuleError, match="in needs a list"):
        rule_on_tests(tmp_path, "score in []")
