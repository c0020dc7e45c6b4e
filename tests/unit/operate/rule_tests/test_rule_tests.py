"""Rule tests as data: what a test file can say, what it is told when it is wrong, and what a red test says."""

import json
from textwrap import indent

import pytest
from typer.testing import CliRunner

from services.cli import app
from services.operate.rule_tests import RuleTestRunner, coverage, read_rule_tests
from services.rules.language.fields import read_fields
from services.rules.language.load import load
from services.rules.language.reading import Report
from tests.harness import SCHEMAS
from tests.rule_files import folder, rule

CALENDAR = "time_zone: Asia/Shanghai\nterms:\n  - {id: autumn, from: 2026-09-02, to: 2027-01-17}\n"
HOURS = rule("hours", measure="{sum: hours}", where='status == "absent"')
MISSING = rule(
    "missing", on="lesson", by="[lesson]", measure="{missing: rollcall, after: ends_at}", levels="{at_least: {red: 1h}}"
)
OFTEN = rule("often", on="warning", by="[class]", where='rule == "missing"', measure="{count: true}")


def told(path, steps, *, of="hours", more="", head="term: autumn\n", rules=(HOURS, MISSING, OFTEN)):
    """(problems, results) of one test with these steps."""
    place = folder(path, *rules, calendar=CALENDAR)
    (place / "tests").mkdir(exist_ok=True)
    listed = indent("".join(f"- {step}\n" for step in steps), "      ")
    text = f"{head}tests:\n  - rule: {of}\n{indent(more, '    ')}    steps:\n{listed}"
    (place / "tests" / "a.test.yaml").write_text(text, "utf-8")
    rules_, report = load(place, SCHEMAS), Report()
    runner = RuleTestRunner(rules_.plan)
    results = [runner.run(case, report) for case in read_rule_tests(place, rules_, read_fields(SCHEMAS), report)]
    return [str(problem) for problem in report.problems], results


ABSENT = "{at: mon w2 08:00, student: s1, status: absent, hours: 2}"


def test_weeks_are_those_of_the_term_and_the_first_holds_its_first_day(tmp_path):
    steps = ["{at: wed w1 08:00, student: s1, status: absent, hours: 2}", "{expect: yellow, at: 2026-09-02 08:00}"]
    problems, (result,) = told(tmp_path, steps)
    assert problems == []
    assert str(result.case.steps[0].time) == "2026-09-02 08:00:00+08:00"


def test_several_events_have_numbers_and_corrections_keep_what_they_do_not_say(tmp_path):
    steps = [
        "{at: mon w2 08:00, times: 3, every: 1d, hours: 1}", "{expect: yellow, value: 3, about: s1}",
        "{correct: 2, hours: 4}", "{expect: red, value: 6, threshold: 4}", "{retract: 3}", "{expect: red, value: 5}",
        "{correct: 1, hours: null}", "{expect: red, value: 4}",
    ]  # fmt: skip
    assert told(tmp_path, steps, more="each: {student: s1, lesson: 'l{n}', status: absent}\n")[0] == []


def test_a_correction_comes_when_it_says_but_its_time_stays(tmp_path):
    steps = [
        "{at: mon w2 08:00, lesson: l1, class: k, status: planned, starts_at: +0m, ends_at: +2h}",
        "{expect: silent, because: not_due, at: mon w2 11:00}", "{expect: red, at: mon w2 11:00:01}",
        "{correct: 1, at: tue w2 08:00, ends_at: wed w2 08:00}", "{expect: silent, because: withdrawn}", "{wait: +3d}",
        "{expect: red}",
    ]  # fmt: skip
    assert told(tmp_path, steps, of="missing")[0] == []


def test_warnings_come_back_for_the_rules_that_look_at_them(tmp_path):
    lesson = "{at: mon w2 08:00, kind: lesson, lesson: l1, class: k, status: planned, starts_at: +0m, ends_at: +2h}"
    rollcall = "{at: mon w2 12:00, kind: rollcall, lesson: l1, class: k, expected: 30, present: 30}"
    steps = [lesson, "{expect: silent, at: mon w2 11:30, because: not_reached}", rollcall, "{expect: yellow, value: 2}"]
    assert told(tmp_path, steps, of="often")[0] == []


WRONG = {
    "an unknown rule": (["{expect: silent}"], {"of": "hour"}, "3:11: unknown rule hour (expected: hours)"),
    "an unknown term": (["{expect: silent}"], {"head": "term: spring\n"}, "1:7: unknown term spring"),
    "no term": ([ABSENT], {"head": ""}, "4:14: a week of which term?"),
    "no instant": (["{at: monday, student: s1}"], {}, "5:14: monday is not an instant"),
    "no day": (["{at: 2026-02-30 08:00, student: s1}"], {}, "5:14: 2026-02-30 08:00 is not an instant"),
    "no at": (["{student: s1}"], {}, "5:9: a step lacks at"),
    "a misspelt step": (["{expct: red}"], {}, "5:17: unknown step expct (expected: expect)"),
    "an unknown field": (["{at: mon w2 08:00, studnt: s1}"], {}, "attendance has no field studnt (expected: student)"),
    "an unknown value": (["{at: mon w2 08:00, status: abset}"], {}, "unknown status abset (expected: absent)"),
    "a word for a number": (["{at: mon w2 08:00, hours: two}"], {}, "hours must be a number, not two"),
    "a word for yes": (
        ["{at: mon w2 08:00, kind: rollcall, teacher_absent: si}"], {}, "teacher_absent must be true or false",
    ),
    "an unknown kind": (["{at: mon w2 08:00, kind: atendance}"], {}, "unknown event kind atendance"),
    "a correction of nothing": (["{correct: 7, hours: 1}"], {}, "5:19: no event 7 before this step"),
    "an event twice": ([ABSENT, ABSENT[:-1] + ", id: 1}"], {}, "event 1 exists already"),
    "half a time": (["{at: mon w2 08:00, times: 1.5}"], {}, "times must be a whole number"),
    "no duration": (["{at: mon w2 08:00, every: often}"], {}, "often is not a duration"),
    "an unknown level": (["{expect: purple}"], {}, "unknown expectation purple"),
    "an unknown reason": (["{expect: silent, because: asleep}"], {}, "unknown reason asleep"),
    "a reason for a level": (["{expect: red, because: resolved}"], {}, "because belongs to silence"),
    "an unknown part": (["{expect: red, valu: 3}"], {}, "unknown field valu in an expectation (expected: value)"),
    "people of silence": (["{expect: silent, to: [anna]}"], {}, "of silence nobody is told: no to here"),
    "people without a directory": ([ABSENT, "{expect: yellow, to: [anna]}"], {}, "to and text need a directory"),
    "nothing expected": ([ABSENT], {}, "3:5: a test without an expectation"),
    "each is a list": (["{expect: silent}"], {"more": "each: [a]\n"}, "4:11: each must be a mapping"),
    "a step is a word": (["soon"], {}, "5:9: a step must be a mapping"),
    "which subject": (
        [ABSENT, ABSENT.replace("s1", "s2"), "{expect: yellow}"], {}, "7:9: which subject? (expected: about: one of s1",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("steps", "how", "message"), WRONG.values(), ids=WRONG.keys())
def test_what_is_wrong_with_a_test_file_is_told_with_its_place(tmp_path, steps, how, message):
    problems, _ = told(tmp_path, steps, **how)
    assert any(message in problem for problem in problems), problems
    assert all(problem.startswith("tests/a.test.yaml:") for problem in problems)


RED = {
    "another level": ("{expect: red, value: 4}", "hours s1: yellow (2) (expected: red 4)"),
    "silence": ("{expect: silent, because: not_reached}", "hours s1: yellow (2) (expected: silent (not_reached))"),
    "another value": ("{expect: yellow, value: 3}", "hours s1: value 2 (expected: 3)"),
    "another threshold": ("{expect: yellow, threshold: 3}", "hours s1: threshold 2 (expected: 3)"),
    "another reason": (
        "{expect: silent, about: s2, because: resolved}",
        "hours s2: silent because no_record",
    ),
    "nobody": ("{expect: red, about: s2}", "hours s2: silent (no_record) (expected: red)"),
}


@pytest.mark.parametrize(("step", "message"), RED.values(), ids=RED.keys())
def test_a_red_test_says_what_came_instead_at_the_place_of_the_expectation(tmp_path, step, message):
    problems, (result,) = told(tmp_path, [ABSENT, step])
    assert [problem.removeprefix("tests/a.test.yaml:6:9: ")[: len(message)] for problem in problems] == [message]
    assert result.failed
    assert coverage(load(tmp_path, SCHEMAS).plan, [result]).tested == 0


def test_an_event_that_was_put_aside_as_late_is_named(tmp_path):
    late = "{at: mon w1 08:00, student: s1, status: absent, hours: 2, id: x}"
    steps = ["{at: mon w7 08:00, student: s1, status: absent, hours: 2}", late, "{expect: red}"]
    assert "put aside as late: test x" in told(tmp_path, steps)[0][0]


def test_a_test_that_cannot_be_read_is_counted(tmp_path):
    told(tmp_path, [ABSENT, "{expct: yellow}"])
    run = CliRunner().invoke(app, ["rules", "test", str(tmp_path)])
    assert (run.exit_code, "0 tests, 0 failed, 1 errors in the test files" in run.output) == (1, True)


@pytest.mark.parametrize(("step", "code"), [("{expect: yellow}", 0), ("{expect: red}", 1)], ids=["green", "red"])
def test_the_command_tells_coverage_and_fails_if_a_test_does(tmp_path, step, code):
    told(tmp_path, [ABSENT, step])
    run = CliRunner().invoke(app, ["rules", "test", str(tmp_path)])
    assert run.exit_code == code
    assert f"1 tests, {code} failed" in run.output
    as_json = CliRunner().invoke(app, ["rules", "test", "--json", str(tmp_path)])
    found = json.loads(as_json.output)
    assert (as_json.exit_code, found["tests"], found["failed"], len(found["problems"])) == (code, 1, code, code)
    assert found["coverage"]["tested"] == 1 - code


def test_a_folder_without_tests_is_not_green(tmp_path):
    folder(tmp_path, HOURS)
    assert CliRunner().invoke(app, ["rules", "test", str(tmp_path)]).exit_code == 1


def test_the_list_names_row_levels_file_and_line(tmp_path):
    folder(tmp_path, rule("hours", row="S1"), MISSING)
    run = CliRunner().invoke(app, ["rules", "list", "--json", str(tmp_path)])
    first, second = json.loads(run.output)["rules"]
    assert (first["id"], first["row"], first["levels"], first["file"], first["line"]) == (
        "hours", "S1", ["yellow", "red"], "rules.yaml", 2,
    )  # fmt: skip
    assert (second["id"], second["row"], second["levels"]) == ("missing", None, ["red"])
    assert "hours" in CliRunner().invoke(app, ["rules", "list", str(tmp_path)]).output


def test_recipients_and_text_are_those_of_the_sample_directory(tmp_path):
    told(tmp_path, [ABSENT, "{expect: yellow, to: [bo], text: two}"], rules=(HOURS,))
    people = tmp_path / "tests" / "directory"
    people.mkdir()
    (people / "people.csv").write_text("id,name\nanna,Anna\n", "utf-8")
    (people / "roles.csv").write_text("role,person,scope_kind\nclass_tutor,anna,college\n", "utf-8")
    run = CliRunner().invoke(app, ["rules", "test", str(tmp_path)])
    assert "a.test.yaml:6:9: hours s1: told are anna (expected: bo)" in run.output
    assert "a.test.yaml:6:9: hours s1: the text is 一 / one (expected: two)" in run.output
    (people / "roles.csv").write_text("role,person\nclass_tutr,anna\n", "utf-8")
    assert "class_tutr" in CliRunner().invoke(app, ["rules", "test", str(tmp_path)]).output


def test_a_window_of_teaching_weeks_and_teaching_days_are_those_of_the_calendar(tmp_path):
    """Monday and Sunday of week 2, and the Monday after: of two teaching weeks, only what was on teaching days."""
    weeks = rule("weeks", where="teaching_day", measure="{sum: hours}", window="{within: 2 teaching_weeks}")
    steps = [
        "{at: mon w2 08:00, hours: 2}", "{at: sun w2 08:00, hours: 5}", "{at: mon w3 08:00, hours: 2}",
        "{expect: red, value: 4}", "{expect: red, value: 4, at: sun w3 23:59}",
        "{expect: yellow, value: 2, at: mon w4 00:00}", "{expect: silent, because: resolved, at: mon w5 00:00}",
    ]  # fmt: skip
    more = "each: {student: s1, lesson: 'l{n}', status: absent}\n"
    assert told(tmp_path, steps, of="weeks", more=more, rules=(weeks,))[0] == []
