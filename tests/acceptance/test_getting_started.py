"""docs/getting-started.md as it stands: a college's exports, an empty home, and the first right warning at the end."""

import json
import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.acceptance.exports_a.home import AT
from tests.acceptance.test_how_to_change_a_threshold import BLOCK, pattern
from tests.acceptance.timetable import CLOCKED, rules_of
from tests.faults.running import ROOT

pytestmark = pytest.mark.shared

PAGES = [ROOT / "docs" / name for name in ("getting-started.md", "getting-started.zh.md")]


@pytest.fixture
def shell(tmp_path, shared_data):
    """Runs commands as somebody types them, on the evening of which truth.json speaks."""
    (tmp_path / "exports").symlink_to(shared_data.parent / "exports" / "a")
    (tmp_path / "clock").write_text(AT.isoformat(), "ascii")
    (tmp_path / "bin").mkdir()
    command = tmp_path / "bin" / "prewarn"
    command.write_text(f'#!/bin/sh\nexec {shlex.join(CLOCKED)} "$@"\n', "utf-8")
    command.chmod(0o755)
    # The rule of the page alone: all of them take a minute more, and say the same.
    rules_of(tmp_path / "rules", ("absence-hours",))
    shutil.copy(ROOT / "rules" / "calendar.yaml", tmp_path / "rules" / "calendar.yaml")
    env = {name: value for name, value in os.environ.items() if not name.startswith("PREWARN_")}
    env |= {
        "PATH": f"{tmp_path / 'bin'}:{env['PATH']}", "PYTHONPATH": str(ROOT), "PREWARN_HOME": "college",
        "PREWARN_RULES": str(tmp_path / "rules"), "PREWARN_TEST_CLOCK": str(tmp_path / "clock"),
    }  # fmt: skip

    def run(commands):
        done = subprocess.run(
            ["sh", "-ec", commands], cwd=tmp_path, env=env, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{commands}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    return run


def blocks(page):
    return list(BLOCK.finditer(page.read_text("utf-8")))


def test_every_step_does_what_the_page_shows(shell):
    said, shown = "", 0
    for block in blocks(PAGES[0]):
        if block["kind"] == "sh" and block["what"] == "run":
            said = shell(block["text"])
        elif block["kind"] == "text":
            assert re.fullmatch(pattern(block["text"]), said), said
            shown += len(block["text"].splitlines())
    assert shown > 20


def test_the_warning_that_the_page_ends_with_is_one_of_the_truth(shared_data):
    truth = json.loads((shared_data.parent / "exports" / "a" / "truth.json").read_text("utf-8"))
    (mine,) = [one for one in truth["warnings"]["after_correction"]["S1"] if one["student"] == "2501010201"]
    assert (mine["level"], mine["hours"]) == ("red", 10.0)


def test_both_languages_have_the_same_commands_and_show_the_same():
    first, second = ([(one["what"], one["kind"], one["text"]) for one in blocks(page)] for page in PAGES)
    assert first == second


def test_the_pages_name_files_that_are_there():
    for page in PAGES:
        for link in re.findall(r"\]\(([^)#]+)", page.read_text("utf-8")):
            assert (Path(page).parent / link).exists(), link
