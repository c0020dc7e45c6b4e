"""The college of the phone's tests, whose students may appeal."""

import pytest

from tests.unit.web.phone.conftest import School


@pytest.fixture
def school(tmp_path, monkeypatch):
    monkeypatch.setenv("PREWARN_APPEALS", "true")
    monkeypatch.setenv("PREWARN_APPEAL_SLIPS", "true")
    found = School(tmp_path / "home")
    yield found
    found.embedded.stop()
