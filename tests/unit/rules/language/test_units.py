"""A duration where numbers are of another unit, and a standard in another unit than the measure, are errors."""

import pytest

from services.rules.language.load import check
from tests.harness import SCHEMAS
from tests.rule_files import folder, rule


def standard(numbers, unit):
    line = f"  unit: {unit}\n" if unit else ""
    return (
        f"- id: student.x\n  title: {{zh: 一, en: one}}\n  compare: at_least\n{line}"
        f"  values:\n    - {{from: 2026-09-01, {numbers}}}\n"
    )


def problems(path, measure, numbers="warning: {yellow: 4}", unit="", **more):
    one = rule("r", measure=measure, levels="{standard: student.x}", **more)
    return [str(problem) for problem in check(folder(path, one, standards=standard(numbers, unit)), SCHEMAS)[1]]


MISSING = {"measure": "{missing: rollcall, after: ends_at}", "on": "lesson", "by": "[lesson]"}


@pytest.mark.parametrize(
    ("numbers", "unit", "what"),
    [
        ("warning: {yellow: 10h}", "hours", "10h is a duration, and yellow is a number of hours"),
        ("warning: {red: 1d}, again: [2d]", "天", "2d is a duration, and again is a number of 天"),
        ("warning: {red: 4}, clear: {red: 30m}", "", "30m is a duration, and red is a number without a unit"),
        ("praise: 2w", "weeks", "2w is a duration, and praise is a number of weeks"),
    ],
    ids=["hours", "days", "no unit", "praise"],
)
def test_a_duration_is_refused_where_the_standard_is_not_in_minutes(tmp_path, numbers, unit, what):
    found = problems(tmp_path, "{sum: hours}", numbers, unit)
    assert f"{what} (expected: a number; durations are for missing and for standards with unit: minutes)" in str(found)


@pytest.mark.parametrize("unit", ["minutes", "分钟"])
def test_a_duration_is_taken_where_the_standard_is_in_minutes(tmp_path, unit):
    assert problems(tmp_path, numbers="warning: {yellow: 30m, red: 24h}", unit=unit, **MISSING) == []


@pytest.mark.parametrize(
    ("measure", "levels", "what"),
    [
        ("{sum: hours}", "{at_least: {yellow: 10h}}", "10h is a duration, and yellow is a number"),
        ("{share: status == 'late'}", "{above: {red: 1h}}", "1h is a duration, and red is a percent"),
        ("{count: true}", "{red: {at_least: 3, again: [5d]}}", "5d is a duration, and again is a number"),
        ("{count: true}", "{red: {at_least: 3, clear: 2h}}", "2h is a duration, and clear is a number"),
    ],
    ids=["a sum", "a share", "again", "clear"],
)
def test_a_duration_in_a_rule_is_for_deadlines_alone(tmp_path, measure, levels, what):
    path = folder(tmp_path, rule("r", measure=measure, levels=levels))
    assert what in str(check(path, SCHEMAS)[1])


@pytest.mark.parametrize(
    ("unit", "about", "what"),
    [
        ("hours", {"measure": "{share: status == 'late'}"},
         'share is a percent, and the unit of student.x is hours (expected: unit: "%")'),
        ('"%"', {"measure": "{count: true}"},
         "count is a count, and the unit of student.x is % (expected: what is counted, such as unit: lessons)"),
        ("minutes", {"measure": "{streak: status == 'late'}"}, "streak is a count, and the unit of student.x is min"),
        ("hours", MISSING, "missing is in minutes, and the unit of student.x is hours (expected: unit: minutes)"),
    ],
    ids=["share", "count", "streak", "missing"],
)  # fmt: skip
def test_a_standard_in_another_unit_than_the_measure_is_refused_at_the_rule(tmp_path, unit, about, what):
    (only,) = problems(tmp_path, unit=unit, **about)
    assert only.startswith("rules.yaml:7:24: ")
    assert what in only


@pytest.mark.parametrize(
    ("unit", "measure"),
    [("lessons", "{count: true}"), ('"%"', "{share: true}"), ('"%"', "{mean: hours}"), ("hours", "{sum: hours}"),
     ("hours", "{ratio: hours, to: 100}"), ("", "{share: true}")],
    ids=str,
)  # fmt: skip
def test_a_unit_that_may_be_the_measures_is_taken(tmp_path, unit, measure):
    assert problems(tmp_path, measure, unit=unit) == []
