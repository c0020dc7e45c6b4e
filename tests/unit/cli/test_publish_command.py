"""`prewarn rules copy | publish | roll-back`: what they refuse, what they record, and what they say."""

import shutil

import pytest
from typer.testing import CliRunner

from services.cli import app
from services.rules.registry.files import FileRegistry
from services.settings import Settings, resource
from tests.rule_files import folder, rule

pytestmark = pytest.mark.commands

SIGNED = ("--author", "Gao", "--reason", "decided")
STEPS = "[{at: 2026-09-01 08:00, status: absent}, {expect: silent, value: %s}]"


@pytest.fixture
def ask(tmp_path, monkeypatch):
    for name in ("PREWARN_AUTHOR", "USER"):
        monkeypatch.delenv(name, raising=False)

    def run(*arguments):
        home = ("--home", str(tmp_path / "home"))
        found = CliRunner().invoke(app, [*home, "rules", *map(str, arguments)])
        return found.exit_code, found.output + ("" if found.exception is None else str(found.exception))

    return run


@pytest.fixture
def published(tmp_path):
    return lambda: [(one.author, one.reason) for one in FileRegistry(Settings(home=tmp_path / "home")).revisions()]


def with_a_test(path, value, threshold=2):
    rules = folder(path, rule("r", levels=f"{{at_least: {{yellow: {threshold}}}}}"))
    (path / "tests").mkdir(exist_ok=True)
    case = f"{{rule: r, each: {{student: s1, lesson: l1}}, steps: {STEPS % value}}}"
    (path / "tests" / "a.test.yaml").write_text(f"tests:\n  - {case}\n", "utf-8")
    return rules


def test_rules_whose_tests_fail_are_not_published_unless_one_says_so(ask, tmp_path, published):
    rules = with_a_test(tmp_path / "rules", 7)
    code, said = ask("publish", rules, *SIGNED)
    assert code == 1
    assert "tests/a.test.yaml:2:96: r s1: value 1 (expected: 7)" in said
    assert f"{rules}: 1 tests, 1 failed: nothing is published" in said
    assert published() == []
    code, said = ask("publish", rules, *SIGNED, "--untested")
    assert (code, published()[-1]) == (0, ("Gao", "decided"))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["--reason", "decided"], "expected: --author NAME or PREWARN_AUTHOR"),
        (["--author", "Gao"], 'expected: --reason "what was decided, and when"'),
        (["--author", " ", "--reason", "decided"], "expected: --author NAME"),
        (["--author", "Gao", "--reason", " "], "expected: --reason"),
    ],
    ids=["no author", "no reason", "a blank author", "a blank reason"],
)
def test_what_is_published_has_an_author_and_a_reason(ask, tmp_path, published, given, message):
    code, said = ask("publish", with_a_test(tmp_path / "rules", 1), *given)
    assert (code, message in said, published()) == (1, True, [])


def test_rules_that_are_in_use_already_are_not_said_to_be_published(ask, tmp_path, published):
    rules = with_a_test(tmp_path / "rules", 1)
    ask("publish", rules, *SIGNED)
    before = published()
    code, said = ask("publish", rules, "--author", "Li", "--reason", "again")
    assert code == 0
    assert "nothing is published: these rules are in use already" in said
    assert "Gao" not in said
    assert published() == before


def test_it_is_said_that_going_back_does_not_restore_deadlines(ask, tmp_path):
    _, said = ask("publish", with_a_test(tmp_path / "one", 1), *SIGNED)
    assert "open warnings keep their deadline and escalation" in said
    _, said = ask("publish", with_a_test(tmp_path / "two", 1, threshold=3), *SIGNED)
    _, said = ask("roll-back", 2, "--author", "Gao")
    assert "going back restores neither" in said


def test_a_copy_is_of_the_rules_in_use_and_never_lands_inside_another_folder(ask, tmp_path):
    ask("publish", with_a_test(tmp_path / "rules", 1), *SIGNED)
    assert ask("copy", tmp_path / "next")[0] == 0
    assert (tmp_path / "next" / "rules.yaml").read_bytes() == (tmp_path / "rules" / "rules.yaml").read_bytes()
    assert (tmp_path / "next" / "tests" / "a.test.yaml").is_file()
    code, said = ask("copy", tmp_path / "next")
    assert (code, "next exists already" in said) == (1, True)
    assert not (tmp_path / "next" / "rules").exists()


def test_tests_that_come_with_prewarn_are_told_and_hold_nobody_up_who_has_other_standards(ask, tmp_path, published):
    shutil.copytree(resource("rules"), tmp_path / "rules", ignore=shutil.ignore_patterns("examples"))
    file = tmp_path / "rules" / "standards" / "student.yaml"
    text = file.read_text("utf-8")
    file.write_text(text.replace("target: 0, warning: {yellow: 4,", "target: 0, warning: {yellow: 3,", 1), "utf-8")
    code, said = ask("test", tmp_path / "rules")
    assert code == 0, said
    assert " 0 failed, " in said
    code, said = ask("publish", tmp_path / "rules", *SIGNED)
    assert (code, published()[-1]) == (0, ("Gao", "decided"))
    assert "not applicable 不适用: tests/attendance.test.yaml:" in said
    assert "by your standard student.absence_hours something else is right" in said
    assert "按贵校标准 student.absence_hours 结果不同，不再适用" in said
