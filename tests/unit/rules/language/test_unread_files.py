"""What lies in a rule folder and is read by nobody is an error that says what would be right."""

import pytest

from services.rules.language.load import check, fingerprint
from services.rules.language.reading import Report
from services.rules.language.unread_files import report_stray_tests
from tests.harness import SCHEMAS
from tests.rule_files import folder, rule

STRAY = {
    "absence.yml": "nothing is read from absence.yml (expected: absence.yaml, or absence.md for notes)",
    "absence.yaml.txt": "nothing is read from absence.yaml.txt (expected: absence.yaml, or absence.md for notes)",
    "standard/student.yaml": "standard:1:1: nothing is read from standard (expected: standards)",
    "rules-next/a.yaml": "nothing is read from rules-next (expected: one of examples, standards, tests)",
    "standards/studnet.yml": "standards/studnet.yml:1:1: nothing is read from studnet.yml (expected: student.yaml)",
    "standards/attendance.yml": "(expected: one of college, course, major, student, teacher, and .yaml)",
    "standards/old/student.yaml": "nothing is read from old (expected: files alone)",
}


@pytest.mark.parametrize(("name", "message"), STRAY.items(), ids=STRAY)
def test_a_file_that_nothing_is_read_from_is_an_error_that_says_what_would_be_right(tmp_path, name, message):
    path = folder(tmp_path, rule())
    before = fingerprint(path)
    (path / name).parent.mkdir(exist_ok=True)
    (path / name).write_text("", "utf-8")
    rule_set, problems = check(path, SCHEMAS)
    assert rule_set is None
    assert message in "\n".join(map(str, problems))
    assert fingerprint(path) != before, "a running process would not look again once it is gone"


@pytest.mark.parametrize(
    "name",
    [".git/HEAD", ".rules.yaml.swp", "rules.yaml~", "#rules.yaml#", "rules.yaml.bak", "README.md", "tests/x.yml",
     "tests/directory/people.csv", "examples/more/a.yml", "standards/.DS_Store"],
)  # fmt: skip
def test_hidden_files_backups_notes_and_what_belongs_there_are_left_alone(tmp_path, name):
    path = folder(tmp_path, rule())
    before = fingerprint(path)
    (path / name).parent.mkdir(exist_ok=True, parents=True)
    (path / name).write_text("", "utf-8")
    assert check(path, SCHEMAS)[1] == []
    assert fingerprint(path) == before


def test_a_test_file_of_another_name_is_an_error_for_those_who_run_tests(tmp_path):
    path, report = folder(tmp_path, rule()), Report()
    (path / "tests" / "directory").mkdir(parents=True)
    for name in ("a.test.yaml", "a.tests.yaml", "notes.md", ".b.swp"):
        (path / "tests" / name).write_text("tests: []\n", "utf-8")
    report_stray_tests(path, report)
    assert [str(one) for one in report.problems] == [
        "tests/a.tests.yaml:1:1: no test is read from a.tests.yaml (expected: a.test.yaml)"
    ]
