"""Nobody but its owner reads a home, whoever created what lies in it."""

import os
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from services.app.private import keep_private
from tests.rule_files import folder, rule

pytestmark = pytest.mark.commands
NOBODY = 65534


def rights(home: Path) -> dict[str, str]:
    """What somebody else may do, or root owns, by path; empty as it should be."""
    found = {}
    for path in (home, *home.rglob("*")):
        status = path.lstat()
        if status.st_mode & 0o077 and not stat.S_ISLNK(status.st_mode):
            found[str(path.relative_to(home))] = oct(stat.S_IMODE(status.st_mode))
    return found


def prewarn(home: Path, *arguments: str) -> None:
    call = [sys.executable, "-c", "from services.cli import main; main()", "--home", str(home), *arguments]
    done = subprocess.run(call, capture_output=True, text=True, check=False, umask=0o022)
    assert done.returncode == 0, done.stderr


@pytest.fixture
def rules(tmp_path):
    made = folder(tmp_path / "made", rule("mine"))
    for path in (made, *made.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return made


def test_what_a_command_creates_is_private(tmp_path, rules):
    home = tmp_path / "home"
    prewarn(home, "rules", "publish", str(rules), "--author", "Gao", "--reason", "first")
    prewarn(home, "warnings")
    assert (home / "notify.db").exists()
    assert (home / "rules").is_dir()
    assert rights(home) == {}


def test_a_home_of_a_release_before_is_made_private_and_nothing_outside_is_touched(tmp_path, rules):
    home, outside = tmp_path / "home", tmp_path / "outside"
    outside.write_text("x")
    prewarn(home, "channels", "list")
    other = home / "thesis.txt"  # somebody has made their own folder a home
    other.write_text("x")
    (home / "rules").symlink_to(rules)
    (home / "editions").mkdir()
    (home / "editions" / "away").symlink_to(outside)
    os.link(outside, home / "retention.yaml")
    for path in (home, home / "prewarn.db", home / "editions", outside, other):
        path.chmod(0o755)
    before = {path: path.stat().st_mode for path in (outside, other, rules, *rules.rglob("*"))}
    prewarn(home, "warnings")
    assert rights(home).keys() == {"thesis.txt", "retention.yaml"}
    assert {path: path.stat().st_mode for path in before} == before


def test_a_folder_without_a_college_stays_as_it_is(tmp_path):
    (tmp_path / "rules").mkdir()
    tmp_path.chmod(0o755)
    (tmp_path / "rules").chmod(0o755)
    keep_private(tmp_path)
    assert set(rights(tmp_path)) == {".", "rules"}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root creates what others own")
def test_what_root_creates_is_the_owners(tmp_path, rules):
    home = tmp_path / "home"
    home.mkdir()
    os.chown(home, NOBODY, NOBODY)
    prewarn(home, "rules", "publish", str(rules), "--author", "Gao", "--reason", "first")
    prewarn(home, "warnings")
    owners = {str(path.relative_to(home)): path.lstat().st_uid for path in (home, *home.rglob("*"))}
    assert owners == dict.fromkeys(owners, NOBODY)
    assert {"prewarn.db", "notify.db", "rules", "editions/1"} <= owners.keys()


def test_a_database_in_use_keeps_its_locks(tmp_path):
    """Else the next process that looks into it deletes its log when it goes, and what is written then is lost."""
    (path := tmp_path / "notify.db").touch(0o644)
    look = f"import sqlite3; print(sqlite3.connect({str(path)!r}).execute('select n from t').fetchall())"
    with closing(sqlite3.connect(path, isolation_level=None)) as ours:
        ours.execute("pragma journal_mode=wal")
        ours.execute("create table t (n)")
        keep_private(tmp_path)
        for n in (1, 2):
            ours.execute("insert into t values (?)", (n,))
            seen = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True).stdout
        assert seen == "[(1,), (2,)]\n"
    assert path.stat().st_mode & 0o077 == 0
