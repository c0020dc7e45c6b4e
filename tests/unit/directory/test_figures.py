"""Figures that rules compare with: students of a major on a day, the interval at which a source is expected."""

from datetime import UTC, datetime

import pytest

from services.directory.loading import load


@pytest.mark.parametrize(
    ("at", "students"),
    [
        (datetime(2026, 8, 1, tzinfo=UTC), 0),
        (datetime(2026, 9, 15, tzinfo=UTC), 2),
        (datetime(2026, 10, 9, tzinfo=UTC), 1),
    ],
    ids=["before anybody is enrolled", "both", "after one changed to another major"],
)
def test_a_warning_says_how_many_students_the_major_has_then(folder, at, students):
    directory = load(folder)
    data, problems = directory.enrich("warning", {"major": "mechatronics"}, at)
    assert (data["major_students"], problems) == (students, [])


def test_a_source_report_says_the_interval_of_its_source(folder):
    directory = load(folder)
    at = datetime(2026, 9, 15, tzinfo=UTC)
    assert directory.enrich("source_report", {"source_name": "phone"}, at)[0]["interval_minutes"] == 60
    assert "interval_minutes" not in directory.enrich("source_report", {"source_name": "fax"}, at)[0]


def test_no_other_kind_gets_figures(folder):
    directory = load(folder)
    data, _ = directory.enrich("attendance", {"student": "s2"}, datetime(2026, 9, 15, tzinfo=UTC))
    assert "major_students" not in data
