"""What people call the ids that a warning is about."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from services.directory.index import Dated, Index
from services.directory.records import Course, Department, Major, Person, SchoolClass, Source, TeachingOffice

_Row = Course | Department | Major | Source | TeachingOffice
_BILINGUAL: dict[str, Callable[[Index], Mapping[str, _Row]]] = {
    "course": lambda index: index.courses,
    "department": lambda index: index.departments,
    "teaching_office": lambda index: index.offices,
    "major": lambda index: index.majors,
    "source_name": lambda index: index.sources,
}
_PEOPLE = ("teacher", "person", "responsible", "owner")


def names(index: Index, context: Mapping[str, str]) -> dict[str, str]:
    """See `Directory.names`."""
    named = dict(context)
    for key, table in _BILINGUAL.items():
        if key in context:
            row = table(index).get(context[key])
            zh = (row and (row.name_zh or row.name_en)) or context[key]
            en = (row and (row.name_en or row.name_zh)) or context[key]
            named |= {key: zh, f"{key}_zh": zh, f"{key}_en": en}
    for key in _PEOPLE:
        if key in context:
            named[key] = _person(index.people, context[key])
    if "student" in context:
        named["student"] = _person(index.students, context["student"])
    if "class" in context:
        named["class"] = _class(index.classes, context["class"])
    return named


def _person(table: Mapping[str, Dated[Person]], id_: str) -> str:
    row = table.get(id_)
    return row[2].name if row else id_


def _class(table: Mapping[str, SchoolClass], id_: str) -> str:
    row = table.get(id_)
    return (row and row.name) or id_
