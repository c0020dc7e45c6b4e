"""The description of the API: valid by OpenAPI's own schema, and true of what is taken and answered."""

import json
from dataclasses import replace
from pathlib import Path

import jsonschema_rs
import pytest

from services.ingest.openapi import description
from tests.unit.ingest.test_access import Way

FORMAT = Path(__file__).parent / "openapi-3.1.schema.json"
"""https://spec.openapis.org/oas/3.1/schema/2022-10-07 (OAI/OpenAPI-Specification, Apache-2.0)."""


@pytest.fixture(scope="module")
def document(schemas):
    return description(schemas)


@pytest.fixture
def way(schemas, validator):
    return Way(schemas, validator)


def of(document, name):
    """The validator of one of its schemas."""
    return jsonschema_rs.Draft202012Validator(
        {"$ref": f"#/components/schemas/{name}", "components": document["components"]}, validate_formats=True
    )


def test_it_conforms_to_openapi_3_1(document):
    validator = jsonschema_rs.Draft202012Validator(json.loads(FORMAT.read_text("utf-8")))
    assert [str(error) for error in validator.iter_errors(document)] == []
    assert list(validator.iter_errors(document | {"paths": {"/v1/events": {"post": {"responses": {"2xxx": 1}}}}}))


def test_every_reference_leads_somewhere(document):
    for name in document["components"]["schemas"]:
        of(document, name)  # raises for one that does not
    text = json.dumps(document)
    assert '"$id"' not in text
    assert '"$schema"' not in text


def test_it_has_the_kinds_that_a_source_may_send(document, schemas):
    theirs = {kind for kind, schema in schemas.by_kind.items() if not schema.ours}
    assert set(document["components"]["schemas"]["event"]["discriminator"]["mapping"]) == theirs
    assert set(document["components"]["schemas"]["envelope"]["properties"]["type"]["enum"]) == theirs
    assert "warning" not in theirs


def test_it_takes_the_examples_of_the_schemas_as_the_api_does(document, schemas, validator):
    event, envelope = of(document, "event"), schemas.envelope.document["examples"][0]
    for kind, schema in schemas.by_kind.items():
        for example in schema.document.get("examples", ()):
            one = {**envelope, "type": kind, "data": example}
            assert event.is_valid(one) is not schema.ours, kind


def test_an_id_may_be_left_out_where_the_key_is_the_name(schemas, attendance):
    nameless = attendance(id=...)
    assert of(description(schemas), "event").is_valid(nameless)
    keyless = replace(schemas.by_kind["attendance"], key=())
    without = replace(schemas, by_kind=schemas.by_kind | {"attendance": keyless})
    assert not of(description(without), "event").is_valid(nameless)


@pytest.mark.parametrize(
    ("changed", "taken"),
    [
        ({"id": ...}, True), ({"revision": 1, "retracted": True}, True), ({"source": "a b"}, False),
        ({"type": "warning"}, False), ({"data": {"lesson": "L1"}}, False), ({"retraced": True}, False),
        ({"time": "2026-09-07"}, False), ({"time": ...}, False),
    ],
    ids=str,
)  # fmt: skip
def test_it_takes_and_refuses_as_the_api_does(changed, taken, document, way, attendance):
    event = {name: value for name, value in {**attendance(), **changed}.items() if value is not ...}
    assert of(document, "event").is_valid(event) is taken
    assert way.ask(event).status_code == (202 if taken else 422)


def test_answers_are_as_it_says(document, way, attendance):
    responses = document["paths"]["/v1/events"]["post"]["responses"]

    def check(answer):
        media_type = answer.headers["content-type"]
        schema = responses[str(answer.status_code)]["content"][media_type]["schema"]["$ref"].rpartition("/")[2]
        assert [str(error) for error in of(document, schema).iter_errors(answer.json())] == []
        for name in responses[str(answer.status_code)].get("headers", {}):
            assert name in answer.headers
        return answer.status_code

    bad = attendance({"status": "here"}, id="2")
    seen = [check(way.ask([attendance(), bad])), check(way.ask(bad)), check(way.ask(client="10.0.0.1"))]
    seen += [check(way.ask(path="/v1/events?past=x")), check(way.ask(media_type="text/plain"))]
    way.log.broken = True
    seen.append(check(way.ask(attendance(id="3"))))
    way.log.broken = False
    token = way.token("edu", per_minute=1)
    seen += [check(way.ask()), check(way.ask(b"x" * (11 << 20), token=token)), check(way.ask(b"{}", token=token))]
    seen += [check(way.ask(b"{}", token=token))]
    assert sorted(set(seen)) == [int(status) for status in responses]
