import json
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.ingest.schema_errors import reason_name
from services.ingest.schemas import load_schemas
from services.ingest.validation import Validator
from services.messages import CampusEvent, Rejection

SCHEMAS = Path(__file__).parents[3] / "schemas"
NOW = datetime(2026, 9, 7, 1, 0, tzinfo=UTC)

BAD_MESSAGES = {
    "an empty message": (b"", "message", "cut off: nothing is there", "cut_off"),
    "a truncated message": (
        b'{"specversion": "1.0", "sou',
        "message",
        "cut off: the JSON ends in the middle",
        "cut_off",
    ),
    "a message that is no JSON": (b'{"a": 1,}', "message", "not JSON: ", "not_json"),
    "a message in GB18030": ('{"a": "学生"}'.encode("gb18030"), "byte 10", "not UTF-8", "not_utf_8"),
    "NaN": (b'{"data": {"score": NaN}}', "byte 20", "not a number: NaN", "not_a_number"),
    "minus Infinity": (b'{"data": {"score": -Infinity}}', "byte 20", "not a number: -Infinity", "not_a_number"),
    "a number beyond all numbers": (b'{"a": 1e999}', "message", "not JSON: Number out of range", "not_json"),
    "a message nested too deeply": (b"[" * 100_000, "message", "not JSON: nested too deeply", "not_json"),
    "a number instead of an event": (b"17", "message", "not an event: 17", "not_an_event"),
    "null instead of an event": (b"null", "message", "not an event: None", "not_an_event"),
    "half a surrogate": (b'"\\ud800"', "message", "cut off", "cut_off"),
}

BAD_EVENTS = {
    "an unknown kind": ({"type": "attendence"}, "type", "unknown kind: 'attendence'", "attendance"),
    "a missing kind": ({"type": ...}, "type", "missing field: type", "lesson, attendance"),
    "another version of CloudEvents": ({"specversion": "0.3"}, "specversion", "wrong specversion: '0.3'", "1.0"),
    "no source": ({"source": ...}, "source", "missing field: source", "The source"),
    "a source with a blank": ({"source": "a b"}, "source", "wrong text: 'a b'", "no white space"),
    "a source with a line break": ({"source": "a\nb"}, "source", "wrong text: 'a\\nb'", "no white space"),
    "an empty id": ({"id": ""}, "id", "empty: ''", "leave the field out"),
    "an id that is a number": ({"id": 5}, "id", "wrong type: 5", "a text"),
    "a revision below zero": ({"revision": -1}, "revision", "too small: -1", "0 or more"),
    "a misspelt attribute": ({"retract": True}, "retract", "unknown field: 'retract'", "retracted"),
    "binary data": ({"data_base64": "AA=="}, "data_base64", "unknown field: 'data_base64'", "data"),
    "a time without zone": (
        {"time": "2026-09-07T08:00:00"},
        "time",
        "time without zone: '2026-09-07T08:00:00'",
        "2026-09-07T08:00:00+08:00",
    ),
    "a day that does not exist": ({"time": "2026-02-30T08:00:00Z"}, "time", "not a time: ", "RFC 3339"),
    "a leap second": ({"time": "2016-12-31T23:59:60Z"}, "time", "not a time: ", "an instant"),
    "the year zero": ({"time": "0001-01-01T00:00:00+08:00"}, "time", "not a time: ", "an instant"),
    "a future event": ({"time": "2026-09-07T01:05:01Z"}, "time", "in the future: ", "at most 2026-09-07T01:05:00Z"),
    "a missing field": ({"data": {"student": None}}, "data.student", "missing field: student", "Id of the student"),
    "a misspelt field": ({"data": {"lessn": "L"}}, "data.lessn", "unknown field: 'lessn'", "lesson"),
    "a mistyped field": ({"data": {"hours": "2"}}, "data.hours", "wrong type: '2'", "a number"),
    "a number that is true": ({"data": {"hours": True}}, "data.hours", "wrong type: True", "a number"),
    "a number that is too large": ({"data": {"hours": 25}}, "data.hours", "too large: 25", "24 or less"),
    "a status that is none": (
        {"data": {"status": "here"}},
        "data.status",
        "not allowed: 'here'",
        "present, late, early_leave, leave, absent",
    ),
    "a control character": (
        {"data": {"lesson": "L\u0000"}},
        "data.lesson",
        "wrong text: 'L\\x00'",
        "no control characters",
    ),
    "a field that is too long": (
        {"data": {"lesson": "L" * 129}},
        "data.lesson",
        "too long: ",
        "at most 128 characters",
    ),
}


@pytest.mark.parametrize(("raw", "where", "what", "reason"), BAD_MESSAGES.values(), ids=BAD_MESSAGES)
def test_a_bad_message_is_kept_with_where_it_is_wrong(raw, where, what, reason, validator):
    (rejection,) = validator.check(raw, "sent.ndjson", "line 3")
    (problem,) = rejection.reasons
    assert problem.where == where
    assert str(problem.what).startswith(what)
    assert problem.expected
    assert (rejection.raw, rejection.origin, rejection.position) == (raw, "sent.ndjson", "line 3")
    assert rejection.received_at == NOW
    assert reason_name(rejection) == reason


@pytest.mark.parametrize("case", BAD_EVENTS.values(), ids=BAD_EVENTS)
def test_a_bad_event_is_refused_with_what_would_be_right(case, validator, attendance):
    changes, where, what, expected = case
    raw = json.dumps(attendance(**changes)).encode()
    (rejection,) = validator.check(raw, "api", "event 1")
    (problem,) = rejection.reasons
    assert problem.where == where
    assert str(problem.what).startswith(what)
    assert expected in str(problem.expected)
    assert rejection.raw == raw


LESSON = {"lesson": "L", "class": "K"}
RESULT = {"test": "Q", "student": "S", "status": "graded", "score": 50, "max_score": 100}
CONTRADICTIONS = {
    "more present than expected": (
        "rollcall", LESSON | {"expected": 40, "present": 41},
        ("data.present", "contradiction: present is 41, more than expected", "at most 40, or expected of at least 41"),
    ),
    "parts that come to more than expected": (
        "rollcall", LESSON | {"expected": 40, "late": 2, "leave": 1, "absent": 38},
        ("data.late", "contradiction: late + leave + absent is 41, more than expected", "at most 40"),
    ),
    "a score above the highest": (
        "test", RESULT | {"score": 100.5},
        ("data.score", "contradiction: score is 100.5, more than max_score", "at most 100"),
    ),
    "a pass mark above the highest score": (
        "test", RESULT | {"pass_score": 600}, ("data.pass_score", "contradiction: pass_score is 600", "at most 100"),
    ),
}  # fmt: skip


def sent(kind, data, **more):
    envelope = {"specversion": "1.0", "source": "edu", "id": "1", "type": kind, "time": "2026-09-07T00:00:00Z"}
    return {**envelope, **more, "data": data}


@pytest.mark.parametrize(("kind", "data", "expected"), CONTRADICTIONS.values(), ids=CONTRADICTIONS)
def test_figures_that_contradict_each_other_are_refused_unless_they_are_taken_back(kind, data, expected, validator):
    where, what, right = expected
    (rejection,) = validator.check(json.dumps(sent(kind, data)).encode(), "api", "event 1")
    (problem,) = rejection.reasons
    assert problem.where == where
    assert str(problem.what).startswith(what)
    assert str(problem.expected).startswith(right)
    assert reason_name(rejection) == "contradiction"
    (event,) = validator.check(json.dumps(sent(kind, data, retracted=True)).encode(), "api", "event 1")
    assert event.retracted
    typed = msgspec.structs.replace(event, retracted=False)
    assert isinstance(validator.check_event(typed, "import", "event 1"), Rejection)
    assert isinstance(validator.check_event(event, "import", "event 1"), CampusEvent)


def test_contradictions_are_told_with_everything_else_that_is_wrong(validator):
    data = LESSON | {"expected": 40, "present": 41, "absent": 9, "teacher_absent": "yes"}
    (rejection,) = validator.check(json.dumps(sent("rollcall", data)).encode(), "api", "event 1")
    assert sorted(problem.where for problem in rejection.reasons) == ["data.present", "data.teacher_absent"]


@pytest.mark.parametrize(("kind", "data"), [
    ("rollcall", LESSON), ("rollcall", LESSON | {"present": 9}), ("rollcall", LESSON | {"expected": 9}),
    ("rollcall", LESSON | {"expected": 40, "present": 30, "late": 4, "leave": 5, "absent": 1}),
    ("test", RESULT | {"score": 100, "pass_score": 100}), ("test", {**RESULT, "status": "pending", "score": None}),
    ("test", RESULT | {"tested": 41, "attended": 40}),
], ids=str)  # fmt: skip
def test_figures_that_can_all_be_right_are_taken(kind, data, validator):
    (event,) = validator.check(json.dumps(sent(kind, data)).encode(), "api", "event 1")
    assert event.data == data


ENDING = {
    "specversion": "1.0", "source": "edu", "id": "e1", "type": "ending", "time": "2026-03-01T08:00:00Z",
    "data": {"subject_field": "student", "value": "s1", "reason": "left"},
}  # fmt: skip


def test_an_ending_is_refused_from_outside_by_every_way_in(validator):
    typed = msgspec.convert(ENDING, CampusEvent)
    for checked in (
        validator.check(json.dumps(ENDING).encode(), "api", "event 1")[0],
        validator.check_value(ENDING, "file", "row 2"),
        validator.check_event(typed, "import", "row 2"),
    ):
        (problem,) = checked.reasons
        assert problem.where.endswith("type")
        assert str(problem.what) == "Prewarn makes events of kind ending itself"
        assert "directory" in str(problem.expected)


def test_everything_that_is_wrong_is_told_at_once(validator, attendance):
    event = attendance({"student": None, "status": "here", "hours": -1}, specversion="2", time="yesterday")
    (rejection,) = validator.check(json.dumps(event).encode(), "api", "event 1")
    found = [problem.where for problem in rejection.reasons]
    assert sorted(found) == ["data.hours", "data.status", "data.student", "specversion", "time"]


def test_a_future_event_with_other_mistakes_is_told_that_too(validator, attendance):
    event = attendance({"status": "here"}, time="2027-01-01T00:00:00Z")
    (rejection,) = validator.check(json.dumps(event).encode(), "api", "event 1")
    assert [problem.where for problem in rejection.reasons] == ["data.status", "time"]


def test_an_event_five_minutes_ahead_of_the_clock_is_accepted(validator, attendance):
    (event,) = validator.check(json.dumps(attendance(time="2026-09-07T01:05:00Z")).encode(), "api", "event 1")
    assert event.time == datetime(2026, 9, 7, 1, 5, tzinfo=UTC)


def test_times_are_in_utc_whatever_their_zone(validator, attendance):
    data = {"lesson": "L", "class": "K", "status": "held"}
    data |= {"starts_at": "2026-09-07T08:00:00+08:00", "ends_at": "2026-09-07t01:40:00.5z"}
    event = {**attendance(type="lesson", recordedat="2026-09-07T08:12:00+08:00"), "data": data}
    (event,) = validator.check(json.dumps(event).encode(), "api", "event 1")
    assert (event.time.tzinfo, event.time.hour, event.recordedat.hour) == (UTC, 0, 0)
    assert event.data["starts_at"] == "2026-09-07T00:00:00Z"
    assert event.data["ends_at"] == "2026-09-07T01:40:00.500000Z"


def test_whole_floats_and_null_attributes_are_fine(validator, attendance):
    event = attendance({"hours": 2.0}, revision=3.0, term=None, recordedat=None)
    (event,) = validator.check(json.dumps(event).encode(), "api", "event 1")
    assert (event.revision, type(event.revision), event.term) == (3, int, None)


def test_a_byte_order_mark_is_passed_over(validator, attendance):
    (event,) = validator.check(b"\xef\xbb\xbf" + json.dumps(attendance()).encode(), "api", "event 1")
    assert event.id == "1"


def test_each_event_of_an_array_is_judged_alone_and_keeps_its_own_bytes(validator, attendance):
    bad = json.dumps(attendance({"status": "here"}), indent=1)
    raw = f"[{json.dumps(attendance())}, {bad}, 5]".encode()
    good, second, third = validator.check(raw, "f", "line 7")
    assert good.id == "1"
    assert (second.position, second.raw, second.source) == ("line 7, event 2", bad.encode(), "edu/attendance")
    assert (third.position, third.raw, third.source) == ("line 7, event 3", b"5", None)


def test_an_event_above_one_mebibyte_is_refused_and_kept(validator, attendance):
    large = json.dumps({**attendance(), "padding": "x" * (1 << 20)}).encode()
    (rejection,) = validator.check(large, "f", "line 1")
    assert str(rejection.reasons[0].what) == "too large: 1.0 MiB"
    assert rejection.raw == large
    assert rejection.source == "edu/attendance"


def test_a_large_array_of_small_events_is_accepted(validator, attendance):
    events = [attendance({"taken_by": "T" * 100}, id=str(number)) for number in range(5000)]
    checked = validator.check(json.dumps(events).encode(), "api", "")
    assert {type(one) for one in checked} == {CampusEvent}


def test_a_typed_value_that_json_cannot_hold_is_refused(validator, attendance):
    for wrong in (float("nan"), float("inf"), "\ud800", {1, 2}):
        value = attendance({"hours": wrong})
        assert isinstance(validator.check_value(value, "import", "event 1"), Rejection)


def test_a_table_names_rows_and_columns(validator, attendance):
    rejection = validator.check_value(attendance({"status": "here"}, time="x"), "f.csv", "row 17")
    assert [problem.where for problem in rejection.reasons] == ["row 17, column time", "row 17, column status"]


VALIDATOR = Validator(load_schemas(SCHEMAS), lambda: NOW)
TEXT = st.text('aZ0:-/ \x00\n"\\é学\ud800\U0001f600', max_size=8)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
ATTRIBUTES = ["specversion", "source", "id", "type", "time", "revision", "retracted", "recordedat", "term", "data", "x"]
NEARLY = st.dictionaries(
    st.sampled_from(ATTRIBUTES),
    JSON
    | st.sampled_from(["1.0", "attendance", "test", "2026-09-07T00:00:00Z", "9999-12-31T23:59:59-12:00"])
    | st.dictionaries(st.sampled_from(["lesson", "student", "status", "score", "test"]), JSON),
)


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_arbitrary_bytes_never_raise_and_are_kept(raw):
    checked = VALIDATOR.check(raw, "f", "line 1")
    assert all(isinstance(one, Rejection) and one.reasons for one in checked)
    assert checked == [] or b"".join(one.raw for one in checked) in raw or raw.strip().startswith(b"[")


@settings(deadline=None)
@given(NEARLY)
def test_what_is_nearly_an_event_never_raises_and_is_kept(value):
    for checked in (
        *VALIDATOR.check(json.dumps(value).encode(), "f", "line 1"),
        VALIDATOR.check_value(value, "f", "row 2"),
    ):
        assert isinstance(checked, CampusEvent) or (checked.reasons and checked.raw)
