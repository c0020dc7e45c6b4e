"""What is allowed and probably not meant is said, with file, line and column."""

from datetime import UTC, datetime

import pytest
from typer.testing import CliRunner

from services import directory as directories
from services.cli import app
from services.messages import EscalationStep
from services.operate.rule_doubts import doubts
from services.rules.language.fields import read_fields
from services.rules.language.lint import lint
from services.rules.language.load import load
from tests.harness import SCHEMAS, rule_set
from tests.rule_files import folder, rule

KINDS = read_fields(SCHEMAS)


def found(path, **about):
    return [str(one) for one in lint(rule_set(folder(path, rule("r", **about))), KINDS)]


@pytest.mark.parametrize(
    ("about", "what"),
    [
        ({"measure": "{share: status == 'late'}", "levels": "{at_least: {yellow: 10, red: 101}}"},
         ["red of r can never be reached: share is at_least 101 at no time (expected: a number from 0 to 100)"]),
        ({"measure": "{share: status == 'late'}", "levels": "{above: {yellow: 100}}"},
         ["yellow of r can never be reached: share is above 100 at no time (expected: a number from 0 to 100)",
          "r can never warn (expected: a level that can be reached)"]),
        ({"measure": "{share: status == 'late'}", "levels": "{below: {yellow: 0}}"},
         ["yellow of r can never be reached: share is below 0 at no time (expected: a number from 0 to 100)",
          "r can never warn (expected: a level that can be reached)"]),
        ({"measure": "{share: status == 'late'}", "levels": "{at_most: {yellow: 100, red: 50}}"},
         ["yellow of r is reached by every value: share is always at_most 100 (expected: a number from 0 to 100)"]),
        ({"measure": "{count: true}", "window": "{last: 4}", "levels": "{at_least: {yellow: 4, red: 5}}"},
         ["red of r can never be reached: count is at_least 5 at no time (expected: a number from 0 to 4)"]),
        ({"measure": "{streak: status == 'late'}", "levels": "{at_least: {yellow: 0}}"},
         ["yellow of r is reached by every value: streak is always at_least 0 (expected: a number from 0 on)"]),
        ({"on": "ticket", "by": "[ticket]", "measure": "{running: true, until: rating > 4}",
          "levels": "{at_least: {yellow: 1, red: 2}}"},
         ["red of r can never be reached: running is at_least 2 at no time (expected: a number from 0 to 1)"]),
        ({"on": "ticket", "by": "[responsible]", "levels": "{at_least: {yellow: 1, orange: 2, red: 3}}",
          "measure": "{composite: true, each: ticket, grade: severity, grades: [minor], cases: {orange: [[minor]]}}"},
         ["red of r can never be reached: composite is at_least 3 at no time (expected: a number from 0 to 2)"]),
        ({"measure": "{count: true}", "levels": "{at_least: {praise: 0}}", "notify": "{to: class_tutor, summary: 10m}"},
         []),
        ({"measure": "{count: true}", "levels": "{at_least: {yellow: 1}}", "notify": "{to: class_tutor, mutes: [S99]}"},
         ["r mutes S99, of which there is no rule"]),
        ({"measure": "{share: status == 'late'}", "levels": "{at_least: {yellow: -5}}"},
         ["yellow of r is reached by every value: share is always at_least -5 (expected: a number from 0 to 100)"]),
        ({"measure": "{sum: hours}", "levels": "{at_least: {yellow: -4}}"},
         ["yellow of r is reached by every value: sum is always at_least -4 (expected: a number from 0 on)"]),
        ({"measure": "{ratio: '3 * hours if status == \"late\" else 1', to: {figure: 300}}",
          "levels": "{above: {yellow: -1}}"},
         ["yellow of r is reached by every value: ratio is always above -1 (expected: a number from 0 on)"]),
        ({"measure": "{sum: 'hours - 1'}", "levels": "{at_least: {yellow: -4}}"}, []),
        ({"on": "indicator", "by": "[subject]", "measure": "{value: value}", "levels": "{at_most: {yellow: -4}}"}, []),
        ({"measure": "{sum: hours}", "levels": "{at_least: {yellow: 1000000}}"}, []),
        ({"measure": "{count: true}", "levels": "{at_least: {yellow: 1}}"}, []),
    ],
    ids=str,
)  # fmt: skip
def test_levels_that_cannot_mean_what_they_say(tmp_path, about, what):
    assert [one.split(": ", 1)[1] for one in found(tmp_path, **about)] == what


HIDES = (
    "r leaves records out by {}, and a newer one that is left out ends no warning (expected: the guard in the measure"
)
LESSON = {"on": "rollcall", "by": "[lesson]", "measure": "{value: present}"}
FIGURE = {"on": "indicator", "by": "[subject]", "measure": "{value: value}"}
SCORE = {"on": "test", "measure": "{value: score}"}
REPORT = {"on": "source_report", "by": "[source_name]", "measure": "{ratio: late, to: accepted + duplicate}"}
HIDING = {
    "a figure": (LESSON | {"where": "expected >= 10"}, "expected"),
    "a figure turned about": (FIGURE | {"where": "not (15 > n) and level == 'major'"}, "n"),
    "its own figure": (SCORE | {"where": "score < 60"}, "score"),
    "what a ratio is to": (REPORT | {"where": "accepted > 9"}, "accepted"),
    "a guard in the measure": (LESSON | {"measure": "{value: present, given: expected >= 10}"}, None),
    "a sum that must be reached": (REPORT | {"measure": "{ratio: late, to: accepted, min_to: 50}"}, None),
    "a subject of one record": (SCORE | {"by": "[event]", "where": "score < 60"}, None),
    "words and numbers that name": (SCORE | {"where": "status == 'graded' and attempt == 1 and has(score)"}, None),
    "another figure of a ratio": (REPORT | {"where": "incomplete < 9"}, None),
    "a count": (SCORE | {"where": "score < 60", "measure": "{count: true}"}, None),
}


@pytest.mark.parametrize(("about", "name"), HIDING.values(), ids=HIDING)
def test_a_where_that_leaves_out_what_would_end_a_warning_is_doubted(tmp_path, about, name):
    told = found(tmp_path, levels="{at_least: {yellow: 50}}", **about)
    assert [one.split(": ", 1)[1].partition(", such")[0] for one in told] == ([HIDES.format(name)] if name else [])


OPEN = {"on": "warning", "by": "[student]", "measure": "{open: open}", "levels": "{at_least: {yellow: 1}}"}


@pytest.mark.parametrize(
    ("about", "doubted"),
    [
        ({"where": "rule == 'q'"}, True),
        ({"where": "rule == 'q'", "measure": "{count: level == 'red'}"}, True),
        ({"where": "rule == 'q' and change != 'deadline'"}, False),
        ({"where": "rule == 'q'", "measure": "{count: change == 'opened'}"}, False),
        ({"where": "rule == 'q'", "measure": "{open: open and overdue, among: open}"}, False),
    ],
    ids=str,
)
def test_a_rule_on_warnings_that_says_nothing_of_deadlines_is_doubted(tmp_path, about, doubted):
    told = [one.partition("where: … ")[2] for one in found(tmp_path, **OPEN | about)]
    assert told == (['and change != "deadline")'] if doubted else [])


@pytest.mark.parametrize(
    "about",
    [{"window": "{within: 10 teaching_weeks}"}, {"measure": "{count: teaching_day}"}, {"where": "not teaching_day"}],
    ids=str,
)
def test_teaching_days_without_a_term_are_doubted(tmp_path, about):
    (told,) = found(tmp_path, levels="{at_least: {yellow: 2}}", **about)
    assert told.startswith("rules.yaml:2:5: r asks for teaching days or weeks, and the calendar has no term in which")
    term = "time_zone: Asia/Shanghai\nterms: [{id: a, from: 2026-08-31, to: 2027-01-17}]\n"
    rules = folder(tmp_path, rule("r", levels="{at_least: {yellow: 2}}", **about), calendar=term)
    assert lint(rule_set(rules), KINDS) == []


def test_a_standard_is_told_of_with_its_own_place(tmp_path):
    standard = """- id: student.late
  title: {zh: 迟到, en: Late}
  compare: at_least
  values:
    - {from: 2026-09-01, warning: {yellow: 20, red: 120}}
    - {from: 2027-09-01, warning: {yellow: 20, red: 50}}
"""
    levels = rule("r", measure="{share: status == 'late'}", levels="{standard: student.late}")
    (only,) = lint(rule_set(folder(tmp_path, levels, standards=standard)), KINDS)
    assert (only.where, str(only.what)) == (
        "standards/student.yaml:2:5", "red of r can never be reached: share is at_least 120 at no time"
    )  # fmt: skip


def standard(*values):
    listed = "".join(f"    - {value}\n" for value in values)
    return f"- id: student.late\n  title: {{zh: 迟到, en: Late}}\n  compare: at_least\n  values:\n{listed}"


WHOLE = "{from: 2026-09-01, warning: {yellow: 2, orange: 4, red: 6}}"
LOST = (
    "student.late has no orange and no red here, unlike the value behind it"
    " (expected: orange: and a number, or orange: none)"
)
DROPPED = {
    "for a major": ([WHOLE, "{from: 2026-09-01, scope: {major: m}, warning: {yellow: 1}}"], [LOST]),
    "a newer one": ([WHOLE, "{from: 2027-09-01, warning: {yellow: 1}}"], [LOST]),
    "meant": ([WHOLE, "{from: 2027-09-01, scope: {major: m}, warning: {yellow: 1, orange: none, red: none}}"], []),
    "beside it": (
        ["{from: 2026-09-01, scope: {major: n}, warning: {yellow: 2, red: 6}}",
         "{from: 2026-09-01, scope: {major: m}, warning: {yellow: 1}}"], [],
    ),
    "before it": (["{from: 2026-09-01, warning: {yellow: 1}}", WHOLE.replace("2026", "2027")], []),
}  # fmt: skip


@pytest.mark.parametrize(("values", "what"), DROPPED.values(), ids=DROPPED)
def test_a_value_that_drops_levels_of_the_one_behind_it_says_so_or_is_doubted(tmp_path, values, what):
    levels = rule("r", measure="{sum: hours}", levels="{standard: student.late}")
    found = lint(rule_set(folder(tmp_path, levels, standards=standard(*values))), KINDS)
    assert [str(one) for one in found] == [f"standards/student.yaml:7:9: {one}" for one in what]


def test_a_level_that_is_none_is_not_warned_of_there(tmp_path):
    levels = rule("r", measure="{sum: hours}", levels="{standard: student.late}")
    values = standard(WHOLE, "{from: 2026-09-01, scope: {major: m}, warning: {yellow: 1, orange: none, red: none}}")
    resolve = rule_set(folder(tmp_path, levels, standards=values)).standards["student.late"].resolver()
    late = 4_000_000_000_000
    assert [resolve((major,), late)[0].reached[1:] for major in ("m", "n")] == [(1, None, None), (2, 4, 6)]


SCOPES = {
    "a major": ("major: mechatronic", "major mechatronic, which is not in the directory (expected: mechatronics)"),
    "a student": ("student: zzz", "student zzz, which is not in the directory (expected: the id of a student)"),
    "a cohort": ("cohort: 2062", "cohort 2062, which is not in the directory (expected: 2026)"),
    "known": ("major: mechatronics", None),
    "what no directory has": ("teacher_stage: new", None),
}


@pytest.mark.parametrize(("scope", "what"), SCOPES.values(), ids=SCOPES)
def test_a_scope_that_the_directory_does_not_know_is_doubted_with_the_nearest(tmp_path, scope, what):
    path = folder(
        tmp_path, rule("r", measure="{sum: hours}", levels="{standard: student.late}"),
        standards=standard(f"{{from: 2026-09-01, scope: {{{scope}}}, warning: {{yellow: 1}}}}"),
    )  # fmt: skip
    known = directories.load(SCHEMAS.parent / "rules" / "tests" / "directory", "Asia/Shanghai")
    found = [str(one) for one in doubts(path, rule_set(path), SCHEMAS, known, datetime(2026, 11, 2, tzinfo=UTC))]
    told = [one for one in found if "which is not in" in one]
    place = "standards/student.yaml:6:"
    assert told == [] if what is None else told[0].startswith(place) and told[0].endswith(f"is for {what}")
    assert doubts(path, rule_set(path), SCHEMAS, directories.Directory.empty(), datetime(2026, 11, 2, tzinfo=UTC))
    assert "which is not in" not in str(doubts(path, rule_set(path), SCHEMAS))


def test_a_rule_without_a_test_is_named_where_there_are_tests(tmp_path):
    path = folder(tmp_path, rule("tested"), rule("bare"))
    rules = rule_set(path)
    assert doubts(path, rules, SCHEMAS) == []
    (path / "tests").mkdir()
    steps = "[{at: 2026-09-01 08:00, status: absent}, {expect: silent, because: not_reached}]"
    case = f"{{name: one, rule: tested, each: {{student: s1, lesson: l1}}, steps: {steps}}}"
    (path / "tests" / "a.test.yaml").write_text(f"tests:\n  - {case}\n", "utf-8")
    (only,) = doubts(path, rules, SCHEMAS)
    assert (only.where, str(only.what)) == ("rules.yaml:10:5", "bare has no test")


@pytest.mark.parametrize(
    ("role", "expected"),
    [("source_owner", "column owner of sources"), ("class_tutor", "a row of roles with role class_tutor")],
)
def test_a_role_that_nobody_holds_is_named_with_where_it_is_said_who_does(tmp_path, role, expected):
    path = folder(tmp_path, rule("r", notify=f"{{to: {role}}}"))
    at = datetime(2026, 11, 2, tzinfo=UTC)
    found = [str(one) for one in doubts(path, rule_set(path), SCHEMAS, directories.Directory.empty(), at)]
    assert [expected in one for one in found if f"tells {role} " in one] == [True], found


def test_a_role_that_nobody_holds_is_named_where_a_directory_is_in_use(tmp_path):
    path = folder(tmp_path / "rules", rule("r", notify="{to: class_tutor, escalate: [{after: 1d, to: counsellor}]}"))
    people = tmp_path / "home" / "directory"
    people.mkdir(parents=True)
    (people / "people.csv").write_text("id,name\nanna,Anna\n", "utf-8")
    (people / "departments.csv").write_text("id,name_zh,name_en\nd,系,D\n", "utf-8")
    (people / "majors.csv").write_text("id,name_zh,name_en,department\nm,专业,M,d\n", "utf-8")
    (people / "classes.csv").write_text("id,name,major\nk,K,m\n", "utf-8")
    (people / "roles.csv").write_text("role,person,scope_kind,scope\nclass_tutor,anna,class,k\n", "utf-8")
    run = CliRunner().invoke(app, ["--home", str(tmp_path / "home"), "rules", "check", str(path), "--strict"])
    assert run.exit_code == 1
    assert "rules.yaml:2:5: r tells counsellor 辅导员, and nobody in the directory holds that role" in run.output
    assert "class_tutor" not in run.output
    (people / "roles.csv").write_text("role,person,scope_kind\nclass_tutor,nobody,class\n", "utf-8")
    run = CliRunner().invoke(app, ["--home", str(tmp_path / "home"), "rules", "check", str(path)])
    assert (run.exit_code, "roles.csv" in run.output) == (0, True)


def test_doubts_fail_the_check_only_where_one_asks_for_it(tmp_path):
    path = folder(tmp_path, rule("r", measure="{share: status == 'late'}", levels="{at_least: {red: 101}}"))
    runs = [CliRunner().invoke(app, ["rules", "check", str(path), *more]) for more in ([], ["--strict"])]
    assert [run.exit_code for run in runs] == [0, 1]
    assert all("doubtful 存疑: rules.yaml:2:5: red of r can never be reached" in run.output for run in runs)


def test_the_default_pack_raises_no_doubt():
    folder_ = SCHEMAS.parent / "rules"
    assert [str(one) for one in doubts(folder_, rule_set(folder_), SCHEMAS)] == []


@pytest.mark.parametrize(
    ("step", "told"),
    [
        ("{after: 24h, to: counsellor}", ["rule r: 24h of a chain are service hours, so some 3 working days"]),
        ("{after: 24h, to: counsellor, clock: true}", []), ("{after: 1d, to: counsellor}", []),
        ("{after: 8h, to: counsellor}", []),
    ],
)  # fmt: skip
def test_a_days_hours_in_a_chain_are_doubted(step, told, tmp_path):
    rules = load(folder(tmp_path, rule("r", notify=f"{{to: class_tutor, escalate: [{step}]}}")), SCHEMAS)
    assert [str(problem.what) for problem in lint(rules, KINDS)] == told


@pytest.mark.parametrize(
    ("written", "step"),
    [
        ("{after: 2d, to: counsellor}", EscalationStep(days=2, to="counsellor")),
        ("{after: 1w, to: counsellor}", EscalationStep(days=5, to="counsellor")),
        ("{after: 4h, to: counsellor}", EscalationStep(service=14_400, to="counsellor")),
        ("{after: 1d, to: counsellor, clock: true}", EscalationStep(after=86_400, to="counsellor")),
    ],
)
def test_what_a_step_waits_for(written, step, tmp_path):
    rules = load(folder(tmp_path, rule("r", notify=f"{{to: class_tutor, escalate: [{written}]}}")), SCHEMAS)
    assert rules.placed[0].rule.card.escalate == [step]
