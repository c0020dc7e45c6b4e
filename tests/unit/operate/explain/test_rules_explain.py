"""`prewarn rules explain`: a rule as a sentence, and all that belongs to it."""

import pytest

from services.directory import Directory
from services.errors import ProblemsError
from services.operate.explain import rule_lines
from services.operate.explain.rules import describe
from services.operate.rule_tests import read_rule_tests
from services.rules.language.fields import read_fields
from services.rules.language.load import load
from services.rules.language.reading import Report
from tests.faults.running import ROOT
from tests.harness import SCHEMAS
from tests.unit.operate.explain.conftest import NOW

pytestmark = pytest.mark.commands

PACK = load(ROOT / "rules", SCHEMAS)
CASES = read_rule_tests(ROOT / "rules", PACK, read_fields(SCHEMAS), Report())


def test_a_rule_has_its_sentence_levels_people_and_tests(ask):
    found = ask("rules", "explain", "absence-streak", "--subject", "s1/algebra", "--at", "2026-11-01", "--json")
    assert (found["row"], found["kind"], found["by"], found["window"]) == (
        "S2",
        "attendance",
        ["student", "course"],
        "all",
    )
    assert 'how many in a row have status == "absent"' in found["sentence"]["en"]
    assert '连续满足 status == "absent" 的记录数' in found["sentence"]["zh"]
    assert {one["level"]: one["threshold"] for one in found["levels"]} == {"yellow": 2, "orange": 3, "red": 5}
    assert {"status", "student", "course", "lesson"} <= {*found["fields"]}
    assert [one["role"] for one in found["told"]] == ["class_tutor"]
    assert [(one["role"], one["after"]) for one in found["escalates"]] == [("counsellor", "1d"), ("department", "3d")]
    assert [one["id"] for one in found["people"]] == ["fang"]
    assert found["message"]["zh"] == "李一 在代数课上已连续旷课 2 次，请联系学生"
    assert found["source"] == "六(一)“基于移动端学生日常考勤”"
    assert "a streak in one course" in [one["name"] for one in found["tests"]]


def test_thresholds_are_those_of_the_subject(ask):
    of_nobody = ask("rules", "explain", "scopes", "--at", "2026-11-01", "--json")["levels"]
    of_s1 = ask("rules", "explain", "scopes", "--subject", "s1", "--at", "2026-11-01", "--json")["levels"]
    assert (of_nobody[0]["threshold"], of_s1[0]["threshold"]) == (4, 3)


def test_a_rule_on_warnings_names_the_rules_it_looks_at(ask):
    assert ask("rules", "explain", "rollcall-missing-often", "--json")["looks_at"] == ["rollcall-missing"]


@pytest.mark.parametrize("placed", PACK.placed, ids=lambda placed: placed.rule.id)
def test_every_rule_of_the_pack_explains_itself_in_both_languages(placed):
    found = describe(PACK, placed, Directory.empty(), None, NOW, CASES)
    for language in ("zh", "en"):
        assert "…" not in getattr(found["sentence"], language)
        assert "{" not in getattr(found["sentence"], language)
    text = "\n".join([*rule_lines(found, "zh"), *rule_lines(found, "en")])
    assert found["sentence"].zh in text
    assert found["sentence"].en in text
    assert f"{found['file']}:{found['line']}" in text
    assert found["tests"]


def test_a_wrong_rule_is_told_the_nearest(ask):
    with pytest.raises(ProblemsError, match="expected: absence-streak"):
        ask("rules", "explain", "absense-streak")
