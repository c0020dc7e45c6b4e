"""Rows of one import about the same thing: the later one counts, whenever each was read and whatever is one commit."""

from datetime import timedelta
from itertools import count

import pytest

from services.ingest.intake import Intake, Placed
from services.ingest.testing import KnownPeople
from services.ingest.validation import Validator
from tests.unit.ingest.records.conftest import MONDAY, NOW, a_run, absent, undo

ROWS = [("s1", "absent"), ("s2", "absent"), ("s1", "late"), ("s3", "absent"), ("s2", "absent"), ("s1", "leave")]
SIZES = (1, 2, 4, len(ROWS))
EXPORTED = {"recordedat": (NOW - timedelta(hours=1)).isoformat()}


def imported(college, schemas, size, *, sooner=timedelta(0), milliseconds=1, run=None, **envelope):
    """An import of ROWS in commits of `size`, by a clock that goes on; its run and what was refused."""
    run = run or a_run(college, f"{sooner}")
    looks = count()

    def clock():
        return NOW - timedelta(minutes=1) - sooner + timedelta(milliseconds=next(looks) * milliseconds)

    run.begun = clock()
    intake = Intake(Validator(schemas, clock), KnownPeople, college.log, clock).into(run, run.begun)
    values = [
        {
            "specversion": "1.0", "type": "attendance", "source": "sis", "time": MONDAY.isoformat(),
            "data": {"lesson": "L1", "class": "k1", "student": student, "status": status},
            **envelope,
        }
        for student, status in ROWS
    ]  # fmt: skip
    placed = [Placed(value, f"row {n}") for n, value in enumerate(values, 2)]
    outcomes = [intake.take_values(placed[n : n + size], "a.csv") for n in range(0, len(placed), size)]
    return run, [one.position for outcome in outcomes for one in outcome.rejections]


@pytest.mark.parametrize("envelope", [{}, EXPORTED], ids=["of no time", "of the export's"])
@pytest.mark.parametrize("milliseconds", [0, 0.3, 5])
@pytest.mark.parametrize("size", SIZES)
def test_the_later_row_replaces_the_earlier_one(size, milliseconds, envelope, college, schemas):
    run, refused = imported(college, schemas, size, milliseconds=milliseconds, **envelope)
    assert refused == []
    assert run.run.counts == {"accepted": 3, "replaced": 2, "unchanged": 1}
    assert college.statuses() == {"s1": "leave", "s2": "absent", "s3": "absent"}


@pytest.mark.parametrize("envelope", [{}, EXPORTED], ids=["of no time", "of the export's"])
@pytest.mark.parametrize("size", SIZES)
def test_the_same_files_again_and_taken_back_leave_what_they_said_the_first_time(size, envelope, college, schemas):
    before = {"s1": "leave", "s2": "absent", "s3": "absent"}
    first, _ = imported(college, schemas, size, sooner=timedelta(minutes=1), **envelope)
    again, refused = imported(college, schemas, size, **envelope)
    assert refused == []
    assert college.statuses() == before
    undo(college, again)
    assert college.statuses() == before
    undo(college, first)
    assert college.statuses() == {}


def test_a_row_of_an_import_does_not_stand_above_what_was_said_while_it_was_read(college, schemas):
    run, _ = imported(college, schemas, 1, sooner=timedelta(minutes=1), milliseconds=10_000)
    college.take(absent("s3", status="late", _recordedat=run.begun + timedelta(seconds=1)))
    imported(college, schemas, 1, sooner=timedelta(minutes=1), milliseconds=10_000, run=run)
    assert college.statuses()["s3"] == "late"


def test_a_corrected_file_of_the_same_moment_replaces_what_the_one_before_said(college):
    """Many exports say their day and no more."""
    first, corrected = a_run(college, "1"), a_run(college, "2")
    first.append([absent("s1", _recordedat=MONDAY), absent("s2", _recordedat=MONDAY)])
    assert corrected.append([absent("s1", status="late", _recordedat=MONDAY)]) == ["accepted"]
    assert college.statuses() == {"s1": "late", "s2": "absent"}
    undo(college, corrected)
    assert college.statuses() == {"s1": "absent", "s2": "absent"}


@pytest.mark.parametrize("size", SIZES)
def test_rows_that_have_ids_of_their_own_contradict_each_other_and_each_is_named(size, college, schemas):
    run, refused = imported(college, schemas, size, id="the same")
    assert refused == ["row 3", "row 4", "row 5", "row 6", "row 7"], "of another student, or of another status"
    assert run.run.counts["accepted"] == 1
