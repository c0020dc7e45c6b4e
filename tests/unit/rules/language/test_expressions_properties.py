"""Any expression over any record has the result that the slow evaluator's interpreter finds."""

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.rules.engine.arithmetic import FUNCTIONS, _scaled
from services.rules.engine.plan import TEACHING_DAY
from services.rules.language.expressions import Expression
from services.rules.language.fields import read_fields
from services.rules.language.reading import Place, Report
from tests.harness import SCHEMAS
from tests.oracle import evaluator

pytestmark = pytest.mark.properties

FIELDS = read_fields(SCHEMAS)["test"]
STATUSES = FIELDS["status"].values
NUMBERS = st.sampled_from([0, 1, 2, 50, 59.5, 60, 100, 0.1, 77.123456, 0.75, 100000])
MOMENTS = st.integers(0, 3).map(lambda day: datetime(2026, 3, 2, tzinfo=UTC) + timedelta(days=day))

records = st.fixed_dictionaries(
    {
        "student": st.sampled_from(["s1", "s2"]), "test": st.just("t"), "status": st.sampled_from(STATUSES),
        "teaching_day": st.booleans(),  # no field of the kind: each record has a day
    },
    optional={
        "max_score": NUMBERS, "score": st.none() | NUMBERS, "pass_score": NUMBERS, "attempt": st.integers(1, 9),
        "course": st.sampled_from(["c", "d", "s1"]), "class": st.sampled_from(["c", "k"]),
        "due_at": MOMENTS, "submitted_at": MOMENTS,
    },
)  # fmt: skip


@cache
def numbers(depth: int) -> st.SearchStrategy[str]:
    plain = st.sampled_from(["score", "max_score", "pass_score", "attempt", "0", "1", "2", "60", "0.5", "1e15"])
    if depth == 0:
        return plain
    inner = numbers(depth - 1)
    return st.one_of(
        plain,
        st.tuples(inner, st.sampled_from(["+", "-", "*", "/", "//", "%"]), inner).map(lambda p: f"({' '.join(p)})"),
        inner.map(lambda x: f"-{x}"), inner.map(lambda x: f"abs({x})"),
        inner.map(lambda x: f"round({x})"), inner.map(lambda x: f"round({x}, 2)"),
        st.tuples(st.sampled_from(["min", "max", "coalesce"]), inner, inner).map(lambda p: f"{p[0]}({p[1]}, {p[2]})"),
        st.tuples(inner, conditions(depth - 1), inner).map(lambda p: f"({p[0]} if {p[1]} else {p[2]})"),
    )  # fmt: skip


words = st.sampled_from(["student", "course", "class", '"s1"', '"c"', 'coalesce(course, "c")'])
moments = st.sampled_from(["due_at", "submitted_at", "coalesce(submitted_at, due_at)"])
compares = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])


def compared(values: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    listed = st.lists(values, min_size=1, max_size=3).map(lambda items: f"[{', '.join(items)}]")
    return st.one_of(
        st.tuples(values, compares, values).map(" ".join),
        st.tuples(values, compares, values, compares, values).map(" ".join),
        st.tuples(values, st.sampled_from(["in", "not in"]), listed).map(" ".join),
        st.tuples(values, compares, values, st.sampled_from(["in", "not in"]), listed).map(" ".join),
        values.map(lambda value: f"has({value})"),
    )


@cache
def conditions(depth: int) -> st.SearchStrategy[str]:
    plain = st.one_of(
        compared(numbers(min(depth, 1))), compared(words), compared(moments),
        st.sampled_from(["true", "false", "teaching_day"]),
        st.tuples(st.just("status"), st.sampled_from(["==", "!="]), st.sampled_from([f'"{s}"' for s in STATUSES]))
        .map(" ".join),
    )  # fmt: skip
    if depth == 0:
        return plain
    inner = conditions(depth - 1)
    return st.one_of(
        plain,
        inner.map(lambda x: f"not ({x})"),
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(lambda p: f"({' '.join(p)})"),
        inner.map(lambda x: f"(true if {x} else false)"),
    )  # fmt: skip


def compiled(text: str) -> tuple[Expression, Report]:
    report = Report()
    place = Place(text, "x", None)
    place.text = text
    return Expression(place, FIELDS, "test", report), report


def engine_result(source: str, data: dict[str, Any]) -> Any:
    names = {f"f_{name}": data.get(name) for name in FIELDS} | {TEACHING_DAY: data["teaching_day"]}
    return eval(source, {**FUNCTIONS, **names})  # our own source


def slow_record(data: dict[str, Any]) -> evaluator.Record:
    written = {name: value.isoformat() if isinstance(value, datetime) else value for name, value in data.items()}
    return evaluator.Record(0, "s", "1", "test", written, {})


@settings(max_examples=300, deadline=None)
@given(conditions(2), records)
def test_a_condition_is_satisfied_exactly_where_the_slow_evaluator_says_so(text, data):
    expression, report = compiled(text)
    source = expression.condition()
    if report.problems:  # too many products, too long: refused is not wrong
        assert all(
            "many products" in str(problem.what) or "characters" in str(problem.what) for problem in report.problems
        ), text
        return
    assert bool(engine_result(source, data)) == evaluator.satisfies(text, slow_record(data)), (text, data)


@settings(max_examples=300, deadline=None)
@given(numbers(3), records)
def test_a_number_is_the_one_that_the_slow_evaluator_finds(text, data):
    expression, report = compiled(text)
    source, whole = expression.number(10**9)
    if report.problems:
        return
    value = engine_result(source, data)
    expected = evaluator.micro(text, slow_record(data))
    assert (value * 1_000_000 if whole and value is not None else _scaled(value)) == expected, (text, data)
    assert not whole or value is None or isinstance(value, int)
