"""What the plan holds of each measure: conditions, numbers, groups, limits."""

from dataclasses import dataclass, replace
from typing import Any

import pytest

from services.rules.engine.plan import Gauge, Limit, Window
from services.rules.language.load import load
from services.rules.language.measures import MEASURES
from tests.harness import SCHEMAS
from tests.rule_files import folder, rule

RAW_SCORE = "bounded(f_score, 1000000000000000)"
SCORE, PLANNED = "bounded(f_score, 1000000000)", "bounded(f_planned_hours, 1000000000)"
DAY, TERM = Window(kind="calendar", period="day"), Window(kind="calendar", period="term")
STAGES = "{at_least: {yellow: 50, red: 100}}"
PART = "(1 if ((eq(f_row, 'S1'))) else 2 if ((eq(f_row, 'S5'))) else 0)"
GRADE = "(1 if f_level == 'yellow' else 2 if f_level == 'red' else 0)"
STARTS, STOPS = "(f_action == 'created')", "(f_action == 'resolved')"


@dataclass
class Case:
    name: str
    measure: str
    expected: dict[str, Any]
    on: str = "test"
    window: str = "all"
    by: str = "[course, student]"
    where: str = "true"
    levels: str = "{at_least: {yellow: 2, red: 4}}"


CASES = [
    Case("value is a number as it is", "{value: score}", {"number": RAW_SCORE, "whole": False}),
    Case("value of a record that is enough", "{value: score, given: attempt > 1}",
         {"number": f"({RAW_SCORE} if (gt(f_attempt, 1)) else None)", "whole": False, "asked": "(gt(f_attempt, 1))"}),
    Case("a ratio to enough", "{ratio: attempt, to: 1, min_to: 2.5}",
         {"number": "f_attempt", "other": "bounded(1, 1000000000)", "min_sum": 2.5,
          "member": "((f_attempt) is not None or (bounded(1, 1000000000)) is not None)"}),
    Case("the least is of those that have one", "{min: score}",
         {"member": f"({RAW_SCORE}) is not None", "number": RAW_SCORE, "whole": False}),
    Case("the greatest takes numbers up to the largest", "{max: score * 2}",
         {"number": "bounded(multiplied(f_score, 2), 1000000000000000)", "whole": False,
          "member": "(bounded(multiplied(f_score, 2), 1000000000000000)) is not None"}),
    Case("a count keeps what it counts", "{count: attempt > 1}",
         {"hit": "(gt(f_attempt, 1))", "member": "(gt(f_attempt, 1))"}),
    Case("a count of the last keeps all", "{count: attempt > 1}", {"hit": "(gt(f_attempt, 1))",
         "window": Window(kind="last", size=4)}, window="{last: 4}"),
    Case("a sum of whole numbers", "{sum: attempt}", {"number": "f_attempt", "member": "(f_attempt) is not None"}),
    Case("a mean of enough records and classes", "{mean: score, min_records: 20, min_distinct: {class: 2}}",
         {"number": SCORE, "whole": False, "member": f"({SCORE}) is not None", "min_records": 20, "guard": "f_class",
          "guard_least": 2}),
    Case("a share", "{share: score < 60, min_matching: 3}", {"hit": "(lt(f_score, 60))", "min_matching": 3}),
    Case("a streak leaves out what is skipped", "{streak: score < 60, skip: status == 'exempt'}",
         {"hit": "(lt(f_score, 60))", "member": "not (f_status == 'exempt')"}),
    Case("a ratio to a figure", "{ratio: hours, to: {figure: planned_hours}, min_records: 3}",
         {"number": "bounded(f_hours, 1000000000)", "whole": False, "other": PLANNED,
          "other_whole": False, "figures": (False, True), "min_records": 3,
          "member": f"((bounded(f_hours, 1000000000)) is not None or ({PLANNED}) is not None)"},
         on="lesson", by="[class]"),
    Case("a difference of sums", "{difference: attempt, to: 1}",
         {"number": "f_attempt", "other": "bounded(1, 1000000000)",
          "member": "((f_attempt) is not None or (bounded(1, 1000000000)) is not None)"}),
    Case("different values of a field", "{distinct: class}", {"group": "f_class", "member": "(f_class) is not None"}),
    Case("a change looks at one record and at least all before it", "{change: score, before: 5}",
         {"number": SCORE, "whole": False, "member": f"({SCORE}) is not None", "newest": 1, "before": 5,
          "min_before": 5}),
    Case("a change of several records", "{change: score, last: 2, before: 5, min_before: 3}",
         {"number": SCORE, "whole": False, "member": f"({SCORE}) is not None", "newest": 2, "before": 5,
          "min_before": 3}),
    Case("a trend needs three records", "{trend: score, per: 7d}",
         {"number": SCORE, "whole": False, "member": f"({SCORE}) is not None", "min_records": 3, "per": 604_800_000}),
    Case("a forecast", "{forecast: score, from_week: 4, min_sum: 4.5, min_days: 2}",
         {"number": SCORE, "whole": False, "member": f"({SCORE}) is not None", "from_week": 4, "min_sum": 4.5,
          "min_days": 2, "window": TERM}, window="{calendar: term}"),
    Case("a forecast from the first day on", "{forecast: score}",
         {"number": SCORE, "whole": False, "member": f"({SCORE}) is not None", "window": TERM},
         window="{calendar: term}"),
    Case("a period against last year's", "{period_over_period: score < 60, against: last_year, min_before: 5}",
         {"hit": "(lt(f_score, 60))", "against": "last_year", "min_records": 5, "window": DAY},
         window="{calendar: day}"),
    Case("a period against the one before", "{period_over_period: true, against: previous}",
         {"hit": "True", "window": DAY}, window="{calendar: day}"),
    Case("a rank among ten peers", "{rank: score}",
         {"number": RAW_SCORE, "whole": False, "member": f"({RAW_SCORE}) is not None", "min_records": 10}),
    Case("a rank among three in a term", "{rank: score, min_peers: 3}",
         {"number": RAW_SCORE, "whole": False, "member": f"({RAW_SCORE}) is not None", "min_records": 3,
          "window": TERM},
         window="{calendar: term}"),
    Case("periods without something", "{none: test, where: score >= 60}",
         {"awaited_kind": "test", "awaited": "(ge(f_score, 60))", "window": TERM}, window="{calendar: term}"),
    Case("a mean per course", "{nested: {mean: score, min_records: 2}, per: course, below: 60}",
         {"group": "f_course", "inner_compare": "below", "inner_bound": 60,
          "member": f"(f_course) is not None and ({SCORE}) is not None",
          "inner": Gauge(measure="mean", kind="test", number=SCORE, whole=False, min_records=2)}),
    Case("a share per course", "{nested: {share: score < 60, min_matching: 2}, per: course, above: 10}",
         {"group": "f_course", "inner_compare": "above", "inner_bound": 10, "member": "(f_course) is not None",
          "inner": Gauge(measure="share", kind="test", hit="(lt(f_score, 60))", min_matching=2)}),
    Case("a count per course keeps what it counts", "{nested: {count: attempt > 1}, per: course, at_least: 3}",
         {"group": "f_course", "inner_bound": 3, "member": "(f_course) is not None and (gt(f_attempt, 1))",
          "inner": Gauge(measure="count", kind="test", hit="(gt(f_attempt, 1))")}),
    Case("open warnings", "{open: open}",
         {"hit": "(f_open is True)", "member": "(f_warning) is not None"}, on="warning", where="row == 'S1'"),
    Case("the share of students with an open one", "{open: level == 'red', distinct: student, among: open}",
         {"hit": "(f_level == 'red')", "group": "f_student", "among": "(f_open is True)",
          "member": "(f_warning) is not None"}, on="warning", where="row == 'S1'"),
    Case("a case of parts",
         "{composite: open, each: warning, grade: level, grades: [yellow, red],"
         " parts: {a: row == 'S1', b: row == 'S5'}, cases: {yellow: [[yellow, yellow]], red: [[yellow, red]]}}",
         {"hit": "(f_open is True)", "number": "f_warning", "member": "(f_warning) is not None", "apart": True,
          "group": f"({PART} and {GRADE} and {PART} << 3 | {GRADE})", "table": (("11", 1), ("21", 3), ("22", 3))},
         on="warning", where="row == 'S1'"),
    Case("a case of any parts",
         "{composite: action == 'confirmed', each: ticket, grade: severity, grades: [minor], cases: {red: [[minor]]}}",
         {"hit": "(f_action == 'confirmed')", "number": "f_ticket", "member": "(f_ticket) is not None",
          "group": "(1 if f_severity == 'minor' else 0)", "table": (("1", 3),)}, on="ticket", by="[ticket]"),
    Case("open ones of a figure", "{open: open, of: planned_hours}",
         {"hit": "(f_open is True)", "other": PLANNED, "other_whole": False,
          "member": "(f_warning) is not None"}, on="warning", where="row == 'S1'"),
    Case("a missing event", "{missing: test, after: ends_at, where: score > 0}",
         {"number": "instant(f_ends_at)", "awaited_kind": "test", "awaited": "(gt(f_score, 0))"}, on="lesson",
         by="[lesson]"),
    Case("whether it runs", "{running: action == 'created', until: action == 'resolved'}",
         {"hit": STARTS, "until": STOPS}, on="ticket", by="[ticket]", levels=STAGES),
    Case("stages of a limit by the clock", "{elapsed: action == 'created', until: action == 'resolved', limit: 90s}",
         {"hit": STARTS, "until": STOPS, "limits": (Limit(minutes="1.5"),)}, on="ticket", by="[ticket]", levels=STAGES),
    Case("stages of service hours", "{elapsed: action == 'created', until: action == 'resolved', limit: 3d, "
         "hours: service, restart: true}",
         {"hit": STARTS, "until": STOPS, "limits": (Limit(minutes="1440", service=True),), "restart": True},
         on="ticket", by="[ticket]", levels=STAGES),
    Case("stages of the first limit that fits", "{elapsed: action == 'created', until: action == 'resolved', limits: "
         "[{where: category == 'repair', limit: 1d, hours: clock}, {limit: 4h, hours: service}]}",
         {"hit": STARTS, "until": STOPS, "limits": (
             Limit(where="(f_category == 'repair')", minutes="1440"), Limit(minutes="240", service=True))},
         on="ticket", by="[ticket]", levels=STAGES),
    Case("stages of minutes that the record tells", "{elapsed: action == 'created', until: action == 'resolved', "
         "limit: {minutes: 60 * rating}}",
         {"hit": STARTS, "until": STOPS, "limits": (Limit(minutes="bounded(multiplied(60, f_rating), 1000000000)"),)},
         on="ticket", by="[ticket]", levels=STAGES),
]  # fmt: skip


def gauge(tmp_path, case: Case) -> Gauge:
    window = {} if case.levels == STAGES or "missing" in case.measure else {"window": case.window}
    more = {"where": case.where, **window}
    rules = folder(tmp_path, rule(on=case.on, by=case.by, measure=case.measure, levels=case.levels, **more))
    return load(rules, SCHEMAS).plan.rules[0].gauges[0]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_measure_comes_into_the_plan(tmp_path, case):
    expected = dict(case.expected)
    if case.where != "true":
        expected["member"] = f"(eq(f_row, 'S1')) and {expected['member']}"
    found = gauge(tmp_path, case)
    assert found == Gauge(measure=found.measure, kind=case.on, **{"asked": found.asked, **expected})
    assert found.measure in case.measure


def test_every_measure_has_a_case():
    assert {name for name in MEASURES if any(f"{{{name}:" in case.measure for case in CASES)} == set(MEASURES)


@pytest.mark.parametrize("name", sorted(MEASURES))
def test_only_records_that_satisfy_where_are_members(tmp_path, name):
    case = next(case for case in CASES if case.measure.startswith(f"{{{name}:"))
    other = " and rule == 'x'" if case.on == "warning" else ""
    member = gauge(tmp_path, replace(case, where=f"has(department){other}")).member
    assert member.lstrip("(").startswith("f_department is not None) and" if other else "f_department is not None)")
