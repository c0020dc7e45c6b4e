import csv
import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import jsonschema_rs
import msgspec
import pytest
import yaml

from services.app.demo import College
from services.app.demo.college import arrival
from services.app.demo.dates import TERMS
from services.directory.loading import load
from services.operate import directory_check
from services.rules.language import load as rules

ROOT = Path(__file__).parents[4]
DAY = date(2026, 10, 22)


@pytest.fixture(scope="module")
def college():
    return College(DAY)


@pytest.fixture(scope="module")
def events(college):
    return [*college.history(), *college.today()]


@pytest.fixture(scope="module")
def directory(college, tmp_path_factory):
    folder = tmp_path_factory.mktemp("directory")
    for name, rows in college.directory().items():
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    return load(folder)


def validator(name):
    schema = json.loads((ROOT / "schemas" / f"{name}.v1.json").read_text("utf-8"))
    return jsonschema_rs.validator_for(schema, validate_formats=True), schema


@pytest.mark.properties  # tens of thousands of events
def test_every_event_conforms_to_its_schema(events):
    envelope, _ = validator("envelope")
    kinds = {event.kind: validator(event.kind) for event in events}
    for event in events:
        wire = msgspec.to_builtins(event)
        envelope.validate(wire)
        kinds[event.kind][0].validate(wire["data"])


def test_what_ingest_adds_is_left_to_it(events):
    added = {
        event.kind: {name for name, field in validator(event.kind)[1]["properties"].items() if field.get("readOnly")}
        for event in {event.kind: event for event in events}.values()
    }
    assert [event for event in events if added[event.kind] & set(event.data)] == []


def test_identities_and_revisions_are_unique(events):
    assert len({(event.source, event.id, event.revision) for event in events}) == len(events)


def test_a_correction_keeps_the_time_of_what_it_corrects(events):
    first = {(event.source, event.id): event for event in events if not event.revision}
    corrections = [event for event in events if event.revision]
    assert {event.kind for event in corrections} == {"attendance", "rollcall", "lesson"}
    for event in corrections:
        assert event.time == first[event.source, event.id].time
        assert arrival(event) > arrival(first[event.source, event.id])


def test_history_and_today_meet_at_midnight_and_are_in_order(college, events):
    midnight = datetime(2026, 10, 21, 16, tzinfo=UTC)
    assert all(arrival(event) < midnight for event in college.history())
    assert all(midnight <= arrival(event) < college.end for event in college.today())
    assert [arrival(event) for event in events] == sorted(map(arrival, events))
    assert college.end == midnight + timedelta(hours=23, minutes=59)


def test_the_same_day_and_seed_give_the_same_college(college, events):
    again = College(DAY)
    assert [*again.history(), *again.today()] == events
    assert again.directory() == college.directory()
    assert again.planted == college.planted


def test_another_seed_gives_another_college(college):
    other = College(DAY, 2)
    assert other.directory() != college.directory()
    assert other.planted != college.planted


def test_people_stay_the_same_from_day_to_day(college):
    assert College(DAY + timedelta(days=1)).directory() == college.directory()


def test_the_demo_starts_fast(events):
    assert len(events) < 60_000


@pytest.mark.parametrize(
    ("day", "stands_at"),
    [
        pytest.param(date(2026, 10, 24), date(2026, 10, 23), id="a Saturday"),
        pytest.param(date(2026, 10, 3), date(2026, 9, 30), id="National Day"),
        pytest.param(date(2027, 2, 10), date(2027, 1, 15), id="winter holidays"),
        pytest.param(date(2030, 1, 1), date(2027, 7, 9), id="after the last term"),
    ],
)
def test_a_day_without_lessons_becomes_the_last_school_day_before_it(day, stands_at):
    assert College(day).day == stands_at


def test_before_the_first_term_there_is_no_college():
    with pytest.raises(ValueError, match="no lessons on or before 2025-08-01"):
        College(date(2025, 8, 1))


def test_the_terms_are_those_of_the_calendar():
    calendar = yaml.safe_load((ROOT / "rules" / "calendar.yaml").read_text("utf-8"))
    assert {term["id"]: (term["from"], term["to"]) for term in calendar["terms"]} == TERMS


def test_no_teacher_is_in_two_places(events):
    begins = [(e.data["teacher"], e.data["starts_at"]) for e in events if e.kind == "lesson" and not e.revision]
    assert len(set(begins)) == len(begins)


def test_nearly_everybody_comes(events):
    here = [event.data["status"] == "present" for event in events if event.kind == "attendance"]
    assert 0.96 < sum(here) / len(here) < 0.99


def test_the_directory_is_consistent_and_knows_everybody_in_the_events(events, directory):
    problems = {
        str(problem) for event in events for problem in directory.enrich(event.kind, dict(event.data), event.time)[1]
    }
    assert problems == set()


def test_every_rule_reaches_somebody_whatever_it_is_about(college, directory):
    found = directory_check.check(rules.load(ROOT / "rules", ROOT / "schemas"), directory, college.end, mail=False)
    assert [str(hole) for hole in found.holes] == []
    assert found.reached == found.pairs > 10_000


def test_more_than_thirty_problems_are_planted_each_once(college):
    assert len(college.planted) > 30
    assert len({(one.rule, one.subject) for one in college.planted}) == len(college.planted)


def test_the_truth_is_a_file(college, tmp_path):
    college.write_truth(tmp_path / "truth.json")
    content = json.loads((tmp_path / "truth.json").read_text("utf-8"))
    assert content["day"] == "2026-10-22"
    assert len(content["planted"]) == len(college.planted)
    assert set(content["planted"][0]) == {"scenario", "rule", "subject", "why"}
    assert all(one["why"]["zh"] and one["why"]["en"] for one in content["planted"])
