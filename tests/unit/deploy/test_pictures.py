"""The pictures of the READMEs: each is there and shown, and together they are small."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PICTURES = ROOT / "docs" / "pictures"
WHAT = {"roll-call", "push", "warning", "report"}


@pytest.mark.parametrize(("readme", "language"), [("README.md", "en"), ("README.zh.md", "zh")])
def test_a_readme_shows_all_of_its_language_and_none_that_is_not_there(readme, language):
    shown = re.findall(r'src="docs/pictures/([^"]+)"', (ROOT / readme).read_text("utf-8"))
    assert set(shown) == {f"{what}-{device}.{language}.webp" for what in WHAT for device in ("phone", "desk")}
    assert all((PICTURES / one).read_bytes()[:4] == b"RIFF" for one in shown)


def test_together_they_are_below_600_kb_and_each_is_shown():
    there = list(PICTURES.iterdir())
    assert len(there) == 4 * 2 * 2
    assert sum(one.stat().st_size for one in there) < 600_000


def test_the_two_readmes_are_equals():
    """The same headings, commands and links, one for one."""
    english, chinese = (ROOT / one for one in ("README.md", "README.zh.md"))
    texts = [one.read_text("utf-8") for one in (english, chinese)]
    assert len({tuple(len(mark) for mark in re.findall(r"^#+", one, re.MULTILINE)) for one in texts}) == 1
    commands = [re.findall(r"`prewarn ([a-z]+(?: [a-z-]+)?)", one) for one in texts]
    assert commands[0] == commands[1]
    links = [[one.replace(".zh.md", ".md") for one in re.findall(r"\]\((docs/[^)]+)\)", text)] for text in texts]
    assert sorted(links[0]) == sorted(links[1])
