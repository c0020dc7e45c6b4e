from datetime import UTC, datetime, timedelta

import pytest

from services.ingest.intake import Intake
from services.ingest.source_report import SourceCounter
from services.messages import CampusEvent

NINE = datetime(2026, 9, 7, 9, 0, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def event(source="edu", delay=timedelta(), recorded=None, now=NINE):
    return CampusEvent(source=source, id="1", kind="task", time=now - delay, recordedat=recorded, data={})


def test_nothing_is_due_before_the_hour_is_over():
    counter = SourceCounter()
    counter.note(event(), "accepted", NINE)
    assert counter.due(NINE + 59 * MINUTE) == []
    assert len(counter.due(NINE + HOUR)) == 1


def test_a_report_counts_what_became_of_the_events_of_its_source_and_hour():
    counter = SourceCounter()
    for minute in range(20):
        counter.note(event(delay=minute * MINUTE), "accepted", NINE)
    counter.note(event(delay=timedelta(days=31)), "accepted", NINE, incomplete=True)
    counter.note(event(), "duplicate", NINE)
    counter.note_rejected("edu", "wrong_type", NINE)
    counter.note_rejected("edu", "wrong_type", NINE + 59 * MINUTE)
    counter.note_rejected("edu", "unknown_student", NINE)
    (report,) = counter.due(NINE + HOUR)
    assert (report.source, report.id) == ("prewarn/ingest", "edu/2026-09-07T09:00:00Z")
    assert report.time == NINE + HOUR
    assert report.data == {
        "source_name": "edu",
        "from": "2026-09-07T09:00:00Z",
        "to": "2026-09-07T10:00:00Z",
        "accepted": 21,
        "late": 1,
        "duplicate": 1,
        "rejected": {"unknown_student": 1, "wrong_type": 2},
        "rejected_total": 3,
        "incomplete": 1,
        "delay_p50": 600,
        "delay_p95": 1140,
    }


def test_the_delay_is_until_it_was_recorded_where_the_source_says_so():
    counter = SourceCounter()
    counter.note(event(delay=HOUR, recorded=NINE - 50 * MINUTE), "accepted", NINE)
    assert counter.due(NINE + HOUR)[0].data["delay_p95"] == 600


def test_a_record_from_before_its_event_has_no_negative_delay():
    counter = SourceCounter()
    counter.note(event(recorded=NINE - HOUR), "accepted", NINE)
    assert counter.due(NINE + HOUR)[0].data["delay_p50"] == 0


@pytest.mark.parametrize("seconds", [999, 1000, 9999, 86_400, 99_950_000])
def test_long_delays_are_exact_to_three_digits(seconds):
    counter = SourceCounter()
    counter.note(event(delay=timedelta(seconds=seconds)), "accepted", NINE)
    assert counter.due(NINE + HOUR)[0].data["delay_p50"] == pytest.approx(seconds, rel=0.005)


def test_a_source_that_is_known_or_was_heard_of_is_reported_when_it_is_silent():
    counter = SourceCounter(["library"])
    counter.note(event("edu"), "accepted", NINE)
    counter.due(NINE + HOUR)
    reports = counter.due(NINE + 2 * HOUR)
    assert [(report.data["source_name"], report.data["accepted"]) for report in reports] == [("edu", 0), ("library", 0)]
    assert "delay_p50" not in reports[0].data


def test_hours_that_passed_between_two_events_are_each_given_out_once():
    counter = SourceCounter()
    counter.note(event(), "accepted", NINE)
    counter.note(event(), "accepted", NINE + HOUR)
    assert [report.data["from"] for report in counter.due(NINE + 2 * HOUR)] == [
        "2026-09-07T09:00:00Z",
        "2026-09-07T10:00:00Z",
    ]
    assert counter.due(NINE + 2 * HOUR) == []


def test_a_clock_that_was_set_back_never_reports_an_hour_twice():
    counter = SourceCounter()
    counter.note(event(), "accepted", NINE)
    counter.due(NINE + HOUR)
    counter.note(event(), "accepted", NINE + 30 * MINUTE)
    reports = counter.due(NINE + 2 * HOUR)
    assert [(report.id, report.data["accepted"]) for report in reports] == [("edu/2026-09-07T10:00:00Z", 1)]


def test_what_was_rejected_without_a_readable_source_is_counted_too():
    counter = SourceCounter()
    counter.note_rejected(None, "not_json", NINE)
    assert counter.due(NINE + HOUR)[0].data["source_name"] == "unknown"


def test_counting_goes_on_after_a_restart():
    before, after = SourceCounter(), SourceCounter()
    before.note(event(), "accepted", NINE)
    after.resume(before.snapshot())
    after.note(event(), "accepted", NINE)
    assert after.due(NINE + HOUR)[0].data["accepted"] == 2


def test_reports_conform_to_their_schema_and_the_intake_counts(validator, people, log):
    counter = SourceCounter()
    clock = [NINE]
    intake = Intake(validator, lambda: people, log, lambda: clock[0], counter)
    good = CampusEvent(source="edu", id="1", kind="attendance", time=NINE - 9 * HOUR, data={
        "lesson": "L", "student": "S", "status": "late",
    })  # fmt: skip
    intake.take_events([good, good, CampusEvent(source="edu", id="2", kind="task", time=NINE - 9 * HOUR, data={})])
    (report,) = counter.due(NINE + HOUR)
    assert report.data["accepted"] == report.data["duplicate"] == report.data["incomplete"] == 1
    assert report.data["rejected"] == {"missing_field": 1}
    (rejection,) = intake.take_events([report]).rejections  # its hour is not over by the validator's clock
    assert [str(problem.what).partition(":")[0] for problem in rejection.reasons] == [
        "in the future",
        "Prewarn makes events of kind source_report itself",  # and nothing else is wrong with it
    ]
