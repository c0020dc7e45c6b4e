"""A browser and a sample college, once for all tests of this folder."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from playwright.sync_api import Browser, BrowserContext, expect, sync_playwright

from tests.browser import axe, missing
from tests.browser.teaching import College, college
from tests.faults.running import Process, free_port, running, until
from tests.patience import PATIENCE

expect.set_options(timeout=PATIENCE * 1000)  # how soon something is there, the benchmarks say


class Sample(NamedTuple):
    """The sample college, its day over."""

    address: str
    home: Path
    process: Process


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """Debian's, without a window. For this folder alone: beside it no other test of its process can run a loop."""
    if gaps := missing():
        pytest.skip(f"NO BROWSER: {'; '.join(gaps)}")
    with sync_playwright() as playwright:
        # In a container Chromium has no sandbox of its own.
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def axe_source() -> str:
    """What looks at a page as a screen reader does."""
    try:
        return axe()
    except OSError as error:
        pytest.skip(f"NO AXE: {error}")


@pytest.fixture(scope="package")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sample]:
    """`prewarn demo`, as README starts it."""
    home, port = tmp_path_factory.mktemp("sample") / "home", free_port()
    with running(home, "demo", "--port", str(port), "--seconds", "1") as process:
        until(lambda: "the pages stay" in process.said() or process.ended, "the sample college's day is over")
        assert not process.ended, process.said()
        yield Sample(f"http://127.0.0.1:{port}", home, process)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[College]:
    """A college of a teacher with 45 students, its process running; each module has its own."""
    found = college(tmp_path_factory.mktemp("teaching"))
    with found.open():
        yield found


@pytest.fixture
def phone(chromium: Browser, place: College) -> Iterator[BrowserContext]:
    """Anna's, who teaches there."""
    with place.phone(chromium) as context:
        yield context
