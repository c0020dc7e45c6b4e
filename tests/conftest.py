"""The real data beside the checkout, and CI's promise that its tests ran where it is there."""

from __future__ import annotations

import os
from collections.abc import Generator
from pathlib import Path

import pytest

_SHARED = Path(os.environ.get("PREWARN_SHARED") or Path(__file__).resolve().parents[2] / "shared")
_DATA = _SHARED / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of the real data sets; the test is skipped, saying so, where it is absent."""
    if not _DATA.is_dir():
        pytest.skip(f"no real data: {_DATA} is absent (PREWARN_SHARED says where the shared folder is)")
    return _DATA


def pytest_report_header() -> str:
    return f"real data: {_DATA if _DATA.is_dir() else 'ABSENT, tests marked `shared` are skipped'}"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "shared_data" in getattr(item, "fixturenames", ()):
            item.add_marker("shared")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """In CI a skipped test of the real data is a failure where the data is: green must mean that it ran."""
    report = yield
    promised = os.environ.get("PREWARN_CI") and _DATA.is_dir() and item.get_closest_marker("shared")
    if promised and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[-1] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped in CI although {_DATA} is there: {reason}"
    return report
