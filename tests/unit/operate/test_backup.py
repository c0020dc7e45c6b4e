"""A backup is made while everything runs, and tested by restoring it."""

import json
import os
import threading

import pytest
from typer.testing import CliRunner

from services.app.embedded import Embedded
from services.cli import app
from services.settings import Settings
from tests.rule_files import folder, rule
from tests.what_counts import absence


@pytest.fixture
def home(tmp_path):
    folder(tmp_path / "home" / "rules", rule(levels="{at_least: {yellow: 1, red: 4}}"))
    return tmp_path / "home"


def prewarn(home, *arguments):
    return CliRunner().invoke(app, ["--home", str(home), *map(str, arguments)])


def take(college, student):
    assert college.intake.take(json.dumps(absence(student, 0)).encode(), "test").accepted == 1


def warned(home, *students):
    with Embedded(Settings(home=home)) as college:
        assert college.try_evaluating()
        for student in students:
            take(college, student)
        college.catch_up()
        return {
            one["subject"]: one["warning_id"] if "warning_id" in one else one["id"] for one in college.notify.warnings()
        }


def test_a_backup_under_load_comes_back_consistent_and_goes_on(home, tmp_path):
    stop, taken = threading.Event(), []

    def load(college):
        while not stop.is_set():
            take(college, f"s{len(taken)}")
            taken.append(len(taken))
            college.catch_up()

    with Embedded(Settings(home=home)) as college:
        assert college.try_evaluating()
        thread = threading.Thread(target=load, args=(college,))
        thread.start()
        try:
            while len(taken) < 5:
                stop.wait(0.01)
            for n in range(3):
                done = prewarn(home, "backup", tmp_path / f"copy{n}")
                assert done.exit_code == 0, done.output
        finally:
            stop.set()
            thread.join()
    whole = warned(home)
    for n in range(3):
        place = tmp_path / f"restored{n}"
        assert prewarn(place, "restore", tmp_path / f"copy{n}").exit_code == 0
        assert prewarn(place, "doctor").exit_code == 0
        back = warned(place)
        assert len(back) >= 5
        assert back.items() <= whole.items()
    assert warned(place, "new").keys() == back.keys() | {"new"}


def test_files_that_are_none_are_left_out(home, tmp_path):
    warned(home, "s1")
    os.mkfifo(home / "rules" / "pipe.yaml")
    os.mkfifo(home / "pipe")
    assert prewarn(home, "backup", tmp_path / "copy").exit_code == 0
    assert sorted(path.name for path in (tmp_path / "copy").iterdir()) == [
        "backup.json", "notify.db", "prewarn.db", "rules"
    ]  # fmt: skip
    assert prewarn(tmp_path / "new", "restore", tmp_path / "copy").exit_code == 0
    assert list(warned(tmp_path / "new")) == ["s1"]


def test_what_cannot_be_is_refused_and_changes_nothing(home, tmp_path):
    warned(home, "s1")
    copy = tmp_path / "copy"
    assert prewarn(home, "backup", home / "copy").exit_code != 0
    assert not (home / "copy").exists()
    assert prewarn(home, "backup", copy).exit_code == 0
    assert "is there already" in str(prewarn(home, "backup", copy).exception)
    assert "is not empty" in str(prewarn(home, "restore", copy).exception)
    assert "holds no backup" in str(prewarn(tmp_path / "new", "restore", tmp_path).exception)
    (copy / "prewarn.db").write_bytes(b"no database" * 1000)
    assert "is damaged" in str(prewarn(tmp_path / "new", "restore", copy).exception)
    assert not (tmp_path / "new").exists()
