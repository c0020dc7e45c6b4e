"""A record that a rule has no number for is counted with its reason, and harms no other rule and no other record."""

from datetime import UTC, datetime

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from services.rules.engine.engine import Engine
from services.rules.metrics import RulesCollector
from services.rules.worker import Worker
from tests.harness import event, rule_set, wire
from tests.journals import append, finish, journal
from tests.rule_files import folder, rule

AT = datetime(2026, 3, 2, 8, tzinfo=UTC)
SHARE = rule(
    "mean", on="test", measure="{mean: score / max_score}", where='status == "graded"', levels="{below: {yellow: 0.5}}"
)
ALL = rule("all", on="test", by="[class]", measure="{count: true}", levels="{at_least: {yellow: 1}}")


def graded(ident, **data):
    return event("test", AT, ident, student="s", lesson="l", course="c", **{"class": "k", "status": "graded", **data})


@pytest.mark.parametrize(
    ("measure", "data", "reason"),
    [
        pytest.param("{mean: score / max_score}", {"score": 5, "max_score": 0}, "division_by_zero", id="division by zero"),  # noqa: E501
        pytest.param("{mean: score}", {"max_score": 5}, "null", id="null"),
        pytest.param("{sum: score}", {"score": 1e10}, "out_of_bounds", id="out of bounds"),
        pytest.param("{value: score * score * score}", {"score": 1e200}, "out_of_bounds", id="infinite"),
        pytest.param("{value: score % max_score}", {"score": 1, "max_score": 0}, "division_by_zero", id="modulo zero"),
        pytest.param("{nested: {mean: score / max_score}, per: course, below: 1}", {"score": 1, "max_score": 0}, "division_by_zero", id="nested"),  # noqa: E501
    ],
)  # fmt: skip
def test_what_has_no_number_is_counted_by_rule_and_reason(tmp_path, measure, data, reason):
    plan = rule_set(folder(tmp_path, rule("r", on="test", measure=measure, levels="{at_least: {yellow: 0}}"), ALL)).plan
    engine = Engine(plan)
    changes = engine.process_many(wire([graded("1", **data), graded("2", score=3, max_score=5)]))
    assert engine.not_evaluated == {("r", reason): 1}
    assert {change.rule for change in changes} == {"r", "all"}
    assert not engine.failed


def test_a_record_that_the_rule_does_not_ask_is_not_counted(tmp_path):
    engine = Engine(rule_set(folder(tmp_path, SHARE)).plan)
    engine.process_many(wire([graded("1", status="pending")]))
    assert not engine.not_evaluated


def test_the_metrics_say_which_rule_and_why(tmp_path):
    book = journal(tmp_path)
    worker = Worker(book, rule_set(folder(tmp_path / "rules", SHARE, ALL)))
    append(book, [graded("1", score=1, max_score=0), graded("2", score=1, max_score=5)])
    finish(worker)
    registry = CollectorRegistry()
    registry.register(RulesCollector(lambda: worker))
    shown = generate_latest(registry).decode()
    assert 'prewarn_not_evaluated_total{reason="division_by_zero",rule="mean"} 1.0' in shown
    assert 'prewarn_events_total{reason="processed"}' in shown


def test_a_nested_mean_below_zero_counts(tmp_path):
    nested = "{nested: {mean: score - max_score}, per: course, below: -1}"
    engine = Engine(
        rule_set(folder(tmp_path, rule("r", on="test", measure=nested, levels="{at_least: {yellow: 1}}"))).plan
    )
    (change,) = engine.process_many(wire([graded("1", score=3, max_score=5)]))
    assert (change.rule, change.facts.value) == ("r", 1)
