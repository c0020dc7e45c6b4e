"""Slips of the pen: each says what would be right, and once, not once for each rule that it reaches."""

import pytest

from services.rules.language.load import check
from tests.harness import SCHEMAS, rule_set
from tests.rule_files import CALENDAR, folder, rule

STANDARDS = """- id: student.x
  title: {zh: 一, en: one}
  compare: at_least
  values:
    - {from: 2026-09-01, warning: {yellow: 4, red: 8}}
"""


def problems(path, standards=STANDARDS, *rules):
    used = rules or [rule(f"r{n}", measure="{sum: hours}", levels="{standard: student.x}") for n in range(3)]
    return [str(one) for one in check(folder(path, *used, standards=standards), SCHEMAS)[1]]


NUMBERS = {
    'yellow: "4"': 'yellow must be a number, not "4" (expected: 4 without quotes)',
    "yellow: ": "yellow must be a number, not nothing (expected: a number, such as 4 or 4.5)",
    "yellow：4": "unknown field yellow：4 in warning (expected: yellow: 4, with a colon and a blank)",
    "yellow:4": "unknown field yellow:4 in warning (expected: yellow: 4, with a colon and a blank)",
    "yelow:4": "unknown field yelow:4 in warning (expected: yellow: 4, with a colon and a blank)",
    "yellow: 4,5": "unknown field 5 in warning (expected: a point in a number, such as 4.5)",
    "yellow: '4,5'": 'yellow must be a number, not "4,5" (expected: 4.5 without quotes)',
    "yellow: ４": "yellow must be a number, not ４ (expected: 4)",
    "yellow: 4%": "yellow must be a number, not 4% (expected: 4)",
    "yellow: [4]": "yellow must be a number, not a list or mapping (expected: a number, such as 4 or 4.5)",
    "yellow: four": "yellow must be a number, not four (expected: a number, such as 4 or 4.5)",
}


@pytest.mark.parametrize(("text", "message"), NUMBERS.items(), ids=NUMBERS)
def test_a_threshold_that_is_no_number_says_what_would_be_one(tmp_path, text, message):
    (only,) = problems(tmp_path, STANDARDS.replace("yellow: 4", text))
    assert only.endswith(f": {message}")


TWICE = "{0} is not the same number to every program (expected: {1}, or '{0}' in quotes for a text)"
OCTAL, SIXTIES, GROUPED = (TWICE.format(*one) for one in (("010", "10"), ("1:30", "90"), ("1_000", "1000")))
PLACES = {
    "a threshold of a standard": ({"standards": ("red: 8", "red: 010")}, OCTAL),
    "a target": ({"standards": ("warning:", "target: 1_000, warning:")}, GROUPED),
    "a scope": ({"standards": ("warning:", "scope: {major: 010}, warning:")}, OCTAL),
    "a threshold of a rule": ({"levels": "{at_least: {yellow: 1, red: 1:30}}"}, SIXTIES),
    "a level's own threshold": ({"levels": "{red: {at_least: 1_000}}"}, GROUPED),
    "a step of again": ({"levels": "{at_least: {red: 10}, again: [1:30]}"}, SIXTIES),
    "a window": ({"window": "{last: 010}"}, OCTAL),
    "a count": ({"measure": "{mean: hours, min_records: 010}"}, OCTAL),
    "an expression": ({"measure": "{sum: 010}"}, OCTAL),
    "an id": ({"row": "1_000"}, GROUPED),
    "a day of the year": ({"calendar": "time_zone: Asia/Shanghai\nschool_year_starts: 010\n"}, OCTAL),
    "hours of service": ({"calendar": "time_zone: Asia/Shanghai\nservice_hours: {mon: [1:30]}\n"}, SIXTIES),
}


@pytest.mark.parametrize(("about", "message"), PLACES.values(), ids=PLACES)
def test_a_number_that_programs_read_differently_is_refused_wherever_it_stands(tmp_path, about, message):
    slip, calendar = about.get("standards", ("", "")), about.get("calendar", CALENDAR)
    more = {name: text for name, text in about.items() if name not in ("calendar", "standards")}
    path = folder(tmp_path, rule("r", **more), standards=STANDARDS.replace(*slip), calendar=calendar)
    assert [str(one).split(": ", 1)[1] for one in check(path, SCHEMAS)[1]] == [message]


TRUTH = {
    "always": ("notify", "{to: class_tutor, always: yes}", "notify.always is yes (expected: true or false)"),
    "restart": (
        "measure", "{elapsed: true, until: false, restart: on, limit: 4h}",
        "restart must be true or false (expected: true: each such record starts the clock anew)",
    ),
    "where": ("where", "yes", "attendance has no field yes (expected: true)"),
    "a condition": ("measure", "{count: off}", "attendance has no field off (expected: false)"),
}  # fmt: skip


@pytest.mark.parametrize(("field", "text", "message"), TRUTH.values(), ids=TRUTH)
def test_yes_and_on_are_words_and_no_truth_value(tmp_path, field, text, message):
    (only,) = problems(tmp_path, "", rule("r", **{"levels": "{at_least: {yellow: 100}}", field: text}))
    assert only.split(": ", 1)[1] == message


def test_no_and_on_are_ids_like_others(tmp_path):
    (placed,) = rule_set(folder(tmp_path, rule("no", row="on"))).placed
    assert (placed.rule.id, placed.rule.card.row) == ("no", "on")


SYNTAX = {
    "a Chinese colon": (("title: ", "title："), "(expected: the ASCII character : instead of ：)"),
    "a Chinese comma": (("yellow: 4,", "yellow: 4，"), "(expected: the ASCII character , instead of ，)"),
    "a tab": (("  compare", "\tcompare"), "(expected: blanks instead of the tab)"),
    "a missing colon": (("id:", "id"), "(expected: one colon and a blank between a name and its value, or quotes"),
    "an open brace": (("8}}", "8}"), "(expected: a comma between the entries, and the bracket or brace that closes"),
    "a percent sign": (
        ("4,", "%4,"),
        '(expected: quotes around a text that begins with such a character, such as "%")',
    ),
    "an open quote": (("4,", '"4,'), "(expected: the quote that closes the text)"),
    "another indent": (
        ("  compare", " compare"),
        "(expected: lines of one level begin with the same number of blanks)",
    ),
}


@pytest.mark.parametrize(("slip", "message"), SYNTAX.values(), ids=SYNTAX)
def test_a_mistake_of_syntax_is_said_once_with_what_would_be_right(tmp_path, slip, message):
    (only,) = problems(tmp_path, STANDARDS.replace(*slip))
    assert only.startswith("standards/student.yaml:")
    assert "not valid YAML: " in only
    assert message in only


@pytest.mark.parametrize(("right", "wrong"), [("standards:", "standard:"), ("- id:", "- ids:")])
def test_standards_under_a_misspelt_name_are_not_blamed_on_the_rules_that_use_them(tmp_path, right, wrong):
    folder(tmp_path, rule("r", measure="{sum: hours}", levels="{standard: student.x}"), standards=STANDARDS)
    path = tmp_path / "standards" / "student.yaml"
    path.write_text(path.read_text("utf-8").replace(right, wrong), "utf-8")
    assert all(problem.where.startswith("standards/") for problem in check(tmp_path, SCHEMAS)[1])


ROLES = {
    "班主任": "(expected: class_tutor)",
    "班主": "(expected: class_tutor)",
    "head of the major": "(expected: major_head)",
    "counselor": "(expected: counsellor)",
    "门卫": "one of class_tutor 班主任, counsellor 辅导员, ",
}


@pytest.mark.parametrize(("role", "message"), ROLES.items(), ids=ROLES)
def test_a_role_by_the_name_that_people_call_it_is_answered_with_its_word(tmp_path, role, message):
    (only,) = problems(tmp_path, "", rule("r", notify=f"{{to: {role}}}"))
    assert f"unknown role {role} " in only
    assert message in only


def test_where_no_known_word_is_near_not_all_of_many_are_listed(tmp_path):
    many = STANDARDS + "".join(STANDARDS.replace("student.x", f"student.s{n}") for n in range(40))
    (only,) = problems(tmp_path, many, rule("r", measure="{sum: hours}", levels="{standard: zzz}"))
    assert only.endswith(" and 17 more)")
