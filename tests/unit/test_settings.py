"""Settings and options that cannot be are refused with a sentence, and nothing is begun."""

import pytest
from typer.testing import CliRunner

from services.cli import app
from services.errors import ConfigurationError, SettingError
from services.settings import Settings, read_settings


@pytest.mark.parametrize(
    ("command", "option"),
    [
        ("run --port 99999", "--port"), ("run --port 0", "--port"), ("demo --port -1", "--port"),
        ("demo --seconds -5", "--seconds"),
    ],
)  # fmt: skip
def test_an_option_out_of_its_range_is_refused_before_anything_is_begun(tmp_path, command, option):
    found = CliRunner().invoke(app, ["--home", str(tmp_path / "home"), *command.split()])
    assert (found.exit_code, option in found.output, (tmp_path / "home").exists()) == (2, True, False)


@pytest.mark.parametrize(
    ("name", "value", "what"),
    [
        ("PREWARN_PORT", "abc", "PREWARN_PORT: Input should be a valid integer"),
        ("PREWARN_PORT", "99999", "PREWARN_PORT: Input should be less than or equal to 65535"),
        ("PREWARN_PATIENCE", "-1", "PREWARN_PATIENCE: Input should be greater than 0"),
    ],
)
def test_a_variable_that_is_wrong_is_named_with_what_would_be_right(monkeypatch, name, value, what):
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError, match=what) as raised:
        read_settings(None)
    assert f"(got: '{value}')" in str(raised.value)


@pytest.mark.parametrize("value", ["inf", "nan", "1e300", "-1"])
@pytest.mark.parametrize(
    "name", ["PREWARN_MAX_AGE", "PREWARN_GROUP_WAIT", "PREWARN_GROUP_INTERVAL", "PREWARN_REPEAT", "PREWARN_PATIENCE"]
)
def test_a_duration_that_no_calendar_can_add_is_refused_for_good(name, value, monkeypatch):
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingError, match=name):
        read_settings(None)


@pytest.mark.parametrize("brokers", ["", "nonsense", "a:b"])
def test_brokers_that_are_none_are_refused_for_good(brokers):
    with pytest.raises(SettingError):
        Settings(brokers=brokers).broker_list  # noqa: B018 - it raises
