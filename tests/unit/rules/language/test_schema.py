"""The schemas for editors are current, take every file that the rules come with, and find what is plainly wrong."""

import json
from datetime import date
from pathlib import Path

import jsonschema_rs
import pytest

from services.rules.language.reading import Report, read_yaml
from services.rules.language.schema import texts
from services.settings import resource

ROOT = Path(__file__).parents[4]
RULES = sorted([*(ROOT / "rules").glob("*.yaml"), *(ROOT / "rules" / "examples").glob("*/*.yaml")])
MEASURES = Path(__file__).parents[1] / "engine" / "every_measure"


@pytest.fixture(scope="module")
def validators():
    schemas = ROOT / "schemas"
    return {
        name: jsonschema_rs.validator_for(json.loads((schemas / name).read_text("utf-8"))) for name in texts(schemas)
    }


def plain(place):
    value = place.value
    if isinstance(value, dict):
        return {name: plain(one) for name, one in value.items()}
    if isinstance(value, list):
        return [plain(one) for one in value]
    return value.isoformat() if isinstance(value, date) else value


def read(path):
    report = Report()
    content = read_yaml(path, path.name, report)
    assert not report.problems
    return plain(content)


@pytest.mark.parametrize("name", ["rules.schema.json", "standards.schema.json"])
def test_what_lies_in_schemas_is_what_is_made(name):
    made = texts(resource("schemas"))[name]
    assert (ROOT / "schemas" / name).read_text("utf-8") == made, "run: prewarn rules schema schemas"


@pytest.mark.parametrize(
    "path",
    [
        p
        for p in [*RULES, *sorted(MEASURES.glob("*.yaml")), MEASURES.parent / "teaching" / "rules.yaml"]
        if p.name != "calendar.yaml"
    ],
    ids=lambda p: f"{p.parent.name}-{p.stem}",
)
def test_rule_files_conform(path, validators):
    assert [f"{e.instance_path}: {e.message}" for e in validators["rules.schema.json"].iter_errors(read(path))] == []


@pytest.mark.parametrize("path", sorted((ROOT / "rules").glob("**/standards/*.yaml")), ids=lambda p: p.stem)
def test_standards_conform(path, validators):
    assert [str(error) for error in validators["standards.schema.json"].iter_errors(read(path))] == []


GOOD = {
    "id": "a", "title": {"zh": "一", "en": "one"}, "on": "attendance", "by": ["student"],
    "measure": {"count": 'status == "absent"'}, "levels": {"at_least": {"yellow": 1}}, "notify": {"to": "class_tutor"},
    "message": {"zh": "一", "en": "one"},
}  # fmt: skip


@pytest.mark.parametrize(
    "wrong",
    [
        {"on": "attendence"}, {"id": "A B"}, {"measure": {"counts": "true"}}, {"measure": {"count": "true", "min": 2}},
        {"window": {"within": "two days"}}, {"window": {"calendar": "decade"}},
        {"window": {"within": "10teaching_weeks"}}, {"levels": {"at_least": {"pink": 1}}},
        {"levels": {"at_leest": {"yellow": 1}}}, {"notify": {"to": "tutor"}}, {"title": {"zh": "一"}}, {"mode": "off"},
        {"notify": {"to": "class_tutor", "escalate": [{"after": "soon", "to": "counsellor"}]}}, {"unknown": 1},
    ],
    ids=str,
)  # fmt: skip
def test_what_is_plainly_wrong_is_found(wrong, validators):
    validator = validators["rules.schema.json"]
    assert validator.is_valid({"rules": [GOOD, GOOD | {"window": {"within": "10 teaching_weeks"}}]})
    assert not validator.is_valid({"rules": [GOOD | wrong]})
