"""The composite: which grades of which parts make which level together."""

from __future__ import annotations

from services.i18n import say
from services.messages import RANK
from services.rules.composite import table_of
from services.rules.engine.measures.composite import GRADE_BITS
from services.rules.engine.plan import Gauge
from services.rules.language.measures.base import Form, Measured, both, present
from services.rules.language.reading import Place, fields, items, word
from services.rules.language.thresholds import WARNING

_MOST_GRADES = 5
_LONGEST = 6
"""Parts of one case."""
_MOST_PARTS = 20


def _composite(given: dict[str, Place], m: Measured) -> Gauge:
    before = len(m.report)
    thing, hit = m.field(given["each"]), m.condition(given["composite"])
    name = word(given["grade"], m.report, say("rules.noun_grade"))
    source = m.named(name, given["grade"])
    grades = _grades(given["grades"], name, m)
    parts = _parts(given["parts"], m) if "parts" in given else []
    cases = _cases(given["cases"], grades, m)
    table = table_of(cases, len(grades)) if cases and len(m.report) == before else ()
    grade = _chosen([f"{source} == {one!r}" for one in grades])
    part = _chosen(parts)
    code = f"({part} and {grade} and {part} << {GRADE_BITS} | {grade})" if parts else grade
    return Gauge(
        measure="composite",
        kind=m.kind,
        member=both(m.record, present(thing)),
        number=thing,
        hit=hit,
        group=code,
        apart="parts" in given,
        table=table,
    )


def _chosen(conditions: list[str]) -> str:
    """Source of the number, from 1, of the first condition that is satisfied; 0: none is."""
    return "(" + "".join(f"{n} if {one} else " for n, one in enumerate(conditions, 1)) + "0)"


def _grades(place: Place, field: str, m: Measured) -> list[str]:
    values = m.kinds[m.kind][field].values if field in m.kinds[m.kind] else ()
    if field in m.kinds[m.kind] and not values:
        having = sorted(name for name, one in m.kinds[m.kind].items() if one.values)
        m.report.add(
            place, say("rules.has_no_fixed_words", field=field), say("rules.field_with_such", fields=", ".join(having))
        )
    found = [word(one, m.report, say("rules.noun_grade"), values or None) for one in items(place, m.report, "grades")]
    if not 0 < len(found) <= _MOST_GRADES or len(set(found)) < len(found):
        m.report.add(place, say("rules.grades_some_words_each_once"), say("rules.at_most", most=_MOST_GRADES))
    return found


def _parts(place: Place, m: Measured) -> list[str]:
    if not isinstance(place.value, dict) or not 0 < len(place.value) <= _MOST_PARTS:
        m.report.add(place, say("rules.parts_must_be_mapping_names"), say("rules.such_as_tests_row_s5"))
        return []
    return [f"({m.condition(condition)})" for condition in place.value.values()]


def _cases(place: Place, grades: list[str], m: Measured) -> tuple[tuple[int, tuple[int, ...]], ...]:
    found = []
    given = fields(place, dict.fromkeys(WARNING, False), m.report, "cases")
    for rank, listed in [(RANK[level], given[level]) for level in WARNING if level in given]:
        for case in items(listed, m.report, listed.name or "cases"):
            if not isinstance(case.value, list) or not 0 < len(case.value) <= _LONGEST:
                m.report.add(case, say("rules.case_list_grades"), say("rules.such_as", case=", ".join(grades[:1] * 2)))
                continue
            wanted = [word(one, m.report, say("rules.noun_grade"), grades) for one in case.value]
            ranks = sorted((grades.index(one) + 1 for one in wanted if one in grades), reverse=True)
            found.append((rank, tuple(ranks)))
    if not found and isinstance(place.value, dict):
        m.report.add(place, say("rules.cases_needs_level"), say("rules.such_as_yellow_yellow_yellow"))
    return tuple(found)


MEASURES = {
    "composite": Form(_composite, {"each": True, "grade": True, "grades": True, "cases": True, "parts": False}),
}
