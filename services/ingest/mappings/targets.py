"""What rows can become (an event kind, a table of the directory, a row of the timetable), and how fields are read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from services.directory.records import TABLES
from services.ingest.mappings.enrolments import CHANGES, LEFT, MOVED, RETURNED, SUSPENDED
from services.ingest.schemas import Schema, Schemas

DIRECTORY = "directory/"
TIMETABLE = "timetable"
_CHANGES = DIRECTORY + CHANGES
HELPERS = {
    "day": "day",
    "sections": "sections",
    "weeks": "weeks",
    "name": "name",
    "begins": "time",
    "class": "class",
    "course": "course",
    "student": "student",
    "department": "department",
}
"""Fields that help to find others, and are not told."""
_NAMED = {
    "student": "student",
    "class": "class",
    "course": "course",
    "teacher": "person",
    "taken_by": "person",
    "department": "department",
    "teaching_office": "teaching_office",
    "major": "major",
}
_BY_TYPE = {"integer": "integer", "number": "number", "boolean": "truth", "object": "text", "array": "list"}
_OF_DIRECTORY = {
    "class": "class",
    "teacher": "person",
    "person": "person",
    "substitute": "person",
    "owner": "person",
    "department": "department",
    "teaching_office": "teaching_office",
    "major": "major",
    "student": "student",
    "scope": "scope",
    "from": "day",
    "to": "day",
    "planned_hours": "number",
    "rank": "integer",
    "cohort": "cohort",
}
_OF_TIMETABLE: Mapping[str, tuple[Mapping[str, str], tuple[str, ...]]] = {
    TIMETABLE: (
        {
            "class": "class",
            "course": "course",
            "teacher": "text",
            "when": "text",
            "weekday": "text",
            "day": "day",
            "sections": "sections",
            "weeks": "weeks",
            "room": "text",
        },
        ("class", "course"),
    ),
    f"{TIMETABLE}/changes": (
        {
            "class": "class",
            "course": "course",
            "day": "day",
            "sections": "sections",
            "status": "word",
            "to_day": "day",
            "to_sections": "sections",
            "room": "text",
            "teacher": "text",
            "said": "moment",
        },
        ("class", "course", "day", "sections"),
    ),
    f"{TIMETABLE}/sections": (
        {"sections": "sections", "begins": "time", "ends": "time", "from": "day", "to": "day"},
        ("sections", "begins", "ends"),
    ),
    f"{TIMETABLE}/days": ({"from": "day", "to": "day", "follows": "day", "lessons": "text"}, ("from",)),
}
"""Target → (field → how it is read, the fields that it needs)."""
READERS = (
    "text",
    "id",
    "name",
    "number",
    "integer",
    "truth",
    "day",
    "time",
    "moment",
    "month",
    "span",
    "sections",
    "weeks",
    "cohort",
    "student",
    "person",
    "class",
    "course",
    "department",
    "teaching_office",
    "major",
    "scope",
    "lesson",
    "word",
    "list",
)


class Target(NamedTuple):
    """What rows can become: its fields, and how each is read."""

    name: str
    readers: Mapping[str, str]
    """Field → how it is read, unless a mapping says otherwise."""
    required: tuple[str, ...]
    values: Mapping[str, tuple[str, ...]]
    """Field → the values that it can have, where they are few."""
    timed: bool = False
    """Whether it has a time."""


def targets(schemas: Schemas) -> dict[str, Target]:
    """All of them by name; kinds that Prewarn makes itself are none."""
    found = {kind: _event(kind, schema) for kind, schema in schemas.by_kind.items() if not schema.ours}
    for name, table in TABLES.items():
        readers = {field: _reader_of(name, field) for field in table.columns}
        required = tuple(field for field, column in table.columns.items() if column.required)
        found[DIRECTORY + name] = Target(DIRECTORY + name, readers, required, _VALUES.get(name, {}))
    changes = {"student": "student", "change": "word", "day": "day", "class_before": "class", "class_after": "class"}
    found[_CHANGES] = Target(_CHANGES, changes, ("student", "change"), _VALUES[CHANGES])
    for name, (of_plan, needed) in _OF_TIMETABLE.items():
        found[name] = Target(name, of_plan, needed, _VALUES.get(name, {}))
    return found


_VALUES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "students": {"status": ("enrolled", "suspended")},
    CHANGES: {"change": (LEFT, SUSPENDED, MOVED, RETURNED)},
    "sources": {"lists": ("all", "exceptions_only")},
    "people": {"language": ("zh", "en")},
    f"{TIMETABLE}/changes": {"status": ("moved", "cancelled", "substituted")},
    "roles": {"scope_kind": ("class", "major", "department", "teaching_office", "course", "source", "college")},
}


def _event(kind: str, schema: Schema) -> Target:
    readers = {name: _of_property(name, field) for name, field in schema.properties.items()}
    values = {name: tuple(field["enum"]) for name, field in schema.properties.items() if "enum" in field}
    return Target(kind, readers, schema.required, values, timed=True)


def _of_property(name: str, field: Mapping[str, Any]) -> str:
    types = field.get("type", "string")
    plain = types if isinstance(types, str) else next(one for one in types if one != "null")
    if field.get("format") == "date-time":
        return "moment"
    if "enum" in field:
        return "word"
    return _NAMED.get(name) or _BY_TYPE.get(plain) or ("id" if name in _IDS else "text")


_IDS = {"lesson", "test", "ticket", "leave", "task", "indicator", "subject", "period"}


def _reader_of(table: str, field: str) -> str:
    if field in _VALUES.get(table, {}):
        return "word"
    if field == "department" and table == "departments":
        return "department"
    if field == "id":
        return "id"
    if field == "name" and table in ("people", "students"):
        return "name"
    return _OF_DIRECTORY.get(field, "text")
