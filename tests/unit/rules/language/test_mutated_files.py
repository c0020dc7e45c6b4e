"""Rule files that were damaged at random: `check` never raises, and what it accepts the engine can run."""

import random
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.errors import RuleError
from services.rules.engine.engine import Engine
from services.rules.language.load import check, load
from tests.harness import SCHEMAS, packed, school, wire

pytestmark = pytest.mark.properties

BEGIN = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)
RULES = """\
rules:
  - id: absence-streak
    row: S2
    title: {zh: 连续旷课, en: Consecutive absences}
    on: attendance
    by: [student, course]
    where: hours > 0 and status != "leave"
    measure: {streak: status == "absent", skip: status == "late"}
    window: {within: 14d}
    levels: {standard: student.absences}
    evidence: [status, lesson]
    notify: {to: [class_tutor], escalate: [{after: 24h, to: counsellor}]}
    message: {zh: "{student} {value}", en: "{student}: {value}"}
  - id: low-scores
    title: {zh: 低分, en: Low}
    on: test
    by: [student]
    measure: {mean: 100 * score / max_score, min_records: 2}
    window: {calendar: term}
    levels:
      yellow: {below: 60}
      red: {at_least: 3, measure: {count: score < 60}, window: {last: 4}}
    notify: {to: class_tutor}
    message: {zh: 一, en: one}
  - id: no-rollcall
    title: {zh: 一, en: one}
    on: lesson
    by: [lesson]
    where: status in ["planned", "held"]
    measure: {missing: rollcall, after: ends_at}
    levels: {at_least: {yellow: 30m, red: 24h}}
    notify: {to: class_tutor}
    message: {zh: 一, en: one}
    mode: shadow
"""
STANDARDS = """\
standards:
  - id: student.absences
    title: {zh: 缺勤, en: Absences}
    compare: at_least
    approved_on: 2025-06-30
    values:
      - {from: 2025-09-01, target: 0, warning: {yellow: 1, orange: 2, red: 3}}
      - {from: 2026-03-10, scope: {class: k2}, warning: {yellow: 2}}
"""
MORE = """\
rules:
  - id: hours
    title: {zh: 一, en: one}
    on: lesson
    by: [department, teacher]
    where: status == "held"
    measure: {ratio: hours, to: {figure: planned_hours}, min_records: 2, min_distinct: {class: 2}}
    levels:
      yellow: {below: 90, clear: 92}
      orange: {below: 80, measure: {difference: hours, to: plan_hours}}
      red: {at_most: 10, again: [5, 2], measure: {rank: hours, min_peers: 2}, window: {calendar: term}}
    notify: {to: class_tutor}
    message: {zh: 一, en: one}
  - id: better
    title: {zh: 一, en: one}
    on: test
    by: [student]
    measure: {change: score, last: 2, before: 5, min_before: 3}
    levels: {at_least: {praise: 10}, clear: {praise: 5}}
    notify: {to: class_tutor}
    message: {zh: 一, en: one}
  - id: pace
    title: {zh: 一, en: one}
    on: attendance
    by: [student]
    measure: {forecast: hours, from_week: 4, min_sum: 4, min_days: 2}
    window: {calendar: term}
    levels:
      yellow: {at_least: 10}
      orange: {at_least: 50, measure: {period_over_period: status == "absent", against: previous, min_before: 5}}
      red: {at_least: 2, measure: {none: rollcall, where: present > 0}}
    notify: {to: class_tutor}
    message: {zh: 一, en: one}
  - id: failing
    title: {zh: 一, en: one}
    on: test
    by: [student]
    measure: {nested: {mean: score, min_records: 2}, per: course, below: 60}
    window: {calendar: month}
    levels:
      yellow: {at_least: 1}
      orange: {below: -1, measure: {trend: score, per: 7d}}
      red: {above: 4, measure: {distinct: lesson}}
    notify: {to: class_tutor}
    message: {zh: 一, en: one}
  - id: marks
    title: {zh: 一, en: one}
    on: test
    by: [student]
    measure: {min: score}
    levels: {yellow: {below: 20}, red: {below: 60, measure: {max: score}}}
    notify: {to: class_tutor}
    message: {zh: 一, en: one}
  - id: repair
    title: {zh: 一, en: one}
    on: ticket
    by: [ticket]
    measure:
      elapsed: action == "created"
      until: action == "resolved"
      limits: [{where: priority == "urgent", limit: 2h, hours: clock}, {limit: {minutes: 60 * rating}, hours: service}]
      restart: true
    levels: {at_least: {yellow: 50, red: 100}}
    notify: {to: class_tutor}
    message: {zh: 一, en: one}
  - id: concern
    title: {zh: 一, en: one}
    on: warning
    by: [class]
    where: rule in ["failing", "pace"]
    measure: {open: 'open and level == "red"', distinct: student, among: open}
    levels: {at_least: {yellow: 10, red: 20}, again: [30]}
    notify: {to: class_tutor}
    message: {zh: 一, en: one}
"""
"""Every measure that the files below leave out, and every way to give levels."""
CALENDAR = """\
time_zone: Asia/Shanghai
school_year_starts: 09-01
terms:
  - {id: spring, from: 2026-03-01, to: 2026-07-01}
"""
FILES = {"rules.yaml": RULES, "standards/student.yaml": STANDARDS, "calendar.yaml": CALENDAR}
EVENTS = [wire(pack) for pack in packed(school(random.Random(1), 60, BEGIN, timedelta(days=20)), random.Random(1), 20)]
NASTY = st.sampled_from(
    [*"{}[],:#&*!|>'\"%@`-?<= \t\n\r\\0915eEx._/~", "\u3000", "\ud7ff", "\x85", "\ufeff", "null", ": ", ".nan", "1e9"]
)


@st.composite
def damaged(draw, files) -> dict[str, str]:
    name = draw(st.sampled_from(sorted(files)))
    text = files[name]
    for _ in range(draw(st.integers(1, 4))):
        way = draw(
            st.sampled_from(["drop", "double", "replace", "insert", "drop line", "double line", "swap lines", "cut"])
        )
        at = draw(st.integers(0, max(len(text) - 1, 0)))
        lines = text.splitlines(keepends=True) or [""]
        line, other = draw(st.integers(0, len(lines) - 1)), draw(st.integers(0, len(lines) - 1))
        if way == "drop line":
            del lines[line]
        elif way == "double line":
            lines.insert(other, lines[line])
        elif way == "swap lines":
            lines[line], lines[other] = lines[other], lines[line]
        if way.endswith(("line", "lines")):
            text = "".join(lines)
        else:
            new = {"drop": "", "double": text[at : at + 1] * 2, "cut": ""}.get(way)
            new = draw(NASTY) if new is None else new
            width = {"insert": 0, "cut": draw(st.integers(1, 30))}.get(way, 1)
            text = text[:at] + new + text[at + width :]
    return {**files, name: text}


@pytest.fixture(scope="module")
def rules(tmp_path_factory):
    path = tmp_path_factory.mktemp("rules")
    (path / "standards").mkdir()
    return path


def test_the_undamaged_files_are_right(rules):
    (rules / "rules.yaml").write_text(MORE, "utf-8")
    assert load(rules, SCHEMAS).plan.rules
    for name, text in FILES.items():
        (rules / name).write_text(text, "utf-8")
    assert load(rules, SCHEMAS).plan.rules


@settings(max_examples=100, deadline=None)
@given(damaged(FILES))
def test_damaged_files_are_refused_or_run(rules, files):
    for name, text in files.items():
        (rules / name).write_bytes(text.encode())
    rule_set, problems = check(rules, SCHEMAS)
    if rule_set is None:
        assert problems
        assert [str(problem).encode() for problem in problems]
        with pytest.raises(RuleError):
            load(rules, SCHEMAS)
        return
    assert not problems
    msgspec.msgpack.encode(rule_set.cards)
    engine = Engine(rule_set.plan)
    for pack in EVENTS:
        engine.process_many(pack)
    engine.advance(BEGIN + timedelta(days=400))
    engine.readings()
    engine.snapshot()


@settings(max_examples=200, deadline=None)
@given(damaged({"rules.yaml": MORE}))
def test_damaged_rules_of_every_measure_are_refused_or_read(rules, files):
    for name, text in {**FILES, **files}.items():
        (rules / name).write_bytes(text.encode())
    rule_set, problems = check(rules, SCHEMAS)
    assert (rule_set is None) == bool(problems)
    assert [str(problem).encode() for problem in problems] if rule_set is None else rule_set.plan.rules
