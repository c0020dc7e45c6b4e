"""`prewarn ingest --past`: history makes warnings that are shown, and nobody is told of them."""

import json
import sqlite3
from datetime import UTC, datetime, timedelta

import pytest
from typer.testing import CliRunner

from services.cli import app
from tests.rule_files import folder, rule

pytestmark = pytest.mark.commands

NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def ingest(tmp_path):
    home = tmp_path / "home"
    folder(home / "rules", rule("r", levels="{at_least: {yellow: 2, red: 3}}", notify="{to: class_tutor}"))
    (home / "directory").mkdir()
    for name, text in (
        ("people.csv", "id,name,channel\nt1,Wang,sink://demo\n"), ("classes.csv", "id\nk1\n"),
        ("students.csv", "id,class\ns1,k1\n"), ("roles.csv", "role,person,scope_kind,scope\nclass_tutor,t1,class,k1\n"),
    ):  # fmt: skip
        (home / "directory" / name).write_text(text, "utf-8")

    def run(*days_ago, options=()):
        """(level, change → reason it was not pushed) of the only warning."""
        file = tmp_path / "events.ndjson"
        events = [
            {"specversion": "1.0", "source": "app", "type": "attendance", "time": (NOW - timedelta(days=n)).isoformat(),
             "data": {"lesson": f"l{n}", "student": "s1", "status": "absent"}}
            for n in days_ago
        ]  # fmt: skip
        file.write_text("\n".join(map(json.dumps, events)), "utf-8")
        found = CliRunner().invoke(app, ["--home", str(home), "ingest", str(file), *options])
        assert found.exit_code == 0, found.output
        with sqlite3.connect(home / "notify.db") as store:
            changes = store.execute("SELECT change, level, not_pushed FROM warning_change ORDER BY sequence").fetchall()
            sent = store.execute("SELECT count(*) FROM delivery").fetchone()[0]
            chains = store.execute("SELECT count(*) FROM warning WHERE deadline IS NOT NULL").fetchone()[0]
        return changes, sent, chains

    return run


def test_history_however_new_is_told_to_nobody_and_what_follows_later_is(ingest):
    changes, sent, chains = ingest(2, 1, options=("--past",))
    assert (changes, sent, chains) == ([("opened", "yellow", "mode_past")], 0, 0)
    changes, sent, chains = ingest(0)
    assert (changes[1:], sent, chains) == ([("raised", "red", "")], 1, 1)


def test_without_the_mark_what_is_old_is_told_to_nobody_either(ingest):
    assert ingest(9, 8)[:2] == ([("opened", "yellow", "too_old")], 0)


def test_without_the_mark_what_is_new_is_told(ingest):
    assert ingest(2, 1)[:2] == ([("opened", "yellow", "")], 1)
