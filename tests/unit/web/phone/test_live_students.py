"""A student's page and my classes are live for everybody who may open them, told of a warning or not."""

from datetime import timedelta

import pytest

from tests.unit.web.phone.conftest import EIGHT
from tests.unit.web.phone.test_students import attended


@pytest.fixture
def warned(school):
    """The tutor is told of the absences of s01, the teacher is not; its id."""
    school.later(hours=4)
    for nth in range(3):
        begins = EIGHT - timedelta(days=6 - nth)
        school.lesson(f"l{nth}", begins)
        attended(school, f"l{nth}", "s01", "absent", begins)
    school.settle()
    with school.embedded.notify.database.reading() as connection:
        found = "SELECT id FROM warning WHERE about = 'student/s01' AND status = 'open' ORDER BY number"
        return connection.exec_driver_sql(found).fetchall()[0][0]


@pytest.mark.parametrize(("page", "of_others"), [("/students/s01", 404), ("/classes", 200)])
def test_whoever_may_open_it_hears_of_a_warning_that_they_are_not_told_of(school, warned, page, of_others):
    notify = school.embedded.notify
    notify.live.begin()

    def versions():
        notify.live.look()
        return notify.live.version("teacher"), notify.live.version("other")

    before = versions()
    assert school.at("teacher").get(page).status_code == 200
    assert school.at("other").get(page).status_code == of_others
    assert versions() == before
    assert notify.acts.acknowledge("tutor", warned) is None
    after = versions()
    assert after[0] != before[0]
    assert after[1] == before[1]
