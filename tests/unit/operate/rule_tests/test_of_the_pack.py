"""Tests that come with Prewarn, in a college that has other standards, another calendar or fewer rules."""

import shutil
from pathlib import Path

import pytest

from services.errors import RuleError
from services.operate.rule_tests import suite

pytestmark = pytest.mark.properties
ROOT = Path(__file__).parents[4]
PACK, SCHEMAS = ROOT / "rules", ROOT / "schemas"
HOURS = "      - {from: 2025-09-01, target: 0, warning: {yellow: 4, orange: 8, red: 10}, again: [20, 30, 40, 50]}\n"
TESTS = "tests/attendance.test.yaml"
OWN = """
  - name: ours
    rule: absence-hours
    each: {student: s1, course: c1, hours: 1, status: absent}
    steps:
      - {at: mon w2 08:00, times: 3, every: 24h}
      - {expect: %s, value: 3}
"""


@pytest.fixture
def copy(tmp_path):
    return Path(shutil.copytree(PACK, tmp_path / "rules", ignore=shutil.ignore_patterns("examples")))


def change(folder, file, before, after):
    text = (folder / file).read_text("utf-8")
    assert before in text
    (folder / file).write_text(text.replace(before, after, 1), "utf-8")


def inapplicable(folder):
    """Why tests say nothing of these rules; the others hold."""
    found = suite.hold(folder, SCHEMAS, PACK)
    assert found.failed == 0
    assert len(found.inapplicable) + found.tests == suite.run(PACK, SCHEMAS).tests
    return [str(one.what) for one in found.inapplicable]


TIGHTER = HOURS.replace("yellow: 4", "yellow: 3")
SCOPED = HOURS.replace("from: 2025-09-01", "from: 2025-09-01, scope: {cohort: 2024}")


@pytest.mark.parametrize("line", [TIGHTER, SCOPED], ids=["tightened", "scoped"])
def test_a_standard_that_was_changed_makes_no_test_of_the_pack_fail(line, copy):
    change(copy, "standards/student.yaml", HOURS, line)
    found = inapplicable(copy)
    assert found
    assert all("by your standard student.absence_hours something else is right" in one for one in found)
    with pytest.raises(RuleError, match="absence-hours"):
        suite.hold(copy, SCHEMAS)


def test_what_the_pack_tests_of_a_rule_still_counts_where_its_standard_is_another_one(copy):
    change(copy, "standards/student.yaml", HOURS, TIGHTER)
    change(copy, "attendance.yaml", 'status in ["absent", "late", "early_leave"]', 'status in ["absent"]')
    with pytest.raises(RuleError, match="absence-hours"):
        suite.hold(copy, SCHEMAS, PACK)


@pytest.mark.parametrize(("level", "holds"), [("yellow", True), ("silent", False)])
def test_a_test_of_the_college_s_own_is_held_to_its_own_standards(level, holds, copy):
    change(copy, "standards/student.yaml", HOURS, TIGHTER)
    (copy / TESTS).write_text((copy / TESTS).read_text("utf-8") + OWN % level, "utf-8")
    if holds:
        assert suite.hold(copy, SCHEMAS, PACK).failed == 0
    else:
        with pytest.raises(RuleError, match="absence-hours s1: yellow"):
            suite.hold(copy, SCHEMAS, PACK)


def test_a_test_of_the_pack_that_was_changed_is_the_college_s_own(copy):
    change(copy, "standards/student.yaml", HOURS, TIGHTER)
    text = (copy / TESTS).read_text("utf-8")
    for one in suite.run(copy, SCHEMAS, PACK).inapplicable:
        name = str(one.what).partition(":")[0]
        text = text.replace(f"name: {name}\n", f"name: {name}, as we see it\n", 1)
    (copy / TESTS).write_text(text, "utf-8")
    with pytest.raises(RuleError, match="absence-hours"):
        suite.hold(copy, SCHEMAS, PACK)


def test_another_calendar_with_other_terms_makes_no_test_of_the_pack_fail(copy):
    calendar = "time_zone: Asia/Shanghai\nterms:\n- {id: ours, from: 2030-09-02, to: 2031-01-10}\n"
    (copy / "calendar.yaml").write_text(calendar, "utf-8")
    found = inapplicable(copy)
    assert any("by your calendar" in one for one in found)


def test_a_rule_that_was_left_out_takes_its_tests_of_the_pack_with_it(copy):
    (copy / "praise.yaml").unlink()
    found = inapplicable(copy)
    assert found
    assert all("which you have left out" in one for one in found)
