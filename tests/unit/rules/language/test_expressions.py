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


def test_a_constant_can_be_summed_and_asked_for(tmp_path):
    assert evaluated(rule_on_tests(tmp_path / "a", "2", "sum")) == 2
    assert evaluated(rule_on_tests(tmp_path / "b", "-2.5", "mean")) == -2.5
    assert evaluated(rule_on_tests(tmp_path / "c", "has(5) and not has(-1) or true")) == 1


BEYOND = {
    "a product beyond all doubles": ("max_score" + " * 1e15" * 8 + " / 1e-300", "value", None),
    "a quotient beyond all doubles": ("max_score / 1e-300 / 1e-300", "sum", None),
    "infinity less infinity": ("max_score / 1e-300 / 1e-300 - max_score / 1e-300 / 1e-300", "mean", None),
    "a whole number beyond 64 bits": ("attempt" + " * 1000000000000000" * 8, "sum", None),
    "the same, as a value": ("attempt" + " * 1000000000000000" * 8, "value", None),
    "a term of a sum beyond 10^9": ("max_score * 10000001", "sum", None),
    "a term of a sum of 10^9": ("max_score * 10000000", "sum", 1e9),
    "a value of 10^15": ("max_score * 10000000000000", "value", 1e15),
    "a value beyond 10^15": ("max_score * 10000000000001", "value", None),
}


@pytest.mark.parametrize(("expression", "measure", "value"), BEYOND.values(), ids=BEYOND)
def test_a_number_beyond_the_limits_is_none(tmp_path, expression, measure, value):
    assert evaluated(rule_on_tests(tmp_path, expression, measure), attempt=7) == value


def test_a_field_beyond_the_limits_is_left_out_of_a_sum_and_the_state_can_be_kept(tmp_path):
    plan = load(
        folder(tmp_path, rule(on="indicator", by="[]", measure="{sum: value}", levels="{at_least: {yellow: 1}}")),
        SCHEMAS,
    ).plan
    engine = Engine(plan)
    values = [9e8, 1e15, -1e15, 1e9, 1.0000001e9]
    events = [event("indicator", AT, str(n), indicator="i", value=value) for n, value in enumerate(values)]
    engine.process_many(wire(events))
    assert [reading.facts.value for reading in engine.readings()] == [1.9e9]
    assert len(engine.snapshot()) == 1


HOSTILE = {
    "attribute access": ("score.real > 1", "attribute is not in the language"),
    "an import": ('__import__("os") == 1', "__import__ cannot be called"),
    "a call of a method": ('status.format("x") == "y"', "this cannot be called"),
    "a call of a call": ("abs(score)(1) > 1", "this cannot be called"),
    "a call with a keyword": ("round(score, ndigits=1) > 1", "round cannot be called"),
    "a call of something unknown": ("len(status) > 1", "len cannot be called"),
    "a starred argument": ("max(*[1, 2]) > 1", "max takes 2 to 9 arguments"),
    "a subscript": ("status[0] == 'a'", "subscript is not in the language"),
    "a lambda": ("lambda: score", "lambda is not in the language"),
    "a comprehension": ("[x for x in [1]] == 1", "listcomp is not in the language"),
    "a generator": ("max(x for x in [1]) > 1", "max takes 2 to 9 arguments"),
    "a walrus": ("(x := 5) > 1", "namedexpr is not in the language"),
    "an await": ("await score", "await is not in the language"),
    "a yield": ("(yield score) > 1", "yield is not in the language"),
    "a power": ("score ** 2 > 1", "this operation is not in the language"),
    "a shift": ("attempt << 1000000 > 1", "this operation is not in the language"),
    "a matrix product": ("score @ score > 1", "this operation is not in the language"),
    "bits": ("attempt & 1 > 0", "this operation is not in the language"),
    "the other bits": ("~attempt > 0", "unaryop is not in the language"),
    "an f-string": ('status == f"{score}"', "joinedstr is not in the language"),
    "bytes": ('status == b"x"', "b'x' is not in the language"),
    "a complex number": ("score > 1j", "1j is not in the language"),
    "an ellipsis": ("score == ...", "Ellipsis is not in the language"),
    "None": ("score == None", "None is not in the language"),
    "identity": ("score is score", "this comparison is not in the language"),
    "in a field": ("status in student", "in needs a list"),
    "in a word": ('status in "graded"', "in needs a list"),
    "a list of lists": ("status in [[status]]", "list is not in the language"),
    "an unpacked list": ("status in [*status]", "starred is not in the language"),
    "a dictionary": ("{} == 1", "dict is not in the language"),
    "a word times a number": ('"ab" * 1000000000 == status', "cannot calculate with a string"),
    "a word's percent": ('"%999999999d" % 1 == status', "cannot calculate with a string"),
    "a huge number": ("score > 1e16", "the number is too large"),
    "an infinite number": ("score > 1e999", "the number is too large"),
    "a number of 900 digits": ("score > " + "9" * 900, "the number is too large"),
    "nine products": ("max_score" + " * 1e15" * 9 + " > 1", "the expression has too many products"),
    "3,000 characters": ("score > 1 or " * 250 + "score > 1", "the expression has 3259 characters"),
    "100 brackets": ("(" * 100 + "score" + ")" * 100 + " > 1", None),
    "300 brackets": ("(" * 300 + "score" + ")" * 300 + " > 1", "not an expression"),
    "100 minuses": ("-" * 100 + "score > 1", "the expression is nested too deeply"),
    "900 minuses": ("-" * 900 + "score > 1", "not an expression|the expression is nested too deeply"),
    "100 times not": ("not " * 100 + "score > 1", "the expression is nested too deeply"),
    "100 terms": ("score" + " + score" * 100 + " > 1", "the expression is nested too deeply"),
    "conditions within conditions": (None, "the expression is too intricate"),
    "a name that is not ASCII": ("成绩 > 1", "test has no field 成绩"),
    "a name of one private letter": ("f_score > 1", "test has no field f_score"),
    "a dunder name": ("__builtins__ == 1", "test has no field __builtins__"),
    "two lines": ("score > 1\nstatus", "not an expression"),
    "two statements": ("score > 1; status", "not an expression"),
    "an assignment": ("score = 1", "not an expression"),
    "a statement": ("import os", "not an expression"),
    "an open string": ('status == "', "not an expression"),
    "an open bracket": ("(score > 1", "not an expression"),
    "a backslash": ("score > \\", "not an expression"),
    "a null byte": ("score > 1\0", None),
    "spaces": ("   ", "an expression is missing"),
    "a bare number": ("5", "a number is not a condition"),
    "a bare word": ('"x"', "a string is not a condition"),
    "a bare field": ("score", "a number is not a condition"),
    "has of a comparison": ("has(score > 1)", "compare is not in the language"),
    "has of nothing": ("has()", "has takes one field"),
    "a misspelt word": ('status == "gradedd"', r"no such value: gradedd \(expected: graded\)"),
    "a misspelt field": ("scor > 1", r"test has no field scor \(expected: score\)"),
    "a number and a word": ('score == "50"', "compares a number with a string"),
    "a word and a boolean": ("status == true", "compares a string with a boolean"),
}  # fmt: skip


def intricate(depth: int) -> str:
    expression = "score"
    for _ in range(depth):
        expression = f"(1 if 1<{expression}<2 else 0)"
    return f"{expression} > 0"


@pytest.mark.parametrize(("expression", "message"), HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_expression_is_refused(tmp_path, expression, message):
    if expression is None:
        expression = intricate(18)
    if message is None and "\0" not in expression:
        rule_on_tests(tmp_path, expression)  # brackets alone nest nothing
        return
    with pytest.raises(RuleError, match=message):
        rule_on_tests(tmp_path, expression)
