"""`--covers`: what a file no longer says is taken back, whatever comes after it, and nothing on a guess."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from services.errors import ConfigurationError
from services.ingest.records.coverage import Coverage
from services.ingest.records.keys import Keys
from tests.unit.ingest.records.conftest import MONDAY, NOW, absent, said

HOUR = timedelta(hours=1)
FIRST, SECOND, THIRD = (MONDAY + number * HOUR for number in (10, 11, 12))
"""When exports were made."""
WORDS = [
    "attendance of its lessons",
    "attendance of its days",
    "attendance of its weeks",
    "attendance of its months",
    "attendance of 2026-09-07 to 2026-09-07",
]


@pytest.fixture
def keys(schemas):
    return Keys(schemas)


def covers(college, keys, text, made, *events, refused=()):
    """A file of these events, made then, that says what it covers; how many records it takes back."""
    coverage = Coverage(text, keys, ["attendance", "test", "assessment", "leave"], ZoneInfo("Asia/Shanghai"))
    dated = [exported(made, event) for event in events]
    college.take(*dated)
    for event in dated:
        coverage.taken(event)
    for event, unknown in refused:
        coverage.refused(event, unknown)
    return college.log.retract_uncovered(coverage, made)


def exported(made, event):
    return said(event.kind, source=event.source, ident=event.id, at=event.time, _recordedat=made, **event.data)


@pytest.mark.parametrize("text", WORDS)
def test_what_a_file_covers_and_no_longer_says_is_taken_back(college, keys, text):
    college.take(*(exported(FIRST, absent(student)) for student in ("s1", "s2")))
    assert covers(college, keys, text, SECOND, absent("s1")) == 1
    assert college.statuses() == {"s1": "absent"}


@pytest.mark.parametrize("text", WORDS)
def test_an_older_file_that_comes_behind_it_does_not_bring_it_again(college, keys, text):
    assert covers(college, keys, text, SECOND, absent("s1")) == 0
    college.take(*(exported(FIRST, absent(student)) for student in ("s1", "s2")))
    assert college.statuses() == {"s1": "absent"}


def test_what_is_said_later_than_the_file_was_made_stands(college, keys):
    college.take(exported(THIRD, absent("s2")))
    covers(college, keys, WORDS[0], SECOND, absent("s1"))
    college.take(exported(THIRD, absent("s3")), absent("s4"))
    assert college.statuses() == dict.fromkeys(("s1", "s2", "s3", "s4"), "absent")


def test_what_another_source_says_or_the_file_does_not_cover_stands(college, keys):
    covers(college, keys, WORDS[0], SECOND, absent("s1"))
    covers(college, keys, WORDS[4], SECOND, absent("s1"))
    week_later = absent("s3", "L2", at=MONDAY + timedelta(days=7))
    college.take(exported(FIRST, absent("s2", source="phone")), exported(FIRST, week_later))
    assert college.statuses() == dict.fromkeys(("s1", "s2", "s3"), "absent")


def test_the_older_file_first_or_last_and_a_third_one_between_end_with_the_same(college, keys):
    covers(college, keys, WORDS[4], THIRD, absent("s1"), absent("s3"))
    covers(college, keys, WORDS[4], FIRST, absent("s1"), absent("s2"))
    covers(college, keys, WORDS[4], SECOND, absent("s2"), absent("s4"))
    assert college.statuses() == {"s1": "absent", "s3": "absent"}


def test_of_a_lesson_with_a_row_about_nobody_nothing_is_taken_back(college, keys):
    college.take(*(exported(FIRST, absent(student, name)) for student, name in [("s1", "L1"), ("s2", "L2")]))
    row = exported(SECOND, absent("s11", "L1"))
    said_now = absent("s3", "L1"), absent("s3", "L2")
    assert covers(college, keys, WORDS[0], SECOND, *said_now, refused=[(row, ["student"])]) == 1
    college.take(exported(FIRST, absent("s4", "L1")), exported(FIRST, absent("s4", "L2")))
    assert sorted(student for student in college.statuses()) == ["s1", "s3", "s4"]


def test_a_row_that_is_refused_for_what_it_is_not_about_is_said(college, keys):
    college.take(exported(FIRST, absent("s1")))
    row = exported(SECOND, absent("s1", course="c9"))
    assert covers(college, keys, WORDS[0], SECOND, absent("s2"), refused=[(row, ["course"])]) == 0


@pytest.mark.parametrize("row", [None, said("leave", student="s11", status="granted")], ids=["unreadable", "nobody"])
def test_a_row_that_may_be_about_anything_leaves_the_file_unsure(keys, row):
    coverage = Coverage("leave of its weeks", keys, ["leave"], ZoneInfo("Asia/Shanghai"))
    coverage.refused(row, ["student"])
    assert coverage.unsure


def test_what_was_covered_is_remembered_once_and_for_ninety_days(college, keys):
    for made in (FIRST, SECOND, SECOND, THIRD):
        covers(college, keys, WORDS[4], made, absent("s1"))
    assert college.log._store.meta("covered").count('"attendance"') == 1
    covers(
        college,
        keys,
        "test of its tests",
        NOW + timedelta(days=90),
        said("test", test="T", student="s1", status="pending"),
    )
    assert '"attendance"' not in college.log._store.meta("covered")


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("all of it", "does not say what the file covers"),
        ("atendance of its lessons", "attendance"),
        ("attendance of its lesson", "lessons"),
        ("attendance of 2026-09-07 to 2026-09-31", "does not say what the file covers"),
    ],
)
def test_a_text_that_says_nothing_is_refused_with_what_would_be_right(keys, text, what):
    with pytest.raises(ConfigurationError, match=what):
        Coverage(text, keys, ["attendance", "test"], ZoneInfo("Asia/Shanghai"))
