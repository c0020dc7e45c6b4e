"""Which value of a standard applies: scopes, and dates that begin by time alone."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.harness import event, rule_set, run
from tests.oracle import evaluator
from tests.rule_files import folder, rule

AT = datetime(2026, 3, 2, 8, tzinfo=UTC)
SCOPED = """
- id: student.number
  title: {zh: 一, en: one}
  compare: at_least
  values:
    - {from: 2020-01-01, warning: {yellow: 100}}
    - {from: 2020-01-01, scope: {course: c}, warning: {yellow: 3}}
    - {from: 2020-01-01, scope: {class: c}, warning: {yellow: 2}}
    - {from: 2020-01-01, scope: {student: c}, warning: {yellow: 1}}
"""
DATED = """
- id: student.number
  title: {zh: 一, en: one}
  compare: at_least
  values:
    - {from: 2026-03-10, warning: {yellow: 3}}
    - {from: 2026-03-12, warning: {yellow: 1, red: 2}}
    - {from: 2026-03-14, scope: {class: k2}, warning: {red: 1}}
    - {from: 2026-03-16, warning: {yellow: 5}}
"""


def both(path, standards, on, by, events, now):
    """(rule, subject, level, status, threshold, opened, closed) by the engine and by the slow evaluator."""
    levels = "{standard: student.number}"
    rules = folder(path, rule(on=on, by=by, measure="{count: true}", levels=levels), standards=standards)
    reader, _ = run(rule_set(rules).plan, [events], now)
    slow = evaluator.evaluate(*evaluator.load(rules), events, now)
    found = [(w[1], w[2], w[4], w[6], w[7], w[8]) for w in reader.warnings()]
    return found, [(e.subject, e.level, e.status, e.threshold, e.opened_at, e.closed_at) for e in slow]


@pytest.mark.parametrize("on", ["ticket", "attendance"])
def test_a_scope_that_the_kind_cannot_have_never_fits_and_moves_no_other(tmp_path, on):
    data = {"class": "c", "ticket": "t", "student": "s", "lesson": "l", "status": "absent"}
    events = [event(on, AT + timedelta(hours=n), str(n), **data) for n in range(2)]
    found, expected = both(tmp_path, SCOPED, on, "[class]", events, AT + timedelta(days=1))
    assert found == expected
    assert [w[1:4] for w in found] == [("yellow", "open", 2)]


def test_a_value_that_begins_later_levels_open_and_silent_subjects_anew_by_time_alone(tmp_path):
    counts = {"three": ("k1", 3), "two": ("k1", 2), "one": ("k2", 1), "none-before": ("k1", 1)}
    events = [
        event(
            "attendance",
            AT + timedelta(hours=n),
            f"{who}-{n}",
            student=who,
            lesson="l",
            status="absent",
            **{"class": k},
        )
        for who, (k, times) in counts.items()
        for n in range(times)
    ]
    found, expected = both(tmp_path, DATED, "attendance", "[student]", events, AT + timedelta(days=20))
    assert found == expected
    midnight = {day: datetime(2026, 3, day - 1, 16, tzinfo=UTC) for day in (10, 12, 14, 16)}
    assert [(w[0], w[1], *w[4:]) for w in found] == [
        ("none-before", "yellow", midnight[12], midnight[16]),
        ("one", "red", midnight[12], None),
        ("three", "red", midnight[10], midnight[16]),
        ("two", "red", midnight[12], midnight[16]),
    ]
