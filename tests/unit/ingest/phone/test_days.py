"""The lessons of days are read once for all who ask."""

from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

from services.ingest.phone.days import LessonDays

NOW = datetime(2026, 11, 23, 0, 0, tzinfo=UTC)
BETWEEN = (NOW - timedelta(days=7), NOW + timedelta(days=1))


def test_a_day_is_read_once_for_all_who_ask_and_again_when_it_may_have_changed():
    read, steady = [], [0.0]

    def between(_kind, begin, _end):
        read.append(begin)
        return iter(())

    records, directory = SimpleNamespace(between=between), SimpleNamespace(version="1")
    days = LessonDays(lambda: nullcontext(records), lambda _: False, lambda: steady[0])
    for person in ("teacher", "other", "teacher"):
        days.of(person, BETWEEN, NOW, directory)
    first = len(read)
    assert first == len(set(read)) == 9, "each day once"
    steady[0] = 5.0
    days.of("teacher", BETWEEN, NOW, directory)
    assert len(read) - first == 3, "the days about now are read again, those long before are not"
    days.forget()
    days.of("teacher", BETWEEN, NOW, directory)
    assert len(read) - first - 3 == first, "somebody has moved a lesson"
