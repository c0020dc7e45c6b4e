"""Every threshold of the default pack is held by a rule test: moved by one step, either way, some test turns red."""

import dataclasses
from pathlib import Path

import msgspec
import pytest
import yaml

from services.operate.rule_tests import RuleTestRunner, read_rule_tests, suite
from services.operate.rule_tests.cases import Expectation
from services.rules.composite import by_comparing, keys_of
from services.rules.language.fields import read_fields
from services.rules.language.load import load
from services.rules.language.reading import Report

pytestmark = pytest.mark.properties

ROOT = Path(__file__).parents[2]
RULES = load(ROOT / "rules", ROOT / "schemas")
LEVELS = ("yellow", "orange", "red")
NOTHING_IS_NO_VALUE = {
    ("student.failing_courses", "yellow", -1),
    ("teacher.complete_months", "praise", -1),
    ("college.ticket_months", "praise", -1),
}
"""(standard, where, direction) from one to none: of nothing there is no value, so nothing changes."""


def thresholds():
    for name, standard in RULES.standards.items():
        for number, value in enumerate(standard.values):
            for where in numbered(value.thresholds):
                yield pytest.param(name, number, where, id=f"{name} {number} {where}")


def numbered(thresholds):
    """Where each number stands: a level, `clear` and a level, `again` and a number."""
    again = {f"again {step}": number for step, number in enumerate(thresholds.again, 1) if number is not None}
    return thresholds.reached.given() | {f"clear {level}": n for level, n in thresholds.clear.given().items()} | again


def with_number(thresholds, where, new):
    part, _, place = where.rpartition(" ")
    if part == "again":
        step = int(place)
        return thresholds._replace(again=(*thresholds.again[: step - 1], new, *thresholds.again[step:]))
    field = "clear" if part else "reached"
    return thresholds._replace(**{field: getattr(thresholds, field)._replace(**{place: new})})


def moved(name, number, place, direction):
    """The plan with one threshold moved by a step: 1, or 0.1 where it is no whole number."""
    standard = RULES.standards[name]
    values = list(standard.values)
    old = values[number].thresholds
    before = numbered(old)[place]
    new = before + direction * (1 if before == int(before) else 0.1)
    values[number] = dataclasses.replace(values[number], thresholds=with_number(old, place, new))
    standard = dataclasses.replace(standard, values=tuple(values))
    return msgspec.structs.replace(RULES.plan, standards={**RULES.plan.standards, name: standard.resolver()})


@pytest.fixture(scope="module")
def cases():
    report = Report()
    found = read_rule_tests(ROOT / "rules", RULES, read_fields(ROOT / "schemas"), report)
    assert report.problems == []
    return [case for case in found if not any(speaks_of_people(step) for step in case.steps)]


def speaks_of_people(step):
    return isinstance(step, Expectation) and (step.to, step.text) != (None, None)


def test_the_rule_tests_are_green_and_cover_every_rule_every_level_and_a_withdrawal_of_each():
    result = suite.run(ROOT / "rules", ROOT / "schemas")
    assert [str(problem) for problem in result.problems] == []
    covered = result.coverage
    assert (covered.untested, covered.unreached, covered.never_withdrawn) == ((), (), ())


def test_unmoved_thresholds_turn_no_test_red(cases):
    report, runner = Report(), RuleTestRunner(RULES.plan)
    assert not [case.name for case in cases if runner.run(case, report).failed]


def test_every_threshold_stands_in_a_standard_and_every_standard_is_used():
    others = {rule.id for rule in RULES.plan.rules if rule.standard is None and rule.card.summary is None}
    assert {rule.standard for rule in RULES.plan.rules} - {None} == set(RULES.standards)
    assert others == {rule.id for rule in RULES.plan.rules if rule.gauges[0].measure == "composite"}


@pytest.mark.parametrize(("name", "number", "place"), [*thresholds()])
def test_a_threshold_moved_by_one_step_turns_a_test_red(cases, name, number, place):
    touched = {rule.id for rule in RULES.plan.rules if rule.standard == name}
    for direction in (-1, 1):
        report, runner = Report(), RuleTestRunner(moved(name, number, place, direction))
        red = any(runner.run(case, report).failed for case in cases if case.rule in touched)
        assert red != ((name, place, direction) in NOTHING_IS_NO_VALUE), direction


def composites():
    """(rule, its cases with one left out, or with one grade of one case moved by one)."""
    for rule in yaml.safe_load((ROOT / "rules" / "composite.yaml").read_text("utf-8"))["rules"]:
        grades, listed = rule["measure"]["grades"], rule["measure"]["cases"]
        cases = [
            (LEVELS.index(level) + 1, sorted((grades.index(one) + 1 for one in case), reverse=True))
            for level, some in listed.items()
            for case in some
        ]
        for n, (level, wanted) in enumerate(cases):
            others = [*cases[:n], *cases[n + 1 :]]
            yield pytest.param(rule["id"], len(grades), others, id=f"{rule['id']} without {level} {wanted}")
            for at, grade in enumerate(wanted):
                for other in {grade - 1, grade + 1} - {0, len(grades) + 1}:
                    case = sorted([*wanted[:at], other, *wanted[at + 1 :]], reverse=True)
                    yield pytest.param(
                        rule["id"], len(grades), [*others, (level, case)], id=f"{rule['id']} {level} {wanted} to {case}"
                    )


@pytest.mark.parametrize(("name", "grades", "moved_cases"), [*composites()])
def test_a_case_of_a_composite_that_is_moved_turns_a_test_red(cases, name, grades, moved_cases):
    (rule,) = [rule for rule in RULES.plan.rules if rule.id == name]
    found = by_comparing(moved_cases, keys_of(moved_cases, grades))
    table = tuple((key, level) for key, level in sorted(found.items()) if level)
    assert dict(table) != dict(rule.gauges[0].table)
    gauge = msgspec.structs.replace(rule.gauges[0], table=table)
    rules = [msgspec.structs.replace(rule, gauges=(gauge,)) if one is rule else one for one in RULES.plan.rules]
    report, runner = Report(), RuleTestRunner(msgspec.structs.replace(RULES.plan, rules=tuple(rules)))
    assert any(runner.run(case, report).failed for case in cases if case.rule == name)
