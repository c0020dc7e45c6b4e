"""In a folder without a college, commands that ask about one say so, end with 2, and create nothing."""

import pytest
from typer.testing import CliRunner

from services.cli import app
from services.rules.registry.files import FileRegistry
from services.settings import Settings
from tests.rule_files import folder, rule

pytestmark = pytest.mark.commands

ASKING = [
    "why s1", "warnings", "warnings --json", "report effectiveness", "rejected list", "rejected show 1",
    "rejected retry", "silences list", "silences add --author a --comment c --until 2030-01-01 --rule r",
    "silences end 1", "standards show s1", "rules list", "rules check", "rules test", "rules explain absence-hours",
    "rules revisions", "rules copy there", "backtest .", "directory check",
]  # fmt: skip


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """An empty folder, and no environment that names another."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    for name in ("PREWARN_HOME", "PREWARN_RULES", "PREWARN_BROKERS"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "here"


def run(*arguments):
    return CliRunner().invoke(app, [str(one) for one in arguments])


@pytest.mark.parametrize("command", ASKING)
def test_a_home_that_is_none_is_named_and_nothing_is_created(elsewhere, command):
    found = run("--home", "typo", *command.split())
    assert (found.exit_code, "there is no college in typo" in found.output) == (2, True), found.output
    assert list(elsewhere.iterdir()) == []


def test_without_a_home_the_rules_are_those_that_come_with_prewarn(elsewhere):
    assert "absence-hours" in run("rules", "list").output
    assert run("warnings").exit_code == 2
    assert list(elsewhere.iterdir()) == []


def test_a_folder_that_is_named_needs_no_college(elsewhere, tmp_path):
    rules = folder(tmp_path / "rules", rule("mine"))
    assert "mine" in run("--home", "typo", "rules", "list", rules).output
    assert run("--home", "typo", "rules", "check", rules).exit_code == 0
    assert list(elsewhere.iterdir()) == []


def test_a_college_that_has_nothing_but_rules_is_one(elsewhere, tmp_path):
    registry = FileRegistry(Settings(home="mine"))
    registry.publish(folder(tmp_path / "rules", rule("mine")), author="Gao", reason="first")
    for command in ("rules list", "rules revisions", "warnings", "silences list"):
        assert run("--home", "mine", *command.split()).exit_code == 0


def test_a_file_of_events_that_is_not_there_is_an_error_and_no_reject(elsewhere):
    found = run("--home", "new", "ingest", "nosuch.csv")
    assert (found.exit_code, list(elsewhere.iterdir())) == (2, [])
