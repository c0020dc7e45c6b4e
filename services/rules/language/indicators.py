"""A standard that names an indicator is warned on without a rule: the rule is made of it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import Any

from services.messages import Json
from services.rules.language.reading import Place, Report
from services.rules.language.rules import Known, Placed, read_rules
from services.rules.language.standards import Standard


def indicator_rules(
    standards: Iterable[Standard], written: Collection[Placed], known: Known, report: Report
) -> list[Placed]:
    """A rule for each standard with `indicator` that no written rule uses."""
    used = {item.rule.standard for item in written}
    found = []
    for standard in standards:
        if standard.indicator is not None and standard.id not in used:
            rule = _place(_rule(standard, standard.indicator.value), standard.indicator)
            found += read_rules(_place({"rules": [rule]}, standard.indicator), known, report)
    return found


def _rule(standard: Standard, given: dict[str, Place]) -> Json:
    name, level = given["name"].text, given["level"].text
    unit = standard.notes.get("unit", "").replace("{", "{{").replace("}", "}}")
    zh, en = (standard.title[language].replace("{", "{{").replace("}", "}}") for language in ("zh", "en"))
    return {
        "id": "indicator-" + re.sub("[^a-z0-9]+", "-", name.lower()).strip("-"),
        "row": "I1",
        "title": dict(standard.title),
        **({"source": standard.notes["basis"]} if "basis" in standard.notes else {}),
        "on": "indicator",
        "by": ["subject"],
        "where": f"indicator == {name!r} and level == {level!r}",
        "measure": {"value": "value"},
        "levels": {"standard": standard.id},
        "evidence": ["period", "value", "table"],
        "notify": given["notify"],
        "message": {
            "zh": f"{{subject}} 的“{zh}”为 {{value}} {unit}，达到 {{threshold}} {unit} 的界限",
            "en": f"{{subject}}: {en} {{value}} {unit}, at the line of {{threshold}} {unit}",
        },
    }


def _place(value: Any, at: Place) -> Place:
    """What a file would say, all of it where the standard names its indicator."""
    if isinstance(value, Place):
        return value
    place = Place(value, at.file, None)
    place.line, place.column, place.text = at.line, at.column, value if isinstance(value, str) else ""
    if isinstance(value, dict):
        place.value = {name: _place(one, at) for name, one in value.items()}
        for name, one in place.value.items():
            one.name = one.name or name
    elif isinstance(value, list):
        place.value = [_place(one, at) for one in value]
    return place
