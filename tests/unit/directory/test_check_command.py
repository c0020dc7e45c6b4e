"""`prewarn directory check`: the rules in use, the directory in use, and addresses that Apprise can read."""

from __future__ import annotations

import pytest

from tests.rule_files import folder as rules_folder
from tests.rule_files import rule

pytestmark = pytest.mark.commands

REACHED = "rule × subject pairs reach somebody at once;"


@pytest.fixture
def in_use(folder, home, run):
    """One rule, about students, told to the tutor."""
    rules_folder(home / "rules", rule("r", by="[student]", notify="{to: class_tutor}"))

    def install(**changed):
        (folder / "roles.csv").write_text("role,person,scope_kind,scope\nclass_tutor,chen,,\n", "utf-8")
        people, address = folder / "people.csv", changed.get("channel", "json://c")
        text = people.read_text("utf-8").replace("json://chen.test", address)
        people.write_text(text.replace("chen@college.test", changed.get("email", "")), "utf-8")
        code, told = run("import", folder)
        assert code == 0, told

    return install


def test_the_exit_code_says_whether_there_are_holes(in_use, run):
    in_use()
    code, told = run("check")
    assert (code, told) == (0, f"5 people, 1 rules; 2 of 2 {REACHED} 0 holes 处缺口\n")


@pytest.mark.parametrize(
    ("changed", "cause"),
    [
        ({"channel": "nonsense://s3cret"}, "the channel is no address that Apprise knows"),
        ({"email": "chen.@college.test"}, "the e-mail address is none that mail can be sent to"),
        ({"channel": ""}, "has neither channel nor e-mail"),
        ({"channel": "", "email": "chen@college.test"}, "has only an e-mail address, and PREWARN_MAIL is not set"),
    ],
)
def test_an_address_that_does_not_work_is_a_hole_and_its_secret_is_not_shown(in_use, run, changed, cause):
    in_use(**changed)
    code, told = run("check")
    assert code == 1
    assert f"{cause} (chen (陈主任)); 2 pairs of rule r" in told
    assert told.splitlines()[-1] == f"5 people, 1 rules; 0 of 2 {REACHED} 1 holes 处缺口"
    assert "s3cret" not in told


def test_an_e_mail_address_is_enough_where_a_mail_server_is_named(in_use, run, monkeypatch):
    monkeypatch.setenv("PREWARN_MAIL", "mailto://127.0.0.1?from=a@college.test")
    in_use(channel="", email="chen@college.test")
    assert run("check")[0] == 0


def test_students_without_a_channel_are_holes_only_where_students_are_told(in_use, home, run, monkeypatch):
    rules_folder(home / "rules", rule("r", by="[student]", notify="{to: [class_tutor, student]}"))
    in_use()
    assert run("check")[0] == 0
    monkeypatch.setenv("PREWARN_STUDENTS", "true")
    code, told = run("check")
    assert code == 1
    assert "has neither channel nor e-mail" in told


def test_the_holes_as_json(in_use, run):
    in_use(channel="")
    assert run("check", "--json") == (1, {"pairs": 2, "reached": 0, "holes": [{
        "cause": {"zh": "既无渠道也无邮箱", "en": "has neither channel nor e-mail"}, "who": "people",
        "of": ["chen (陈主任)"], "rules": ["r"], "pairs": 2, "expected": "",
    }]})  # fmt: skip


@pytest.mark.parametrize("broken", ["directory/people.csv", "rules/rules.yaml"])
def test_what_cannot_be_read_cannot_be_checked(in_use, home, run, broken):
    in_use()
    (home / broken).write_text("[", "utf-8")
    assert run("check") == (2, "")
