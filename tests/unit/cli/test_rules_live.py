"""A college that begins on trial: nothing is sent until a rule is put live, by whom and why."""

import json
import sqlite3
from datetime import UTC, datetime

import pytest
from typer.testing import CliRunner

from services.cli import app
from tests.rule_files import folder, rule

NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def home(tmp_path):
    home = tmp_path / "home"
    rules = (rule("r", row="S1", levels="{at_least: {yellow: 1, red: 2}}"), rule("q", levels="{at_least: {red: 1}}"))
    folder(home / "rules", *rules)
    (home / "directory").mkdir()
    for name, text in (
        ("people.csv", "id,name,channel\nt1,Wang,sink://demo\n"), ("classes.csv", "id\nk1\n"),
        ("students.csv", "id,class\ns1,k1\ns2,k1\n"),
        ("roles.csv", "role,person,scope_kind,scope\nclass_tutor,t1,class,k1\n"),
    ):  # fmt: skip
        (home / "directory" / name).write_text(text, "utf-8")
    return home


@pytest.fixture
def prewarn(home, monkeypatch):
    monkeypatch.setenv("PREWARN_TRIAL", "true")

    def run(*arguments, code=0):
        found = CliRunner().invoke(app, ["--home", str(home), *arguments])
        assert found.exit_code == code, found.output
        return found.output

    return run


@pytest.fixture
def absent(home, prewarn):
    def absent(student, lesson):
        event = {"specversion": "1.0", "source": "app", "type": "attendance", "time": NOW.isoformat(),
                 "data": {"lesson": lesson, "student": student, "status": "absent"}}  # fmt: skip
        (home / "e.ndjson").write_text(json.dumps(event), "utf-8")
        prewarn("ingest", str(home / "e.ndjson"))

    return absent


def asked(home, query):
    with sqlite3.connect(home / "notify.db") as store:
        return store.execute(query).fetchall()


def sent(home):
    return asked(home, "select w.rule, w.subject, d.urgent from delivery d join warning w on w.number = d.warning"
                       " order by d.id")  # fmt: skip


def test_nothing_is_sent_until_a_rule_is_put_live_and_then_what_it_finds_from_there_on(home, prewarn, absent):
    absent("s1", "l1")
    assert sent(home) == []
    assert asked(home, "select distinct not_pushed from warning_change") == [("mode_shadow",)]
    assert asked(home, "select count(*) from warning where deadline is not null") == [(0,)]
    assert "on trial 试运行 2: r, q" in prewarn("rules", "live")
    told = prewarn("rules", "live", "S1", "--author", "anna", "--reason", "two weeks without a wrong one")
    assert told == "live 正式运行: r\n"
    assert sent(home) == [], "what was open is not told unless it is asked for"
    absent("s1", "l2")
    absent("s2", "l2")
    assert sent(home) == [("r", "s1", 1), ("r", "s2", 0)]
    shown = prewarn("rules", "live")
    assert "anna  r  two weeks without a wrong one" in shown
    assert "on trial 试运行 1: q" in shown


def test_what_is_open_is_told_as_one_digest_if_asked(home, prewarn, absent):
    for student in ("s1", "s2"):
        absent(student, "l1")
    told = prewarn("rules", "live", "q", "r", "--author", "anna", "--reason", "now", "--tell")
    assert "told 已告知 4" in told
    found = asked(home, "select count(*), count(distinct next_try_at), max(urgent), count(distinct recipient)"
                        " from delivery where status = 'pending'")  # fmt: skip
    assert found == [(4, 1, 0, 1)]
    assert "told 已告知 0" in prewarn("rules", "live", "r", "--author", "anna", "--reason", "again", "--tell")


def test_what_is_no_rule_or_has_no_reason_puts_nothing_live(home, prewarn, absent):
    for arguments, wrong in (
        (("S11", "--reason", "x"), "S11: there is no such rule or row (expected: S1)"),
        (("?", "--reason", "x"), "(expected: an id or a row of prewarn rules list)"),
        (("r",), "it has no reason"),
    ):
        found = CliRunner().invoke(app, ["--home", str(home), "rules", "live", *arguments, "--author", "anna"])
        assert wrong in str(found.exception)
    absent("s1", "l1")
    assert sent(home) == []


def test_where_nothing_is_on_trial_it_says_so(home, monkeypatch):
    found = CliRunner().invoke(app, ["--home", str(home), "rules", "live"])
    assert "no rule is on trial (expected: PREWARN_TRIAL=true" in str(found.exception)
