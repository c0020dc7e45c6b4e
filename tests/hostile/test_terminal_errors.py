"""What a person can cause is told in sentences, with an exit code that means something; never with a traceback."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from deploy.kafka.broker import free_port
from tests.patience import PATIENCE
from tests.rule_files import folder, rule
from tests.what_counts import absence

pytestmark = pytest.mark.commands
MAIN = [sys.executable, "-c", "from services.cli import main; main()"]
GARBAGE = b"\x00\xff nonsense \x80" * 500


def prewarn(home: Path, *arguments: str, **options) -> subprocess.CompletedProcess[str]:
    call = [*MAIN, "--home", str(home), *arguments]
    return subprocess.run(
        call, capture_output=True, text=True, errors="replace", check=False, timeout=120, cwd=home.parent, **options
    )


def damaged(name: str) -> Callable[[Path], None]:
    def cause(home: Path) -> None:
        for path in home.glob(f"{name}-*"):
            path.unlink()
        (home / name).write_bytes(GARBAGE)

    return cause


def is_folder(name: str) -> Callable[[Path], None]:
    def cause(home: Path) -> None:
        for path in home.glob(f"{name}*"):
            path.unlink()
        (home / name).mkdir()

    return cause


def is_file(name: str) -> Callable[[Path], None]:
    def cause(home: Path) -> None:
        if (home / name).exists():
            (home / name).rename(home / "away")
        (home / name).write_text("x")

    return cause


def cut_short(home: Path) -> None:
    for name in ("prewarn.db", "notify.db"):
        whole = (home / name).read_bytes()
        (home / name).write_bytes(whole[: len(whole) // 2] + GARBAGE)


def nothing(home: Path) -> None:
    pass


def damaged_revisions(home: Path) -> None:
    is_folder("editions")(home)
    damaged("editions/editions.json")(home)


ANSWERING = ["--author", "a", "--reason", "b"]
LIVE, PUBLISH = ["rules", "live", "mine", *ANSWERING], ["rules", "publish", "rules", *ANSWERING]
CASES = {
    "the log is garbage": (damaged("prewarn.db"), ["warnings"], 78),
    "the log is garbage, run": (damaged("prewarn.db"), ["run", "--port", "1"], 78),
    "the log is garbage, why": (damaged("prewarn.db"), ["why", "s1"], None),
    "the log is garbage, backup": (damaged("prewarn.db"), ["backup", "copy"], 1),
    "the log is garbage, doctor anew": (damaged("prewarn.db"), ["doctor", "--evaluate-anew"], None),
    "the store is garbage": (damaged("notify.db"), ["warnings"], 78),
    "the store is garbage, why": (damaged("notify.db"), ["why", "s1"], None),
    "both are cut short": (cut_short, ["warnings"], None),
    "both are cut short, doctor": (cut_short, ["doctor"], 1),
    "the log is a folder": (is_folder("prewarn.db"), ["warnings"], None),
    "the store is a folder": (is_folder("notify.db"), ["warnings"], None),
    "the lock is a folder": (is_folder("evaluator.lock"), ["ingest", "sent.ndjson"], 1),
    "the policy is a folder": (is_folder("retention.yaml"), ["retention", "show"], None),
    "the record of trials is a folder": (is_folder("live-rules.ndjson"), LIVE, None),
    "the record of trials is garbage": (damaged("live-rules.ndjson"), LIVE, None),
    "rules are a file": (is_file("rules"), ["rules", "list"], None),
    "the directory is a file": (is_file("directory"), ["directory", "check"], None),
    "the revisions are a file": (is_file("editions"), PUBLISH, 1),
    "the mark of a sample is garbage": (damaged("profile.json"), ["demo", "--port", "1"], 1),
    "the revisions are garbage": (damaged_revisions, ["rules", "revisions"], 1),
    "a folder of events": (nothing, ["ingest", "."], 2),
    "no events": (nothing, ["ingest", "nowhere"], 2),
    "garbage of events": (nothing, ["ingest", "garbage"], 1),
    "a folder as mapping": (nothing, ["mapping", "check", "."], None),
    "garbage as mapping": (nothing, ["mapping", "draft", "garbage"], 0),
    "garbage as directory": (nothing, ["directory", "import", "garbage"], None),
    "garbage as timetable": (nothing, ["timetable", "import", "garbage"], None),
    "garbage as rules": (nothing, ["rules", "check", "garbage"], None),
    "garbage as backup": (nothing, ["restore", "garbage"], 1),
    "a report to nowhere": (nothing, ["report", "effectiveness", "--to-file", "nowhere/report.xlsx"], None),
}  # fmt: skip


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A home in which something was taken in."""
    there = tmp_path_factory.mktemp("errors")
    folder(there / "home" / "rules", rule("mine"))
    (there / "sent.ndjson").write_text(json.dumps(absence("s1", 0)) + "\n")
    assert prewarn(there / "home", "ingest", str(there / "sent.ndjson")).returncode == 0
    return there / "home"


@pytest.fixture
def home(whole, tmp_path):
    subprocess.run(["cp", "-a", str(whole), str(tmp_path / "home")], check=True)
    folder(tmp_path / "rules", rule("mine"))
    (tmp_path / "sent.ndjson").write_text(json.dumps(absence("s1", 1)) + "\n")
    (tmp_path / "garbage").write_bytes(GARBAGE)
    return tmp_path / "home"


@pytest.mark.parametrize(("cause", "command", "code"), CASES.values(), ids=CASES)
def test_a_trouble_is_told_in_sentences(cause, command, code, home):
    cause(home)
    done = prewarn(home, *command)
    said = done.stdout + done.stderr
    assert "Traceback" not in said, said
    assert done.returncode in ((1, 2, 78) if code is None else (code,)), said
    assert len(said.splitlines()) < 60


def test_a_record_of_trials_that_is_garbage_is_told(home):
    damaged("live-rules.ndjson")(home)
    done = prewarn(home, "run", "--port", "1", env=os.environ | {"PREWARN_TRIAL": "true"})
    assert "Traceback" not in done.stderr
    assert "live-rules.ndjson" in done.stderr
    assert done.returncode == 78


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PATIENCE", "inf"), ("MAX_AGE", "nan"), ("PORT", "http"), ("HOSTS", "a b"), ("BASE_URL", "campus"),
        ("QUIET", "25:00"), ("MAIL", "x"), ("DATABASE_URL", "nonsense"), ("TRIAL", "perhaps"),
    ],
)  # fmt: skip
def test_a_wrong_setting_ends_with_78(name, value, home):
    done = prewarn(home, "run", env=os.environ | {f"PREWARN_{name}": value})
    assert (done.returncode, "Traceback" in done.stderr) == (78, False), done.stderr
    assert f"PREWARN_{name}" in done.stderr


def test_a_setting_that_there_is_not_is_told_with_the_one_that_is_meant(home):
    done = prewarn(home, "warnings", env=os.environ | {"PREWARN_GRUOP_WAIT": "5"})
    assert done.returncode == 0
    assert "PREWARN_GRUOP_WAIT is no setting and is ignored (meant: PREWARN_GROUP_WAIT?)" in done.stderr


def test_who_reads_the_first_line_alone_is_told_no_more(home):
    """`prewarn … | head -1`"""
    process = subprocess.Popen(
        [*MAIN, "--home", str(home), "rules", "list"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=home.parent
    )
    process.stdout.close()
    said = process.stderr.read().decode()
    process.stderr.close()
    process.wait(60)
    assert said == ""


def test_who_interrupts_the_start_gets_no_traceback(home):
    (home / "prewarn.db-wal").unlink(missing_ok=True)
    heard = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "  # the background ignores it
    process = subprocess.Popen(
        [sys.executable, "-c", heard + MAIN[-1], "--home", str(home), "run", "--port", str(free_port())],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        while not (home / "prewarn.db-wal").exists() and process.poll() is None:
            time.sleep(0.005)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=PATIENCE)
    finally:
        process.kill()
    assert b"Traceback" not in said, said.decode()


def test_a_port_that_is_taken_is_told(home):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = prewarn(home, "run", "--port", str(taken.getsockname()[1]))
    assert "Traceback" not in done.stderr
    assert "address" in done.stderr
    assert done.returncode not in (0, 78)
