"""When a lesson is, by what sources have said of it, in both stores of records."""

from datetime import timedelta

import pytest

from services.app.lesson_times import LessonTimes
from services.ingest.records.keys import Keys
from tests.unit.ingest.conftest import schemas
from tests.unit.ingest.records.conftest import MONDAY, college, database, lesson

__all__ = ["college", "database", "schemas"]


@pytest.fixture
def times(college, schemas):
    return LessonTimes(college.store.reading, Keys(schemas))


def test_a_lesson_is_known_by_its_begin_and_its_sections(college, times):
    college.take(lesson("L1", sections="5-6"), lesson("L2", MONDAY + timedelta(days=1)))
    assert times("L1") == (MONDAY, "5-6")
    assert times("L2") == (MONDAY + timedelta(days=1), "")
    college.take(lesson("L1", MONDAY + timedelta(hours=4), sections="9-10", _revision=1))
    assert times("L1") == (MONDAY + timedelta(hours=4), "9-10")


def test_of_what_nobody_has_said_nothing_is_known(times):
    assert times("L9") is None
    assert times("学期 / ☃") is None
