"""Imports: what one was, how it goes on where it was interrupted, and what is left when it is undone."""

from __future__ import annotations

import os
import socket
from datetime import timedelta
from zoneinfo import ZoneInfo

import msgspec
import pytest

from services.errors import ConfigurationError
from services.ingest.records.coverage import Coverage
from services.ingest.records.keys import Keys
from services.ingest.records.runs import Undone, run_of, state_of
from services.ingest.records.step import Step
from services.ingest.records.words import SETTLED
from services.log import quota
from services.log.journal import Journal
from services.log.journal_records import JournalRecords
from services.log.records import Run
from services.log.sweep import Sweep
from services.messages import Problem, Rejection, to_ms
from tests.unit.ingest.records.conftest import MONDAY, NOW, College, a_run, absent, lesson, said, undo

HOUR = timedelta(hours=1)
FIRST, SECOND, THIRD = (MONDAY + number * HOUR for number in (10, 11, 12))
"""When exports were made."""


def counts(run):
    return {name: number for name, number in run.run.counts.items() if number}


def said_later(event):
    return msgspec.structs.replace(event, recordedat=event.recordedat + HOUR)


def covering(college, schemas, run, made, *events):
    """A file of these events that says all attendance of the day; how many records it takes back."""
    text = "attendance of 2026-09-07 to 2026-09-07"
    coverage = Coverage(text, Keys(schemas), ["attendance"], ZoneInfo("Asia/Shanghai"))
    run.append(list(events))
    for event in events:
        coverage.taken(event)
    return run.retract_uncovered(coverage, made)


def test_what_a_wrong_file_brought_is_gone_and_the_same_file_counts_again(college):
    wrong = a_run(college, "wrong.csv")
    wrong.append([absent("s1"), absent("s2")])
    assert undo(college, wrong) == Undone(taken_back=2)
    assert college.statuses() == {}
    again = a_run(college, "wrong.csv")
    again.append([absent("s1"), absent("s2")])
    assert (again.run.id, counts(again)) == (2, {"accepted": 2})
    assert college.statuses() == {"s1": "absent", "s2": "absent"}


def test_what_the_first_export_said_counts_again_when_the_corrected_one_is_undone(college):
    first, corrected = a_run(college, "1"), a_run(college, "2")
    first.append([absent("s1", _recordedat=FIRST), absent("s2", _recordedat=FIRST)])
    corrected.append([absent("s1", status="late", _recordedat=SECOND), absent("s2", _recordedat=SECOND)])
    assert counts(corrected) == {"replaced": 1, "unchanged": 1}
    assert undo(college, corrected) == Undone(given_back=1, standing=1)
    assert college.statuses() == {"s1": "absent", "s2": "absent"}
    assert undo(college, first) == Undone(taken_back=2)
    assert college.statuses() == {}


def test_what_nobody_imported_counts_again_too(college):
    college.take(absent("s1"))
    wrong = a_run(college, "1")
    wrong.append([absent("s1", status="late", _recordedat=NOW, _revision=1)])
    assert undo(college, wrong) == Undone(given_back=1)
    assert college.statuses() == {"s1": "absent"}


def test_what_somebody_else_or_a_later_run_has_said_since_stands(college):
    wrong, later = a_run(college, "1"), a_run(college, "2")
    wrong.append([absent(student, _recordedat=FIRST) for student in ("s1", "s2", "s3", "s4")])
    college.take(absent("s1", status="late", _recordedat=SECOND))
    later.append([absent("s2", status="leave", _recordedat=SECOND), absent("s3", _recordedat=SECOND)])
    college.take(absent("s4", source="phone", status="present"))
    assert undo(college, wrong) == Undone(taken_back=1, standing=2)
    assert college.statuses() == {"s1": "late", "s2": "leave", "s3": "absent", "s4": "present"}


@pytest.mark.parametrize("order", ["the older one first", "the newer one first"])
def test_undoing_both_of_two_runs_leaves_what_was_before_them(college, order):
    college.take(absent("s1", _recordedat=FIRST))
    runs = [a_run(college, "1"), a_run(college, "2")]
    runs[0].append([absent("s1", status="late", _recordedat=SECOND)])
    runs[1].append([absent("s1", status="leave", _recordedat=THIRD)])
    for run in runs if order == "the older one first" else reversed(runs):
        undo(college, run)
    assert college.statuses() == {"s1": "absent"}


def test_an_older_export_that_came_behind_the_wrong_one_counts_once_that_is_undone(college):
    wrong, older = a_run(college, "wrong"), a_run(college, "older")
    wrong.append([absent("s1", status="late", _recordedat=SECOND)])
    older.append([absent("s1", _recordedat=FIRST)])
    assert (counts(older), college.statuses()) == ({"unchanged": 1}, {"s1": "late"})
    undo(college, wrong)
    assert college.statuses() == {"s1": "absent"}


def test_undone_twice_nothing_more_is_undone(college):
    wrong = a_run(college, "1")
    wrong.append([absent()])
    undo(college, wrong)
    heard = len(college.heard())
    assert undo(college, wrong) == Undone()
    assert len(college.heard()) == heard


def test_a_wrong_lesson_gives_its_attendance_back_and_its_id_may_be_about_another_one(college):
    wrong = a_run(college, "1")
    college.take(absent("s1"))
    wrong.append([lesson(status="cancelled"), absent("s2", "wrong", ident="row 1")])
    assert college.statuses() == {"s2": "absent"}
    undo(college, wrong)
    assert college.take(absent("s2", "right", ident="row 1")) == ["accepted"]
    assert college.statuses() == {"s1": "absent", "s2": "absent"}
    assert [one for one, _ in college.log.lessons()] == []


def test_a_wrong_leave_gives_the_lesson_back(college):
    college.take(lesson(), absent("s1"))
    wrong = a_run(college, "1")
    moments = {"from": MONDAY.isoformat(), "to": (MONDAY + 4 * HOUR).isoformat()}
    wrong.append([said("leave", student="s1", status="granted", leave="v", **moments)])
    assert college.statuses()["s1"] == "leave"
    undo(college, wrong)
    assert college.statuses() == {"s1": "absent"}


def test_what_the_wrong_file_took_back_counts_again_and_so_does_what_came_behind_it(college, schemas):
    first, wrong, older = (a_run(college, one) for one in ("1", "2", "older"))
    covering(college, schemas, first, SECOND, *(absent(one, _recordedat=SECOND) for one in ("s1", "s2")))
    assert covering(college, schemas, wrong, THIRD, absent("s1", _recordedat=THIRD)) == 1
    assert counts(wrong) == {"unchanged": 1, "retracted": 1}
    older.append([absent("s2", _recordedat=FIRST, status="late"), absent("s3", _recordedat=FIRST)])
    assert college.statuses() == {"s1": "absent"}
    assert undo(college, wrong).given_back >= 1
    assert college.statuses() == {"s1": "absent", "s2": "absent"}, "the first file covers s3, and does not say it"
    undo(college, first)
    assert college.statuses() == {"s2": "late", "s3": "absent"}


def test_the_first_file_covers_again_what_the_wrong_one_covered_anew(college, schemas):
    first, wrong = a_run(college, "1"), a_run(college, "2")
    covering(college, schemas, first, SECOND, absent("s1", _recordedat=SECOND))
    covering(college, schemas, wrong, THIRD, absent("s1", _recordedat=THIRD))
    undo(college, wrong)
    college.take(absent("s3", _recordedat=FIRST), absent("s4", _recordedat=THIRD))
    assert college.statuses() == {"s1": "absent", "s4": "absent"}


def test_what_more_runs_than_are_kept_have_said_alike_stands(college):
    runs = [a_run(college, str(n)) for n in range(SETTLED + 1)]
    for run in runs:
        run.append([absent("s1")])
    for run in runs:
        undo(college, run)
    assert college.statuses() == {"s1": "absent"}


def test_a_run_that_was_interrupted_goes_on_under_its_number_and_counts_each_row_once(college):
    college.take(absent("s1", status="late", _recordedat=FIRST), absent("s3", _recordedat=FIRST))
    rows = [absent(one, _recordedat=SECOND) for one in ("s1", "s2", "s3", "s4")]  # without its time: when it came
    killed = a_run(college, "big.csv")
    killed.append(rows[:3])
    killed.run.host, killed.run.heard = socket.gethostname(), 0
    with college.log._store.transaction() as commit:  # what kill -9 leaves behind
        commit.records.save_run(killed.run)
    again = a_run(college, "big.csv")
    again.append([said_later(row) for row in rows])
    again.done()
    assert (again.run.id, again.run.resumed) == (killed.run.id, True)
    assert counts(again) == {"replaced": 1, "accepted": 2, "unchanged": 1}
    assert [one.id for one in college.log.runs()] == [1]
    with pytest.raises(ConfigurationError, match="import 1 was undone, or is gone on with"):
        killed.append(rows)


def refused(position, raw=b"", origin="big.csv", source=None):
    problem = Problem(where=f"{position}, column status", what="is not known")
    return Rejection(received_at=NOW, origin=origin, position=position, reasons=[problem], raw=raw, source=source)


def interrupt(college, run):
    """What kill -9 leaves behind."""
    run.run.host, run.run.heard = socket.gethostname(), 0
    with college.log._store.transaction() as commit:
        commit.records.save_run(run.run)


@pytest.mark.parametrize("first", ["a row that is right", "a row that is refused"])
def test_what_a_run_refused_before_it_was_interrupted_is_not_kept_twice(college, first):
    college.log.reject([refused("row 2")])  # of another file that is called the same, or was sent by the API
    killed = a_run(college, "big.csv")
    if first == "a row that is right":
        killed.append([absent("s1")])
    before = [refused("row 2", b"said at 8"), refused("line 7", b"{1}"), refused("row 3", origin="small.csv")]
    killed.reject(before)
    interrupt(college, killed)
    again = a_run(college, "big.csv")
    again.run.begun = again.run.heard = to_ms(NOW) + 60_000
    again.append([absent("s1")])
    again.reject([refused("row 2", b"said at 9"), refused("line 7", b"{1}"), refused("line 7", b"{2}")])
    again.reject([refused("row 3", origin="small.csv"), refused("row 3", origin="small.csv"), refused("row 4")])
    again.done()
    assert (again.run.id, again.run.resumed, again.run.counts["refused"]) == (1, True, 6)
    kept = [(one.origin, one.position, one.raw) for one in college.log.rejected_since(NOW)]
    assert kept == [
        ("big.csv", "row 2", b""), *((one.origin, one.position, one.raw) for one in before),
        ("big.csv", "line 7", b"{2}"), ("small.csv", "row 3", b""), ("big.csv", "row 4", b""),
    ]  # fmt: skip


@pytest.mark.parametrize("times", [1, 2, 3])
def test_what_a_run_refused_beyond_the_quota_is_counted_once_however_often_it_goes_on(times, college, monkeypatch):
    monkeypatch.setattr(quota, "MOST", 3)
    rows = [refused(f"row {n}", source="app") for n in range(2, 8)]
    for time in range(times):
        run = a_run(college, "big.csv")
        for one in rows[: 6 if time == 0 else 4]:
            run.reject([one])
        interrupt(college, run)
    last = a_run(college, "big.csv")
    last.reject(rows)
    last.reject([refused("row 8", source="app")])
    assert last.run.counts["refused"] == 7
    told = [one.position for one in college.log.rejected_since(NOW)]
    assert [one for one in told if one.startswith("row")] == ["row 2", "row 3", "row 4"]
    assert told[-1] == "4 more", told


def test_what_was_refused_beyond_the_quota_of_somebody_else_leaves_a_run_alone(college, monkeypatch):
    monkeypatch.setattr(quota, "MOST", 3)
    college.log.reject([refused("event 1", source="phone")] * 4)
    run = a_run(college, "big.csv")
    run.reject([refused("row 2", source="app")])
    interrupt(college, run)
    again = a_run(college, "big.csv")
    again.reject([refused("row 2", source="app"), refused("row 3", source="app")])
    told = [one.position for one in college.log.rejected_since(NOW) if one.source == "app"]
    assert told == ["row 2", "row 3"]


def test_a_run_that_was_interrupted_can_be_undone_as_it_is(college):
    killed = a_run(college, "big.csv")
    killed.append([absent()])
    killed.run.heard = 0
    with college.log._store.transaction() as commit:
        commit.records.save_run(killed.run)
    assert college.log.undo(1) == Undone(taken_back=1)
    with pytest.raises(ConfigurationError, match="import 1 was undone"):
        killed.append([absent("s2")])
    assert college.statuses() == {}


def test_an_undo_that_was_interrupted_is_taken_up_again(college, monkeypatch):
    wrong = a_run(college, "1")
    wrong.append([absent("s1", "L1"), absent("s2", "L2"), absent("s3", "L3")])
    wrong.done()
    monkeypatch.setattr("services.ingest.records.log._RECORDS_AT_ONCE", 1)
    some, done = Step.take_back, []

    def dies(*arguments):
        if done:
            raise KeyboardInterrupt
        done.append(1)
        some(*arguments)

    monkeypatch.setattr(Step, "take_back", dies)
    with pytest.raises(KeyboardInterrupt):
        college.log.undo(1)
    assert (len(college.statuses()), state_of(college.log.runs()[0], 0)) == (2, "undoing")
    monkeypatch.undo()
    assert college.log.undo(1) == Undone(taken_back=2)
    assert (college.statuses(), college.log.runs()[0].state) == ({}, "undone")


def test_a_run_that_is_at_work_or_that_nobody_knows_is_not_undone(college):
    busy = a_run(college, "a.csv", "b.csv")
    busy.append([absent()])
    with pytest.raises(ConfigurationError, match=r"import 1 \(a.csv, b.csv\) is at work as process 1 on here"):
        college.log.undo(1)
    with pytest.raises(ConfigurationError, match=r"there is no import 7 .*such as 1"):
        college.log.undo(7)
    assert college.statuses() == {"s1": "absent"}


@pytest.mark.parametrize(
    ("host", "pid", "silent", "state"),
    [
        pytest.param(socket.gethostname(), os.getpid(), 0, "running", id="a process that is there"),
        pytest.param(socket.gethostname(), 2**22 + 1, 0, "interrupted", id="a process that is gone"),
        pytest.param(socket.gethostname(), os.getpid(), 3_600_000, "interrupted", id="its number is another one's now"),
        pytest.param("elsewhere", 2**22 + 1, 3_599_999, "running", id="another machine's"),
        pytest.param("elsewhere", 2**22 + 1, 3_600_000, "interrupted", id="another machine's that is silent"),
    ],
)
def test_a_run_is_at_work_as_long_as_its_process_is(host, pid, silent, state):
    run = Run(begun=0, heard=to_ms(NOW) - silent, files=[], digest="", host=host, pid=pid)
    assert state_of(run, to_ms(NOW)) == state


def test_another_file_or_another_way_of_reading_it_is_another_import(tmp_path):
    file = tmp_path / "a.csv"
    file.write_text("one", "utf-8")
    same = [run_of([file], ("attendance", None), "", NOW).digest for _ in range(2)]
    others = [run_of([file], ("test", None), "", NOW).digest, run_of([file], ("attendance", None), "m", NOW).digest]
    file.write_text("two", "utf-8")
    others.append(run_of([file], ("attendance", None), "", NOW).digest)
    assert len({*same, *others}) == 4
    assert run_of([tmp_path], (), "", NOW).digest == "", "what is no file cannot be read twice"


def test_kinds_without_a_key_are_counted_and_stay(college):
    run = a_run(college, "1")
    run.append([said("source_report", source="prewarn/ingest", ident="r", source_name="app")])
    assert counts(run) == {"accepted": 1}
    assert undo(college, run) == Undone()


def test_old_runs_are_forgotten_with_the_ids_that_they_freed_and_the_newest_keeps_its_number(tmp_path, schemas):
    path = tmp_path / "prewarn.db"
    journal = Journal(path, lambda: NOW)
    college = College(JournalRecords(journal), Keys(schemas), list)
    for name in ("old", "newest"):
        run = a_run(college, name)
        run.append([absent(ident=name)])
        undo(college, run)
    day = to_ms(NOW + timedelta(days=1))
    for dry_run, left in ((True, [1, 2]), (False, [2])):
        sweep = Sweep(path, dry_run=dry_run)
        sweep.runs(day)
        sweep.close()
        assert [one.id for one in college.log.runs()] == left
        with journal.transaction() as db:
            assert db.execute("select count(*) from record_id").fetchone() == (0 if left == [2] else 2,)
    journal.close()
