"""Rules as an operator would first write them, each wrong in one way: the error says what would be right."""

import pytest

from services.rules.language.fields import read_fields
from services.rules.language.lint import lint
from services.rules.language.load import check
from tests.harness import SCHEMAS, rule_set
from tests.rule_files import CALENDAR, folder, rule

DATES = "a window, such as {calendar: day} or {within: 30d}, or a field that says it: conditions know no date"
QUOTES = "quotes around an expression that has a comma or a bracket"
ONE = "an expression over the fields of one record, such as score; of measures only nested counts groups"
CONDITIONS = {
    "a single equals": ('status = "graded"', "=="),
    "three equals": ("score === 60", "=="),
    "an arrow": ("score => 60", ">="),
    "a sign of mathematics": ("score ≥ 60", ">="),
    "a sign of BASIC": ('status <> "graded"', "!="),
    "and in Chinese": ('score < 60 且 status == "graded"', "and"),
    "or in Chinese": ("score < 60 或 attempt > 2", "or"),
    "more in Chinese": ("score 大于 60", ">"),
    "signs of C": ("score < 60 && attempt == 1", "and"),
    "a capital": ("score < 60 OR attempt == 1", "or"),
    "Chinese quotes": ("status == “graded”", '"'),
    "a percent": ("score < 60%", "a number without %, such as 60, or 0.6 * max_score for a part of something"),
    "a unit": ("score < 60m", "the number in the unit of the field, such as 90 for minutes"),
    "a word without quotes": ("status == graded", '"graded" in quotes'),
    "a misspelt word without quotes": ("status == gradet", '"graded" in quotes'),
    "a word that a field cannot hold": (
        "status == 已批改", 'one of "exempt", "graded", "not_submitted", "pending"',
    ),
    "words without quotes": ("status in [pending, graded]", '"pending" in quotes'),
    "a word beside a field of words": ("course == NUR101", '"NUR101" in quotes'),
    "a date": ("due_at >= 2026-10-11", DATES),
    "a date with slashes": ("due_at >= 2026/10/11", DATES),
    "a date in quotes": ('due_at >= "2026-09-01"', DATES),
    "between dates": ("2026-09-01 <= due_at <= 2026-10-01", DATES),
    "between": ("score between 40 and 60", "both bounds, such as 60 <= score < 80"),
    "a part of a word": ('status like "grad%"', 'whole words, such as status in ["late", "absent"]'),
    "a weekday": ('weekday == "mon"', DATES),
    "a month": ("month == 9", DATES),
    "not null": ("score != null", "has(score)"),
    "null": ("score == null", "not has(score)"),
    "null first": ("null == score", "not has(score)"),
    "not None": ("score != None", "has(score)"),
    "is None": ("score is None", "not has(score)"),
    "is not None": ("score is not None", "has(score)"),
    "a field alone": ("score", "has(score), or a comparison such as score > 0"),
    "a word for each": ("status == 'graded' or 'exempt'", "the comparison for each value"),
    "a decimal comma": ("score > 1,5", "a point in a number, such as 4.5"),
    "an octal number": ("score > 010", "10"),
    "a grouped number": ("score > 1_000", "1000"),
    "a hexadecimal number": ("score > 0x10", "16"),
    "a function over records": ("count(score) > 1", "a measure, such as {count: "),
    "an exclamation mark": ("!has(score)", "not instead of !"),
}  # fmt: skip
WINDOWS = {
    "term": "{calendar: term}",
    "week": "{calendar: week}",
    "14d": "{within: 14d}",
    "10": "{last: 10}",
    '"{calendar: term}"': "{calendar: term} without quotes",
    "{last: 14d}": "{within: 14d}",
    "{within: 10}": "{last: 10}",
    "{within: term}": "{calendar: term}",
    "{days: 14}": "{within: 14d}",
    "{months: 2}": "{within: 62d}, or {calendar: month}",
    "{teaching_days: 5}": "{within: 7d}, or {calendar: week}",
    "{calendar: semester}": "{calendar: term}",
    "{teaching_weeks: 10}": "{within: 10 teaching_weeks}",
    "{within: 10 教学周}": "{within: 10 teaching_weeks}",
    "10 school weeks": "{within: 10 teaching_weeks}",
}
LEVELS = {
    '{">=": {yellow: 2}}': "at_least",
    '{"≥": {yellow: 2}}': "at_least",
    '{"<": {yellow: 2}}': "below",
    "{gt: {yellow: 2}}": "above",
    '{yellow: {"<=": 2}}': "at_most",
    "{yellow: 2, red: 4}": "such as {at_least: {yellow: 2, red: 4}}",
    '{yellow: ">= 2"}': "{at_least: 2}",
    "{yellow: {above: 2}, red: 4}": "{at_least: 4}",
    '{at_least: {yellow: ">= 2"}}': "2 without quotes",
    "{at_least: 2}": "{yellow: 2}",
    '"{at_least: {yellow: 2}}"': "{standard: NAME} or {at_least: {yellow: 2, red: 5}}",
}
MEASURES = {
    "{median: score}": "mean, or how many are below a line",
    "{percentile: score}": "mean, or how many are below a line",
    "{stddev: score}": "change (against the mean before), or trend",
    "{average: score}": "mean",
    "{percentage: score < 60}": "share",
    "{rank: {mean: score}}": ONE,
    "{mean: {sum: score}}": ONE,
    "{change: score < 60, before: 3}": "a number such as score; what satisfies a condition is counted by",
    "{sum: not (score < 60)}": "a number such as score; what satisfies a condition is counted by",
    "{count: score}": "has(score), or a comparison such as score > 0",
    '{share: status in ["graded", "exempt"]}': QUOTES,
    "{ratio: max_score - min(score, 1), to: max_score}": QUOTES,
    "{nested: {sum: score}, per: date, at_least: 4}": DATES,
    "{missing: test, after: time}": "one of due_at, known_at, submitted_at; escalate in notify and elapsed count from",
}
OTHERS = {
    "by in quotes": ({"by": '"[student]"'}, "[student]"),
    "by without brackets": ({"by": "student, course"}, "[student, course]"),
    "notify without to": ({"notify": "class_tutor"}, "{to: class_tutor}"),
    "notify in quotes": ({"notify": '"{to: class_tutor}"'}, "{to: class_tutor} without quotes"),
    "a deadline of a kind without dates": (
        {"on": "warning", "by": "[warning]", "where": 'rule == "x"', "measure": "{missing: feedback, after: time}",
         "levels": "{at_least: {yellow: 48h}}"}, "escalate in notify (such as {after: 48h, to: counsellor}) or elapsed",
    ),
}  # fmt: skip
STANDARD = """- id: student.x
  title: {zh: 一, en: one}
  compare: at_least
  values:
    - {from: 2026-09-01, warning: {yellow: 4, red: 8}}
"""
STANDARDS = {
    "a sign": (("at_least", '">="'), "at_least"),
    "a sign in Chinese": (("at_least", "≤"), "at_most"),
    "a day in quotes": (("2026-09-01", '"2026-09-01"'), "2026-09-01 without quotes"),
    "a day with slashes": (("2026-09-01", "2026/9/1"), "2026-09-01"),
    "a day in Chinese": (("2026-09-01", "2026年9月1日"), "2026-09-01"),
    "a day in one": (("2026-09-01", "20260901"), "2026-09-01"),
    "a warning in quotes": (("{yellow: 4, red: 8}", '"{yellow: 4, red: 8}"'), "{yellow: 4, red: 8} without quotes"),
    "a single threshold": (("{yellow: 4, red: 8}", "4"), "{yellow: 4}"),
}


def expected(path, *rules, **more):
    """What would be right in the eyes of the first error, if there is one alone or some."""
    first, *_ = check(folder(path, *rules, **more), SCHEMAS)[1]
    return str(first.expected)


def one(**about):
    return rule("r", **{"on": "test", "measure": "{count: true}", **about})


@pytest.mark.parametrize(("condition", "right"), CONDITIONS.values(), ids=CONDITIONS)
def test_a_condition_that_is_none_says_what_would_be_one(tmp_path, condition, right):
    assert expected(tmp_path, one(where=condition)).startswith(right)


@pytest.mark.parametrize(("window", "right"), WINDOWS.items(), ids=WINDOWS)
def test_a_window_that_is_none_says_which_is_meant(tmp_path, window, right):
    assert expected(tmp_path, one(window=window)) == right
    assert len(check(tmp_path, SCHEMAS)[1]) == 1


@pytest.mark.parametrize(("levels", "right"), LEVELS.items(), ids=LEVELS)
def test_levels_without_their_comparison_say_which_is_meant(tmp_path, levels, right):
    assert expected(tmp_path, one(levels=levels)) == right
    assert len(check(tmp_path, SCHEMAS)[1]) == 1


@pytest.mark.parametrize(("measure", "right"), MEASURES.items(), ids=MEASURES)
def test_a_measure_that_is_none_names_the_nearest_that_can_be_said(tmp_path, measure, right):
    by = "[course, student]"
    assert expected(tmp_path, one(measure=measure, by=by)).startswith(right)


@pytest.mark.parametrize(("about", "right"), OTHERS.values(), ids=OTHERS)
def test_what_else_goes_wrong_in_a_rule_says_what_would_be_right(tmp_path, about, right):
    assert expected(tmp_path, one(**about)).startswith(right)


@pytest.mark.parametrize(("slip", "right"), STANDARDS.values(), ids=STANDARDS)
def test_what_goes_wrong_in_a_standard_says_what_would_be_right(tmp_path, slip, right):
    assert expected(tmp_path, one(), standards=STANDARD.replace(*slip)) == right


def test_days_of_the_calendar_too(tmp_path):
    calendar = f'{CALENDAR}terms: [{{id: a, from: "2026-09-01", to: 2026.9.30}}]\n'
    found = [str(one.expected) for one in check(folder(tmp_path, one(), calendar=calendar), SCHEMAS)[1]]
    assert found == ["2026-09-01 without quotes", "2026-09-30"]


@pytest.mark.parametrize("condition", [
    'status in ["graded", "exempt"]', "100 * score / max_score >= 59.5", "score % 2 == 0", "1e3 > score > .5",
    'course == "a = b && c 且 2026-09-01 null"', "not (score < pass_score)", "has(score) and attempt != 1",
    "class == teacher", "score - 2026 > 10 - 11", "(score if has(score) else 0) > 1",
])  # fmt: skip
def test_a_right_condition_is_no_slip(tmp_path, condition):
    quoted = "'" + condition.replace("'", "''") + "'"
    assert check(folder(tmp_path, one(where=quoted)), SCHEMAS)[1] == []


SHARE = "{share: status == 'late', min_records: 20}"
PERCENT = STANDARD.replace("values", 'unit: "%"\n  values')
FRACTIONS = {
    "of a share": ({"measure": SHARE, "levels": "{at_least: {yellow: 0.05, orange: 0.1, red: 0.2}}"}, "0.05 to 0.2"),
    "up to all of it": ({"measure": SHARE, "levels": "{at_least: {yellow: 0.5, red: 1}}"}, "0.5 to 1"),
    "level by level": ({"measure": SHARE, "levels": "{yellow: {above: 0.1}, red: {above: 0.3}}"}, "0.1 to 0.3"),
    "of a rank": (
        {"measure": "{rank: hours}", "by": "[course, student]", "levels": "{at_most: {yellow: 0.1}}"}, "0.1 to 0.1",
    ),
    "of a limit": (
        {"measure": "{elapsed: true, until: false, limit: 1d}", "levels": "{at_least: {yellow: 0.75, red: 1}}"},
        "0.75 to 1",
    ),
    "of a share in groups": (
        {"measure": "{nested: {share: status == 'late'}, per: course, above: 0.3}", "levels": "{at_least: {red: 1}}"},
        "0.3 to 0.3",
    ),
    "of a standard in percent": (
        {"measure": "{ratio: minutes_late, to: hours}", "levels": "{standard: student.x}"}, "0.4 to 0.8",
    ),
    "real percents": ({"measure": SHARE, "levels": "{at_least: {yellow: 0.5, red: 5}}"}, None),
    "of what is no percent": ({"measure": "{mean: hours}", "levels": "{at_least: {yellow: 0.05}}"}, None),
    "one percent": ({"measure": SHARE, "levels": "{at_least: {yellow: 1}}"}, None),
}  # fmt: skip


@pytest.mark.parametrize(("about", "numbers"), FRACTIONS.values(), ids=FRACTIONS)
def test_thresholds_of_a_percent_that_are_parts_of_one_are_doubted(tmp_path, about, numbers):
    standards = PERCENT.replace("yellow: 4, red: 8", "yellow: 0.4, red: 0.8") if "standard" in about["levels"] else ""
    found = lint(rule_set(folder(tmp_path, rule("r", **about), standards=standards)), read_fields(SCHEMAS))
    told = [str(one.what) for one in found if "thresholds from" in str(one.what)]
    measure = about["measure"].split(":")[0].strip("{")
    assert told == ([] if numbers is None else [f"r has thresholds from {numbers}, and {measure} is a percent"])
