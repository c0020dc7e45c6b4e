"""Which rules end with the term, said or not (docs/rules.md, The term)."""

import pytest

from tests.harness import rule_set
from tests.rule_files import folder, rule


def ends(tmp_path, **fields):
    (found,) = rule_set(folder(tmp_path, rule(**fields))).plan.rules
    return found.ends_with_term


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param({"by": "[student, course]"}, False, id="not said of a course"),
        pytest.param({"by": "[student, course]", "term": "ends"}, True, id="said of a course"),
        pytest.param({"by": "[class]", "term": "ends", "window": "{calendar: month}"}, True, id="said of a month"),
        pytest.param(
            {
                "by": "[class]",
                "term": "ends",
                "window": "{calendar: term}",
                "levels": "{red: {at_least: 9, window: {last: 9}}}",
            },
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
