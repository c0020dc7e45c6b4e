"""The record of what was put live is read by processes that run already, and said at the start."""

import logging
from datetime import UTC, datetime

from services.app.embedded import Embedded
from services.notify.trial import Trial
from services.settings import Settings
from tests.rule_files import folder, rule

AT = datetime(2026, 11, 23, tzinfo=UTC)


def test_what_another_process_puts_live_counts_at_once(tmp_path):
    mine, other = Trial(tmp_path), Trial(tmp_path)
    assert mine.holds("a")
    other.put_live(["a", "b"], "anna", "done", AT)
    other.put_live(["c"], "anna", "too", AT)
    assert [rule for rule in "abcd" if mine.holds(rule)] == ["d"]
    assert [(one.rules, one.author, one.reason, one.at) for one in mine.record()] == [
        (["a", "b"], "anna", "done", AT), (["c"], "anna", "too", AT),
    ]  # fmt: skip


def test_the_start_says_how_many_rules_are_on_trial(tmp_path, caplog):
    folder(tmp_path / "rules", rule("a"), rule("b"))
    Trial(tmp_path).put_live(["a"], "anna", "done", AT)
    with caplog.at_level(logging.WARNING), Embedded(Settings(home=tmp_path, trial=True)) as embedded:
        embedded.start()
    assert "on trial: 1 of 2 rules" in caplog.text
    assert "试运行：2 条规则中的 1 条" in caplog.text
