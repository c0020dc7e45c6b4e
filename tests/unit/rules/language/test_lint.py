"""What is allowed and probably not meant is said, with file, line and column."""

import pytest
from typer.testing import CliRunner

from services.cli import app
from services.rule_tests import doubts
from services.rules.language.lint import lint
from tests.harness import SCHEMAS, rule_set
from tests.rule_files import folder, rule


def found(path, **about):
    return [str(one) for one in lint(rule_set(folder(path, rule("r", **about))))]


@pytest.mark.parametrize(
    ("about", "what"),
    [
        ({"measure": "{share: status == 'late'}", "levels": "{at_least: {yellow: 10, red: 101}}"},
         ["red of r can never be reached: share is at_least 101 at no time (expected: a number from 0 to 100)"]),
        ({"measure": "{share: status == 'late'}", "levels": "{above: {yellow: 100}}"},
         ["yellow of r can never be reached: share is above 100 at no time (expected: a number from 0 to 100)",
          "r can never warn (expected: a level that can be reached)"]),
        ({"measure": "{share: status == 'late'}", "levels": "{below: {yellow: 0}}"},
         ["yellow of r can never be reached: share is below 0 at no time (expected: a number from 0 to 100)",
          "r can never warn (expected: a level that can be reached)"]),
        ({"measure": "{share: status == 'late'}", "levels": "{at_most: {yellow: 100, red: 50}}"},
         ["yellow of r is reached by every value: share is always at_most 100 (expected: a number from 0 to 100)"]),
        ({"measure": "{count: true}", "window": "{last: 4}", "levels": "{at_least: {yellow: 4, red: 5}}"},
         ["red of r can never be reached: count is at_least 5 at no time (expected: a number from 0 to 4)"]),
        ({"measure": "{streak: status == 'late'}", "levels": "{at_least: {yellow: 0}}"},
         ["yellow of r is reached by every value: streak is always at_least 0 (expected: a number from 0 on)"]),
        ({"on": "ticket", "by": "[responsible]", "levels": "{at_least: {yellow: 1, orange: 2, red: 3}}",
          "measure": "{composite: true, each: ticket, grade: severity, grades: [minor], cases: {orange: [[minor]]}}"},
         ["red of r can never be reached: composite is at_least 3 at no time (expected: a number from 0 to 2)"]),
        ({"measure": "{sum: hours}", "levels": "{at_least: {yellow: 1000000}}"}, []),
        ({"measure": "{count: true}", "levels": "{at_least: {yellow: 1}}"}, []),
    ],
    ids=str,
)  # fmt: skip
def test_levels_that_cannot_mean_what_they_say(tmp_path, about, what):
    assert [one.split(": ", 1)[1] for one in found(tmp_path, **about)] == what


def test_a_standard_is_told_of_with_its_own_place(tmp_path):
    standard = """- id: student.late
  title: {zh: 迟到, en: Late}
  compare: at_least
  values:
    - {from: 2026-09-01, warning: {yellow: 20, red: 120}}
    - {from: 2027-09-01, warning: {yellow: 20, red: 50}}
"""
    levels = rule("r", measure="{share: status == 'late'}", levels="{standard: student.late}")
    (only,) = lint(rule_set(folder(tmp_path, levels, standards=standard)))
    assert (only.where, only.what) == (
        "standards/student.yaml:2:5", "red of r can never be reached: share is at_least 120 at no time"
    )  # fmt: skip


def test_a_rule_without_a_test_is_named_where_there_are_tests(tmp_path):
    path = folder(tmp_path, rule("tested"), rule("bare"))
    rules = rule_set(path)
    assert doubts(path, rules, SCHEMAS) == []
    (path / "tests").mkdir()
    steps = "[{at: 2026-09-01 08:00, status: absent}, {expect: silent, because: not_reached}]"
    case = f"{{name: one, rule: tested, each: {{student: s1, lesson: l1}}, steps: {steps}}}"
    (path / "tests" / "a.test.yaml").write_text(f"tests:\n  - {case}\n", "utf-8")
    (only,) = doubts(path, rules, SCHEMAS)
    assert (only.where, only.what) == ("rules.yaml:10:5", "bare has no test")


def test_a_role_that_nobody_holds_is_named_where_a_directory_is_in_use(tmp_path):
    path = folder(tmp_path / "rules", rule("r", notify="{to: class_tutor, escalate: [{after: 1d, to: counsellor}]}"))
    people = tmp_path / "home" / "directory"
    people.mkdir(parents=True)
    (people / "people.csv").write_text("id,name\nanna,Anna\n", "utf-8")
    (people / "departments.csv").write_text("id,name_zh,name_en\nd,系,D\n", "utf-8")
    (people / "majors.csv").write_text("id,name_zh,name_en,department\nm,专业,M,d\n", "utf-8")
    (people / "classes.csv").write_text("id,name,major\nk,K,m\n", "utf-8")
    (people / "roles.csv").write_text("role,person,scope_kind,scope\nclass_tutor,anna,class,k\n", "utf-8")
    run = CliRunner().invoke(app, ["--home", str(tmp_path / "home"), "rules", "check", str(path), "--strict"])
    assert run.exit_code == 1
    assert "rules.yaml:2:5: r tells counsellor, and nobody in the directory holds that role" in run.output
    assert "class_tutor" not in run.output
    (people / "roles.csv").write_text("role,person,scope_kind\nclass_tutor,nobody,class\n", "utf-8")
    run = CliRunner().invoke(app, ["--home", str(tmp_path / "home"), "rules", "check", str(path)])
    assert (run.exit_code, "roles.csv" in run.output) == (0, True)


def test_doubts_fail_the_check_only_where_one_asks_for_it(tmp_path):
    path = folder(tmp_path, rule("r", measure="{share: status == 'late'}", levels="{at_least: {red: 101}}"))
    runs = [CliRunner().invoke(app, ["rules", "check", str(path), *more]) for more in ([], ["--strict"])]
    assert [run.exit_code for run in runs] == [0, 1]
    assert all("doubtful 存疑: rules.yaml:2:5: red of r can never be reached" in run.output for run in runs)


def test_the_default_pack_raises_no_doubt():
    folder_ = SCHEMAS.parent / "rules"
    assert [str(one) for one in doubts(folder_, rule_set(folder_), SCHEMAS)] == []
