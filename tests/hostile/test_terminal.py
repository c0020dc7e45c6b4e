"""No command prints what steers a terminal, whatever files and events bring."""

import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from services.cli.terminal import visible
from tests.rule_files import folder, rule
from tests.what_counts import absence

pytestmark = pytest.mark.commands
EVIL = "\x1b]0;owned\x07\x1b[2J\u202e\x9b31n\x7f\b\r"
STEERING = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e]|\r(?!\n)")
COMMANDS = [
    ["ingest", "FILE"], ["rejected", "list"], ["rejected", "show", "1"], ["rules", "check", "RULES"], ["why", EVIL],
    [EVIL], ["--help"],
]  # fmt: skip
BAR = re.compile(r"\x1b\[(\?25[lh]|[0-9;]*m|1A|2K)|\r")
"""What the progress bar of `ingest` says to the terminal; nothing in EVIL is like it."""


def shown(arguments: list[str], home: Path) -> str:
    """What the terminal gets, both of output and of errors."""
    ours, theirs = pty.openpty()
    call = [sys.executable, "-c", "from services.cli import main; main()", "--home", str(home), *arguments]
    process = subprocess.Popen(call, stdout=theirs, stderr=theirs, stdin=theirs)
    os.close(theirs)
    found = b""
    try:
        while chunk := os.read(ours, 65536):
            found += chunk
    except OSError:  # the other end is closed
        pass
    os.close(ours)
    process.wait()
    return found.decode()


@pytest.fixture(scope="module")
def college(tmp_path_factory):
    tmp = tmp_path_factory.mktemp("terminal")
    home, rules = tmp / "home", folder(tmp / "rules", rule("mine"))
    folder(home / "rules", rule("mine"))
    evil = tmp / f"sent{EVIL}.ndjson"
    bad = absence("s1", 0)
    bad["data"][EVIL] = EVIL
    evil.write_text(json.dumps(bad, ensure_ascii=False) + "\n" + EVIL + "\n" + json.dumps(absence("s1", 1)) + "\n")
    (rules / "evil.yaml").write_text(f'rules: [{{rule: "{EVIL.encode("unicode_escape").decode()}"}}]\n')
    shown(["ingest", str(evil)], home)
    return home, {"FILE": str(evil), "RULES": str(rules)}


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: ascii(" ".join(command)))
def test_no_command_prints_control_characters(command, college):
    home, names = college
    text = shown([names.get(one, one) for one in command], home)
    text = BAR.sub("", text) if command[0] == "ingest" else text
    assert len(text) > 10
    assert not STEERING.search(text), ascii(text)


def test_what_was_sent_is_still_told(college):
    home, _ = college
    assert "\\x1b[2J" in shown(["rejected", "show", "1"], home)


def test_a_pipe_gets_the_bytes_as_they_came(college):
    home, _ = college
    call = [sys.executable, "-c", "from services.cli import main; main()", "--home", str(home), "rejected", "show", "2"]
    assert EVIL[:-1].encode() in subprocess.run(call, capture_output=True, check=True).stdout


def test_ends_of_lines_and_all_letters_stay():
    assert visible("a\tb\r\n学生 é 🙂\n") == "a\tb\r\n学生 é 🙂\n"
