"""The event log and notify's store know each other: what does not belong together is refused with what to do."""

import json
import shutil
import sqlite3

import pytest
from typer.testing import CliRunner

from services.app.embedded import Embedded
from services.cli import app
from services.errors import DamagedError
from services.settings import Settings
from tests.rule_files import folder, rule
from tests.what_counts import absence


@pytest.fixture
def home(tmp_path):
    folder(tmp_path / "rules", rule(levels="{at_least: {yellow: 1, red: 4}}"))
    run(tmp_path, "s1")
    return tmp_path


def run(home, *students):
    """Takes absences in to the end; the subjects of all warnings."""
    with Embedded(Settings(home=home)) as college:
        assert college.try_evaluating()
        for n, student in enumerate(students):
            assert college.intake.take(encoded(absence(student, n)), "test").accepted == 1
        college.catch_up()
        return sorted(one["subject"] for one in college.notify.warnings())


def encoded(event):
    return json.dumps(event).encode()


def doctor(home, *options):
    return CliRunner().invoke(app, ["--home", str(home), "doctor", *options])


def gone(home, name):
    for path in home.glob(f"{name}*"):
        path.unlink()


def test_a_home_that_is_sound_is_said_to_be(home):
    found = doctor(home)
    assert found.exit_code == 0, found.output
    assert "belong together" in found.output


def test_a_log_that_was_deleted_is_refused_until_somebody_says_what_to_do(home):
    gone(home, "prewarn.db")
    with pytest.raises(DamagedError, match=r"another event log.*doctor --new-epoch"):
        run(home)
    assert doctor(home).exit_code == 1
    assert doctor(home, "--new-epoch").exit_code == 0
    assert run(home, "s2") == ["s1", "s2"]


def test_a_log_that_was_restored_from_before_is_refused(home, tmp_path):
    kept = tmp_path / "kept.db"
    shutil.copy(home / "prewarn.db", kept)
    run(home, "s2")
    gone(home, "prewarn.db")
    shutil.copy(kept, home / "prewarn.db")
    with pytest.raises(DamagedError, match=r"ends at step 1, and 2 were taken in"):
        run(home)
    assert doctor(home).exit_code == 1
    assert doctor(home, "--new-epoch").exit_code == 0
    assert run(home, "s3") == ["s1", "s2", "s3"]


def test_a_store_that_was_deleted_is_refused(home):
    gone(home, "notify.db")
    with pytest.raises(DamagedError, match=r"notify.db .* is new"):
        run(home)
    assert doctor(home, "--new-epoch").exit_code == 0
    assert run(home, "s2") == ["s2"]


@pytest.mark.parametrize("name", ["prewarn.db", "notify.db"])
def test_a_file_that_is_no_database_is_refused_with_what_to_do(home, name):
    gone(home, f"{name}-")
    (home / name).write_bytes(b"no database at all" * 1000)
    with pytest.raises(DamagedError, match="prewarn restore"):
        run(home)
    assert doctor(home).exit_code == 1


def test_a_state_that_cannot_be_read_is_refused_and_may_be_made_anew(home):
    with sqlite3.connect(home / "prewarn.db") as db:
        assert db.execute("update state set value = x'c1'").rowcount
    with pytest.raises(DamagedError, match="doctor --evaluate-anew"):
        run(home)
    assert doctor(home, "--evaluate-anew").exit_code == 0
    assert run(home, "s2") == ["s1", "s2"]


def test_a_store_of_before_they_knew_each_other_goes_on(home):
    with sqlite3.connect(home / "prewarn.db") as db:
        db.execute("delete from meta where name in ('identity', 'taken_in')")
    with sqlite3.connect(home / "notify.db") as db:
        db.execute("delete from position where consumer = 'log'")
    assert run(home, "s2") == ["s1", "s2"]
