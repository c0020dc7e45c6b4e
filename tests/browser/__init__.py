"""The pages in a real browser (Debian's Chromium, through Playwright), on a real process; axe-core looks at each.

Pictures of what was seen go to tests/browser/pictures, which git ignores: somebody looks at them.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from tests.sign_in import filled, kept

PICTURES = Path(__file__).parent / "pictures"
PHONE, DESK = (390, 844), (1200, 900)
_AXE = Path(__file__).parent / "axe"
_GRAVE = ("serious", "critical")


def missing() -> list[str]:
    """What this machine lacks, with what to install."""
    if shutil.which("chromium") is None:
        return ["chromium is missing: install it (Debian: chromium fonts-noto-cjk)"]
    return [] if shutil.which("npm") else ["npm is missing: install Node.js 20 or newer with npm"]


def axe() -> str:
    """The source of axe-core, fetched once by version and hash. Raises OSError."""
    folder = kept("axe-core", _AXE / "npm-shrinkwrap.json")
    install = "npm ci --prefix {} --ignore-scripts --no-audit --no-fund --silent"
    filled(folder, ["sh", "-c", f"cp {_AXE}/package.json {_AXE}/npm-shrinkwrap.json {{}} && {install}"])
    return (folder / "node_modules" / "axe-core" / "axe.min.js").read_text("utf-8")


def findings(page: Page, source: str) -> list[str]:
    """What axe-core finds serious on a page as it is shown, each with the first place."""
    page.evaluate(source)
    found: dict[str, Any] = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{page.url}: {one['id']} at {one['nodes'][0]['html']}: {one['nodes'][0].get('failureSummary', '')}"
        for one in found["violations"]
        if one["impact"] in _GRAVE
    ]


def picture(page: Page, name: str) -> None:
    """Keeps how the page looks, as a whole."""
    PICTURES.mkdir(exist_ok=True)
    page.screenshot(path=PICTURES / f"{re.sub(r'[^a-z0-9-]+', '-', name.lower())}.png", full_page=True)


def sideways(page: Page) -> bool:
    """Whether the page is wider than its window: on a phone, everything then moves under the thumb."""
    return bool(page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))
