"""Pages of docs/ that are run as they stand: their edits, their commands, and the lines that they show."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = ("how-to-change-a-threshold.md", "new-term.md")
BLOCK = re.compile(r"(?:<!-- (?P<what>.*?) -->\n)?```(?P<kind>\w+)\n(?P<text>.*?)```", re.DOTALL)
CHANGES = re.compile(r"\([0-9a-f]{12}\), \d{4}-\d\d-\d\d \d\d:\d\d UTC")


@pytest.fixture
def shell(tmp_path):
    env = {name: value for name, value in os.environ.items() if not name.startswith("PREWARN_")}
    env["PATH"] = f"{Path(sys.executable).parent}:{env['PATH']}"

    def run(commands):
        shell = ["sh", "-ec", commands]
        done = subprocess.run(shell, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{commands}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    return run


def edit(folder, where, text):
    path, _, place = where.removeprefix("edit ").partition(" ")
    before = (folder / path).read_text("utf-8")
    if place == "at the end":
        after = before + text
    else:
        lines = before.splitlines(keepends=True)
        at = next(n for n, line in enumerate(lines) if place.removeprefix("below: ") in line)
        after = "".join([*lines[: at + 1], text, *lines[at + 1 :]])
    (folder / path).write_text(after, "utf-8")


def pattern(text):
    """What is shown, … for lines that are left out."""
    lines = [r"(?:.*\n)*?" if line.strip() == "…" else re.escape(line + "\n") for line in text.splitlines()]
    return "".join(lines)


@pytest.mark.parametrize("page", PAGES)
def test_every_step_of_the_page_does_what_it_shows(shell, tmp_path, page):
    said, shown = "", 0
    for block in BLOCK.finditer((ROOT / "docs" / page).read_text("utf-8")):
        what, kind, text = block["what"] or "", block["kind"], block["text"]
        if kind == "sh":
            assert what == "run"
            said = CHANGES.sub("(…)", shell(text))
        elif kind == "yaml":
            edit(tmp_path, what, text)
        else:
            assert re.fullmatch(pattern(CHANGES.sub("(…)", text)), said), said
            shown += len(text.splitlines())
    assert shown > 20
