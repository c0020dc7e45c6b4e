import json
import re
from pathlib import Path

import jsonschema_rs
import pytest

from services.errors import ConfigurationError
from services.ingest.schemas import load_schemas

SCHEMAS = Path(__file__).parents[3] / "schemas"

KINDS = [
    *("assessment", "attendance", "ending", "feedback", "indicator", "leave", "lesson", "rollcall", "self_assessment"),
    *("source_report", "task", "test", "test_standard", "ticket", "warning"),
]
DOCUMENTS = {
    path.name.removesuffix(".v1.json"): json.loads(path.read_text("utf-8")) for path in SCHEMAS.glob("*.v1.json")
}
CHINESE = re.compile(r"[\u4e00-\u9fff]")
BOTH = re.compile(r".*[\u4e00-\u9fff].* / .*[A-Za-z].*")

every_schema = pytest.mark.parametrize("name", [*KINDS, "envelope"])


def test_there_is_a_schema_for_each_kind_of_the_domain(schemas):
    assert list(schemas.kinds()) == KINDS


@every_schema
def test_every_schema_is_a_valid_json_schema(name):
    jsonschema_rs.meta.validate(DOCUMENTS[name])
    assert DOCUMENTS[name]["$schema"].endswith("2020-12/schema")
    assert DOCUMENTS[name]["additionalProperties"] is False


@every_schema
def test_every_schema_and_every_field_speaks_chinese_and_english(name):
    document = DOCUMENTS[name]
    assert CHINESE.search(document["x-title"]["zh"])
    assert document["x-title"]["en"].isascii()
    assert document["title"] == f"{document['x-title']['zh']} / {document['x-title']['en']}"
    unclear = [field for field, told in document["properties"].items() if not BOTH.fullmatch(told["description"])]
    assert BOTH.fullmatch(document["description"])
    assert unclear == []


@pytest.mark.parametrize("kind", KINDS)
def test_the_examples_of_every_kind_are_accepted(kind, validator, attendance):
    examples = DOCUMENTS[kind]["examples"]
    assert examples
    for example in examples:
        event = {**attendance(type=kind), "data": example}
        if DOCUMENTS[kind].get("x-made-by") == "prewarn":  # nobody may send it, but it is right
            assert validator.schemas.by_kind[kind].is_valid(example)
            continue
        (checked,) = validator.check(json.dumps(event).encode(), "test", "line 1")
        assert getattr(checked, "reasons", []) == []


def test_the_example_of_the_envelope_is_accepted(validator):
    (example,) = DOCUMENTS["envelope"]["examples"]
    (checked,) = validator.check(json.dumps(example).encode(), "test", "line 1")
    assert checked.kind == "attendance"


@pytest.mark.parametrize("kind", KINDS)
def test_what_the_schemas_refer_to_among_their_own_fields_exists(kind):
    document = DOCUMENTS[kind]
    fields = set(document["properties"])
    ordered = {field for pair in document.get("x-ordered", ()) for field in pair}
    limits = [*document.get("x-at-most", ()), *document.get("x-doubtful", ())]
    limited = {field for names, most, *_ in limits for field in (*names, most)}
    known_at = [document["x-known-at"]] if "x-known-at" in document else []
    named = {*document["required"], *document["x-complete"], *ordered, *limited, *known_at}
    assert named <= fields
    assert known_at == ["known_at"] * ("known_at" in fields)


def test_a_folder_without_schemas_is_a_configuration_error(tmp_path):
    with pytest.raises(ConfigurationError, match="envelope"):
        load_schemas(tmp_path)


def test_a_file_that_is_no_schema_is_a_configuration_error_with_its_name(tmp_path):
    (tmp_path / "test.v1.json").write_text('{"type": 5, "properties": {}}')
    with pytest.raises(ConfigurationError, match=r"test\.v1\.json: not a JSON Schema"):
        load_schemas(tmp_path)


def test_a_kind_that_the_envelope_does_not_list_is_a_configuration_error(tmp_path):
    for path in SCHEMAS.glob("*.v1.json"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "test.v1.json").rename(tmp_path / "exam.v1.json")
    with pytest.raises(ConfigurationError, match="differ in the kinds exam, test"):
        load_schemas(tmp_path)


BAD_DATA = {
    "a graded test without a score": (
        "test",
        {"test": "Q", "student": "S", "status": "graded", "max_score": 9},
        "data.score",
    ),
    "a graded test with a null score": (
        "test",
        {"test": "Q", "student": "S", "status": "graded", "max_score": 9, "score": None},
        "data.score",
    ),
    "a graded test without the highest score": (
        "test",
        {"test": "Q", "student": "S", "status": "graded", "score": 9},
        "data.max_score",
    ),
    "a rated ticket without a rating": (
        "ticket",
        {"ticket": "R", "category": "repair", "action": "rated"},
        "data.rating",
    ),
    "a verdict without a verdict": ("feedback", {"warning": "w", "rule": "r", "action": "verdict"}, "data.verdict"),
    "a rating in detail that nobody knows": (
        "assessment",
        {
            "period": "2026-09",
            "course": "C",
            "teacher": "T",
            "student": "S",
            "overall": "good",
            "ratings": {"attitud": "good"},
        },
        "data.ratings.attitud",
    ),
    "a month that is none": (
        "assessment",
        {"period": "2026-13", "course": "C", "teacher": "T", "student": "S", "overall": "good"},
        "data.period",
    ),
    "a lesson that ends before it starts": (
        "lesson",
        {
            "lesson": "L",
            "class": "K",
            "starts_at": "2026-09-07T08:00:00Z",
            "ends_at": "2026-09-07T08:30:00+08:00",
            "status": "held",
        },
        "data.ends_at",
    ),
}


@pytest.mark.parametrize(("kind", "data", "where"), BAD_DATA.values(), ids=BAD_DATA)
def test_fields_that_contradict_each_other_are_refused(kind, data, where, validator, attendance):
    event = {**attendance(type=kind), "data": data}
    (checked,) = validator.check(json.dumps(event).encode(), "test", "line 1")
    assert [problem.where for problem in checked.reasons] == [where]


def test_a_test_without_score_is_fine_unless_it_is_graded(validator, attendance):
    data = {"test": "Q", "student": "S", "status": "pending", "score": None}
    (checked,) = validator.check(json.dumps({**attendance(type="test"), "data": data}).encode(), "test", "line 1")
    assert checked.data["score"] is None


def test_a_rollcall_may_leave_students_unaccounted_for(validator, attendance):
    data = {"lesson": "L", "class": "K", "expected": 42, "present": 30, "late": 2}
    (checked,) = validator.check(json.dumps({**attendance(type="rollcall"), "data": data}).encode(), "test", "line 1")
    assert checked.kind == "rollcall"
