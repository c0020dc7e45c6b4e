"""Which rules end with the term, said or not (docs/rules.md, The term)."""

import pytest

from tests.harness import rule_set
from tests.rule_files import folder, rule

STREAK = '{streak: status == "absent"}'


def ends(tmp_path, **fields):
    (found,) = rule_set(folder(tmp_path, rule(**fields))).plan.rules
    return found.ends_with_term


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param({"by": "[student, course]"}, True, id="a course"),
        pytest.param({"by": "[class]"}, True, id="a class"),
        pytest.param({"by": "[lesson]", "window": "{last: 3}"}, True, id="a lesson"),
        pytest.param({"on": "test", "by": "[test]", "measure": "{count: score < 1}"}, True, id="a test"),
        pytest.param({"by": "[class]", "window": "{within: 9d}"}, True, id="a sliding window"),
        pytest.param({"by": "[class]", "window": "{calendar: month}"}, True, id="a month"),
        pytest.param({"by": "[student]", "measure": STREAK}, False, id="a student"),
        pytest.param({"by": "[]"}, False, id="the college"),
        pytest.param({"by": "[class]", "window": "{calendar: year}"}, False, id="a year"),
        pytest.param({"by": "[class]", "window": "{calendar: term}"}, False, id="a term ends by itself"),
        pytest.param(
            {"by": "[class]", "measure": "{none: rollcall}", "window": "{calendar: week}"}, False, id="whole periods"
        ),
        pytest.param(
            {"on": "warning", "by": "[class]", "measure": "{open: open}", "where": 'rule == "x"'}, False, id="parts"
        ),
        pytest.param(
            {"by": "[class]", "levels": "{yellow: {at_least: 1}, red: {at_least: 9, window: {calendar: year}}}"},
            False,
            id="a level over a year",
        ),
        pytest.param(
            {"by": "[class]", "window": "{calendar: term}", "levels": "{red: {at_least: 9, window: {last: 9}}}"},
            True,
            id="a level in another window than the term",
        ),
        pytest.param({"by": "[student]", "term": "ends"}, True, id="said of a student"),
        pytest.param({"by": "[class]", "term": "continues"}, False, id="said of a class"),
        pytest.param({"by": "[class]", "term": "ends", "window": "{calendar: term}"}, False, id="said of a term"),
        pytest.param({"by": "[class]", "term": "ends", "window": "{calendar: year}"}, True, id="said of a year"),
    ],
)
def test_what_belongs_to_the_term(tmp_path, fields, expected):
    assert ends(tmp_path, **fields) is expected
