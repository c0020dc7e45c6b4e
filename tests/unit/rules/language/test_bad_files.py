"""One bad file per message of the language, each with the message and its place in the first line."""

import ast
import re
from pathlib import Path

import pytest

from services.errors import RuleError
from services.i18n import catalogue
from services.rules import language
from services.rules.language.load import check, load
from tests.harness import SCHEMAS
from tests.rule_files import folder, rule

BAD = sorted((Path(__file__).parents[3] / "rules" / "bad").glob("*.yaml"))
WITHOUT_A_FILE = {
    "is not a folder", "holds no rule", "cannot be read: …", "… bytes are too many", "is not UTF-8 (byte …)",
    "… is not a level of standards", "not an expression that can be read", "nothing is read from …",
    "no test is read from …", "… is …, and the unit of … is …", "the name of this file is no text in UTF-8",
}  # fmt: skip
"""Messages about a folder, two files, or bytes that an editor would not show: the tests below and beside this file."""


def expected(path: Path) -> str:
    return path.read_text("utf-8").splitlines()[0].removeprefix("# expect: ")


def place_of(path: Path) -> str:
    """Where in a rule folder the file goes, by the first word of its name."""
    places = {"calendar": "calendar.yaml", "standards": "standards/student.yaml"}
    return places.get(path.name.split("-")[0], "rules.yaml")


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_a_bad_file_is_refused_with_line_column_and_reason(tmp_path, path):
    rules = folder(tmp_path, rule())
    (rules / place_of(path)).write_bytes(path.read_bytes())
    rule_set, problems = check(rules, SCHEMAS)
    assert rule_set is None
    assert str(problems[0]).startswith(f"{place_of(path)}:{expected(path)}")


def test_a_message_that_older_releases_allowed_is_refused_and_goes_on_where_it_is_in_use(tmp_path):
    rules = folder(
        tmp_path, rule(on="test", by="[test]", measure="{count: true}", message='{zh: "{course}", en: "{course}"}')
    )
    rule_set, problems = check(rules, SCHEMAS)
    assert rule_set is None
    assert [str(one) for one in problems] == [
        f"rules.yaml:9:{column}: {{course}} may be missing (expected: a part in square brackets, left out with it: "
        "[ … {course} …])"
        for column in (19, 35)
    ]
    assert load(rules, SCHEMAS).cards["r"].message.en == "{course}"


def test_every_message_of_the_language_has_a_bad_file():
    shown = [expected(path).split(": ", 1)[1] for path in BAD]
    patterns = {message: re.escape(message).replace("…", ".*") for message in messages() - WITHOUT_A_FILE}
    assert not [m for m, form in patterns.items() if not any(re.match(form, text) for text in shown)]


def messages() -> set[str]:
    """What `report.add`, `_problem` and `_refuse` are told in the language's source; … for what varies."""
    found = set()
    for path in Path(language.__path__[0]).glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in ("add", "_problem", "_refuse"):
                found |= {shortened(text) for text in node.args[1:2] if isinstance(text, ast.Call)}
    return found


def shortened(text: ast.Call) -> str:
    """The English of a text that is asked for."""
    area, _, name = ast.literal_eval(text.args[0]).partition(".")
    english = catalogue("en", area)[name]
    return english.format_map(dict.fromkeys((one.arg for one in text.keywords), "…")) if text.keywords else english


def test_all_that_is_wrong_is_said_at_once(tmp_path):
    rules = folder(
        tmp_path,
        rule("Bad", on="tset", notify="{to: nobody}"),
        rule("r2", by="[studnet]", measure="{count: 'hours > and'}", levels="{at_least: {yellow: x}}"),
        standards="- id: student.x\n",
        calendar="time_zone: Nowhere\n",
    )
    (rules / "more.yaml").write_text("rules: [", "utf-8")
    rule_set, problems = check(rules, SCHEMAS)
    assert rule_set is None
    assert [problem.where for problem in problems] == [
        "calendar.yaml:1:12", "standards/student.yaml:2:5", "standards/student.yaml:2:5", "standards/student.yaml:2:5",
        "more.yaml:1:9", "rules.yaml:4:9", "rules.yaml:2:9", "rules.yaml:8:18",
        "rules.yaml:13:10", "rules.yaml:14:31", "rules.yaml:15:33",
    ]  # fmt: skip


def test_a_folder_that_is_none_or_empty_is_refused(tmp_path):
    for path, message in ((tmp_path / "none", "is not a folder"), (tmp_path, "holds no rule")):
        with pytest.raises(RuleError, match=message):
            load(path, SCHEMAS)


def test_a_standards_file_of_an_unknown_level_and_a_folder_named_like_a_file_are_refused(tmp_path):
    rules = folder(tmp_path, rule(), standards="")
    (rules / "standards" / "pupil.yaml").write_text("standards: []", "utf-8")
    (rules / "folder.yaml").mkdir()
    _, problems = check(rules, SCHEMAS)
    assert [str(problem).split(" (")[0] for problem in problems] == [
        "standards/pupil.yaml:1:1: pupil is not a level of standards",
        "folder.yaml:1:1: cannot be read: Is a directory",
    ]
