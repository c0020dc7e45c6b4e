"""JSON Schemas of the files that people write, for their editors; made from the tables that the files are read with.

What needs more than one look, such as the fields of an event kind inside a condition, `prewarn rules check` says.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from services.directory import ALIASES, ROLES
from services.messages import Json
from services.rules.engine.plan import OPERATORS
from services.rules.language import rules, standards
from services.rules.language.fields import Field, kinds_of_rules, read_fields
from services.rules.language.measures import MEASURES, PERIODS, WEEKS_PATTERN
from services.rules.language.measures.base import Form
from services.rules.language.notifying import NOTIFY, STEP
from services.rules.language.term import TERM
from services.rules.language.thresholds import LEVELS, NO_LEVEL, WARNING

_DRAFT = "https://json-schema.org/draft/2020-12/schema"
_DURATION = {"type": "string", "pattern": "^[0-9]{1,9}[smhdw]$"}
_WIDTH = {"type": "string", "pattern": f"^([0-9]{{1,9}}[smhdw]|{WEEKS_PATTERN})$"}
_NUMBER = {"anyOf": [{"type": "number"}, _DURATION]}
_EXPRESSION = {"type": ["string", "number", "boolean"]}
_TEXT = {"$ref": "#/$defs/text"}
_DEFS: Json = {
    "text": {
        "type": "object",
        "properties": {"zh": {"type": "string"}, "en": {"type": "string"}},
        "required": ["zh", "en"],
        "additionalProperties": False,
    },
    "warning": {"type": "object", "properties": dict.fromkeys(WARNING, _NUMBER), "additionalProperties": False},
    "again": {"type": "array", "items": _NUMBER},
}


def rules_schema(kinds: Mapping[str, Mapping[str, Field]]) -> Json:
    """The JSON Schema of the rule files, `rules/*.yaml`."""
    listed = {"anyOf": [{"type": "array", "items": {"type": "string"}}, {"type": "string"}]}
    known = {
        "id": {"type": "string", "pattern": "^[a-z0-9]+(-[a-z0-9]+)*$"},
        "row": {"type": "string"},
        "title": _TEXT,
        "source": {"type": "string"},
        "on": {"enum": sorted(kinds)},
        "by": listed,
        "where": _EXPRESSION,
        "measure": {"$ref": "#/$defs/measure"},
        "window": {"$ref": "#/$defs/window"},
        "levels": {"$ref": "#/$defs/levels"},
        "evidence": listed,
        "notify": _notify(),
        "message": _TEXT,
        "mode": {"enum": ["live", "shadow"]},
        "term": {"enum": list(TERM)},
    }
    defs = _DEFS | {
        "rule": _object(rules.FIELDS, known),
        "measure": {"oneOf": [_measure(name, form) for name, form in MEASURES.items()]},
        "window": {
            "anyOf": [
                {"const": "all"},
                _object({"last": True}, {"last": {"type": "integer", "minimum": 1}}),
                _object({"within": True}, {"within": _WIDTH}),
                _object({"calendar": True}, {"calendar": {"enum": list(PERIODS)}}),
            ]
        },
        "levels": {
            "anyOf": [
                _object({"standard": True}, {"standard": {"type": "string"}}),
                *(_by_comparison(name) for name in OPERATORS),
                {
                    "type": "object",
                    "properties": {level: _level(level) for level in LEVELS},
                    "additionalProperties": False,
                    "minProperties": 1,
                },
            ]
        },
    }
    top = _object({"rules": True}, {"rules": {"type": "array", "items": {"$ref": "#/$defs/rule"}}})
    return {"$schema": _DRAFT, "$id": "urn:prewarn:rules", "title": "规则文件 / Rules", **top, "$defs": defs}


def standards_schema() -> Json:
    """The JSON Schema of the standards, `rules/standards/*.yaml`."""
    scope = {"type": "object", "properties": {name: {"type": "string"} for name in standards.SCOPES}}
    level = {"anyOf": [_NUMBER, {"const": NO_LEVEL}]}
    warning = {"type": "object", "properties": dict.fromkeys(WARNING, level), "additionalProperties": False}
    value = _object(
        standards.VALUE_FIELDS,
        {
            "from": {"type": "string", "format": "date"},
            "scope": {**scope, "additionalProperties": False},
            "target": {"type": "number"},
            "warning": warning,
            "praise": _NUMBER,
            "clear": {"$ref": "#/$defs/warning"},
            "again": {"$ref": "#/$defs/again"},
        },
    )
    word = {"type": "string"}
    one = _object(
        standards.FIELDS,
        {
            "id": word,
            "title": _TEXT,
            "compare": {"enum": list(OPERATORS)},
            "unit": word,
            "basis": word,
            "set_by": word,
            "approved_on": {"type": "string", "format": "date"},
            "indicator": _object(standards.INDICATOR_FIELDS, {"name": word, "level": word, "notify": _notify()}),
            "values": {"type": "array", "items": value, "minItems": 1},
        },
    )
    top = _object({"standards": True}, {"standards": {"type": "array", "items": one}})
    return {"$schema": _DRAFT, "$id": "urn:prewarn:standards", "title": "标准 / Standards", **top, "$defs": _DEFS}


def texts(schemas: Path) -> dict[str, str]:
    """File name → text of the schemas that are made, given the folder with those of the event kinds."""
    made = {
        "rules.schema.json": rules_schema(kinds_of_rules(read_fields(schemas))),
        "standards.schema.json": standards_schema(),
    }
    return {name: json.dumps(schema, ensure_ascii=False, indent=1) + "\n" for name, schema in made.items()}


def _notify() -> Json:
    role = {"enum": sorted({*ROLES, *ALIASES})}
    step = _object(STEP, {"after": _DURATION, "to": role, "clock": {"type": "boolean"}})
    return _object(
        NOTIFY,
        {
            "to": {"anyOf": [role, {"type": "array", "items": role}]},
            "escalate": {"type": "array", "items": step},
            "always": {"type": "boolean"},
            "from": {"enum": list(WARNING)},
            "max_age": _DURATION,
            "settle": _DURATION,
            "summary": _DURATION,
            "outcome": {"type": "string"},
            "mutes": {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]},
        },
    )


def _object(fields: Mapping[str, bool], known: Mapping[str, Any]) -> Json:
    """A mapping with exactly these fields; a field without a schema of its own may be anything."""
    return {
        "type": "object",
        "properties": {name: known.get(name, True) for name in fields},
        "required": [name for name, required in fields.items() if required],
        "additionalProperties": False,
    }


def _measure(name: str, form: Form) -> Json:
    counts = {
        one: {"type": "integer", "minimum": count.least, "maximum": count.most} for one, count in form.counts.items()
    }
    guard = {"min_distinct": {"type": "object", "minProperties": 1, "maxProperties": 1}} if form.guarded else {}
    return _object({name: True, **form.known}, {**counts, **guard})


def _by_comparison(name: str) -> Json:
    levels = {"type": "object", "properties": dict.fromkeys(LEVELS, _NUMBER), "additionalProperties": False}
    fields = {name: True, "clear": False, "again": False}
    return _object(fields, {name: levels, "clear": {"$ref": "#/$defs/warning"}, "again": {"$ref": "#/$defs/again"}})


def _level(level: str) -> Json:
    fields = dict.fromkeys((*OPERATORS, "clear", "measure", "window", *(("again",) if level == "red" else ())), False)
    known: Json = dict.fromkeys((*OPERATORS, "clear"), _NUMBER)
    refs = {"measure": "measure", "window": "window", "again": "again"}
    return _object(fields, known | {name: {"$ref": f"#/$defs/{ref}"} for name, ref in refs.items()})
