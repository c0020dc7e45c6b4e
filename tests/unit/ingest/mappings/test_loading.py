"""A mapping file: each mistake is told with its place and what would be right; ours are right."""

import json
import re

import jsonschema_rs
import pytest
import yaml

from services.errors import ProblemsError
from services.ingest.mappings import loading, takes, targets
from services.ingest.mappings.catalog import known_mappings
from tests.unit.ingest.mappings.conftest import SCHEMAS

OURS = SCHEMAS / "mappings"
RIGHT = """mapping: m
source: s
tables:
- to: ticket
  time: 时间
  fields: {ticket: 单号, category: {column: 类别, values: {报修: repair}}, action: {is: created}}
"""


def said(mapping, text):
    with pytest.raises(ProblemsError) as error:
        mapping(text)
    return [str(one) for one in error.value.problems]


def test_a_right_one_says_what_it_says(mapping):
    found = mapping(RIGHT)
    assert (found.name, found.source.id, found.tables[0].to) == ("m", "s", "ticket")


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("to: ticket", "to: tickets", "m.yaml:4:7: unknown to tickets (expected: ticket)"),
        ("ticket: 单号", "tiket: 单号", "m.yaml:6:19: ticket has no field tiket (expected: ticket)"),
        ("time: 时间", "times: 时间", "(expected: time)"),
        ("报修: repair", "报修: repairs", "unknown category repairs (expected: repair)"),
        ("is: created", "is: createt", "unknown action createt (expected: created)"),
        ("{is: created}", "{is: created, column: x}", "action says more than once where its value stands"),
        ("{is: created}", "{as: text}", "action does not say where its value stands"),
        ("{is: created}", "{column: x, as: txt}", "unknown as txt (expected: text)"),
        ("{is: created}", "{column: x, pattern: '('}", "not a pattern: missing ), unterminated subpattern"),
        ("{is: created}", "{column: x, values: nones}", "there are no values nones"),
        ("{is: created}", "{part: x}", "no part is called x"),
        ("{is: created}", "{of: lesson.begin}", "unknown of lesson.begin (expected: lesson.begins)"),
        ("{is: created}", "{cell: 7B}", "7B is not a cell (expected: B2)"),
        ("{is: created}", "{beside: x}", "no sheet is named on which it stands"),
        ("{is: created}", "{column: x, halves: {上午: 8}}", "8 is not a time of day"),
        ("{is: created}", "{is: [created]}", "action cannot be a list or a mapping"),
        ("  time: 时间\n", "", "m.yaml:4:3: ticket needs a time"),
        ("source: s\n", "", "ticket needs a source"),
        ("action: {is: created}", "", "ticket needs action"),
        ("mapping: m", "mapping: M m", "is not a name"),
        ("  time", "  when: {is: x}\n  time", "a condition needs one column or one part"),
        ("  time", "  header_rows: 9\n  time", "a header of 9 rows"),
        ("  time", "  wide: {columns: 月}\n  time", "(expected: {score: 得分})"),
        ("source: s", "source: {id: s, lists: some}", "unknown lists some"),
        (
            "source: s",
            "source: s\ncovers: everything",
            "does not say what the files cover (expected: attendance of its lessons)",
        ),
        ("source: s", "source: s\nterm: {from: 2026-08-31, to: soon}", "soon is not a day"),
        ("source: s", "source: s\nvalues: {x: [1]}", "must be a mapping"),
    ],
)
def test_each_mistake_is_told_with_its_place_and_what_would_be_right(mapping, before, after, told):
    assert before in RIGHT
    problems = said(mapping, RIGHT.replace(before, after, 1))
    assert any(told in one for one in problems), problems
    assert all(re.match(r"m\.yaml:\d+:\d+: ", one) for one in problems)


def test_all_mistakes_are_told_at_once(mapping):
    assert len(said(mapping, RIGHT.replace("ticket: 单号", "tiket: 单号").replace("is: created", "is: no"))) == 3


def test_our_mappings_are_right(known_targets, tmp_path):
    found = known_mappings(OURS, tmp_path, known_targets)
    assert {path.stem for path in OURS.glob("*.yaml")} == found.keys()


def test_a_college_has_its_own_before_ours(known_targets, tmp_path):
    (tmp_path / "helpdesk-tickets.yaml").write_text(RIGHT.replace("mapping: m", "mapping: helpdesk-tickets"), "utf-8")
    (tmp_path / "broken.yaml").write_text("mapping: [", "utf-8")
    found = known_mappings(OURS, tmp_path, known_targets)
    assert not found["helpdesk-tickets"].ours
    assert "broken" not in found


@pytest.fixture(scope="module")
def schema():
    return json.loads((SCHEMAS / "mapping.schema.json").read_text("utf-8"))


@pytest.mark.parametrize("path", sorted(OURS.glob("*.yaml")), ids=lambda path: path.stem)
def test_the_json_schema_takes_our_mappings(schema, path):
    given = json.loads(json.dumps(yaml.safe_load(path.read_text("utf-8")), default=str))
    errors = [str(one) for one in jsonschema_rs.validator_for(schema).iter_errors(given)]
    assert errors == []


@pytest.mark.parametrize(
    "change", [{"tabels": []}, {"tables": [{"to": "ticket", "field": {}}]}, {"tables": [{"to": "x"}]}]
)
def test_the_json_schema_refuses_what_the_language_does_not_know(schema, change):
    assert not jsonschema_rs.validator_for(schema).is_valid({"mapping": "m", "tables": [], **change})


def test_the_json_schema_has_the_keys_of_the_language(schema, known_targets):
    defined = schema["$defs"]
    assert schema["properties"].keys() == loading.MAPPING_KEYS.keys()
    assert defined["table"]["properties"].keys() == loading.TABLE_KEYS.keys()
    assert defined["row"]["properties"].keys() == set(loading.ROW_KEYS)
    assert defined["take"]["properties"].keys() == set(takes.TAKE_KEYS)
    assert defined["part"]["properties"].keys() == set(takes.PART_KEYS)
    assert defined["condition"]["properties"].keys() == set(takes.CONDITION_KEYS)
    assert set(defined["table"]["properties"]["to"]["enum"]) == known_targets.keys()
    assert set(defined["take"]["properties"]["as"]["enum"]) == set(targets.READERS)
    every = [
        *schema["properties"].values(),
        *(one for name in defined for one in defined[name].get("properties", {}).values()),
    ]
    assert all("description" in one or "$ref" in one for one in every)
