"""Another rule set over the same events: what it would have warned of beside the present one."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from typer.testing import CliRunner

from services.cli import app
from services.clock import wall_clock
from services.errors import LogError, RuleError
from services.log.journal import Journal
from services.operate.backtest import backtest, week
from services.rules.language.load import load
from services.settings import Settings, resource
from tests.harness import event
from tests.journals import append, journal
from tests.rule_files import folder, rule

pytestmark = pytest.mark.commands

BEGIN = datetime(2026, 3, 2, 8, tzinfo=UTC)
ABSENT = '{count: status == "absent"}'


@pytest.fixture
def settings(tmp_path):
    return Settings(home=tmp_path / "home")


@pytest.fixture
def events(tmp_path):
    """s1 is absent on three Mondays, s2 on two."""
    said = [("s1", 0), ("s1", 7), ("s1", 14), ("s2", 0), ("s2", 7)]
    lines = [
        json.dumps(event("attendance", BEGIN + timedelta(days=day), f"{student}-{day}", student=student,
                         lesson=f"l{day}", status="absent"))
        for student, day in said
    ]  # fmt: skip
    path = tmp_path / "events.ndjson"
    path.write_text("\n".join([*lines[:2], '{"id": 7', *lines[2:]]), "utf-8")
    return path


def rules(path, levels, *more):
    return folder(path, rule("a", measure=ABSENT, levels=levels), *more)


def test_warnings_of_one_set_alone_and_at_another_level_are_told_apart(settings, tmp_path, events):
    old = rules(tmp_path / "old", "{at_least: {yellow: 2}}")
    other = rule("b", measure=ABSENT, levels="{at_least: {red: 3}}")
    new = rules(tmp_path / "new", "{at_least: {yellow: 2, red: 3}}", other)
    found = backtest(settings, old, new, [events])
    assert (found.events, found.old, found.new) == (5, 2, 3)
    assert [(c.rule, c.level, c.week, c.old, c.new) for c in found.counts] == [
        ("a", "yellow", "2026-W11", 2, 1), ("a", "red", "2026-W11", 0, 1), ("b", "red", "2026-W12", 0, 1),
    ]  # fmt: skip
    assert (found.gone, [(one.rule, one.subject, one.value) for one in found.added]) == ([], [("b", "s1", 3)])
    ((before, after),) = [(pair.old, pair.new) for pair in found.changed]
    assert (before.subject, before.level, after.level, after.threshold) == ("s1", "yellow", "red", 3)
    assert [one.id for one in after.evidence] == ["s1-0", "s1-7", "s1-14"]


def test_a_warning_that_begins_later_is_the_same_one(settings, tmp_path, events):
    old, new = (rules(tmp_path / f"{n}", f"{{at_least: {{yellow: {n}}}}}") for n in (1, 3))
    found = backtest(settings, old, new, [events], shown=0)
    assert (found.gone_count, found.added_count, found.changed_count) == (1, 0, 1)
    assert (found.gone, found.changed) == ([], [])


def test_what_cannot_be_read_is_said_with_its_line_and_the_rest_counts(settings, tmp_path, events):
    same = rules(tmp_path / "same", "{at_least: {yellow: 2}}")
    found = backtest(settings, same, same, [events])
    assert (found.old, found.new, found.counts, found.changed) == (2, 2, [], [])
    assert [one.position for one in found.rejected.rejections] == ["line 3"]


def test_rules_with_an_error_are_refused(settings, tmp_path, events):
    good = rules(tmp_path / "good", "{at_least: {yellow: 2}}")
    with pytest.raises(RuleError, match=r"rules.yaml:2:5: a rule lacks title"):
        backtest(settings, good, folder(tmp_path / "bad", "  - id: x\n    on: nothing\n"), [events])


def test_without_a_log_it_says_where_it_looked(settings, tmp_path):
    good = rules(tmp_path / "good", "{at_least: {yellow: 2}}")
    with pytest.raises(LogError, match=r"home/prewarn.db: there is no log here"):
        backtest(settings, good, good)


def test_over_no_event_there_is_no_difference_to_tell_of(settings, tmp_path):
    good = rules(tmp_path / "good", "{at_least: {yellow: 2}}")
    Journal(settings.home / "prewarn.db", wall_clock).close()
    with pytest.raises(LogError, match=r"prewarn.db holds no event: there is nothing to compare over"):
        backtest(settings, good, good)
    (tmp_path / "broken.ndjson").write_text('{"id": 7\n', "utf-8")
    with pytest.raises(LogError, match=r"broken.ndjson line 1: .*\n.*broken.ndjson: no event could be read"):
        backtest(settings, good, good, [tmp_path / "broken.ndjson"])


def test_the_command_says_how_many_more_there_are_and_refuses_a_file_that_is_not_there(settings, tmp_path, events):
    old, new = (rules(tmp_path / f"{n}", f"{{at_least: {{yellow: {n}}}}}") for n in (1, 4))
    command = ["--home", str(settings.home), "backtest", str(new), "--old", str(old), "--shown", "1"]
    found = CliRunner().invoke(app, [*command, "--events", str(events)])
    assert found.exit_code == 0
    assert "only old 仅旧规则: 2\n" in found.output
    assert "    … and 1 more 另有 1 条 (--shown N)" in found.output
    found = CliRunner().invoke(app, [*command, "--events", str(tmp_path / "nosuch.csv")])
    assert (found.exit_code, "--events" in found.output) == (2, True)


def test_a_week_is_that_of_the_colleges_time_zone(tmp_path):
    zone = load(rules(tmp_path, "{at_least: {yellow: 2}}"), resource("schemas")).zone
    assert [week(datetime(2026, 3, 1, hour, tzinfo=UTC), zone) for hour in (15, 16)] == ["2026-W09", "2026-W10"]


def test_an_ending_in_the_log_ends_what_either_set_found(settings, tmp_path):
    settings.home.mkdir(parents=True)
    data = {"subject_field": "student", "value": "s1", "reason": "left"}
    absent = {"student": "s1", "lesson": "l", "status": "absent"}
    said = [event("attendance", BEGIN + timedelta(days=day), f"{day}", **absent) for day in (0, 1, 3)]
    said.insert(2, event("ending", BEGIN + timedelta(days=2), "e", source="prewarn", **data))
    book = journal(settings.home)
    append(book, said)
    book.close()
    old, new = (rules(tmp_path / f"{n}", f"{{at_least: {{yellow: {n}}}}}") for n in (2, 3))
    found = backtest(settings, old, new)
    assert (found.old, found.new) == (1, 0)
    assert found.gone[0].closed_at == BEGIN + timedelta(days=2)
