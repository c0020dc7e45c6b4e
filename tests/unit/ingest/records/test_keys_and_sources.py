"""One record for one natural key: of each source the newest word, of the sources the highest rank."""

from datetime import timedelta, timezone

import msgspec
import pytest

from services.directory import Directory
from services.directory.records import Source
from services.ingest.records.keys import id_of
from tests.unit.ingest.records.conftest import MONDAY, TABLES, absent, said

HOUR = timedelta(hours=1)


def test_a_sheet_that_is_exported_again_replaces_what_it_said_and_repeats_nothing(college):
    first = [absent("s1", _recordedat=MONDAY), absent("s2", _recordedat=MONDAY)]
    assert college.take(*first) == ["accepted", "accepted"]
    corrected = [
        absent("s1", status="leave", _recordedat=MONDAY + HOUR),
        msgspec.structs.replace(first[1], time=MONDAY.astimezone(timezone(8 * HOUR)), recordedat=MONDAY + HOUR),
    ]
    assert college.take(*corrected) == ["accepted", "duplicate"]
    assert college.statuses() == {"s1": "leave", "s2": "absent"}
    assert len(college.heard()) == 3


def test_what_was_said_again_later_stands_above_what_was_said_in_between(college):
    said_at = [MONDAY + n * HOUR for n in range(3)]
    college.take(absent(_recordedat=said_at[0]))
    college.take(absent(_recordedat=said_at[2]))
    college.take(absent(status="leave", _recordedat=said_at[1]))
    assert college.statuses() == {"s1": "absent"}


def test_a_clock_that_is_ahead_does_not_stand_above_what_is_said_later(college):
    college.take(absent(_recordedat=MONDAY + 365 * 24 * HOUR))
    college.take(absent(status="late", ident="new"))
    assert college.statuses() == {"s1": "late"}


def test_two_contents_at_one_instant_contradict_each_other(college):
    assert college.take(absent(), absent(status="leave")) == ["accepted", "conflict"]
    assert college.take(absent(_recordedat=MONDAY), absent(status="late", _recordedat=MONDAY)) == [
        "duplicate",
        "accepted",
    ]


def test_the_highest_revision_counts_in_whatever_order(college):
    college.take(absent(status="late", _revision=2))
    assert college.take(absent(_revision=1)) == ["accepted"]
    assert college.statuses() == {"s1": "late"}
    assert len(college.heard()) == 1


def test_the_source_of_the_highest_rank_speaks_until_it_takes_its_word_back(college):
    college.take(absent(source="sis"))
    college.take(absent(source="phone", status="present"))
    assert college.statuses() == {"s1": "present"}
    assert len(college.counts()) == 1
    college.take(absent(source="sis", status="late", _revision=1))
    assert college.statuses() == {"s1": "present"}
    college.take(absent(source="phone", status="present", _revision=1, _retracted=True))
    assert college.statuses() == {"s1": "late"}
    college.take(absent(source="sis", status="late", _revision=2, _retracted=True))
    assert college.counts() == {}


def test_of_sources_without_a_rank_the_newer_word_speaks(college):
    college.take(absent(source="b", _recordedat=MONDAY + HOUR))
    college.take(absent(source="a", status="late", _recordedat=MONDAY))
    assert college.statuses() == {"s1": "absent"}


def test_a_known_id_about_another_key_is_refused(college):
    college.take(absent("s1", ident="x"))
    assert college.take(absent("s2", ident="x", _revision=1)) == ["other_key"]
    assert college.take(absent("s1", ident="x", _revision=1, _retracted=True), absent("s2", ident="y")) == [
        "accepted",
        "accepted",
    ]
    assert college.statuses() == {"s2": "absent"}


def test_a_source_with_new_ids_for_the_same_thing_corrects_itself(college):
    college.take(absent(ident="1", _recordedat=MONDAY))
    college.take(absent(ident="2", status="late", _recordedat=MONDAY + HOUR))
    assert college.statuses() == {"s1": "late"}


def test_a_correction_that_names_another_course_leaves_nothing_behind_with_the_former_one(college):
    college.take(absent(course="algebra"))
    college.take(absent(course="physics", _revision=1))
    retracted = [event for event in college.heard() if event.retracted]
    assert [event.data["course"] for event in retracted] == ["algebra"]
    # Who hears both, in whatever order, ends with the new one.
    assert [event.data["course"] for event in college.counts().values()] == ["physics"]


def result(**more):
    return said("test", **{"test": "Q", "student": "s1", "status": "graded"} | more)


def rated(**more):
    return said("ticket", **{"ticket": "R", "action": "rated"} | more)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (result(), result(attempt=1.0), True),
        (result(), result(attempt=2), False),
        (rated(), rated(at=MONDAY + HOUR), False),
        (rated(step=3), rated(step=3, at=MONDAY + HOUR), True),
        (said("task", task="a/b", action="done"), said("task", task="a", action="b/done"), False),
    ],
    ids=["attempt 1 is the default", "attempts", "tickets by time", "tickets by step", "slashes"],
)
def test_keys(one, other, same, college):
    keys = college.log._keys
    assert (keys.of(one) == keys.of(other)) is same


def test_an_id_that_is_made_of_a_long_key_fits_the_envelope():
    assert len(id_of("assessment", "x" * 500)) < 256
    assert id_of("attendance", "L1/s1") == "attendance/L1/s1"


def test_a_kind_without_a_key_gets_what_the_directory_adds_too(college):
    sources = (Source(id="phone", expected_interval=600),)
    college.directory = Directory(msgspec.structs.replace(TABLES, sources=sources))
    assert college.take(said("source_report", source_name="phone")) == ["accepted"]
    assert [event.data["interval_minutes"] for event in college.heard()] == [10]
