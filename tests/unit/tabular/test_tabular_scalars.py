"""Unquoted words of YAML that readers of 1.1 and 1.2 take differently are found, with the decimal that is meant."""

import pytest
import yaml

from services.tabular.scalars import load_yaml, misread

DECIMALS = {
    "010": "10", "015": "15", "-010": "-10", "+007": "7", "08": "8", "00": "0", "010.5": "10.5", "0_10": "10",
    "1_000": "1000", "1_000.5": "1000.5", "1.5_0": "1.5", "0o10": "8", "0b101": "5", "0x1_0": "16",
    "1:30": "90", "1:30:00": "5400", "-1:30": "-90", "1:30.5": "90.5",
}  # fmt: skip
ALIKE = ["0", "10", "-10", "+4", "0.5", ".5", "4.", "1e3", "1.0e+3", "0x10", ".inf", ".nan", "08:00", "09-01"]
ALIKE += ["2026-09-01", "24h", "a_1", "one", "", "_", "0o", "0o9", "NUR-010", "1:75", "1_" * 20, "1:59" * 20]


@pytest.mark.parametrize(("text", "decimal"), DECIMALS.items())
def test_a_number_that_is_read_in_two_ways_has_one_decimal(text, decimal):
    assert misread(text) == decimal
    with pytest.raises(yaml.YAMLError, match="is not the same number to every program"):
        load_yaml(f"days: {text}\n")
    assert load_yaml(f"days: '{text}'\n") == {"days": text}


@pytest.mark.parametrize("text", ALIKE)
def test_what_every_reader_takes_alike_is_left_alone(text):
    assert misread(text) is None


def test_what_one_reader_takes_for_a_truth_value_is_a_word():
    assert load_yaml("[yes, no, on, off, Yes, true, FALSE]") == ["yes", "no", "on", "off", "Yes", True, False]
