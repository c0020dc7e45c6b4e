import json
from datetime import UTC, datetime, timedelta

import pytest

from services.errors import LogError
from services.ingest.intake import Intake, Part
from services.ingest.rejected import retry
from services.ingest.source_report import SourceCounter
from services.ingest.testing import MemoryRejectedStore
from services.messages import CampusEvent

NOW = datetime(2026, 9, 7, 1, 0, tzinfo=UTC)


def encoded(event):
    return json.dumps(event).encode()


def test_a_good_event_is_in_the_log_with_what_the_directory_adds(intake, people, log, attendance):
    people.adds = {"department": "nursing"}
    outcome = intake.take(encoded(attendance()), "api")
    assert (outcome.accepted, outcome.duplicate, outcome.rejections) == (1, 0, [])
    assert log.events[0].data == {"lesson": "L1", "student": "S1", "status": "absent", "department": "nursing"}


def test_the_same_event_again_is_a_duplicate(intake, log, attendance):
    raw = encoded([attendance(), attendance(), attendance(id="2")])
    outcome = intake.take(raw, "api")
    assert (outcome.accepted, outcome.duplicate) == (2, 1)
    assert intake.take(raw, "api").duplicate == 3
    assert len(log.events) == 2


def test_a_higher_revision_is_a_new_event(intake, attendance):
    intake.take(encoded(attendance()), "api")
    assert intake.take(encoded(attendance({"status": "leave"}, revision=1)), "api").accepted == 1


def test_other_content_at_the_same_revision_is_refused_and_says_what_to_send(intake, log, attendance):
    intake.take(encoded(attendance()), "api")
    raw = encoded([attendance(id="2"), attendance({"status": "leave"})])
    (rejection,) = intake.take(raw, "api").rejections
    (problem,) = rejection.reasons
    assert str(problem.what) == "conflict: edu/attendance 1 is known at revision 0 with other content"
    assert str(problem.expected).startswith("revision 1 or higher")
    assert (rejection.position, json.loads(rejection.raw)) == ("event 2", attendance({"status": "leave"}))
    assert log.rejections == [rejection]


@pytest.mark.parametrize("field", ["student", "class", "teacher"])
def test_an_id_that_the_directory_does_not_know_is_refused(field, intake, people, log, attendance):
    people.known = {field: {"known"}}
    raw = encoded(attendance({field: "nobody"}))
    (rejection,) = intake.take(raw, "api").rejections
    assert rejection.reasons[0].where == f"data.{field}"
    assert (rejection.raw, rejection.source) == (raw, "edu/attendance")
    assert log.events == []


def test_the_directory_is_asked_for_each_call_and_at_the_time_of_the_event(validator, log, attendance):
    asked = []

    class Asked:
        def enrich(self, kind, data, at):
            asked.append((kind, at.isoformat()))
            return data, []

    intake = Intake(validator, lambda: asked.append("directory") or Asked(), log, lambda: NOW)
    intake.take_parts([Part("f", [(encoded(attendance(id=str(n))), f"line {n}") for n in range(2)])])
    assert asked == ["directory", *[("attendance", "2026-09-07T00:00:00+00:00")] * 2]


def test_typed_events_are_validated_like_any_other(intake, log):
    good = CampusEvent(source="a", id="1", kind="task", time=NOW, data={
        "task": "t", "department": "d", "due_at": "2026-10-01T00:00:00+08:00", "action": "done",
    })  # fmt: skip
    naive = CampusEvent(source="a", id="2", kind="task", time=NOW.replace(tzinfo=None), data=good.data)
    wrong = CampusEvent(source="a", id="3", kind="task", time=NOW, data={"task": "t"})
    outcome = intake.take_events([good, naive, wrong])
    assert outcome.accepted == 1
    assert [rejection.position for rejection in outcome.rejections] == ["event 2", "event 3"]
    assert str(outcome.rejections[0].reasons[0].what).startswith("time without zone")
    assert log.events[0].data["due_at"] == "2026-09-30T16:00:00Z"


def test_a_typed_event_comes_out_as_the_same_event_as_its_json(intake, attendance):
    raw = encoded(
        attendance({"hours": 2}, revision=2, retracted=True, recordedat="2026-09-07T08:01:00+08:00", term="t")
    )
    assert intake.take(raw, "api").accepted == 1
    (event,) = intake._log.events
    assert intake.take_events([event]).duplicate == 1


def test_nothing_is_acknowledged_when_the_log_is_broken(intake, log, attendance):
    log.broken = True
    with pytest.raises(LogError):
        intake.take(encoded(attendance()), "api")
    with pytest.raises(LogError):
        intake.take(b"nonsense", "api")


def test_rejects_that_pass_on_a_retry_are_done_and_the_others_stay_once(intake, people, log, attendance):
    people.known = {"student": {"S9"}}
    intake.take(encoded([attendance(), attendance(id="2"), attendance({"status": "here"}, id="3")]), "api")
    store = MemoryRejectedStore(log.rejections)
    kept = list(log.rejections)
    people.known = {"student": {"S1"}}

    result = retry(store, intake)

    assert result.passed == [1, 2]
    assert [problem.where for problem in result.failed[3]] == ["data.status"]
    assert list(store.open) == [3]
    assert log.rejections == kept
    assert {event.id for event in log.events} == {"1", "2"}


def test_a_retry_of_a_number_that_nobody_has_says_so(intake):
    result = retry(MemoryRejectedStore(), intake, [7])
    assert result.passed == []
    assert result.failed[7][0].where == "rejection 7"


DOUBTS = {
    "more tested than attended": (
        "test", {"test": "Q", "student": "S", "status": "exempt", "tested": 41, "attended": 40}, "tested_over_attended",
    ),
    "later than the lesson is long": (
        "attendance", {"lesson": "L", "student": "S", "status": "late", "hours": 2, "minutes_late": 121},
        "minutes_late_over_hours",
    ),
    "more hours than the plan has reached": (
        "lesson", {"lesson": "L", "class": "K", "starts_at": "2026-09-07T00:00:00Z", "ends_at": "2026-09-07T01:00:00Z",
                   "status": "held", "hours": 4, "plan_hours": 2}, "hours_over_plan_hours",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("kind", "data", "name"), DOUBTS.values(), ids=DOUBTS)
def test_figures_that_are_hardly_right_are_taken_and_counted_by_their_doubt(validator, people, log, kind, data, name):
    counter = SourceCounter()
    intake = Intake(validator, lambda: people, log, lambda: NOW, counter)
    one = {"specversion": "1.0", "source": "edu", "type": kind, "time": "2026-09-07T00:00:00Z", "data": data}
    sound = {field: value for field, value in data.items() if field not in ("tested", "hours")}
    for event in (one | {"id": "1"}, one | {"id": "2", "retracted": True}, one | {"id": "3", "data": sound}):
        assert intake.take(json.dumps(event).encode(), "api").accepted == 1
    (report,) = counter.due(NOW + timedelta(hours=1))
    assert (report.data["accepted"], report.data["doubtful"], report.data["doubts"]) == (3, 1, {name: 1})
    assert validator.schemas.by_kind["source_report"].is_valid(report.data)
