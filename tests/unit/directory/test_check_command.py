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


def test_a_role_that_nobody_holds_is_a_short_line_and_no_hole_where_others_are_told(in_use, home, run):
    chain = "escalate: [{after: 1d, to: college_head}]"
    rules_folder(
        home / "rules",
        rule("r", by="[student]", notify=f"{{to: [class_tutor, supervision_office], {chain}}}"),
        rule("s", by="[student]", notify="{to: supervision_office}"),
    )
    in_use()
    code, told = run("check")
    assert code == 1
    lines = told.splitlines()
    assert lines[0] == "supervision_office 督导办: 无人担任 nobody holds it; nobody hears of 无人收到: s"
    assert lines[1] == "may stay empty, others are told 可以空缺，另有人收到: college_head 院长"
    assert "docs/directory.md#roles-that-may-stay-empty" in lines[2]
    assert lines[-1].endswith("1 holes 处缺口")
    rules_folder(home / "rules", rule("r", by="[student]", notify=f"{{to: class_tutor, {chain}}}"))
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
        "of": ["chen (陈主任)"], "rules": ["r"], "pairs": 2, "unheard": ["r"],
        "expected": "",
    }], "problems": [], "remarks": []})  # fmt: skip


KINDS = "assessment, attendance, indicator, leave, self_assessment, test"
OR_RULE = f"a kind ({KINDS}) or the id of a rule about students"
OF_NOTHING = {
    "a slip in a kind": ("s1,attendence,2026-09-01,,免修", (
        "'attendence', of which s1 are exempt, is neither an event kind nor a rule in use (expected: attendance)",
        "s1 豁免的 'attendence' 既不是事件类型，也不是在用的规则（应为：attendance）",
    )),
    "a slip in a rule": ("s1,low-grades,2026-09-01,,免修", (
        "'low-grades', of which s1 are exempt, is neither an event kind nor a rule in use (expected: low-grade)",
        "s1 豁免的 'low-grades' 既不是事件类型，也不是在用的规则（应为：low-grade）",
    )),
    "nothing like it": ("s1,体育,2026-09-01,,免修\ns2,体育,2026-09-01,,免修", (
        f"'体育', of which s1, s2 are exempt, is neither an event kind nor a rule in use (expected: {OR_RULE})",
        f"s1, s2 豁免的 '体育' 既不是事件类型，也不是在用的规则（应为：事件类型（{KINDS}）或针对学生的规则编号）",
    )),
    "a kind about no student": ("s1,lesson,2026-09-01,,免修", (
        f"s1 are exempt from lesson, whose records are about no student (expected: {OR_RULE})",
        f"s1 豁免了 lesson，而这类记录不涉及学生（应为：事件类型（{KINDS}）或针对学生的规则编号）",
    )),
    "a rule about no student": ("s1,arrival,2026-09-01,,免修", (
        f"s1 are exempt from arrival, a rule that is about no student (expected: {OR_RULE})",
        f"s1 豁免了 arrival，而这条规则不涉及学生个人（应为：事件类型（{KINDS}）或针对学生的规则编号）",
    )),
}  # fmt: skip


@pytest.mark.parametrize(("rows", "told"), OF_NOTHING.values(), ids=OF_NOTHING)
def test_an_exemption_of_what_there_is_not_is_a_problem_with_what_would_be_right(in_use, home, add, run, rows, told):
    rules_folder(
        home / "rules",
        rule("r", by="[student]", notify="{to: class_tutor}"),
        rule("low-grade", by="[student]", notify="{to: class_tutor}"),
        rule("arrival", by="[class]", notify="{to: class_tutor}"),
    )
    add("exemptions.csv", rows)
    in_use()
    english, chinese = told
    code, said = run("check")
    assert (code, said.splitlines()) == (1, [
        f"exemptions: {english}",
        f"    {chinese}",
        f"5 people, 3 rules; 7 of 7 {REACHED} 0 holes 处缺口; 1 problems 处错误",
    ])  # fmt: skip
    (problem,) = run("check", "--json")[1]["problems"]
    assert f"{problem['what']} (expected: {problem['expected']})" == english


@pytest.mark.parametrize(
    "row",
    [
        pytest.param("s1,attendance,2026-09-01,,免修", id="a kind"),
        pytest.param("s1,r,2026-09-01,,免修", id="a rule"),
        pytest.param(
            "s1,removed-rule,2020-09-01,2021-07-31,免修", id="one that is over, of a rule that was removed since"
        ),
    ],
)
def test_an_exemption_of_a_kind_or_a_rule_is_right(in_use, add, run, row):
    add("exemptions.csv", row)
    in_use()
    assert run("check")[0] == 0


def test_an_exemption_that_is_still_to_come_is_looked_at_too(in_use, add, run):
    add("exemptions.csv", "s1,removed-rule,2096-09-01,2097-07-31,免修")
    in_use()
    assert run("check")[0] == 1


def test_sources_of_one_rank_are_told_and_no_hole(in_use, add, run):
    for row in ("door,,,1,", "app,,,1,", "lab,,,2,", "hall,,,,", "yard,,,,"):
        add("sources.csv", row)
    in_use()
    code, told = run("check")
    english, chinese, _ = told.splitlines()
    assert code == 0
    assert english == (
        "sources: app, door all have the rank 1: where they contradict one another, the newer word counts "
        "(expected: a rank of its own for each, or none)"
    )
    assert chinese == "    app, door 的 rank 同为 1：相互矛盾时，以较新的记录为准（应为：各有各的 rank，或都不填）"
    (remark,) = run("check", "--json")[1]["remarks"]
    assert remark["where"] == "sources"


@pytest.mark.parametrize("broken", ["directory/people.csv", "rules/rules.yaml"])
def test_what_cannot_be_read_cannot_be_checked(in_use, home, run, broken):
    in_use()
    (home / broken).write_text("[", "utf-8")
    assert run("check") == (2, "")
